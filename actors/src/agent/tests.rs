//! What the actor does by itself: loads told, rates read.

use super::testing::{OneOwner, answered, nobody};
use super::*;
use crate::testing_readers::{eventually, soon, store};
use autoglm_cluster::{Door, MemoryNetwork, Peers};
use autoglm_domain::{ArticleId, Incarnation, SystemClock};
use autoglm_protocol::article_window::ArticleWindowMessage;
use autoglm_protocol::inference_pool::DeviceStatus;
use std::collections::BTreeSet;
use tokio::sync::mpsc;

const ME: Incarnation = Incarnation(1);
const OTHER: Incarnation = Incarnation(2);

async fn started(
    network: &MemoryNetwork,
    service: NodeAgentArgs,
    owner: OneOwner,
) -> (AgentArgs, tempfile::TempDir) {
    let (store, directory) = store().await;
    let peers = Arc::new(network.join(ME));
    let service = Arc::new(NodeAgent::new(service));
    peers.open(Door::Agent, Arc::clone(&service) as _);
    let args = AgentArgs {
        colleagues: Colleagues::new(ME, peers, Arc::new(owner)),
        service,
        membership: StatusCell::default(),
        pool: StatusCell::default(),
        store,
        clock: Arc::new(SystemClock),
        address: Address::new("agent", 8),
        status: StatusCell::default(),
    };
    let root = crate::pipeline_testing::onlooker().await;
    AgentActor::spawn(args.clone(), root).await.expect("an agent");
    (args, directory)
}

#[tokio::test]
async fn nodes_hear_how_much_others_have_to_do() {
    let network = MemoryNetwork::default();
    let (args, _directory) = started(&network, nobody(), OneOwner::default()).await;
    let device = DeviceStatus { model: "m".into(), ..DeviceStatus::default() };
    args.pool.set(InferencePoolStatus { devices: vec![device], ..InferencePoolStatus::default() });
    let there = nobody();
    let loads = there.loads.clone();
    network.join(OTHER).open(Door::Agent, Arc::new(NodeAgent::new(there)));
    eventually("a report has come", || async { loads.knows(ME) }).await;
    loads.keep(&BTreeSet::new());
    assert_eq!(args.status.get().peers, 1);
}

#[tokio::test]
async fn click_rates_come_from_the_store_at_first_and_then_from_who_counts() {
    let network = MemoryNetwork::default();
    let service = nobody();
    let (sender, mut rates) = mpsc::unbounded_channel();
    answered(&service.window.0, move |message| {
        if let ArticleWindowMessage::Popularity(rates) = message {
            sender.send(rates.to_vec()).unwrap_or_default();
        }
    })
    .await;
    let other = network.join(OTHER);
    let (_args, _directory) = started(&network, service, OneOwner::is(OTHER)).await;
    assert_eq!(soon("the saved rates", rates.recv()).await, Some(Vec::new()));
    let told = vec![(ArticleId(4), 0.5)];
    let there = Colleagues::new(OTHER, Arc::new(other), Arc::new(OneOwner::default()));
    there.tell_all(&AgentHint::Popularity(told.clone()));
    assert_eq!(soon("the rates", rates.recv()).await, Some(told));
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_does_no_harm() {
    let network = MemoryNetwork::default();
    let (args, _directory) = started(&network, nobody(), OneOwner::default()).await;
    assert!(network.join(OTHER).tell(ME, Door::Agent, b"\xc1garbage".to_vec()));
    eventually("it is counted", || async { args.status.get().unreadable_total == 1 }).await;
}
