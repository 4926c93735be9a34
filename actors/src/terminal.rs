//! TerminalActor: one connected terminal; coalesces its reader's items to at most ten frames a second.
//!
//! **Receives** items from GatewayActor, and that it should connect again; its reader's place in the
//! numbering from the shard.
//! **Sends** frames into the connection's outlet; asks the reader's shard what was missed.
//! **Limits** 1,000 waiting items, ten frames a second; a full outlet costs one `Reset`. Idle it has no timer.
//! **On restart** it is not restarted: the connection ends and the client connects again with its last number.

pub mod coalescer;

use crate::meter::PipelineMeter;
use crate::trace::{self, Spans};
use autoglm_domain::{Incarnation, ReaderId};
use autoglm_protocol::Address;
use autoglm_protocol::port::Readers;
use autoglm_protocol::push::{Delivery, Frame, PushItem};
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest, Watching};
use autoglm_protocol::terminal::TerminalMessage;
use coalescer::{Coalescer, Next};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

/// Pause between two frames: ten frames a second.
pub const FRAME_PAUSE: Duration = Duration::from_millis(100);
/// Pause before a full outlet is tried again, so that a stuck client costs little.
const FULL_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two questions to a shard that cannot be reached.
const ASK_PAUSE_MAX: Duration = Duration::from_secs(5);

/// The actor.
#[derive(Debug)]
pub struct TerminalActor;

/// What one terminal needs.
#[derive(Clone, Debug)]
pub struct TerminalArgs {
    /// Who reads on it.
    pub reader: ReaderId,
    /// The last number its client has seen.
    pub after: Option<u64>,
    /// Where frames go.
    pub outlet: mpsc::Sender<Frame>,
    /// This node, as the shard knows its gateway.
    pub gateway: Incarnation,
    /// The way to the reader's shard.
    pub readers: Arc<dyn Readers>,
    /// Figures of the stage `push`.
    pub meter: PipelineMeter,
    /// Published at start.
    pub address: Address<TerminalMessage>,
}

/// What one terminal remembers.
#[derive(Debug)]
pub struct TerminalState {
    args: TerminalArgs,
    coalescer: Coalescer,
    /// Whether a timer will send `Flush`.
    pausing: bool,
    /// The connection ends once its client has everything in hand.
    leaving: bool,
    /// When the oldest item in hand came.
    waiting_since: Option<Instant>,
    /// In the traces of the items in hand, until they are in a frame.
    spans: Spans,
}

impl TerminalActor {
    /// Starts the actor under its gateway.
    ///
    /// # Errors
    /// When the gateway is stopping.
    pub async fn spawn(args: TerminalArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for TerminalActor {
    type Msg = TerminalMessage;
    type State = TerminalState;
    type Arguments = TerminalArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<TerminalMessage>,
        args: TerminalArgs,
    ) -> Result<TerminalState, ActorProcessingErr> {
        let coalescer = Coalescer::new(args.after);
        let state = TerminalState {
            args,
            coalescer,
            pausing: false,
            leaving: false,
            waiting_since: None,
            spans: Spans::default(),
        };
        // One task for the life of the connection: it ends, as a message, when the connection does.
        // It must not outlive the actor, or its clone of the outlet would keep the connection open.
        let outlet = state.args.outlet.clone();
        let watched = myself.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = outlet.closed() => watched.cast(TerminalMessage::Close).unwrap_or_default(),
                _ = watched.wait(None) => {}
            }
        });
        state.ask(&myself, state.coalescer.after());
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<TerminalMessage>,
        message: TerminalMessage,
        state: &mut TerminalState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TerminalMessage::Deliver { delivery, traced } => {
                state.deliver(&myself, delivery, traced);
            }
            TerminalMessage::Watching(watching) => state.watching(&myself, *watching),
            TerminalMessage::Flush => state.flush(&myself),
            TerminalMessage::ConnectAgain => state.leave(&myself),
            TerminalMessage::Close => myself.stop(None),
        }
        Ok(())
    }
}

