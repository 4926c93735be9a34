//! GatewayActor: knows the terminals connected to this node and who reads on them.
//!
//! **Receives** connections from the HTTP interface, numbered items from reader shards.
//! **Sends** items to TerminalActors; `Watch` and `Unwatch` to the owners of its readers, renewed every 30 s;
//! `ConnectAgain` to some of its terminals while it has many more than other nodes.
//! **Limits** `terminals_max` terminals, 64 renewals at once; deliveries are bounded by the shards' batches;
//! 64 terminals asked to connect again in ten seconds.
//! **On restart** its terminals are gone with it: clients connect again with their last number and miss nothing.

pub mod places;
pub mod registry;
pub mod spread;

use crate::meter::PipelineMeter;
use crate::terminal::{TerminalActor, TerminalArgs};
use autoglm_domain::{Fault, Incarnation, ReaderId, Shard};
use autoglm_protocol::gateway::{GatewayHandle, GatewayMessage, GatewayStatus};
use autoglm_protocol::port::Readers;
use autoglm_protocol::push::{Delivery, Frame};
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::terminal::{TerminalHandle, TerminalMessage};
use autoglm_protocol::{Address, Reply};
use futures_util::StreamExt;
pub use places::Places;
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
pub use registry::Gateways;
pub use spread::Pace;
use spread::{Candidate, Spread, Step, choose};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How often the shards are told that we still watch; they forget us after three of these.
const RENEW_PERIOD: Duration = Duration::from_secs(30);
/// Renewals under way at once.
const RENEWALS_MAX: usize = 64;
/// Attempts for a shard that has just started and may not be routable yet.
const ATTEMPTS_URGENT: u32 = 4;
/// Pause before the second of them; each further one waits three times as long.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(200);
/// Counter of terminals that were asked to connect again because other nodes have fewer.
const ASKED_TO_MOVE_TOTAL: &str = "autoglm_terminals_asked_to_move_total";
/// Messages admitted by one terminal's address; only its gateway sends to it.
const TERMINAL_MESSAGES_MAX: usize = 16;

/// Settings of the gateway.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Connected terminals at most; each costs about 14 KB when idle.
    pub terminals_max: usize,
    /// This node, as shards know it.
    pub incarnation: Incarnation,
    /// How terminals are spread over the nodes.
    pub pace: Pace,
}

/// The actor.
#[derive(Debug)]
pub struct GatewayActor;

/// What the gateway needs.
#[derive(Clone, Debug)]
pub struct GatewayArgs {
    /// Settings.
    pub config: GatewayConfig,
    /// The way to the readers' shards.
    pub readers: Arc<dyn Readers>,
    /// Where shards find this gateway.
    pub gateways: Gateways,
    /// Where else terminals could be.
    pub places: Places,
    /// Figures of the stage `push`.
    pub meter: PipelineMeter,
    /// Published at start.
    pub address: Address<GatewayMessage>,
    /// What the gateway shows.
    pub status: StatusCell<GatewayStatus>,
}

/// One connected terminal.
#[derive(Debug)]
struct Connected {
    reader: ReaderId,
    since: Instant,
    handle: TerminalHandle,
    /// It was asked to connect again, and soon will.
    asked: bool,
}

/// One reader with terminals here.
#[derive(Debug, Default)]
struct Present {
    terminals: Vec<(ActorId, TerminalHandle)>,
    /// When something was last pushed, which is also what a reader's own acts cause.
    active_at: Option<Instant>,
}

/// What the gateway remembers.
#[derive(Debug)]
pub struct GatewayState {
    args: GatewayArgs,
    terminals: HashMap<ActorId, Connected>,
    readers: HashMap<ReaderId, Present>,
    items_total: u64,
    renewing: Option<JoinHandle<()>>,
    spread: Spread,
    /// Whether terminals were asked in the last period in which any could be.
    spreading: bool,
    asked_total: u64,
}

