//! Every interleaving of loads and invalidations over two levels, as plain values: what a load
//! captures at its beginning decides whether what it found may be kept.

use crate::cache::ledger::Ledger;
use proptest::prelude::*;
use std::collections::VecDeque;

/// The key everybody fights for.
const KEY: u64 = 5;
const NODES: usize = 2;

/// As the scripts have it: one value, one generation.
#[derive(Debug, Default)]
struct Shared {
    value: Option<u64>,
    generation: Option<u64>,
}

#[derive(Debug)]
struct Node {
    ledger: Ledger,
    /// The stamp it is found under, and the version of the row it holds.
    memory: Option<(u64, u64)>,
    news: VecDeque<u64>,
    /// The last version that was invalidated here or whose news arrived.
    knows: u64,
    load: Option<Load>,
}

/// A load between its beginning and its end.
#[derive(Debug, Clone, Copy)]
struct Load {
    stamp: u64,
    generation: Option<u64>,
    /// What it read, once it has read.
    version: Option<u64>,
}

#[derive(Debug)]
struct World {
    nodes: [Node; NODES],
    shared: Shared,
    /// The row's version: a write makes it one more.
    row: u64,
    /// The last version whose invalidation Redis executed.
    shared_knows: u64,
    /// Writes that are committed and whose invalidation is still to come, by node.
    unsaid: [VecDeque<u64>; NODES],
    ids: u64,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin,
    Read,
    End,
    Write,
    Invalidate,
    Deliver,
    Lost,
    Flush,
}

impl World {
    fn new() -> Self {
        Self {
            nodes: std::array::from_fn(|_| Node {
                ledger: Ledger::new(),
                memory: None,
                news: VecDeque::new(),
                knows: 0,
                load: None,
            }),
            shared: Shared::default(),
            row: 0,
            shared_knows: 0,
            unsaid: Default::default(),
            ids: 1_000,
        }
    }

    fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// What a read on this node finds without loading.
    fn found(&self, node: usize) -> Option<u64> {
        let (stamp, version) = self.nodes[node].memory?;
        (stamp == self.nodes[node].ledger.stamp(KEY)).then_some(version)
    }

    fn step(&mut self, node: usize, step: Step) {
        match step {
            Step::Begin => self.begin(node),
            Step::Read => {
                let row = self.row;
                if let Some(load) = &mut self.nodes[node].load {
                    load.version.get_or_insert(row);
                }
            }
            Step::End => self.end(node),
            Step::Write => {
                self.row += 1;
                self.unsaid[node].push_back(self.row);
            }
            Step::Invalidate => self.invalidate(node),
            Step::Deliver => {
                if let Some(id) = self.nodes[node].news.pop_front() {
                    self.nodes[node].ledger.forget(KEY, id);
                }
            }
            // The connection ends: news on it are gone, and so is everything remembered.
            Step::Lost => {
                self.nodes[node].news.clear();
                self.nodes[node].ledger.forget_all();
            }
            Step::Flush => self.shared = Shared::default(),
        }
    }

    fn begin(&mut self, node: usize) {
        if self.found(node).is_some() || self.nodes[node].load.is_some() {
            return;
        }
        let stamp = self.nodes[node].ledger.stamp(KEY);
        if let Some(version) = self.shared.value {
            self.nodes[node].load = Some(Load { stamp, generation: None, version: Some(version) });
            return;
        }
        let fresh = self.id();
        let generation = *self.shared.generation.get_or_insert(fresh);
        self.nodes[node].load = Some(Load { stamp, generation: Some(generation), version: None });
    }

    fn end(&mut self, node: usize) {
        let Some(Load { stamp, generation, version: Some(version) }) = self.nodes[node].load else {
            return;
        };
        self.nodes[node].load = None;
        if generation.is_some() && generation == self.shared.generation {
            self.shared.value = Some(version);
        }
        self.nodes[node].memory = Some((stamp, version));
    }

    fn invalidate(&mut self, node: usize) {
        let Some(version) = self.unsaid[node].pop_front() else { return };
        let id = self.id();
        self.nodes[node].ledger.forget(KEY, id);
        self.nodes[node].knows = self.nodes[node].knows.max(version);
        self.shared = Shared { value: None, generation: Some(id) };
        self.shared_knows = self.shared_knows.max(version);
        for other in &mut self.nodes {
            other.news.push_back(id);
        }
    }
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        4 => Just(Step::Begin), 4 => Just(Step::Read), 4 => Just(Step::End),
        3 => Just(Step::Write), 3 => Just(Step::Invalidate), 3 => Just(Step::Deliver),
        1 => Just(Step::Lost), 1 => Just(Step::Flush),
    ];
    (0..NODES, step)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn no_level_holds_what_is_older_than_an_invalidation_it_knows_of(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        let mut world = World::new();
        for (node, step) in steps {
            world.step(node, step);
            if let Some(version) = world.shared.value {
                prop_assert!(version >= world.shared_knows, "Redis: {world:?}");
            }
            for (place, node) in world.nodes.iter().enumerate() {
                if let Some(version) = world.found(place) {
                    prop_assert!(version >= node.knows, "node {place}: {world:?}");
                }
            }
        }
        // When everything was said and delivered and nothing is under way, everybody reads the truth.
        for node in 0..NODES {
            while !world.unsaid[node].is_empty() {
                world.step(node, Step::Invalidate);
            }
        }
        for node in 0..NODES {
            while !world.nodes[node].news.is_empty() {
                world.step(node, Step::Deliver);
            }
        }
        for node in (0..NODES).chain(0..NODES) {
            for step in [Step::Read, Step::End, Step::Begin, Step::Read, Step::End] {
                world.step(node, step);
            }
        }
        for node in 0..NODES {
            prop_assert_eq!(world.found(node), Some(world.row), "node {}: {:?}", node, world);
        }
    }
}
