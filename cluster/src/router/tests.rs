//! Routers of several nodes over links in memory; who owns what is set by hand.

use super::*;
use crate::peers::MemoryNetwork;
use crate::testing::{Ask, EchoHost, Lossy};
use autoglm_domain::{Epoch, ShardKind};
use autoglm_protocol::Address;
use std::sync::atomic::AtomicUsize;

const SHARD: Shard = Shard { kind: ShardKind::Reader, index: 3 };
const ASK: Ask = Ask { shard: SHARD, slow: false };

fn fence(owner: i64, epoch: i64) -> Fence {
    Fence { shard: SHARD, owner: Incarnation(owner), epoch: Epoch(epoch) }
}

fn router_over(me: i64, peers: Arc<dyn Peers>) -> Router<EchoHost> {
    let config = RouterConfig { waiting_max: 2, waiting_bytes_max: 100, ..RouterConfig::default() };
    let host = Arc::new(EchoHost::default());
    let router = Router::new(host, LeaseClock::alone(), Incarnation(me), peers, &config);
    router.open_door(Address::new("region", 8));
    router
}

fn router(me: i64, network: &MemoryNetwork) -> Router<EchoHost> {
    router_over(me, Arc::new(network.join(Incarnation(me))))
}

async fn own(router: &Router<EchoHost>, fence: Fence) {
    router.host().start(fence).await.expect("started");
    router.publish(HashMap::from([(fence.shard, fence)]));
}

async fn ask(router: &Router<EchoHost>, seconds: u64) -> Result<Fence, Fault> {
    router.request(ASK, Duration::from_secs(seconds)).await
}

#[tokio::test(start_paused = true)]
async fn a_node_that_owns_the_shard_no_more_tells_who_does() {
    let network = MemoryNetwork::default();
    let (one, two, three) = (router(1, &network), router(2, &network), router(3, &network));
    own(&three, fence(3, 9)).await;
    one.learn(&[fence(2, 8)]);
    two.learn(&[fence(3, 9)]);
    assert_eq!(ask(&one, 1).await, Ok(fence(3, 9)));
    let counts = one.counts();
    assert_eq!((counts.remote, counts.redirected, counts.unowned), (2, 1, 0));
    assert_eq!(two.counts().remote, 0, "it never asks on");
    assert_eq!(ask(&one, 1).await, Ok(fence(3, 9)));
    assert_eq!(one.counts().remote, 3, "the owner is known now");
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_a_shard_between_two_owners() {
    let network = MemoryNetwork::default();
    let (one, two) = (router(1, &network), router(2, &network));
    let asked = tokio::spawn({
        let one = one.clone();
        async move { ask(&one, 10).await }
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(one.counts().waiting, 1);
    assert!(one.take_looking());
    own(&two, fence(2, 1)).await;
    two.announce_owned(&[fence(2, 1)]);
    assert_eq!(asked.await.expect("no panic"), Ok(fence(2, 1)));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_has_the_shard_no_more_and_knows_no_other_is_waited_for() {
    let network = MemoryNetwork::default();
    let (one, two) = (router(1, &network), router(2, &network));
    one.learn(&[fence(2, 1)]);
    let asked = tokio::spawn({
        let one = one.clone();
        async move { ask(&one, 10).await }
    });
    tokio::time::sleep(Duration::from_secs(4)).await;
    own(&two, fence(2, 2)).await;
    assert_eq!(asked.await.expect("no panic"), Ok(fence(2, 2)));
}

#[tokio::test(start_paused = true)]
async fn an_owner_without_a_link_is_waited_for_a_second_only() {
    let network = MemoryNetwork::default();
    let (one, two) = (router(1, &network), router(2, &network));
    own(&two, fence(2, 1)).await;
    one.learn(&[fence(2, 1)]);
    network.set_cut(Incarnation(1), Incarnation(2), true);
    let began = Instant::now();
    let fault = ask(&one, 10).await.expect_err("cut");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    assert!(fault.retry_after.is_some());
    assert!(began.elapsed() <= Duration::from_secs(2), "on the paused clock");
    network.set_cut(Incarnation(1), Incarnation(2), false);
    assert_eq!(ask(&one, 10).await, Ok(fence(2, 1)));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_its_deadline_and_few_wait_at_a_time() {
    let network = MemoryNetwork::default();
    let one = router(1, &network);
    let began = Instant::now();
    let waits: Vec<_> = (0..2)
        .map(|_| {
            let one = one.clone();
            tokio::spawn(async move { ask(&one, 2).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let fault = ask(&one, 2).await.expect_err("two wait already");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    assert_eq!(began.elapsed(), Duration::from_millis(1), "at once");
    for wait in waits {
        let fault = wait.await.expect("no panic").expect_err("nobody owns it");
        assert_eq!(fault.kind, FaultKind::Unavailable);
    }
    assert!(began.elapsed() <= Duration::from_millis(2_010), "on the paused clock");
    assert_eq!(one.counts().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_tried_once_more_and_then_told() {
    let network = MemoryNetwork::default();
    let two = router(2, &network);
    own(&two, fence(2, 1)).await;
    let breaking = |me, breaks| {
        let peers = network.join(Incarnation(me));
        let one = router_over(me, Arc::new(Lossy { peers, breaks: AtomicUsize::new(breaks) }));
        one.learn(&[fence(2, 1)]);
        one
    };
    assert_eq!(ask(&breaking(1, 1), 5).await, Ok(fence(2, 1)));
    let fault = ask(&breaking(3, 2), 5).await.expect_err("twice");
    assert_eq!(fault.kind, FaultKind::Timeout);
    assert_eq!(two.counts().routed, 4);
}

#[tokio::test(start_paused = true)]
async fn what_the_owner_refuses_travels_as_it_is() {
    let network = MemoryNetwork::default();
    let (one, two) = (router(1, &network), router(2, &network));
    // It owns the shard, but the shard does not run.
    two.publish(HashMap::from([(SHARD, fence(2, 1))]));
    one.learn(&[fence(2, 1)]);
    let fault = ask(&one, 5).await.expect_err("refused");
    assert_eq!(fault.message, "it does not run here any more");
    assert_eq!(one.counts().remote, 1);
}

#[tokio::test]
async fn owners_are_those_of_the_leases_and_whoever_is_not_known_is_looked_for() {
    let asker = router(1, &MemoryNetwork::default());
    assert_eq!(asker.owner_of(SHARD), None);
    assert!(asker.take_looking(), "the leases are read soon");
    asker.learn(&[fence(2, 3)]);
    assert_eq!(asker.owner_of(SHARD), Some(Incarnation(2)));
    assert!(!asker.take_looking());
    asker.doubt();
    assert!(asker.take_looking(), "it has answered that it is not the owner");
    own(&asker, fence(1, 4)).await;
    assert_eq!(asker.owner_of(SHARD), Some(Incarnation(1)));
}
