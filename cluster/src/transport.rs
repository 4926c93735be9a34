//! Keeps the links of this node to every other member, under ractor_cluster.
//!
//! **Receives** connections that have shaken hands, what ractor_cluster tells of its sessions,
//! answers to pings, its own `Tick`.
//! **Sends** connections to the NodeServer; fills and empties the table of [`LinkedPeers`].
//! **Limits** 64 handshakes at a time; a connection that is no link after 5 s is closed; a peer that
//! is silent for 4 s is cut off and dialled again.
//! **On restart** every link is made anew; whoever waits for an answer is told that the outcome is
//! unknown.
//!
//! A link never decides about ownership: a peer that cannot be reached still owns what it owns.
//! ractor's registries are those of the whole process, so a process is one node. The listener that
//! NodeServer insists on is bound to loopback, and a session that did not come through ours is
//! closed at once.

pub mod authority;
mod certificates;
mod door;
mod faults;
pub(crate) mod linked;
pub mod listener;
mod liveness;
mod names;
pub mod security;
mod session;
mod stream;
pub mod tls;
mod wire;

use crate::peers::Door;
use autoglm_domain::Incarnation;
use autoglm_protocol::membership::{ClusterView, MembershipStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::transport::{LinkState, LinkStatus, TransportStatus};
use door::{DoorActor, DoorArgs, DoorMessage};
use faults::FaultFile;
use linked::{LinkedPeer, LinkedPeers};
use listener::TransportListener;
use liveness::{PING_EVERY, PING_LIMIT};
use ractor::rpc::CallResult;
use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent, pg,
};
use ractor_cluster::node::NodeServerSessionInformation;
use ractor_cluster::{NodeEventSubscription, NodeServer, NodeServerMessage};
use security::Secured;
use session::{Dialling, Entering, LINKED_WITHIN, Session, incarnation_of, member, peers_of};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;
use stream::{Cut, LinkStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// The scope in which doors are found.
const SCOPE: &str = "autoglm-cluster";
/// Longest wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Largest frame that is read: the largest message and its wrapping.
const FRAME_BYTES_MAX: u64 = 1024 * 1024;

/// What the transport needs.
#[derive(Debug, Clone)]
pub struct TransportArgs {
    /// The same secret on every node: a guard against mixing up clusters, not the protection.
    pub secret: String,
    /// Where links come in.
    pub listener: TransportListener,
    /// Who the members are.
    pub membership: StatusCell<MembershipStatus>,
    /// The table to keep.
    pub peers: LinkedPeers,
    /// Where tests ask for faults.
    pub fault_file: Option<PathBuf>,
    /// What it shows.
    pub status: StatusCell<TransportStatus>,
}

/// Messages of the transport, all from itself and its helpers.
#[derive(Debug)]
pub enum TransportMessage {
    /// A connection came in and has shaken hands.
    Entered(Entered),
    /// A peer was dialled.
    Dialled(Incarnation, Result<Entered, String>),
    /// ractor_cluster has something to say about a session.
    Session(Happened, Box<NodeServerSessionInformation>),
    /// A ping of a session was answered: greeting and round trip.
    Ponged(u64, Vec<u8>, Duration),
    /// A greeting was not answered.
    Unanswered(u64),
    /// Look at everything.
    Tick,
}

impl ractor::Message for TransportMessage {}

/// A connection that has shaken hands.
#[derive(Debug)]
pub struct Entered(Secured);

/// What happened to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It is open; nobody is known yet.
    Opened,
    /// It knows the secret.
    Authenticated,
    /// Both sides have told their doors.
    Ready,
    /// It has ended.
    Closed,
}

/// Tells the transport what NodeServer does.
struct Listening(ActorRef<TransportMessage>);

impl Listening {
    fn tell(&self, happened: Happened, session: NodeServerSessionInformation) {
        // A transport that has ended takes its sessions with it.
        self.0.cast(TransportMessage::Session(happened, Box::new(session))).unwrap_or_default();
    }
}

impl NodeEventSubscription for Listening {
    fn node_session_opened(&self, session: NodeServerSessionInformation) {
        self.tell(Happened::Opened, session);
    }

    fn node_session_disconnected(&self, session: NodeServerSessionInformation) {
        self.tell(Happened::Closed, session);
    }

    fn node_session_authenticated(&self, session: NodeServerSessionInformation) {
        self.tell(Happened::Authenticated, session);
    }

    fn node_session_ready(&self, session: NodeServerSessionInformation) {
        self.tell(Happened::Ready, session);
    }
}

