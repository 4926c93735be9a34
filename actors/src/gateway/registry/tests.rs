//! Terminals on one node, their reader's shard on another.

use super::*;
use crate::agent::testing::nobody;
use crate::agent::{NodeAgent, NodeAgentArgs};
use crate::cache_shard::{CacheShardActor, CacheShardArgs};
use crate::colleagues::NoOwners;
use crate::gateway::{GatewayActor, GatewayArgs, GatewayConfig};
use crate::meter::PipelineMeter;
use crate::testing_readers::{House, eventually, pace, places, soon};
use autoglm_cluster::{Door, MemoryNetwork, Peers};
use autoglm_domain::{ArticleId, ReaderId, StoryId, SystemClock};
use autoglm_protocol::Address;
use autoglm_protocol::push::{Frame, PushItem};
use autoglm_protocol::status::StatusCell;
use proptest::prelude::*;
use tokio::sync::mpsc;

/// Another node than the house's, on which terminals connect.
const OTHER: Incarnation = Incarnation(1_000);

/// A gateway of the other node, behind its doors.
async fn other_gateway(house: &House, network: &MemoryNetwork) -> GatewayHandle {
    let peers = Arc::new(network.join(OTHER));
    let colleagues = Colleagues::new(OTHER, peers.clone(), Arc::new(NoOwners));
    let args = GatewayArgs {
        config: GatewayConfig { terminals_max: 3, incarnation: OTHER, pace: pace() },
        readers: Arc::clone(&house.readers),
        gateways: Gateways::of(colleagues),
        places: places(OTHER),
        meter: PipelineMeter::new(Arc::new(SystemClock)),
        address: Address::new("gateway", 64),
        status: StatusCell::default(),
    };
    let gateway = GatewayHandle(args.address.clone());
    GatewayActor::spawn(args, house.onlooker.clone()).await.expect("a gateway");
    let agent = NodeAgent::new(NodeAgentArgs { gateway: gateway.clone(), ..nobody() });
    peers.open(Door::Agent, Arc::new(agent));
    gateway
}

async fn connect(house: &House, gateway: &GatewayHandle) -> mpsc::Receiver<Frame> {
    let (outlet, frames) = mpsc::channel(16);
    gateway.connect(house.reader, None, outlet).await.expect("connected");
    frames
}

async fn next(frames: &mut mpsc::Receiver<Frame>) -> (u64, Option<Vec<ArticleId>>) {
    match soon("a frame", frames.recv()).await.expect("open") {
        Frame::Reset { seq } => (seq, None),
        Frame::Items { seq, items } => {
            let articles = items.into_iter().filter_map(|item| match item {
                PushItem::Article(view) => Some(view.id),
                _ => None,
            });
            (seq, Some(articles.collect()))
        }
    }
}

#[tokio::test]
async fn an_article_reaches_a_terminal_of_another_node_and_a_lost_one_is_missed_and_fetched() {
    let network = MemoryNetwork::default();
    let house = House::linked(&network).await;
    let source = house.followed(1).await;
    let gateway = other_gateway(&house, &network).await;
    let mut frames = connect(&house, &gateway).await;
    let (start, _) = next(&mut frames).await;
    let first = house.place(source, 1, 3).await;
    assert_eq!(next(&mut frames).await, (start + 1, Some(vec![first])));
    network.set_cut(house.fence.owner, OTHER, true);
    let lost = house.place(source, 2, 3).await;
    network.set_cut(house.fence.owner, OTHER, false);
    let third = house.place(source, 3, 3).await;
    let (mut ids, mut last) = (Vec::new(), 0);
    while last < start + 3 {
        let (seq, articles) = next(&mut frames).await;
        ids.extend(articles.expect("no reset"));
        last = seq;
    }
    assert_eq!(ids, [lost, third]);
}

