//! A node of these tests: a transport with an echo behind its doors, told what to do by lines.

use async_trait::async_trait;
use autoglm_cluster::{
    Door, LinkedPeers, PeerRequest, PeerService, Peers, Security, TransportActor, TransportArgs,
    TransportListener,
};
use autoglm_domain::{Fault, Incarnation};
use autoglm_protocol::membership::{ClusterView, Member, MemberState, MembershipStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::transport::TransportStatus;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::io::BufRead as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const INCARNATION: &str = "AUTOGLM_TEST_LINK_NODE";
pub(crate) const SECRET: &str = "AUTOGLM_TEST_LINK_SECRET";
pub(crate) const FAULTS: &str = "AUTOGLM_TEST_LINK_FAULTS";

pub(crate) fn asked_for() -> Option<i64> {
    std::env::var(INCARNATION).ok()?.parse().ok()
}

#[derive(Default)]
struct Echo(Mutex<Vec<String>>);

#[async_trait]
impl PeerService for Echo {
    async fn answer(&self, from: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        match text.as_str() {
            "fail" => Err(Fault::conflict("as you wish")),
            "sleep" => std::future::pending().await,
            _ => Ok(format!("{text} from {from}").into_bytes()),
        }
    }

    fn told(&self, from: Incarnation, body: Vec<u8>) {
        let text = format!("{} from {from}", String::from_utf8_lossy(&body));
        self.0.lock().unwrap().push(text);
    }
}

struct Parent;

impl Actor for Parent {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, error) = event {
            panic!("the transport failed: {error}");
        }
        Ok(())
    }
}

struct Node {
    parent: ActorCell,
    transport: ActorCell,
    peers: LinkedPeers,
    echo: Arc<Echo>,
    membership: StatusCell<MembershipStatus>,
    status: StatusCell<TransportStatus>,
    listener: TransportListener,
}

impl Node {
    async fn start(parent: ActorCell, listener: TransportListener, incarnation: i64) -> Self {
        let peers = LinkedPeers::new(Incarnation(incarnation));
        let echo = Arc::new(Echo::default());
        for door in Door::ALL {
            peers.open(door, echo.clone());
        }
        let (membership, status) = (StatusCell::default(), StatusCell::default());
        let args = TransportArgs {
            secret: std::env::var(SECRET).unwrap(),
            listener: listener.clone(),
            membership: membership.clone(),
            peers: peers.clone(),
            fault_file: std::env::var_os(FAULTS).map(Into::into),
            status: status.clone(),
        };
        let transport = TransportActor::spawn(args, parent.clone()).await.unwrap();
        Self { parent, transport, peers, echo, membership, status, listener }
    }

    async fn ask(&self, to: &str, body: Vec<u8>) -> String {
        let request = PeerRequest::within(Duration::from_secs(2), body);
        let to = Incarnation(to.parse().unwrap());
        match self.peers.ask(to, Door::Region, request).await {
            Ok(answer) => format!("answer {}", String::from_utf8_lossy(&answer)),
            Err(fault) => format!("fault {:?} {}", fault.kind, fault.message),
        }
    }

    fn members(&self, words: &[&str]) {
        let member = |word: &&str| {
            let (incarnation, address) = word.split_once('@').unwrap();
            Member {
                incarnation: Incarnation(incarnation.parse().unwrap()),
                name: format!("n{incarnation}"),
                address: address.to_owned(),
                roles: vec!["all".to_owned()],
                weight: 1,
                state: MemberState::Up,
            }
        };
        let view = ClusterView { version: 1, members: words.iter().map(member).collect() };
        self.membership.set(MembershipStatus { view, ..MembershipStatus::default() });
    }

    fn links(&self) -> String {
        let status = self.status.get();
        let link = |link: &autoglm_protocol::transport::LinkStatus| {
            format!(
                "{}:{} {}",
                link.incarnation,
                link.state.name(),
                link.why.as_deref().unwrap_or_default()
            )
        };
        status.links.iter().map(link).collect::<Vec<_>>().join(" ")
    }

    async fn restart(&mut self, incarnation: i64) {
        self.transport.stop_and_wait(None, None).await.unwrap();
        let next = Self::start(self.parent.clone(), self.listener.clone(), incarnation).await;
        *self = next;
    }

    async fn obey(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["address"] => self.listener.address().to_string(),
            ["members", members @ ..] => {
                self.members(members);
                "done".to_owned()
            }
            ["ask", to, text] => self.ask(to, text.as_bytes().to_vec()).await,
            ["large", to] => self.ask(to, vec![0; 300 * 1024]).await,
            ["tell", to, text] => {
                let to = Incarnation(to.parse().unwrap());
                self.peers.tell(to, Door::Agent, text.as_bytes().to_vec()).to_string()
            }
            ["told"] => self.echo.0.lock().unwrap().join(" "),
            ["links"] => self.links(),
            ["restart", incarnation] => {
                self.restart(incarnation.parse().unwrap()).await;
                "done".to_owned()
            }
            other => panic!("no such command: {other:?}"),
        }
    }
}

/// Obeys lines of standard input until it ends.
pub(crate) fn run(incarnation: i64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut node = runtime.block_on(async {
        let bind = "127.0.0.1:0".parse().unwrap();
        let listener = TransportListener::bind(bind, Security::Plain).await.unwrap();
        let parent = Actor::spawn(None, Parent, ()).await.unwrap().0.get_cell();
        Node::start(parent, listener, incarnation).await
    });
    for line in std::io::stdin().lock().lines() {
        let answer = runtime.block_on(node.obey(&line.unwrap()));
        println!("@@ {answer}");
    }
}
