//! Texts of a node that has much to do, and of one without devices.

use super::*;
use crate::agent::testing::{OneOwner, answered};
use autoglm_cluster::{MemoryNetwork, Peers};
use autoglm_domain::{Embedding, FaultKind};
use autoglm_protocol::Address;
use autoglm_protocol::agent::LoadReport;
use autoglm_protocol::inference_pool::{DeviceStatus, InferencePoolMessage, Understood};
use std::sync::atomic::{AtomicUsize, Ordering};

const ME: Incarnation = Incarnation(1);
const OTHER: Incarnation = Incarnation(2);
const WITHIN: Duration = Duration::from_secs(20);

/// A node with a device of these models and so much to do; it answers with its name.
struct Node {
    pool: InferencePoolHandle,
    status: StatusCell<InferencePoolStatus>,
    read: Arc<AtomicUsize>,
}

impl Node {
    async fn new(name: &'static str, models: &str, waiting_tokens: usize) -> Self {
        let pool = InferencePoolHandle(Address::new("inference-pool", 64));
        let read = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&read);
        answered(&pool.0, move |message| {
            let InferencePoolMessage::Submit { texts, reply, .. } = message else { return };
            count.fetch_add(texts.len(), Ordering::SeqCst);
            let answer = |text: &Text| Understood {
                embedding: Embedding(vec![0.5; 256]),
                topics: Vec::new(),
                topic_list: 0,
                summary: text.title.clone(),
                entities: Vec::new(),
                keywords: Vec::new(),
                beside: None,
            };
            let items = texts.iter().map(answer).collect();
            let model_version = name.to_owned();
            reply.send(Ok(Understandings { model_version, items })).unwrap_or_default();
        })
        .await;
        let status = StatusCell::default();
        let device = DeviceStatus {
            state: "busy".into(),
            model: models.into(),
            tokens_per_second: 1_000.0,
            ..DeviceStatus::default()
        };
        let waiting = [0, 1, 0];
        status.set(InferencePoolStatus {
            waiting,
            waiting_tokens,
            devices: vec![device],
            ..InferencePoolStatus::default()
        });
        Self { pool, status, read }
    }

    fn open(&self, node: Incarnation, network: &MemoryNetwork) {
        let service = InferenceService { pool: self.pool.clone(), status: self.status.clone() };
        network.join(node).open(Door::Inference, Arc::new(service));
    }

    fn gateway(
        &self,
        network: &MemoryNetwork,
        others: &[(Incarnation, LoadReport)],
    ) -> InferenceGateway {
        let loads = PeerLoads::default();
        others.iter().for_each(|(node, report)| loads.heard(*node, report.clone()));
        let peers = Arc::new(network.join(ME));
        let colleagues = Colleagues::new(ME, peers, Arc::new(OneOwner::default()));
        let wanted = Arc::new(|| "m".to_owned());
        InferenceGateway::new(self.pool.clone(), self.status.clone(), wanted, loads, colleagues)
    }

    fn read(&self) -> usize {
        self.read.load(Ordering::SeqCst)
    }
}

fn texts(count: usize) -> Vec<Text> {
    let text = |number: usize| Text {
        title: format!("title {number}"),
        lead: "word ".repeat(1_500),
        language: None,
        tokens: None,
    };
    (0..count).map(text).collect()
}

async fn ask(gateway: &InferenceGateway, count: usize) -> Result<Understandings, Fault> {
    let answers = gateway.understand(texts(count), Priority::Ingest, WITHIN).await?;
    let titles: Vec<String> = answers.items.iter().map(|item| item.summary.clone()).collect();
    assert_eq!(titles, (0..count).map(|number| format!("title {number}")).collect::<Vec<_>>());
    Ok(answers)
}

#[tokio::test]
async fn texts_go_to_another_node_when_the_wait_here_is_long() {
    let network = MemoryNetwork::default();
    let (here, there) = (Node::new("here", "m", 60_000).await, Node::new("there", "m", 0).await);
    there.open(OTHER, &network);
    let meter = PipelineMeter::new(Arc::new(autoglm_domain::SystemClock));
    let gateway = here.gateway(&network, &[(OTHER, load_of(&there.status.get()))]);
    let gateway = gateway.timed(meter.clone());
    assert_eq!(ask(&gateway, 64).await.expect("answers").model_version, "there");
    assert_eq!((here.read(), there.read()), (0, 64));
    assert_eq!(meter.take_latency(INFER).window.count, 64, "timed wherever they are read");
}

#[tokio::test]
async fn what_another_node_does_not_answer_is_done_here_and_it_is_left_alone() {
    let network = MemoryNetwork::default();
    let (here, there) = (Node::new("here", "m", 60_000).await, Node::new("there", "m", 0).await);
    let gateway = here.gateway(&network, &[(OTHER, load_of(&there.status.get()))]);
    let _silent = network.join(OTHER);
    assert_eq!(ask(&gateway, 3).await.expect("answers").model_version, "here");
    there.open(OTHER, &network);
    assert_eq!(ask(&gateway, 3).await.expect("answers").model_version, "here");
    assert_eq!(there.read(), 0);
}

#[tokio::test]
async fn vectors_of_two_models_are_never_mixed() {
    let network = MemoryNetwork::default();
    let (here, there) = (Node::new("here", "m", 60_000).await, Node::new("there", "n", 0).await);
    there.open(OTHER, &network);
    // Its report is of a moment ago, when it had other models.
    let old = LoadReport { models: "m".into(), ..load_of(&there.status.get()) };
    let gateway = here.gateway(&network, &[(OTHER, old)]);
    assert_eq!(ask(&gateway, 3).await.expect("answers").model_version, "here");
    assert_eq!(there.read(), 0);
}

#[tokio::test]
async fn a_node_without_devices_has_its_texts_understood_by_others_or_says_why_not() {
    let network = MemoryNetwork::default();
    let (here, there) = (Node::new("here", "", 0).await, Node::new("there", "m", 60_000).await);
    there.open(OTHER, &network);
    here.status.set(InferencePoolStatus::default());
    let gateway = here.gateway(&network, &[(OTHER, load_of(&there.status.get()))]);
    assert_eq!(ask(&gateway, 3).await.expect("answers").model_version, "there");
    network.leave(OTHER);
    let nobody = here.gateway(&network, &[(OTHER, load_of(&there.status.get()))]);
    answered(&here.pool.0, |message| {
        let InferencePoolMessage::Submit { reply, .. } = message else { return };
        let fault = Fault::unavailable("this node has no device", Duration::from_secs(30));
        reply.send(Err(fault)).unwrap_or_default();
    })
    .await;
    assert_eq!(ask(&nobody, 3).await.expect_err("nobody").kind, FaultKind::Unavailable);
}