impl TerminalState {
    fn deliver(&mut self, myself: &ActorRef<TerminalMessage>, delivery: Delivery, traced: bool) {
        if traced && trace::is_active() {
            self.spans.join(spans_of(&delivery.items));
        }
        let next = self.coalescer.deliver(delivery);
        self.go_on(myself, next);
    }

    fn watching(&mut self, myself: &ActorRef<TerminalMessage>, watching: Watching) {
        let next = self.coalescer.watching(watching);
        self.go_on(myself, next);
    }

    fn flush(&mut self, myself: &ActorRef<TerminalMessage>) {
        self.pausing = false;
        self.send_frame(myself);
    }

    fn leave(&mut self, myself: &ActorRef<TerminalMessage>) {
        self.leaving = true;
        self.send_frame(myself);
    }

    fn go_on(&mut self, myself: &ActorRef<TerminalMessage>, next: Next) {
        if let Next::Ask { after } = next {
            self.ask(myself, after);
        }
        if self.waiting_since.is_none() && self.coalescer.waiting() > 0 {
            self.waiting_since = Some(Instant::now());
        }
        self.send_frame(myself);
    }

    /// Sends the frame that is due, unless the last one was just sent.
    fn send_frame(&mut self, myself: &ActorRef<TerminalMessage>) {
        if self.pausing {
            return;
        }
        let Some(frame) = self.coalescer.take_frame() else {
            if self.leaving && self.coalescer.is_settled() {
                // With the outlet the connection ends, after the frames that are still in it.
                myself.stop(None);
            }
            return;
        };
        let items = match &frame {
            Frame::Items { items, .. } => items.len() as u64,
            Frame::Reset { .. } => 0,
        };
        let pause = match self.args.outlet.try_send(frame) {
            Ok(()) => {
                self.count(items);
                FRAME_PAUSE
            }
            Err(TrySendError::Full(_)) => {
                self.args.meter.error("push");
                self.coalescer.refused();
                FULL_PAUSE
            }
            Err(TrySendError::Closed(_)) => return myself.stop(None),
        };
        self.pausing = true;
        myself.send_after(pause, || TerminalMessage::Flush);
    }

    fn count(&mut self, items: u64) {
        self.spans = Spans::default();
        let took = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        if items > 0 {
            self.args.meter.record("push", items, took);
        }
    }

    /// Asks the shard in a task of its own, so that deliveries are taken meanwhile. The task ends
    /// with the answer as a message, or with the actor.
    fn ask(&self, myself: &ActorRef<TerminalMessage>, after: Option<u64>) {
        let TerminalArgs { reader, gateway, .. } = self.args;
        let readers = Arc::clone(&self.args.readers);
        let myself = myself.clone();
        tokio::spawn(async move {
            let request = ReaderRequest::Watch { reader, gateway, after };
            tokio::select! {
                watching = watch_until_answered(readers, request) => {
                    let answer = TerminalMessage::Watching(Box::new(watching));
                    myself.cast(answer).unwrap_or_default();
                }
                _ = myself.wait(None) => {}
            }
        });
    }
}

/// A span `push` in the trace of every article that carries one.
fn spans_of(items: &[PushItem]) -> Spans {
    let traces = items.iter().map(|item| match item {
        PushItem::Article(article) => article.trace_parent.as_deref(),
        _ => None,
    });
    trace::follow(|| tracing::info_span!("push"), traces)
}

/// Asks until the shard answers, with growing pauses: a shard that moves is away for a moment.
async fn watch_until_answered(readers: Arc<dyn Readers>, request: ReaderRequest) -> Watching {
    let mut pause = Duration::from_millis(200);
    loop {
        match readers.ask(request.clone()).await {
            Ok(ReaderAnswer::Watching(watching)) => return watching,
            Ok(_other) => tracing::warn!("a shard answered a watch with something else"),
            Err(fault) => tracing::debug!(%fault, "a reader's shard cannot be watched yet"),
        }
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(ASK_PAUSE_MAX);
    }
}

#[cfg(test)]
mod tests;
