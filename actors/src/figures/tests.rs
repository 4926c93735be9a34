//! Two nodes that measure, judge and tell each other.

use super::*;
use crate::agent::testing::{OneOwner, nobody};
use crate::agent::{NodeAgent, NodeAgentArgs};
use crate::meter::hot_spots::{CALM_AFTER, HISTORY_MIN, HOT_AFTER};
use crate::pipeline_testing::onlooker;
use crate::testing_readers::{eventually, store};
use autoglm_cluster::{Door, MemoryNetwork, Peers};
use autoglm_domain::{Incarnation, SystemClock};
use autoglm_models::ClusterEvent;
use autoglm_protocol::figures::FIGURES_PERIOD;
use autoglm_protocol::inference_pool::DeviceStatus;
use autoglm_protocol::membership::{ClusterView, Member, MemberState};

const A: Incarnation = Incarnation(1);
const B: Incarnation = Incarnation(2);
const USUAL: Duration = Duration::from_millis(35);
const SLOW: Duration = Duration::from_millis(480);

/// What a node's FiguresActor is made of, on a network with its door open.
fn node(network: &MemoryNetwork, me: Incarnation, name: &str, store: &Store) -> FiguresArgs {
    let (peers, board) = (Arc::new(network.join(me)), FigureBoard::default());
    let service = NodeAgentArgs { figures: board.clone(), ..nobody() };
    peers.open(Door::Agent, Arc::new(NodeAgent::new(service)));
    FiguresArgs {
        node: name.to_owned(),
        period: FIGURES_PERIOD,
        terminals_max: 10,
        colleagues: Colleagues::new(me, peers, Arc::new(OneOwner::default())),
        meter: PipelineMeter::new(Arc::new(SystemClock)),
        board,
        pool: StatusCell::default(),
        gateway: StatusCell::default(),
        region: StatusCell::default(),
        membership: StatusCell::default(),
        report: StatusCell::default(),
        store: store.clone(),
        clock: Arc::new(SystemClock),
        status: StatusCell::default(),
    }
}

/// A cluster with this member.
fn alone(me: Incarnation) -> MembershipStatus {
    let member = Member {
        incarnation: me,
        name: "a".to_owned(),
        address: String::new(),
        roles: vec!["all".to_owned()],
        weight: 1,
        state: MemberState::Up,
    };
    MembershipStatus {
        incarnation: me.0,
        view: ClusterView { version: 1, members: vec![member] },
        ..MembershipStatus::default()
    }
}

/// A node that looks when it is told to.
fn looking(network: &MemoryNetwork, me: Incarnation, name: &str, store: &Store) -> FiguresState {
    FiguresState::new(node(network, me, name, store))
}

/// Windows in which each node answers a hundred requests, each after so long.
async fn windows(count: usize, nodes: &mut [(&mut FiguresState, Duration)]) {
    for _ in 0..count {
        for (node, took) in nodes.iter_mut() {
            node.args.meter.time("request", 100, *took);
            node.look().await;
        }
    }
}

fn request_of(board: &FigureBoard, node: Incarnation) -> StageFigures {
    let figures = board.of(node).expect("it has said so");
    figures.stages.iter().find(|stage| stage.name == "request").expect("timed").clone()
}

/// Who told what, oldest first.
fn told(events: &[ClusterEvent]) -> Vec<(&str, &str, &str)> {
    let told = events.iter().rev();
    told.map(|it| (it.name.as_str(), it.kind.name(), it.detail.as_str())).collect()
}

#[tokio::test]
async fn nodes_hear_of_each_other_how_long_things_take_and_how_much_there_is_to_do() {
    let network = MemoryNetwork::default();
    let (store, _directory) = store().await;
    let (a, b) = (node(&network, A, "a", &store), node(&network, B, "b", &store));
    a.gateway.set(GatewayStatus { terminals: 7, ..GatewayStatus::default() });
    a.region.set(ShardRegionStatus {
        view: 3,
        reader_shards: 128,
        host_shards: 100,
        singles: vec![("story".into(), 3)],
        ..ShardRegionStatus::default()
    });
    a.membership.set(alone(A));
    let device = DeviceStatus { model: "m".into(), ..DeviceStatus::default() };
    a.pool.set(InferencePoolStatus { devices: vec![device], ..InferencePoolStatus::default() });
    a.meter.record("index", 50, USUAL);
    FiguresActor::spawn(a.clone(), onlooker().await).await.expect("an actor");
    eventually("the other node has heard", || async { b.board.of(A).is_some() }).await;
    let figures = b.board.of(A).expect("heard");
    let load = &figures.load;
    assert_eq!((load.terminals, load.shards, load.ready), (7, 229, true));
    assert!(a.report.get().utilization >= 0.7, "seven of ten places are taken");
    assert_eq!((load.expected_wait_ms, load.queue_age_seconds), (Some(0), Some(0.0)));
    let index = figures.stages.iter().find(|stage| stage.name == "index").expect("timed");
    assert_eq!((index.window.count, index.minute.count), (50, 50));
    assert!(index.window.p99_ms > 32.0 && index.window.p99_ms < 38.0, "{index:?}");
    assert_eq!(a.board.of(A), Some(figures), "a node sees itself as others do");
    eventually("it says so", || async { a.status.get().windows_total == 1 }).await;
}

#[tokio::test]
async fn a_slow_node_is_seen_as_such_everywhere_and_told_once() {
    let network = MemoryNetwork::default();
    let (store, _directory) = store().await;
    let mut a = looking(&network, A, "a", &store);
    let mut b = looking(&network, B, "b", &store);
    windows(HISTORY_MIN, &mut [(&mut a, USUAL), (&mut b, USUAL)]).await;
    let slow = HOT_AFTER as usize + 2;
    windows(slow, &mut [(&mut a, USUAL), (&mut b, SLOW)]).await;
    for board in [&a.args.board, &b.args.board] {
        let hot = request_of(board, B).hot.expect("hot");
        assert_eq!((hot.kind, hot.seconds), (HotKind::Node, 40));
        assert!(hot.usual_ms < 38.0 && hot.others_ms.is_some_and(|others| others < 38.0));
        assert_eq!(request_of(board, A).hot, None);
    }
    assert_eq!(b.args.status.get().hot, ["request"]);
    windows(CALM_AFTER as usize, &mut [(&mut a, USUAL), (&mut b, USUAL)]).await;
    assert_eq!(request_of(&a.args.board, B).hot, None);
    let events = store.cluster_events(10).await.expect("events");
    let told = told(&events);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].0, told[0].1), ("b", "hot"));
    assert!(told[0].2.starts_with("request: p99 4") && told[0].2.contains("usually 3"), "{told:?}");
    assert_eq!(told[1], ("b", "cooled", "request, after 70 s"));
}

#[tokio::test]
async fn when_all_slow_down_it_is_the_stage_and_one_node_tells() {
    let network = MemoryNetwork::default();
    let (store, _directory) = store().await;
    let mut a = looking(&network, A, "a", &store);
    let mut b = looking(&network, B, "b", &store);
    windows(HISTORY_MIN, &mut [(&mut a, USUAL), (&mut b, USUAL)]).await;
    windows(4, &mut [(&mut a, SLOW), (&mut b, SLOW)]).await;
    for node in [A, B] {
        let hot = request_of(&a.args.board, node).hot.expect("hot");
        assert_eq!(hot.kind, HotKind::Stage);
    }
    let events = store.cluster_events(10).await.expect("events");
    let told = told(&events);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].2.starts_with("request on most nodes: p99 4"), "{told:?}");
}
