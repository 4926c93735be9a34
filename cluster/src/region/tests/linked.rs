//! Several nodes with links between them: shards change hands while requests flow.

use super::*;
use crate::peers::{Door, MemoryNetwork, PeerRequest, PeerService};
use crate::testing::Lossy;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

async fn linked(store: &Arc<MemoryStore>, network: &MemoryNetwork) -> Node {
    let peers = |me| Arc::new(network.join(me)) as Arc<dyn Peers>;
    node_over(store, false, EchoHost::default(), peers).await
}

async fn without_hints(store: &Arc<MemoryStore>, network: &MemoryNetwork) -> Node {
    let peers = |me| {
        let peers = network.join(me);
        Arc::new(Lossy { peers, breaks: AtomicUsize::new(0) }) as Arc<dyn Peers>
    };
    node_over(store, false, EchoHost::default(), peers).await
}

/// Asks one shard after another until it is told to end; answers how often, or the first fault.
async fn flow(router: Router<EchoHost>, ends: Arc<AtomicBool>) -> Result<usize, Fault> {
    let mut answered = 0;
    while !ends.load(Ordering::Relaxed) {
        let ask = Ask { shard: reader((answered % 256) as u16), slow: false };
        router.request(ask, Duration::from_secs(10)).await?;
        answered += 1;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    Ok(answered)
}

async fn shared(nodes: &[&Node]) {
    eventually("every node has its share", || {
        let counts: Vec<usize> = nodes.iter().map(|node| node.host.running().len()).collect();
        counts.iter().sum::<usize>() == 516 && counts.iter().all(|count| *count > 80)
    })
    .await;
    // Until nothing moves any more, eight shards at a time, and a second each without hints.
    tokio::time::sleep(Duration::from_secs(60)).await;
}

async fn give_up(node: &Node) {
    node.membership.drain().await.expect("announced");
    node.region.release_all(Duration::from_secs(30)).await.expect("released");
}

#[tokio::test(start_paused = true)]
async fn no_request_fails_while_shards_change_hands_as_planned() {
    let (store, network) = (Arc::new(MemoryStore::default()), MemoryNetwork::default());
    let first = linked(&store, &network).await;
    first.owns(516).await;
    let ends = Arc::new(AtomicBool::new(false));
    let mut flows = vec![tokio::spawn(flow(first.router.clone(), Arc::clone(&ends)))];
    let second = linked(&store, &network).await;
    flows.push(tokio::spawn(flow(second.router.clone(), Arc::clone(&ends))));
    shared(&[&first, &second]).await;
    give_up(&second).await;
    first.owns(516).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    ends.store(true, Ordering::Relaxed);
    for flow in flows {
        let answered = flow.await.expect("no panic").expect("no request failed");
        assert!(answered > 1_000, "{answered}");
    }
    assert!(second.router.counts().remote > 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_drained_node_gave_up_is_owned_again_at_once() {
    let (store, network) = (Arc::new(MemoryStore::default()), MemoryNetwork::default());
    let first = linked(&store, &network).await;
    let second = linked(&store, &network).await;
    shared(&[&first, &second]).await;
    let before = first.status.get().view;
    second.membership.drain().await.expect("announced");
    eventually("the first has heard of it", || first.status.get().view > before).await;
    // It asks for the shards at once, is refused, and would ask again in a second.
    second.region.release_all(Duration::from_secs(30)).await.expect("released");
    let released = Instant::now();
    first.owns(516).await;
    // On the paused clock: no look of every second was waited for.
    assert!(released.elapsed() <= Duration::from_millis(200), "{:?}", released.elapsed());
}

/// A peer that is slow to say that it has heard everything.
#[derive(Default)]
struct Slow {
    told: AtomicUsize,
    answers: Notify,
}

#[async_trait::async_trait]
impl PeerService for Slow {
    async fn answer(&self, _: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
        assert!(request.body.is_empty(), "only whether it has heard");
        self.answers.notified().await;
        Ok(Vec::new())
    }

    fn told(&self, _: Incarnation, _: Vec<u8>) {
        self.told.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_leaves_waits_until_others_have_heard_that_its_shards_are_free() {
    let (store, network) = (Arc::new(MemoryStore::default()), MemoryNetwork::default());
    let node = linked(&store, &network).await;
    node.owns(516).await;
    let slow = Arc::new(Slow::default());
    network.join(Incarnation(i64::MAX)).open(Door::Region, slow.clone());
    let region = node.region.clone();
    let leaving = tokio::spawn(async move { region.release_all(Duration::from_secs(30)).await });
    eventually("everything is free", || store.owned_by(node.incarnation) == 0).await;
    eventually("it is told so", || slow.told.load(Ordering::Relaxed) >= 516 / 64).await;
    assert!(!leaving.is_finished(), "what is still on its way would be lost");
    slow.answers.notify_one();
    leaving.await.expect("no panic").expect("released");
}

#[tokio::test(start_paused = true)]
async fn every_shard_is_found_though_all_hints_are_lost() {
    let (store, network) = (Arc::new(MemoryStore::default()), MemoryNetwork::default());
    let first = without_hints(&store, &network).await;
    let second = without_hints(&store, &network).await;
    shared(&[&first, &second]).await;
    for index in 0..256 {
        let answer = first.ask_within(index, 10).await.expect("answered");
        assert_eq!(second.ask_within(index, 10).await, Ok(answer));
    }
    give_up(&second).await;
    for index in 0..256 {
        assert!(second.ask_within(index, 10).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_lives_keeps_its_shards_though_another_cannot_reach_it() {
    let (store, network) = (Arc::new(MemoryStore::default()), MemoryNetwork::default());
    let first = linked(&store, &network).await;
    let second = linked(&store, &network).await;
    shared(&[&first, &second]).await;
    let theirs =
        *second.host.running().keys().find(|shard| shard.kind == ShardKind::Reader).expect("some");
    assert!(first.ask_within(theirs.index, 10).await.is_ok());
    let before = second.host.running();
    network.set_cut(first.incarnation, second.incarnation, true);
    let fault = first.ask_within(theirs.index, 10).await.expect_err("cut");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(second.host.running(), before);
}

impl Node {
    async fn ask_within(&self, index: u16, seconds: u64) -> Result<Fence, Fault> {
        let ask = Ask { shard: reader(index), slow: false };
        self.router.request(ask, Duration::from_secs(seconds)).await
    }

    async fn crash(&self, network: &MemoryNetwork) {
        network.leave(self.incarnation);
        self.parent.kill_and_wait(None).await.expect("killed");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Join,
    Drain(usize),
    Crash(usize),
    Cut(usize, usize, bool),
    Silence(u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Join),
        (0_usize..4).prop_map(Step::Drain),
        (0_usize..4).prop_map(Step::Crash),
        (0_usize..4, 0_usize..4, any::<bool>()).prop_map(|(a, b, cut)| Step::Cut(a, b, cut)),
        (1_u64..20).prop_map(Step::Silence),
        (1_u64..20_000).prop_map(Step::Wait),
    ]
}

#[derive(Default)]
struct World {
    store: Arc<MemoryStore>,
    network: MemoryNetwork,
    live: Vec<Node>,
    started: Vec<Fence>,
}

impl World {
    async fn join(&mut self) {
        if self.live.len() < 4 {
            self.live.push(linked(&self.store, &self.network).await);
        }
    }

    fn pick(&self, number: usize) -> Option<usize> {
        (!self.live.is_empty()).then(|| number % self.live.len())
    }

    async fn end(&mut self, number: usize, planned: bool) {
        let Some(index) = self.pick(number) else { return };
        let node = self.live.swap_remove(index);
        if planned && node.lost.borrow().is_none() {
            // Its row may be gone, which is found at its next renewal only.
            node.membership.drain().await.unwrap_or_default();
            node.region.release_all(Duration::from_secs(30)).await.expect("released");
        }
        node.crash(&self.network).await;
        self.started.extend(node.host.started());
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Join => self.join().await,
            Step::Drain(number) => self.end(number, true).await,
            Step::Crash(number) => self.end(number, false).await,
            Step::Cut(one, other, cut) => {
                if let (Some(one), Some(other)) = (self.pick(one), self.pick(other)) {
                    let name = |index: usize| self.live[index].incarnation;
                    self.network.set_cut(name(one), name(other), cut);
                }
            }
            Step::Silence(seconds) => {
                self.store.set_silent(true);
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                self.store.set_silent(false);
            }
            Step::Wait(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        }
    }

    /// Links are mended, and whoever lost its membership starts again.
    async fn heal(&mut self) {
        tokio::time::sleep(Duration::from_secs(30)).await;
        while let Some(index) = self.live.iter().position(|node| node.lost.borrow().is_some()) {
            self.end(index, false).await;
        }
        self.join().await;
        for one in &self.live {
            for other in &self.live {
                self.network.set_cut(one.incarnation, other.incarnation, false);
            }
        }
    }

    async fn check(&mut self) {
        eventually("every shard runs once", || {
            let count = |node: &Node| (node.host.running().len(), node.router.owned().len());
            let sums = self.live.iter().map(count).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
            sums == (516, 516)
        })
        .await;
        for node in &self.live {
            for index in (0..256).step_by(16) {
                node.ask_within(index, 10).await.expect("answered");
            }
            self.started.extend(node.host.started());
        }
        let mut owners = BTreeMap::new();
        for fence in &self.started {
            let owner = *owners.entry((fence.shard, fence.epoch)).or_insert(fence.owner);
            assert_eq!(owner, fence.owner, "two owners of {} at {:?}", fence.shard, fence.epoch);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_an_epoch_has_one_owner_and_in_the_end_all_is_owned(
        steps in prop::collection::vec(step(), 1..12)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut world = World::default();
            world.join().await;
            for step in steps {
                world.step(step).await;
            }
            world.heal().await;
            world.check().await;
        });
    }
}