#[tokio::test]
async fn a_terminal_keeps_its_connection_while_its_shard_moves_to_another_node() {
    let network = MemoryNetwork::default();
    let house = House::linked(&network).await;
    let source = house.followed(1).await;
    let mut frames = connect(&house, &house.gateway).await;
    let (before, _) = next(&mut frames).await;
    // The house's gateway hears other nodes by its agent.
    let agent = NodeAgent::new(NodeAgentArgs { gateway: house.gateway.clone(), ..nobody() });
    network.join(house.fence.owner).open(Door::Agent, Arc::new(agent));
    // The shard goes; the other node takes it at a higher epoch and is where requests are routed.
    house.cache.1.kill();
    eventually("it is gone", || async {
        house.cache.1.get_status() == ractor::ActorStatus::Stopped
    })
    .await;
    let store = &house.store;
    store.release_leases(house.fence.owner, &[house.fence.shard]).await.expect("released");
    let other = store.register_node("other", "", &["all".to_owned()]).await.expect("a node");
    store.set_node_state(other, autoglm_models::NodeState::Up).await.expect("up");
    let fence = store.acquire_leases(other, &[house.fence.shard]).await.expect("a lease")[0];
    let colleagues = Colleagues::new(other, Arc::new(network.join(other)), Arc::new(NoOwners));
    let args =
        CacheShardArgs { fence, gateways: Gateways::of(colleagues), ..house.cache.0.clone() };
    CacheShardActor::spawn(args, house.onlooker.clone()).await.expect("a cache shard");
    let (seq, articles) = next(&mut frames).await;
    assert_eq!(articles, None, "another stream begins with a reset");
    assert!(seq > before);
    let id = house.place(source, 1, 3).await;
    assert_eq!(next(&mut frames).await, (seq + 1, Some(vec![id])));
}

#[tokio::test]
async fn a_gateway_of_a_node_that_has_left_takes_nothing() {
    let network = MemoryNetwork::default();
    let house = House::linked(&network).await;
    let _gateway = other_gateway(&house, &network).await;
    let gateways = &house.cache.0.gateways;
    assert!(gateways.deliver(OTHER, delivery(&["x".to_owned()])));
    network.leave(OTHER);
    assert!(!gateways.deliver(OTHER, delivery(&["x".to_owned()])));
}

fn delivery(texts: &[String]) -> Delivery {
    let view = |text: &String| autoglm_protocol::view::ArticleView {
        id: ArticleId(1),
        source_id: autoglm_domain::SourceId(1),
        source_title: String::new(),
        story_id: Some(StoryId(1)),
        url: String::new(),
        title: text.clone(),
        authors: Vec::new(),
        language: None,
        published_at: None,
        fetched_at: autoglm_domain::Timestamp(0),
        topics: Vec::new(),
        summary: String::new(),
        entities: Vec::new(),
        keywords: Vec::new(),
        stage: autoglm_domain::ArticleStage::Placed,
        marks: autoglm_domain::Marks::default(),
        trace_parent: None,
    };
    let items: Arc<[PushItem]> =
        texts.iter().map(|text| PushItem::Article(Arc::new(view(text)))).collect();
    Delivery { reader_id: ReaderId(1), stream: 1, seq: 1_000, items }
}

/// What a node heard.
#[derive(Default)]
struct Ear(std::sync::Mutex<Vec<Delivery>>);

#[async_trait::async_trait]
impl autoglm_cluster::PeerService for Ear {
    async fn answer(
        &self,
        _: Incarnation,
        _: autoglm_cluster::PeerRequest,
    ) -> Result<Vec<u8>, autoglm_domain::Fault> {
        Ok(Vec::new())
    }

    fn told(&self, _: Incarnation, body: Vec<u8>) {
        if let Ok(AgentHint::Deliver(delivery)) = autoglm_protocol::wire::decode(&body) {
            self.0.lock().expect("no panic").push(delivery);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_delivery_that_is_too_large_travels_in_parts_with_the_same_numbers(
        sizes in proptest::collection::vec(0_usize..300_000, 1..8),
    ) {
        let network = MemoryNetwork::default();
        let me = Incarnation(1);
        let colleagues = Colleagues::new(me, Arc::new(network.join(me)), Arc::new(NoOwners));
        let ear = Arc::new(Ear::default());
        network.join(OTHER).open(Door::Agent, Arc::clone(&ear) as _);
        let texts: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
        let sent = delivery(&texts);
        let all_fit = sizes.iter().all(|size| *size < DELIVERY_BYTES_MAX - 512);
        let arrived = Gateways::of(colleagues).deliver(OTHER, sent.clone());
        prop_assert!(arrived || !all_fit);
        for part in ear.0.lock().expect("no panic").iter() {
            let first = part.seq - part.items.len() as u64;
            let skipped = usize::try_from(first - (sent.seq - sent.items.len() as u64)).expect("small");
            prop_assert_eq!(&part.items[..], &sent.items[skipped..skipped + part.items.len()]);
        }
        let heard: usize = ear.0.lock().expect("no panic").iter().map(|part| part.items.len()).sum();
        prop_assert!(!arrived || heard == sent.items.len());
    }
}