/// The behaviour.
#[derive(Debug)]
pub struct TransportActor;

/// What it knows.
#[derive(Debug)]
pub struct TransportState {
    args: TransportArgs,
    me: Incarnation,
    myself: ActorRef<TransportMessage>,
    server: ActorRef<NodeServerMessage>,
    entering: HashMap<String, Entering>,
    entered_total: u64,
    sessions: BTreeMap<u64, Session>,
    dialling: BTreeMap<Incarnation, Dialling>,
    faults: Option<FaultFile>,
    cut: BTreeSet<String>,
    /// Listener, dials and pings; aborted with this state.
    tasks: JoinSet<()>,
}

impl TransportActor {
    /// Starts it under `supervisor`.
    ///
    /// # Errors
    /// When the supervisor is stopping, or NodeServer does not start.
    pub async fn spawn(args: TransportArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let (actor, _) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        Ok(actor.get_cell())
    }
}

impl Actor for TransportActor {
    type Msg = TransportMessage;
    type State = TransportState;
    type Arguments = TransportArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        args.peers.clear();
        open_doors(&args, &myself).await?;
        let server = start_server(&args, &myself).await?;
        myself.send_interval(PING_EVERY, || TransportMessage::Tick);
        Ok(TransportState::new(args, myself, server))
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TransportMessage::Entered(entered) => state.enter(entered.0, None)?,
            TransportMessage::Dialled(peer, outcome) => state.dialled(peer, outcome)?,
            TransportMessage::Session(happened, session) => state.session(happened, &session),
            TransportMessage::Ponged(id, hello, took) => state.ponged(id, &hello, took),
            TransportMessage::Unanswered(id) => state.unanswered(id),
            TransportMessage::Tick => state.tick(),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        _state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(_, error) => {
                Err(format!("a part of the transport failed: {error}").into())
            }
            SupervisionEvent::ActorTerminated(..) => Err("a part of the transport ended".into()),
            _ => Ok(()),
        }
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<Self::Msg>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        state.args.peers.clear();
        Ok(())
    }
}

/// Starts the doors of this node, where peers find them.
async fn open_doors(
    args: &TransportArgs,
    myself: &ActorRef<TransportMessage>,
) -> Result<(), ActorProcessingErr> {
    for door in Door::ALL {
        let (me, services) = (args.peers.me(), args.peers.services().clone());
        let door_args = DoorArgs { me, door, services };
        let spawned = Actor::spawn_linked(None, DoorActor, door_args, myself.get_cell()).await;
        let (actor, _) = spawned.map_err(|error| error.to_string())?;
        pg::join_scoped(SCOPE.to_owned(), door.name().to_owned(), vec![actor.get_cell()]);
    }
    Ok(())
}

/// Starts the part that speaks ractor_cluster's protocol, and listens to it.
async fn start_server(
    args: &TransportArgs,
    myself: &ActorRef<TransportMessage>,
) -> Result<ActorRef<NodeServerMessage>, ActorProcessingErr> {
    let name = format!("n{}", args.peers.me());
    let server = NodeServer::new(0, args.secret.clone(), name.clone(), name, None, None)
        .with_listen_addr(IpAddr::V4(Ipv4Addr::LOCALHOST))
        .with_max_inbound_frame_size(FRAME_BYTES_MAX);
    let spawned = Actor::spawn_linked(None, server, (), myself.get_cell()).await;
    let (server, _) = spawned.map_err(|error| error.to_string())?;
    let subscription = Box::new(Listening(myself.clone()));
    let id = "transport".to_owned();
    server
        .cast(NodeServerMessage::SubscribeToEvents { id, subscription })
        .map_err(|error| error.to_string())?;
    Ok(server)
}

impl TransportState {
    fn new(
        args: TransportArgs,
        myself: ActorRef<TransportMessage>,
        server: ActorRef<NodeServerMessage>,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let (secured, mut incoming) = mpsc::channel(16);
        tasks.spawn(args.listener.clone().accept(secured));
        let actor = myself.clone();
        tasks.spawn(async move {
            while let Some(secured) = incoming.recv().await {
                actor.cast(TransportMessage::Entered(Entered(secured))).unwrap_or_default();
            }
        });
        Self {
            me: args.peers.me(),
            faults: args.fault_file.clone().map(FaultFile::new),
            args,
            myself,
            server,
            entering: HashMap::new(),
            entered_total: 0,
            sessions: BTreeMap::new(),
            dialling: BTreeMap::new(),
            cut: BTreeSet::new(),
            tasks,
        }
    }

