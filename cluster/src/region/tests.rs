//! Whole nodes, membership and region together, over a database in memory and on a paused clock.

mod linked;

use super::*;
use crate::membership::{MembershipActor, MembershipArgs, MembershipConfig, TTL};
use crate::peers::{NoPeers, Peers};
use crate::router::RouterConfig;
use crate::store::{MembershipStore, Registration};
use crate::testing::{Ask, EchoHost, MemoryStore, eventually, parent};
use autoglm_domain::{Fault, FaultKind};
use autoglm_protocol::membership::MembershipHandle;
use autoglm_protocol::shard_region::ShardRegionHandle;
use tokio::sync::watch;

struct Node {
    incarnation: Incarnation,
    host: Arc<EchoHost>,
    router: Router<EchoHost>,
    region: ShardRegionHandle,
    region_cell: ActorCell,
    region_args: ShardRegionArgs<EchoHost>,
    membership: MembershipHandle,
    status: StatusCell<ShardRegionStatus>,
    lost: watch::Receiver<Option<String>>,
    parent: ActorCell,
}

async fn node(store: &Arc<MemoryStore>, alone: bool, host: EchoHost) -> Node {
    node_over(store, alone, host, |_me| Arc::new(NoPeers)).await
}

async fn node_over(
    store: &Arc<MemoryStore>,
    alone: bool,
    host: EchoHost,
    peers: impl FnOnce(Incarnation) -> Arc<dyn Peers>,
) -> Node {
    let registration =
        Registration { name: "n".into(), address: String::new(), roles: vec!["all".into()] };
    let incarnation = store.register(&registration).await.expect("registered");
    let lease = MembershipConfig { ttl: TTL, alone }.lease_clock();
    let host = Arc::new(host);
    let config = RouterConfig { requests_max: 2, ..RouterConfig::default() };
    let peers = peers(incarnation);
    let router = Router::new(Arc::clone(&host), lease.clone(), incarnation, peers, &config);
    let membership_status = StatusCell::default();
    let region_args = ShardRegionArgs {
        incarnation,
        leases: Arc::clone(store) as Arc<dyn LeaseStore>,
        lease: lease.clone(),
        membership: membership_status.clone(),
        router: router.clone(),
        config: RegionConfig::default(),
        address: Address::new("region", 8),
        status: StatusCell::default(),
    };
    let (lost, lost_receiver) = watch::channel(None);
    let membership = Address::new("membership", 8);
    let parent = parent().await;
    let region_cell =
        ShardRegionActor::spawn(region_args.clone(), parent.clone()).await.expect("started");
    let args = MembershipArgs {
        incarnation,
        store: Arc::clone(store) as Arc<dyn MembershipStore>,
        lease,
        region: region_args.address.clone(),
        lost,
        address: membership.clone(),
        status: membership_status,
    };
    MembershipActor::spawn(args, parent.clone()).await.expect("started");
    Node {
        incarnation,
        host,
        router,
        region: ShardRegionHandle(region_args.address.clone()),
        region_cell,
        status: region_args.status.clone(),
        region_args,
        membership: MembershipHandle(membership),
        lost: lost_receiver,
        parent,
    }
}

fn reader(index: u16) -> Shard {
    Shard { kind: ShardKind::Reader, index }
}

impl Node {
    async fn owns(&self, count: usize) {
        eventually("the node owns its shards", || {
            self.router.owned().len() == count && self.host.running().len() == count
        })
        .await;
    }

    async fn ask(&self, index: u16) -> Result<Fence, Fault> {
        let ask = Ask { shard: reader(index), slow: false };
        self.router.request(ask, Duration::from_secs(1)).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_alone_takes_all_shards_in_one_call_and_answers() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, true, EchoHost::default()).await;
    assert!(node.ask(3).await.is_ok(), "a request that comes too early waits");
    node.owns(516).await;
    assert_eq!(store.acquisitions(), 1);
    let answer = node.ask(3).await.expect("answered");
    assert_eq!((answer.shard, answer.owner), (reader(3), node.incarnation));
    eventually("the status says so", || node.status.get().host_shards == 256).await;
    assert_eq!(node.status.get().singles.len(), 4);
    assert_eq!(node.status.get().unowned_total, 0);
}

