//! GatewayActor: knows the terminals connected to this node and who reads on them.
//!
//! **Receives** connections from the HTTP interface, numbered items from reader shards.
//! **Sends** items to TerminalActors; `Watch` and `Unwatch` to the owners of its readers, renewed every 30 s.
//! **Limits** `terminals_max` terminals, 64 renewals at once; deliveries are bounded by the shards' batches.
//! **On restart** its terminals are gone with it: clients connect again with their last number and miss nothing.

pub mod registry;

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
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
pub use registry::Gateways;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How often the shards are told that we still watch; they forget us after three of these.
const RENEW_PERIOD: Duration = Duration::from_secs(30);
/// Renewals under way at once.
const RENEWALS_MAX: usize = 64;
/// Attempts for a shard that has just started and may not be routable yet.
const ATTEMPTS_URGENT: u32 = 4;
/// Pause before the second of them; each further one waits three times as long.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(200);
/// Messages admitted by one terminal's address; only its gateway sends to it.
const TERMINAL_MESSAGES_MAX: usize = 16;

/// Settings of the gateway.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Connected terminals at most; each costs about 14 KB when idle.
    pub terminals_max: usize,
    /// This node, as shards know it.
    pub incarnation: Incarnation,
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
    /// Figures of the stage `push`.
    pub meter: PipelineMeter,
    /// Published at start.
    pub address: Address<GatewayMessage>,
    /// What the gateway shows.
    pub status: StatusCell<GatewayStatus>,
}

/// What the gateway remembers.
#[derive(Debug)]
pub struct GatewayState {
    args: GatewayArgs,
    terminals: HashMap<ActorId, ReaderId>,
    readers: HashMap<ReaderId, Vec<(ActorId, TerminalHandle)>>,
    items_total: u64,
    renewing: Option<JoinHandle<()>>,
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
        let state = GatewayState {
            args,
            terminals: HashMap::new(),
            readers: HashMap::new(),
            items_total: 0,
            renewing: None,
        };
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
        self.terminals.insert(cell.get_id(), reader);
        self.readers.entry(reader).or_default().push((cell.get_id(), handle.clone()));
        self.publish();
        Ok(handle)
    }

    fn deliver(&mut self, delivery: &Delivery) {
        let Some(terminals) = self.readers.get(&delivery.reader_id) else {
            return;
        };
        for (place, (_, terminal)) in terminals.iter().enumerate() {
            // One terminal is enough to tell how long the way to the reader took.
            let message =
                TerminalMessage::Deliver { delivery: delivery.clone(), traced: place == 0 };
            // A terminal that has just stopped is forgotten by the event that follows.
            terminal.0.cast(message).unwrap_or_default();
        }
        self.items_total += (delivery.items.len() * terminals.len()) as u64;
        if !delivery.items.is_empty() {
            self.publish();
        }
    }

    /// Forgets a terminal; with the last one of a reader the shard is told.
    fn forget(&mut self, myself: &ActorRef<GatewayMessage>, id: ActorId) {
        let Some(reader) = self.terminals.remove(&id) else {
            return;
        };
        if let Some(terminals) = self.readers.get_mut(&reader) {
            terminals.retain(|(terminal, _)| *terminal != id);
            if terminals.is_empty() {
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

    fn publish(&self) {
        self.args.status.set(GatewayStatus {
            terminals: self.terminals.len(),
            readers: self.readers.len(),
            items_total: self.items_total,
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
mod tests;