    fn view(&self) -> ClusterView {
        self.args.membership.get().view.clone()
    }

    /// Hands a connection over to ractor_cluster, under a label by which it is known again.
    fn enter(
        &mut self,
        secured: Secured,
        dialled: Option<Incarnation>,
    ) -> Result<(), ActorProcessingErr> {
        self.entered_total += 1;
        let label = format!("autoglm-{}", self.entered_total);
        let cut = Cut::default();
        let faults = self.faults.is_some().then(|| cut.clone());
        let stream = Box::new(LinkStream::new(label.clone(), secured.stream, faults));
        self.entering
            .insert(label, Entering { name: secured.name, dialled, cut, since: Instant::now() });
        let is_server = dialled.is_none();
        self.server
            .cast(NodeServerMessage::ConnectionOpenedExternal { stream, is_server })
            .map_err(|_gone| "the part that speaks to peers is gone".into())
    }

    fn dialled(
        &mut self,
        peer: Incarnation,
        outcome: Result<Entered, String>,
    ) -> Result<(), ActorProcessingErr> {
        match outcome {
            Ok(entered) => self.enter(entered.0, Some(peer)),
            Err(why) => {
                tracing::debug!(%peer, %why, "a peer could not be reached");
                if let Some(dialling) = self.dialling.get_mut(&peer) {
                    dialling.failed(Instant::now(), rand::random(), Some(why));
                }
                Ok(())
            }
        }
    }

    fn session(&mut self, happened: Happened, info: &NodeServerSessionInformation) {
        match happened {
            Happened::Opened => self.opened(info),
            Happened::Authenticated => {
                let name = info.peer_name.as_ref().map(|name| name.name.as_str());
                if let Some(session) = self.sessions.get_mut(&info.node_id) {
                    session.claimed = name.and_then(incarnation_of);
                }
                self.advance(info.node_id);
            }
            Happened::Ready => {
                if let Some(session) = self.sessions.get_mut(&info.node_id) {
                    session.ready = true;
                }
                self.advance(info.node_id);
            }
            Happened::Closed => self.closed(info.node_id),
        }
    }

    fn opened(&mut self, info: &NodeServerSessionInformation) {
        match self.entering.remove(&info.peer_addr) {
            Some(entering) => {
                let session = Session::new(info.actor.clone(), entering, Instant::now());
                self.sessions.insert(info.node_id, session);
            }
            None => {
                tracing::warn!(from = %info.peer_addr, "a session that did not come through the transport was closed");
                info.actor.stop(Some("not through the transport".to_owned()));
            }
        }
    }

    fn closed(&mut self, id: u64) {
        let Some(session) = self.sessions.remove(&id) else { return };
        let peer = session.claimed.or(session.entering.dialled);
        if session.linked
            && let Some(peer) = peer
        {
            self.args.peers.unlinked(peer, id);
            tracing::warn!(%peer, "the link to a peer is lost");
        }
        // The secret is looked at first: whoever has another one hears nothing but the end.
        let why = (!session.linked).then(|| {
            "the connection ended before it was a link; perhaps it is of another cluster".to_owned()
        });
        if let Some(dialling) = peer.and_then(|peer| self.dialling.get_mut(&peer)) {
            dialling.failed(Instant::now(), rand::random(), why);
        }
    }

    /// Brings a session on its way to a link one step further, if it can go.
    fn advance(&mut self, id: u64) {
        let view = self.view();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.linked || session.greeting || !session.ready {
            return;
        }
        match session.identity(&view) {
            Ok(None) => {}
            Ok(Some(_peer)) => {
                let Some(agent) = doors_of(id).remove(&Door::Agent) else { return };
                session.greeting = true;
                self.ping(id, agent);
            }
            Err(why) => self.refuse(id, why),
        }
    }

    /// Ends a session with somebody who cannot be worked with.
    fn refuse(&mut self, id: u64, why: String) {
        let Some(session) = self.sessions.get(&id) else { return };
        let peer = session.claimed.or(session.entering.dialled);
        metrics::counter!("autoglm_cluster_refused_total").increment(1);
        tracing::warn!(?peer, %why, "a peer was refused");
        session.actor.stop(Some("refused".to_owned()));
        // Whoever came in by itself proves nothing: a liar must not slow down whom it names.
        let dialled = session.entering.dialled;
        self.sessions.remove(&id);
        if let Some(peer) = dialled {
            let now = Instant::now();
            let dialling = self.dialling.entry(peer).or_insert_with(|| Dialling::new(now));
            dialling.refused = Some(why);
            dialling.failed(now, rand::random(), None);
        }
    }

