//! DoorActor: one door of this node, reachable from its peers.
//!
//! **Receives** `Ask`, `Tell` and `Ping` from other nodes. **Sends** requests to the service behind
//! the door, in tasks of their own; greetings. **Limits** 1,024 requests under way, more are
//! `Overloaded`; each is dropped at its deadline. **On restart** the whole transport starts again.

use super::linked::Services;
use super::wire::{Hello, WireRequest, write_answer};
use crate::peers::Door;
use autoglm_domain::{Fault, FaultKind, Incarnation};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use ractor_cluster::RactorClusterMessage;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

/// Requests under way behind one door.
const UNDER_WAY_MAX: usize = 1_024;
/// What a caller is asked to wait beyond that.
const RETRY_OVERLOADED: Duration = Duration::from_millis(250);

/// What travels. Variants are never renamed, and none ever gets another field: what grows is the
/// bytes inside.
#[derive(RactorClusterMessage)]
pub(crate) enum DoorMessage {
    /// A request, a `WireRequest`; answered with a `WireAnswer`.
    #[rpc]
    Ask(Vec<u8>, RpcReplyPort<Vec<u8>>),
    /// A hint, a `WireRequest`.
    Tell(Vec<u8>),
    /// Whether the node lives; answered with a `Hello`.
    #[rpc]
    Ping(Vec<u8>, RpcReplyPort<Vec<u8>>),
}

/// The behaviour.
#[derive(Debug)]
pub(crate) struct DoorActor;

/// What it needs.
#[derive(Debug, Clone)]
pub(crate) struct DoorArgs {
    pub(crate) me: Incarnation,
    pub(crate) door: Door,
    pub(crate) services: Services,
}

/// What it knows.
#[derive(Debug)]
pub(crate) struct DoorState {
    args: DoorArgs,
    permits: Arc<Semaphore>,
    /// Aborted with this state.
    tasks: JoinSet<()>,
}

impl Actor for DoorActor {
    type Msg = DoorMessage;
    type State = DoorState;
    type Arguments = DoorArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let permits = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        Ok(DoorState { args, permits, tasks: JoinSet::new() })
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            DoorMessage::Ask(bytes, reply) => state.ask(&bytes, reply),
            DoorMessage::Tell(bytes) => state.tell(&bytes),
            // The asker may have stopped waiting.
            DoorMessage::Ping(_, reply) => {
                reply.send(Hello::ours(state.args.me)).unwrap_or_default();
            }
        }
        Ok(())
    }
}

impl DoorState {
    fn ask(&mut self, bytes: &[u8], reply: RpcReplyPort<Vec<u8>>) {
        while self.tasks.try_join_next().is_some() {}
        match self.begin(bytes, &reply) {
            Ok((wire, permit)) => self.run(wire, permit, reply),
            Err(fault) => reply.send(write_answer(Err(fault))).unwrap_or_default(),
        }
    }

    /// Reads a request and finds room for it, if it may be begun at all.
    fn begin(
        &self,
        bytes: &[u8],
        reply: &RpcReplyPort<Vec<u8>>,
    ) -> Result<(WireRequest, OwnedSemaphorePermit), Fault> {
        let wire = WireRequest::read(bytes, self.args.me)?;
        if reply.is_closed() {
            return Err(Fault::new(FaultKind::Timeout, "nobody waits for the answer any more"));
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_full| {
            Fault::overloaded(
                format!("{UNDER_WAY_MAX} requests from peers are under way already"),
                RETRY_OVERLOADED,
            )
        })?;
        Ok((wire, permit))
    }

    fn run(
        &mut self,
        wire: WireRequest,
        permit: OwnedSemaphorePermit,
        reply: RpcReplyPort<Vec<u8>>,
    ) {
        let (door, from) = (self.args.door, wire.from());
        let service = self.args.services.behind(door);
        let request = wire.into_request();
        self.tasks.spawn(async move {
            let _permit = permit;
            let answer = match (service, request) {
                (None, _) => Err(closed(door)),
                (_, None) => Err(too_late()),
                (Some(service), Some(request)) => {
                    let deadline = request.deadline;
                    let answer = timeout_at(deadline, service.answer(from, request)).await;
                    answer.unwrap_or_else(|_elapsed| Err(too_late()))
                }
            };
            reply.send(write_answer(answer)).unwrap_or_default();
        });
    }

    fn tell(&self, bytes: &[u8]) {
        let service = self.args.services.behind(self.args.door);
        match (WireRequest::read(bytes, self.args.me), service) {
            (Ok(wire), Some(service)) => service.told(wire.from(), wire.into_body()),
            (Ok(_), None) => {}
            (Err(fault), _) => tracing::debug!(why = %fault.message, "a hint was left aside"),
        }
    }
}

fn closed(door: Door) -> Fault {
    let message = format!("the door {:?} of this node is not open yet", door.name());
    Fault::unavailable(message, RETRY_OVERLOADED)
}

fn too_late() -> Fault {
    Fault::new(FaultKind::Timeout, "the request's time was over before it was answered")
}