#[tokio::test(start_paused = true)]
async fn requests_are_bounded_in_number_and_in_time() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, true, EchoHost::default()).await;
    node.owns(516).await;
    let slow = || {
        let router = node.router.clone();
        let ask = Ask { shard: reader(1), slow: true };
        tokio::spawn(async move { router.request(ask, Duration::from_secs(5)).await })
    };
    let (first, second) = (slow(), slow());
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(node.ask(1).await.expect_err("two are under way").kind, FaultKind::Overloaded);
    for task in [first, second] {
        let fault = task.await.expect("no panic").expect_err("it never answers");
        assert_eq!(fault.kind, FaultKind::Timeout);
    }
    assert!(node.ask(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn two_nodes_share_the_shards_and_one_takes_over_when_the_other_leaves() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, false, EchoHost::default()).await;
    first.owns(516).await;
    let second = node(&store, false, EchoHost::default()).await;
    eventually("the second has its share", || {
        let (a, b) = (first.host.running().len(), second.host.running().len());
        a + b == 516 && b > 150 && a > 150
    })
    .await;
    let both = first.host.running().keys().any(|shard| second.host.running().contains_key(shard));
    assert!(!both, "no shard runs twice");
    second.membership.drain().await.expect("announced");
    second.region.release_all(Duration::from_secs(30)).await.expect("released");
    assert_eq!(store.owned_by(second.incarnation), 0);
    assert!(second.host.running().is_empty());
    first.owns(516).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_without_its_database_stops_its_shards_and_takes_them_up_again() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, false, EchoHost::default()).await;
    node.owns(516).await;
    let before = node.ask(3).await.expect("answered").epoch;
    store.set_silent(true);
    // Two thirds of the time-to-live, counted from a renewal at most three seconds old.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(node.ask(3).await.is_ok());
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(node.ask(3).await.expect_err("fenced").kind, FaultKind::Unavailable);
    eventually("nothing runs", || node.host.running().is_empty()).await;
    store.set_silent(false);
    node.owns(516).await;
    assert!(node.ask(3).await.expect("answered").epoch > before);
    assert_eq!(*node.lost.borrow(), None);
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_row_has_expired_says_that_it_must_start_again() {
    let store = Arc::new(MemoryStore::default());
    let lost = node(&store, false, EchoHost::default()).await;
    lost.owns(516).await;
    store.set_silent(true);
    tokio::time::sleep(Duration::from_secs(20)).await;
    store.set_silent(false);
    let mut receiver = lost.lost.clone();
    let reason = receiver.wait_for(Option::is_some).await.expect("it lives").clone();
    assert!(reason.is_some_and(|reason| reason.contains("gone")));
    assert!(lost.host.running().is_empty());
    let next = node(&store, false, EchoHost::default()).await;
    next.owns(516).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_stops_that_shard_only() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, false, EchoHost::default()).await;
    let other = Registration { name: "o".into(), address: String::new(), roles: vec![] };
    let thief = store.register(&other).await.expect("registered");
    node.owns(516).await;
    let fence = node.ask(9).await.expect("answered");
    store.steal(reader(9), thief);
    node.region.fenced(fence);
    eventually("it stops", || node.host.running().len() == 515).await;
    assert_eq!(node.ask(9).await.expect_err("moved").kind, FaultKind::Unavailable);
    assert!(node.ask(10).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_does_not_start_is_tried_again_later() {
    let store = Arc::new(MemoryStore::default());
    let host = EchoHost::default();
    host.set_broken(Some(reader(4)));
    let node = node(&store, true, host).await;
    node.owns(515).await;
    eventually("its lease is free", || store.owned_by(node.incarnation) == 515).await;
    assert!(node.status.get().last_error.is_some());
    node.host.set_broken(None);
    node.owns(516).await;
}

#[tokio::test(start_paused = true)]
async fn a_region_that_starts_again_takes_its_shards_up_under_new_epochs() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, false, EchoHost::default()).await;
    node.owns(516).await;
    let before = node.ask(3).await.expect("answered").epoch;
    node.region_cell.kill_and_wait(None).await.expect("killed");
    ShardRegionActor::spawn(node.region_args.clone(), node.parent.clone()).await.expect("started");
    eventually("new epochs", || {
        node.router.fence_of(reader(3)).is_some_and(|fence| fence.epoch > before)
    })
    .await;
    node.owns(516).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_a_node_has_without_knowing_goes_where_placement_says() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, false, EchoHost::default()).await;
    let second = node(&store, false, EchoHost::default()).await;
    eventually("both have their share", || {
        let (a, b) = (first.host.running().len(), second.host.running().len());
        a + b == 516 && b > 150
    })
    .await;
    let fence = second.router.owned()[0];
    // As a grant whose answer was lost while the view changed: placement wants it elsewhere now.
    store.steal(fence.shard, first.incarnation);
    second.region.fenced(fence);
    eventually("the second has it again", || {
        second.router.fence_of(fence.shard).is_some_and(|again| again.epoch > fence.epoch)
    })
    .await;
    assert!(!first.host.running().contains_key(&fence.shard));
}

#[tokio::test(start_paused = true)]
async fn leases_are_freed_even_when_the_database_is_away_for_a_moment() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, true, EchoHost::default()).await;
    node.owns(516).await;
    store.set_away(true);
    let waiting = {
        let region = node.region.clone();
        tokio::spawn(async move { region.release_all(Duration::from_secs(30)).await })
    };
    eventually("the shards stop", || node.host.running().is_empty()).await;
    assert_eq!(store.owned_by(node.incarnation), 516);
    store.set_away(false);
    waiting.await.expect("no panic").expect("released");
    assert_eq!(store.owned_by(node.incarnation), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_gives_up_is_free_before_its_slowest_shard_has_stopped() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, true, EchoHost::default()).await;
    node.owns(516).await;
    node.host.set_stuck(Some(reader(4)));
    let (began, region) = (Instant::now(), node.region.clone());
    let waiting = tokio::spawn(async move { region.release_all(Duration::from_secs(30)).await });
    eventually("most leases are free", || store.owned_by(node.incarnation) <= 64).await;
    assert!(began.elapsed() < RegionConfig::default().stop_limit, "on the paused clock");
    waiting.await.expect("no panic").expect("released");
    assert_eq!(store.owned_by(node.incarnation), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_gives_up_is_noted_once_and_as_a_whole() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, true, EchoHost::default()).await;
    node.owns(516).await;
    eventually("what it took is noted", || store.noted() == [(516, 0)]).await;
    // Its group is free long after the others.
    node.host.set_stuck(Some(reader(4)));
    node.region.release_all(Duration::from_secs(30)).await.expect("released");
    eventually("a note", || store.noted().len() > 1).await;
    assert_eq!(store.noted(), [(516, 0), (0, 516)]);
}
