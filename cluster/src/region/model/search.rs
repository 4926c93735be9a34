//! The search: every world that can be reached, nearest first.

use super::properties::Property;
use super::shared::Mixer;
use super::steps::Step;
use super::telling::tell;
use super::{Bounds, Rules, Setting, World};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::rc::Rc;

/// What a search has seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// Different worlds.
    pub(super) worlds: usize,
    /// Steps without faults from the worst of them until every shard is served and every reader
    /// answered.
    pub(super) steps_to_settle: usize,
}

/// A shortest history that breaks a property.
#[derive(Debug)]
pub(super) struct Counterexample {
    pub(super) broken: String,
    /// As they are told.
    pub(super) steps: Vec<String>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in (1..).zip(&self.steps) {
            writeln!(formatter, "{number:>3}. {step}")?;
        }
        write!(formatter, "then {}", self.broken)
    }
}

/// How a world was reached first.
struct Reached {
    from: usize,
    by: Step,
}

struct Search {
    properties: &'static [Property],
    worlds_max: usize,
    known: HashMap<u64, usize>,
    /// One for each world, in the order of their finding.
    reached: Vec<Reached>,
    to_do: VecDeque<(usize, World)>,
    /// Steps that are no faults, by where they lead to.
    calm: Vec<(u32, u32)>,
    settled: Vec<usize>,
}

/// Tries everything within the bounds.
///
/// # Panics
/// When there are more than `worlds_max` worlds: there may be no end to them.
///
/// # Errors
/// The shortest history after which a property does not hold, or one after which no way leads to a
/// settled cluster any more.
pub(super) fn search(
    bounds: Bounds,
    rules: Rules,
    properties: &'static [Property],
    worlds_max: usize,
) -> Result<Seen, Counterexample> {
    let setting = Rc::new(Setting::new(bounds, rules));
    let mut search = Search {
        properties,
        worlds_max,
        known: HashMap::new(),
        reached: Vec::new(),
        to_do: VecDeque::new(),
        calm: Vec::new(),
        settled: Vec::new(),
    };
    match search.run(&setting) {
        Ok(steps_to_settle) => Ok(Seen { worlds: search.reached.len(), steps_to_settle }),
        Err((broken, history)) => Err(told(&setting, broken, history)),
    }
}

/// The history from its beginning.
fn told(setting: &Rc<Setting>, broken: String, history: Vec<Step>) -> Counterexample {
    let mut world = World::new(setting);
    let tell = |step: Step| {
        let told = tell(&world, step);
        world = world.after(step);
        told
    };
    Counterexample { broken, steps: history.into_iter().map(tell).collect() }
}

/// What is broken, and after which steps.
type Broken = (String, Vec<Step>);

impl Search {
    fn run(&mut self, setting: &Rc<Setting>) -> Result<usize, Broken> {
        self.find(World::new(setting), 0, Step::Ticks)?;
        while let Some((number, world)) = self.to_do.pop_front() {
            self.expand(number, &world)?;
        }
        self.steps_to_settle()
    }

    /// The number of this world, which is looked into later if it is new.
    fn find(&mut self, world: World, from: usize, by: Step) -> Result<usize, Broken> {
        let mut hasher = Mixer::default();
        world.hash(&mut hasher);
        let next = self.reached.len();
        match self.known.entry(hasher.finish()) {
            Entry::Occupied(known) => return Ok(*known.get()),
            Entry::Vacant(place) => place.insert(next),
        };
        for property in self.properties {
            if let Property::World(property) = property {
                property(&world).map_err(|broken| self.broken(broken, from, by))?;
            }
        }
        self.reached.push(Reached { from, by });
        if world.is_settled() {
            self.settled.push(next);
        }
        self.to_do.push_back((next, world));
        Ok(next)
    }

    fn expand(&mut self, number: usize, world: &World) -> Result<(), Broken> {
        assert!(self.reached.len() <= self.worlds_max, "more than {} worlds", self.worlds_max);
        for step in world.steps() {
            let after = world.after(step);
            for property in self.properties {
                if let Property::Step(property) = property {
                    property(world, &after).map_err(|broken| self.broken(broken, number, step))?;
                }
            }
            let next = self.find(after, number, step)?;
            if !step.is_fault() && next != number {
                self.calm.push((next as u32, number as u32));
            }
        }
        Ok(())
    }

    fn broken(&self, broken: String, number: usize, step: Step) -> Broken {
        let mut steps = self.history(number);
        steps.push(step);
        (broken, steps)
    }

    fn history(&self, number: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = number;
        while at != 0 {
            steps.push(self.reached[at].by);
            at = self.reached[at].from;
        }
        steps.reverse();
        steps
    }

    /// How far the farthest world is from a settled one by steps that are no faults. In a graph
    /// without an end but that, whatever goes on fairly gets there.
    fn steps_to_settle(&mut self) -> Result<usize, Broken> {
        self.calm.sort_unstable();
        let mut far: Vec<Option<usize>> = vec![None; self.reached.len()];
        let mut to_do: VecDeque<usize> = self.settled.iter().copied().collect();
        for world in &to_do {
            far[*world] = Some(0);
        }
        let mut farthest = 0;
        while let Some(world) = to_do.pop_front() {
            farthest = far[world].unwrap_or(0);
            let first = self.calm.partition_point(|(to, _)| (*to as usize) < world);
            for (to, from) in &self.calm[first..] {
                if *to as usize != world {
                    break;
                }
                let from = *from as usize;
                if far[from].is_none() {
                    far[from] = Some(farthest + 1);
                    to_do.push_back(from);
                }
            }
        }
        match far.iter().position(Option::is_none) {
            Some(stuck) => {
                let broken = "no way leads to a cluster that serves every shard".to_owned();
                Err((broken, self.history(stuck)))
            }
            None => Ok(farthest),
        }
    }
}