impl GatewayActor {
    /// Starts the actor.
    ///
    /// # Errors
    /// When the supervisor is stopping.
    pub async fn spawn(args: GatewayArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for GatewayActor {
    type Msg = GatewayMessage;
    type State = GatewayState;
    type Arguments = GatewayArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<GatewayMessage>,
        args: GatewayArgs,
    ) -> Result<GatewayState, ActorProcessingErr> {
        args.gateways.register(args.config.incarnation, GatewayHandle(args.address.clone()));
        let period = RENEW_PERIOD.mul_f64(rand::random_range(0.9..1.0));
        myself.send_interval(period, || GatewayMessage::RenewWatches);
        myself.send_interval(args.config.pace.every, || GatewayMessage::Spread);
        metrics::describe_counter!(
            ASKED_TO_MOVE_TOTAL,
            "terminals asked to connect again because other nodes have fewer"
        );
        let state = GatewayState::new(args);
        state.publish();
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<GatewayMessage>,
        message: GatewayMessage,
        state: &mut GatewayState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            GatewayMessage::Connect { reader, after, outlet, reply } => {
                state.connect(&myself, reader, after, outlet, reply).await;
            }
            GatewayMessage::Deliver(delivery) => state.deliver(&delivery),
            GatewayMessage::ShardStarted(shard) => state.shard_started(&myself, shard),
            GatewayMessage::Unwatched(reader) => state.unwatched(&myself, reader),
            GatewayMessage::RenewWatches => state.renew(&myself),
            GatewayMessage::Spread => state.spread(),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<GatewayMessage>,
        event: SupervisionEvent,
        state: &mut GatewayState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(cell, _, _) => state.forget(&myself, cell.get_id()),
            SupervisionEvent::ActorFailed(cell, error) => {
                tracing::warn!(%error, "a terminal failed; its client has to connect again");
                state.forget(&myself, cell.get_id());
            }
            _ => {}
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<GatewayMessage>,
        state: &mut GatewayState,
    ) -> Result<(), ActorProcessingErr> {
        state.args.gateways.unregister(state.args.config.incarnation);
        Ok(())
    }
}

impl GatewayState {
    fn new(args: GatewayArgs) -> Self {
        Self {
            args,
            terminals: HashMap::new(),
            readers: HashMap::new(),
            items_total: 0,
            renewing: None,
            spread: Spread::default(),
            spreading: false,
            asked_total: 0,
        }
    }

    async fn connect(
        &mut self,
        myself: &ActorRef<GatewayMessage>,
        reader: ReaderId,
        after: Option<u64>,
        outlet: mpsc::Sender<Frame>,
        reply: Reply<TerminalHandle>,
    ) {
        let answer = self.start_terminal(myself, reader, after, outlet).await;
        let handle = answer.as_ref().ok().cloned();
        // Whoever asked has gone: nobody else would close the terminal.
        if reply.send(answer).is_err() {
            handle.iter().for_each(TerminalHandle::close);
        }
    }

    async fn start_terminal(
        &mut self,
        myself: &ActorRef<GatewayMessage>,
        reader: ReaderId,
        after: Option<u64>,
        outlet: mpsc::Sender<Frame>,
    ) -> Result<TerminalHandle, Fault> {
        let limit = self.args.config.terminals_max;
        if self.terminals.len() >= limit {
            return Err(Fault::overloaded(
                format!("{limit} terminals are connected to this node already; use another node"),
                Duration::from_secs(10),
            ));
        }
        let address = Address::new("terminal", TERMINAL_MESSAGES_MAX);
        let args = TerminalArgs {
            reader,
            after,
            outlet,
            gateway: self.args.config.incarnation,
            readers: Arc::clone(&self.args.readers),
            meter: self.args.meter.clone(),
            address: address.clone(),
        };
        let cell = TerminalActor::spawn(args, myself.get_cell())
            .await
            .map_err(|error| Fault::internal(format!("a terminal could not start: {error}")))?;
        let handle = TerminalHandle(address);
        let connected =
            Connected { reader, since: Instant::now(), handle: handle.clone(), asked: false };
        self.terminals.insert(cell.get_id(), connected);
        let present = self.readers.entry(reader).or_default();
        present.terminals.push((cell.get_id(), handle.clone()));
        self.publish();
        Ok(handle)
    }

    fn deliver(&mut self, delivery: &Delivery) {
        let Some(present) = self.readers.get_mut(&delivery.reader_id) else {
            return;
        };
        for (place, (_, terminal)) in present.terminals.iter().enumerate() {
            // One terminal is enough to tell how long the way to the reader took.
            let message =
                TerminalMessage::Deliver { delivery: delivery.clone(), traced: place == 0 };
            // A terminal that has just stopped is forgotten by the event that follows.
            terminal.0.cast(message).unwrap_or_default();
        }
        self.items_total += (delivery.items.len() * present.terminals.len()) as u64;
        if !delivery.items.is_empty() {
            present.active_at = Some(Instant::now());
            self.publish();
        }
    }

    /// Forgets a terminal; with the last one of a reader the shard is told.
    fn forget(&mut self, myself: &ActorRef<GatewayMessage>, id: ActorId) {
        let Some(Connected { reader, .. }) = self.terminals.remove(&id) else {
            return;
        };
        if let Some(present) = self.readers.get_mut(&reader) {
            present.terminals.retain(|(terminal, _)| *terminal != id);
            if present.terminals.is_empty() {
                self.readers.remove(&reader);
                self.unwatch(myself, reader);
            }
        }
        self.publish();
    }

    /// One bounded task; it ends as a message, because a terminal may have connected meanwhile and
    /// its `Watch` may have overtaken our `Unwatch`.
    fn unwatch(&self, myself: &ActorRef<GatewayMessage>, reader: ReaderId) {
        let readers = Arc::clone(&self.args.readers);
        let request = ReaderRequest::Unwatch { reader, gateway: self.args.config.incarnation };
        let myself = myself.clone();
        tokio::spawn(async move {
            if let Err(fault) = readers.ask(request).await {
                tracing::debug!(%fault, "a reader could not be unwatched; the shard will forget us");
            }
            myself.cast(GatewayMessage::Unwatched(reader)).unwrap_or_default();
        });
    }