    fn ping(&mut self, id: u64, agent: ActorRef<DoorMessage>) {
        let myself = self.myself.clone();
        self.tasks.spawn(async move {
            let began = Instant::now();
            let call = agent.call(|reply| DoorMessage::Ping(Vec::new(), reply), Some(PING_LIMIT));
            let message = match call.await {
                Ok(CallResult::Success(hello)) => {
                    TransportMessage::Ponged(id, hello, began.elapsed())
                }
                _ => TransportMessage::Unanswered(id),
            };
            myself.cast(message).unwrap_or_default();
        });
    }

    fn ponged(&mut self, id: u64, hello: &[u8], took: Duration) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.liveness.heard(Instant::now(), took);
        session.greeting = false;
        let Some(peer) = session.claimed.filter(|_| !session.linked) else { return };
        match wire::Hello::agree(hello, peer) {
            Ok(build) => self.link(id, peer, &build),
            Err(why) => self.refuse(id, why),
        }
    }

    fn link(&mut self, id: u64, peer: Incarnation, build: &str) {
        let doors = doors_of(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if doors.len() < Door::ALL.len() {
            // The rest of them is on its way; tried again with the next tick.
            return;
        }
        session.linked = true;
        self.args.peers.linked(peer, LinkedPeer::new(id, doors));
        let now = Instant::now();
        self.dialling.entry(peer).or_insert_with(|| Dialling::new(now)).linked();
        tracing::info!(%peer, build, "the link to a peer is ready");
        self.show();
    }

    fn unanswered(&mut self, id: u64) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.greeting = false;
        }
    }

    fn tick(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.apply_faults();
        self.forget_entering();
        self.look_after_sessions();
        self.dial();
        self.show();
    }

    /// A connection for which no session came is over, and its peer is dialled again.
    fn forget_entering(&mut self) {
        let now = Instant::now();
        let overdue = |entering: &Entering| now >= entering.since + LINKED_WITHIN;
        let lost = self.entering.extract_if(|_label, entering| overdue(entering));
        for peer in lost.filter_map(|(_, entering)| entering.dialled) {
            if let Some(dialling) = self.dialling.get_mut(&peer) {
                dialling.failed(now, rand::random(), None);
            }
        }
    }

    /// Nothing passes over the links to nodes that a test has cut off.
    fn apply_faults(&mut self) {
        let Some(faults) = &self.faults else { return };
        self.cut = faults.cut();
        let view = self.view();
        for session in self.sessions.values() {
            let peer = session.claimed.or(session.entering.dialled);
            let name = peer.and_then(|peer| member(&view, peer)).map(|member| &member.name);
            session.entering.cut.set(name.is_some_and(|name| self.cut.contains(name)));
        }
    }

    fn look_after_sessions(&mut self) {
        let now = Instant::now();
        let view = self.view();
        let ids: Vec<u64> = self.sessions.keys().copied().collect();
        for id in ids {
            self.advance(id);
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            let gone = session.claimed.is_some_and(|peer| member(&view, peer).is_none());
            let silent = session.liveness.is_silent(now);
            let why = match (session.linked, silent, gone) {
                (_, _, true) if session.linked => "it is no member any more",
                (true, true, _) => "it is silent",
                (false, _, _) if session.is_overdue(now) => "it did not become a link in time",
                _ => {
                    if let Some(agent) = session.linked.then(|| self.agent_of(id)).flatten() {
                        self.ping(id, agent);
                    }
                    continue;
                }
            };
            self.give_up(id, why);
        }
    }

    fn agent_of(&self, id: u64) -> Option<ActorRef<DoorMessage>> {
        let peer = self.sessions.get(&id)?.claimed?;
        self.args.peers.peer(peer)?.agent().cloned()
    }

    /// Ends a session; whoever waits for an answer over it is told so at once.
    fn give_up(&mut self, id: u64, why: &str) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let peer = session.claimed.or(session.entering.dialled);
        tracing::warn!(?peer, why, "the connection to a peer is given up");
        session.actor.stop(Some("given up".to_owned()));
        if std::mem::take(&mut session.linked)
            && let Some(peer) = peer
        {
            self.args.peers.unlinked(peer, id);
        }
        // Its end is told, but a peer that cannot be reached must not keep its place until then.
        self.closed(id);
    }

    fn dial(&mut self) {
        let now = Instant::now();
        let view = self.view();
        self.dialling.retain(|peer, _| member(&view, *peer).is_some());
        let busy: BTreeSet<Incarnation> = self
            .sessions
            .values()
            .filter_map(|session| session.claimed.or(session.entering.dialled))
            .chain(self.entering.values().filter_map(|entering| entering.dialled))
            .collect();
        for (peer, dials) in peers_of(self.me, &view) {
            let dialling =
                self.dialling.entry(peer.incarnation).or_insert_with(|| Dialling::new(now));
            let is_cut = self.cut.contains(&peer.name);
            if !dials || is_cut || busy.contains(&peer.incarnation) || !dialling.is_due(now) {
                continue;
            }
            dialling.under_way = true;
            let (incarnation, name, address) =
                (peer.incarnation, peer.name.clone(), peer.address.clone());
            let (security, myself) = (self.args.listener.security().clone(), self.myself.clone());
            self.tasks.spawn(async move {
                let outcome = connect(&security, &name, &address).await;
                let message = TransportMessage::Dialled(incarnation, outcome.map(Entered));
                myself.cast(message).unwrap_or_default();
            });
        }
    }

    fn show(&self) {
        let view = self.view();
        let links: Vec<LinkStatus> =
            peers_of(self.me, &view).map(|(peer, _)| self.link_status(peer)).collect();
        for state in
            [LinkState::Connecting, LinkState::Authenticating, LinkState::Ready, LinkState::Refused]
        {
            let count = links.iter().filter(|link| link.state == state).count();
            metrics::gauge!("autoglm_cluster_links", "state" => state.name()).set(count as f64);
        }
        if let Some(seconds) = self.args.listener.security().expires_at() {
            metrics::gauge!("autoglm_cluster_certificate_expires_timestamp_seconds").set(seconds);
        }
        self.args.status.set(TransportStatus {
            address: self.args.listener.address().to_string(),
            encrypted: self.args.listener.security().is_encrypted(),
            links,
        });
    }

    fn link_status(&self, peer: &autoglm_protocol::membership::Member) -> LinkStatus {
        let incarnation = peer.incarnation;
        let is_this =
            |session: &&Session| session.claimed.or(session.entering.dialled) == Some(incarnation);
        let session = self.sessions.values().filter(is_this).max_by_key(|session| session.linked);
        let dialling = self.dialling.get(&incarnation);
        let why = dialling
            .and_then(|dialling| dialling.refused.clone().or_else(|| dialling.failed.clone()));
        let state = match session {
            Some(session) if session.linked => LinkState::Ready,
            _ if dialling.is_some_and(|dialling| dialling.refused.is_some()) => LinkState::Refused,
            Some(_) => LinkState::Authenticating,
            None => LinkState::Connecting,
        };
        let link = self.args.peers.peer(incarnation);
        let totals = link.as_ref().map(|link| link.totals()).unwrap_or_default();
        let round_trip = session.and_then(|session| session.liveness.round_trip);
        LinkStatus {
            name: peer.name.clone(),
            incarnation: incarnation.0,
            state,
            why: why.filter(|_| state != LinkState::Ready),
            round_trip_us: round_trip.and_then(|took| u64::try_from(took.as_micros()).ok()),
            under_way: link.map_or(0, |link| link.under_way()),
            asked_total: totals.0,
            told_total: totals.1,
            reconnects: dialling.map_or(0, |dialling| dialling.links.saturating_sub(1)),
        }
    }
}

/// The doors of the peer at the other end of a session, as far as they are known.
fn doors_of(node_id: u64) -> BTreeMap<Door, ActorRef<DoorMessage>> {
    let of_session = |cell: &ActorCell| matches!(cell.get_id(), ActorId::Remote { node_id: id, .. } if id == node_id);
    Door::ALL
        .into_iter()
        .filter_map(|door| {
            let members = pg::get_scoped_members(&SCOPE.to_owned(), &door.name().to_owned());
            let cell = members.into_iter().find(of_session)?;
            Some((door, ActorRef::from(cell)))
        })
        .collect()
}

async fn connect(
    security: &security::Security,
    name: &str,
    address: &str,
) -> Result<Secured, String> {
    let tcp = match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
        Ok(Ok(tcp)) => tcp,
        Ok(Err(error)) => return Err(format!("{address} cannot be reached: {error}")),
        Err(_elapsed) => return Err(format!("{address} did not answer in {CONNECT_LIMIT:?}")),
    };
    security.connect(tcp, name).await.map_err(|fault| fault.message)
}
