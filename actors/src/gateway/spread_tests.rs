//! Terminals of one node that are too many, on a clock that the test moves.

use super::*;
use crate::pipeline_testing::onlooker;
use crate::testing_readers::{pace, places};
use async_trait::async_trait;
use autoglm_domain::{ReaderEvent, SystemClock};
use autoglm_protocol::figures::{NodeFigures, NodeLoad};
use autoglm_protocol::membership::{ClusterView, Member, MemberState, MembershipStatus};
use autoglm_protocol::push::PushItem;
use autoglm_protocol::reader_request::Watching;
use autoglm_protocol::view::RankedList;
use tokio::sync::mpsc::error::TryRecvError;

const ME: Incarnation = Incarnation(1);
const OTHER: Incarnation = Incarnation(2);

/// A shard that knows where every numbering stands.
#[derive(Debug)]
struct Calm;

#[async_trait]
impl Readers for Calm {
    async fn ask(&self, request: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        match request {
            ReaderRequest::Watch { .. } => {
                let watching = Watching { stream: 1, seq: 10, missed: Some(Vec::new()) };
                Ok(ReaderAnswer::Watching(watching))
            }
            _ => Err(Fault::internal("not asked here")),
        }
    }
    async fn recommendations(&self, _: ReaderId, _: usize) -> Result<RankedList, Fault> {
        Err(Fault::internal("not asked here"))
    }
    async fn append_events(
        &self,
        _: ReaderId,
        _: Vec<ReaderEvent>,
    ) -> Result<(usize, usize), Fault> {
        Err(Fault::internal("not asked here"))
    }
}

/// A connection of a reader to this node.
struct Client {
    since: Instant,
    frames: mpsc::Receiver<Frame>,
}

impl Client {
    fn has_ended(&mut self) -> bool {
        loop {
            match self.frames.try_recv() {
                Ok(_) => {}
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }
}

/// This node's gateway with its clients, and another node that has only a count.
struct Node {
    gateway: GatewayHandle,
    status: StatusCell<GatewayStatus>,
    places: Places,
    clients: Vec<Client>,
    elsewhere: usize,
}

impl Node {
    async fn with_clients(count: usize) -> Self {
        let places = places(ME);
        let member = |incarnation| Member {
            incarnation,
            name: incarnation.to_string(),
            address: String::new(),
            roles: vec!["all".to_owned()],
            weight: 1,
            state: MemberState::Up,
        };
        let view = ClusterView { version: 1, members: vec![member(ME), member(OTHER)] };
        let membership = MembershipStatus { incarnation: ME.0, view, ..Default::default() };
        places.membership.set(membership);
        let args = GatewayArgs {
            config: GatewayConfig { terminals_max: 1_000, incarnation: ME, pace: pace() },
            readers: Arc::new(Calm),
            gateways: Gateways::default(),
            places: places.clone(),
            meter: PipelineMeter::new(Arc::new(SystemClock)),
            address: Address::new("gateway", 64),
            status: StatusCell::default(),
        };
        let (gateway, status) = (GatewayHandle(args.address.clone()), args.status.clone());
        GatewayActor::spawn(args, onlooker().await).await.expect("a gateway");
        let mut node = Self { gateway, status, places, clients: Vec::new(), elsewhere: 0 };
        for reader in 0..count {
            node.connect(ReaderId(reader as i64)).await;
        }
        node
    }

    async fn connect(&mut self, reader: ReaderId) {
        let (outlet, frames) = mpsc::channel(16);
        self.gateway.connect(reader, None, outlet).await.expect("connected");
        self.clients.push(Client { since: Instant::now(), frames });
    }

    /// Lets a period pass; answers since when those were connected whose connection has ended.
    async fn period(&mut self) -> Vec<Instant> {
        let load = NodeLoad { terminals: self.elsewhere, ready: true, ..NodeLoad::default() };
        let figures = NodeFigures { load, ..NodeFigures::default() };
        self.places.figures.heard(OTHER, figures);
        tokio::time::sleep(pace().every).await;
        let ended = self.clients.extract_if(.., Client::has_ended);
        ended.map(|client| client.since).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_terminals_are_asked_in_parts_until_they_are_spread_and_nobody_soon_again() {
    let mut node = Node::with_clients(200).await;
    let (mut asked, mut quiet, mut turn) = (Vec::new(), 0, 0);
    while quiet < 20 {
        let ended = node.period().await;
        assert!(ended.len() <= 5, "at most a twentieth of a surplus of 100");
        let now = Instant::now();
        assert!(ended.iter().all(|since| now - *since >= pace().stay), "sent away too soon");
        let has_begun = asked.iter().any(|count| *count > 0);
        quiet = if ended.is_empty() && has_begun { quiet + 1 } else { 0 };
        asked.push(ended.len());
        for _ in ended {
            turn += 1;
            // The balancer gives every second connection back.
            match turn % 2 {
                0 => node.connect(ReaderId(1_000 + turn)).await,
                _ => node.elsewhere += 1,
            }
        }
    }
    let first = asked.iter().position(|count| *count > 0).expect("somebody was asked");
    assert!((59..=61).contains(&first), "newcomers stay for 60 periods, not {first}");
    assert_eq!(asked[first..first + 3], [5, 4, 4]);
    assert_eq!(node.clients.len() + node.elsewhere, 200);
    assert_eq!(node.clients.len(), 125, "a quarter above the mean");
    let total: usize = asked.iter().sum();
    assert_eq!(node.status.get().asked_to_move_total, total as u64);
    assert_eq!(node.status.get().terminals, 125);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_while_the_other_node_is_silent_or_has_as_many() {
    let mut node = Node::with_clients(60).await;
    tokio::time::sleep(pace().stay * 2).await;
    assert_eq!(node.status.get().asked_to_move_total, 0, "silent");
    node.elsewhere = 60;
    for _ in 0..5 {
        assert_eq!(node.period().await.len(), 0);
    }
    node.elsewhere = 0;
    assert_eq!(node.period().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_to_whom_something_happens_is_asked_last() {
    let mut node = Node::with_clients(60).await;
    tokio::time::sleep(pace().stay).await;
    let item = PushItem::Story {
        story_id: autoglm_domain::StoryId(1),
        article_id: autoglm_domain::ArticleId(1),
    };
    for seq in 11..20 {
        for reader in 0..50 {
            let items = Arc::from([item.clone()]);
            let delivery = Delivery { reader_id: ReaderId(reader), stream: 1, seq, items };
            node.gateway.0.cast(GatewayMessage::Deliver(delivery)).expect("running");
        }
        // The first 50 of the clients are busy: one of the last 10 goes.
        let before = node.clients.len();
        let ended = node.period().await;
        assert_eq!((ended.len(), node.clients.len()), (1, before - 1));
        node.elsewhere += 1;
    }
    let busy = node.clients.iter_mut().take(50).filter_map(|client| client.frames.try_recv().err());
    assert!(busy.into_iter().all(|error| error == TryRecvError::Empty), "all 50 are connected");
}