    fn unwatched(&self, myself: &ActorRef<GatewayMessage>, reader: ReaderId) {
        if self.readers.contains_key(&reader) {
            self.start_renewal(myself, vec![reader], ATTEMPTS_URGENT);
        }
    }

    fn shard_started(&self, myself: &ActorRef<GatewayMessage>, shard: Shard) {
        let readers: Vec<ReaderId> =
            self.readers.keys().copied().filter(|id| Shard::of_reader(*id) == shard).collect();
        if !readers.is_empty() {
            self.start_renewal(myself, readers, ATTEMPTS_URGENT);
        }
    }

    fn renew(&mut self, myself: &ActorRef<GatewayMessage>) {
        let busy = self.renewing.as_ref().is_some_and(|task| !task.is_finished());
        if busy || self.readers.is_empty() {
            return;
        }
        let readers = self.readers.keys().copied().collect();
        self.renewing = Some(self.start_renewal(myself, readers, 1));
    }

    /// Renews in one task, bounded by `RENEWALS_MAX` requests at once. Each answer comes back as an
    /// empty delivery, by which terminals find out what they have lost.
    fn start_renewal(
        &self,
        myself: &ActorRef<GatewayMessage>,
        readers: Vec<ReaderId>,
        attempts: u32,
    ) -> JoinHandle<()> {
        let port = Arc::clone(&self.args.readers);
        let gateway = self.args.config.incarnation;
        let myself = myself.clone();
        tokio::spawn(async move {
            let renewals = futures_util::stream::iter(readers).map(|reader| {
                let port = Arc::clone(&port);
                async move { renew_one(port, reader, gateway, attempts).await }
            });
            let mut renewals = renewals.buffer_unordered(RENEWALS_MAX);
            while let Some(answer) = renewals.next().await {
                if let Some(delivery) = answer {
                    myself.cast(GatewayMessage::Deliver(delivery)).unwrap_or_default();
                }
            }
        })
    }

    /// Asks some terminals to connect again when others have much fewer.
    fn spread(&mut self) {
        let mine = self.terminals.values().filter(|terminal| !terminal.asked).count();
        let standing = self.args.places.standing(mine);
        let step = self.spread.step(standing.as_ref());
        if standing.is_some_and(|standing| standing.surplus() == 0) && self.spreading {
            self.spreading = false;
            tracing::info!(mine, asked = self.asked_total, "terminals are spread over the nodes");
        }
        match step {
            Step::Nothing => {}
            Step::Ask(count) => self.ask_to_move(mine, count),
            Step::Rest(periods) => {
                self.spreading = false;
                let rest = self.args.config.pace.every * periods;
                tracing::info!(
                    mine,
                    ?rest,
                    "terminals that were asked to connect again come back to this node; does \
                     the balancer bring readers to where they were before?"
                );
            }
        }
    }

    fn ask_to_move(&mut self, mine: usize, count: usize) {
        let readers = &self.readers;
        let candidates = self.terminals.iter().filter(|(_, it)| !it.asked);
        let candidates = candidates.map(|(id, it)| Candidate {
            id: *id,
            since: it.since,
            active_at: readers.get(&it.reader).and_then(|present| present.active_at),
        });
        let chosen = choose(candidates, count, self.args.config.pace, Instant::now());
        if !self.spreading && !chosen.is_empty() {
            self.spreading = true;
            tracing::info!(mine, "other nodes have fewer terminals; some connect again by and by");
        }
        let mut asked = 0;
        for id in chosen {
            let Some(terminal) = self.terminals.get_mut(&id) else { continue };
            terminal.asked = terminal.handle.connect_again();
            asked += usize::from(terminal.asked);
        }
        self.spread.were_asked(asked);
        self.asked_total += asked as u64;
        metrics::counter!(ASKED_TO_MOVE_TOTAL).increment(asked as u64);
        self.publish();
    }

    fn publish(&self) {
        self.args.status.set(GatewayStatus {
            terminals: self.terminals.len(),
            readers: self.readers.len(),
            items_total: self.items_total,
            asked_to_move_total: self.asked_total,
        });
    }
}

async fn renew_one(
    port: Arc<dyn Readers>,
    reader: ReaderId,
    gateway: Incarnation,
    attempts: u32,
) -> Option<Delivery> {
    let mut pause = ATTEMPT_PAUSE;
    for left in (0..attempts).rev() {
        match port.ask(ReaderRequest::Watch { reader, gateway, after: None }).await {
            Ok(ReaderAnswer::Watching(watching)) => {
                let (stream, seq) = (watching.stream, watching.seq);
                return Some(Delivery { reader_id: reader, stream, seq, items: Arc::from([]) });
            }
            Err(fault) if left > 0 && fault.is_retryable() => {
                tokio::time::sleep(pause).await;
                pause *= 3;
            }
            Ok(_) => return None,
            Err(fault) => {
                tracing::debug!(%fault, %reader, "a watch could not be renewed; it is tried again");
                return None;
            }
        }
    }
    None
}

#[cfg(test)]
mod spread_tests;
#[cfg(test)]
mod tests;
