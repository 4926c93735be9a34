//! Makes drafts durable, exactly once, in groups formed while the write before is in flight.
//!
//! **Receives** `Store` from SourceActors. **Sends** a hint to IndexActor after each write.
//! **Limits** 2,000 drafts a batch, 500 a write, two writes in flight; batches by permits.
//! **On restart** unanswered callers are told to try again; what was committed is then known.

mod group;

use crate::meter::PipelineMeter;
use crate::stage::{Hint, complaint};
use crate::trace;
use autoglm_domain::{ArticleDraft, Fault};
use autoglm_models::{InsertOutcome, Store};
use autoglm_protocol::ingest::{IngestMessage, IngestStatus, Stored};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Permit, Reply};
use group::{Batch, next_group, split};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

/// Drafts one caller may bring.
const BATCH_MAX: usize = 2_000;

/// How much is written at once.
#[derive(Debug, Clone, Copy)]
pub struct IngestConfig {
    /// Drafts of one write.
    pub group_max: usize,
    /// Writes in flight: two keep the write lane busy while the next group forms.
    pub writes_in_flight: usize,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self { group_max: 500, writes_in_flight: 2 }
    }
}

/// What IngestActor needs.
#[derive(Debug, Clone)]
pub struct IngestArgs {
    /// Where drafts become durable.
    pub store: Store,
    /// Limits.
    pub config: IngestConfig,
    /// For the stage `store`.
    pub meter: PipelineMeter,
    /// Given after every write with new articles.
    pub on_stored: Hint,
    /// Where the actor is found.
    pub address: Address<IngestMessage>,
    /// What it shows.
    pub status: StatusCell<IngestStatus>,
}

/// Stores drafts.
#[derive(Debug)]
pub struct IngestActor;

/// What IngestActor remembers.
#[derive(Debug)]
pub struct IngestState {
    args: IngestArgs,
    waiting: VecDeque<Waiting>,
    writes: JoinSet<Vec<Ended>>,
    status: IngestStatus,
}

/// A batch and whoever waits for it.
#[derive(Debug)]
struct Waiting {
    batch: Batch,
    received: Instant,
    reply: Reply<Stored>,
    _permit: Permit,
}

/// How one batch ended.
#[derive(Debug)]
struct Ended {
    outcome: Result<Stored, Fault>,
    took: Duration,
}

impl IngestActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: IngestArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for IngestActor {
    type Msg = IngestMessage;
    type State = IngestState;
    type Arguments = IngestArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: IngestArgs,
    ) -> Result<IngestState, ActorProcessingErr> {
        Ok(IngestState::new(args))
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: IngestMessage,
        state: &mut IngestState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            IngestMessage::Store { drafts, trace_parent, reply, permit } => {
                state.received(drafts, trace_parent, reply, permit);
            }
            IngestMessage::Written => state.written().await,
        }
        state.start_writes(&myself);
        state.publish();
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<Self::Msg>,
        state: &mut IngestState,
    ) -> Result<(), ActorProcessingErr> {
        // What is being written is written and acknowledged; who still waits is told to retry.
        while !state.writes.is_empty() {
            state.written().await;
        }
        Ok(())
    }
}

impl IngestState {
    fn new(args: IngestArgs) -> Self {
        let mut status = IngestStatus::clone(&args.status.get());
        status.waiting_batches = 0;
        Self { args, waiting: VecDeque::new(), writes: JoinSet::new(), status }
    }

    fn received(
        &mut self,
        drafts: Vec<ArticleDraft>,
        trace_parent: Option<String>,
        reply: Reply<Stored>,
        permit: Permit,
    ) {
        if drafts.len() > BATCH_MAX {
            let message =
                format!("a batch of {} drafts is over the {BATCH_MAX} allowed", drafts.len());
            answer(reply, Err(Fault::invalid(message)));
            return;
        }
        let trace_parent = trace_parent.filter(|text| trace::is_trace_parent(text));
        self.waiting.push_back(Waiting {
            batch: Batch { drafts, trace_parent },
            received: Instant::now(),
            reply,
            _permit: permit,
        });
    }

    /// Starts as many writes as may be in flight. Each is one bounded task whose end comes back
    /// as `Written`, so that batches arriving meanwhile form the next group.
    fn start_writes(&mut self, myself: &ActorRef<IngestMessage>) {
        while self.writes.len() < self.args.config.writes_in_flight.max(1) {
            self.waiting.retain(|waiting| !waiting.reply.is_closed());
            let group =
                next_group(&mut self.waiting, self.args.config.group_max, |waiting| &waiting.batch);
            if group.is_empty() {
                break;
            }
            let (store, config) = (self.args.store.clone(), self.args.config);
            let tell = TellWritten(myself.clone());
            let (batches, traces) =
                (group.len(), group.iter().map(|one| one.batch.trace_parent.as_deref()));
            let spans = trace::follow(|| tracing::info_span!("store", batches), traces);
            let span = spans.main();
            let write = async move {
                let (_tell, _until_done) = (tell, spans);
                write_group(&store, config.group_max, group).await
            };
            self.writes.spawn(write.instrument(span));
        }
    }

    async fn written(&mut self) {
        // The message is sent as the task's last act, so this waits for a moment at most.
        match self.writes.join_next().await {
            Some(Ok(batches)) => batches.into_iter().for_each(|ended| self.ended(ended)),
            Some(Err(failure)) => {
                self.noted_error(format!("a write ended early, its callers will retry: {failure}"));
            }
            None => {}
        }
    }

    fn ended(&mut self, ended: Ended) {
        match ended.outcome {
            Ok(stored) => {
                let fresh = stored.inserted.len() + stored.updated.len();
                self.status.inserted_total += stored.inserted.len() as u64;
                self.status.updated_total += stored.updated.len() as u64;
                self.status.known_total += stored.known as u64;
                self.status.last_error = None;
                if fresh > 0 {
                    self.args.meter.record("store", fresh as u64, ended.took);
                    self.args.on_stored.give();
                }
            }
            Err(fault) => self.noted_error(complaint(&fault)),
        }
    }

    fn noted_error(&mut self, complaint: String) {
        tracing::warn!("storing articles failed: {complaint}");
        self.args.meter.error("store");
        self.status.failed_total += 1;
        self.status.last_error = Some(complaint);
    }

    fn publish(&mut self) {
        let drafts: usize = self.waiting.iter().map(|waiting| waiting.batch.drafts.len()).sum();
        self.args.meter.set_queue("store", drafts as u64);
        self.status.waiting_batches = self.waiting.len();
        self.args.status.set(self.status.clone());
    }
}

/// Says `Written` when the task ends, however it ends.
struct TellWritten(ActorRef<IngestMessage>);

impl Drop for TellWritten {
    fn drop(&mut self) {
        // Without an actor there is nobody left to be told.
        self.0.cast(IngestMessage::Written).unwrap_or_default();
    }
}

/// Writes a group and answers its callers. When the store refuses the group for good, each batch
/// is tried alone, so that one poisonous batch does not fail the others.
async fn write_group(store: &Store, group_max: usize, group: Vec<Waiting>) -> Vec<Ended> {
    let sizes: Vec<usize> = group.iter().map(|waiting| waiting.batch.drafts.len()).collect();
    let trace_parent = group.first().and_then(|waiting| waiting.batch.trace_parent.clone());
    let together: Vec<_> =
        group.iter().flat_map(|waiting| waiting.batch.drafts.iter().cloned()).collect();
    match write(store, group_max, together, trace_parent).await {
        Ok(outcomes) => {
            let stored = split(&outcomes, &sizes);
            group.into_iter().zip(stored).map(|(one, stored)| finish(one, Ok(stored))).collect()
        }
        Err(fault) if fault.is_retryable() || group.len() == 1 => {
            group.into_iter().map(|one| finish(one, Err(fault.clone()))).collect()
        }
        Err(_refused) => {
            let mut ended = Vec::with_capacity(group.len());
            for mut one in group {
                let drafts = std::mem::take(&mut one.batch.drafts);
                let size = drafts.len();
                let outcome = write(store, group_max, drafts, one.batch.trace_parent.clone()).await;
                let stored = outcome.map(|outcomes| split(&outcomes, &[size]).remove(0));
                ended.push(finish(one, stored));
            }
            ended
        }
    }
}

/// Writes drafts in pieces of at most `group_max`; a piece that was written stays written when a
/// later one fails, and is known when the caller tries again.
async fn write(
    store: &Store,
    group_max: usize,
    mut drafts: Vec<ArticleDraft>,
    trace_parent: Option<String>,
) -> Result<Vec<InsertOutcome>, Fault> {
    let asked = drafts.len();
    let mut outcomes = Vec::with_capacity(asked);
    while !drafts.is_empty() {
        let rest = drafts.split_off(group_max.max(1).min(drafts.len()));
        outcomes.extend(store.insert_articles(drafts, trace_parent.clone()).await?);
        drafts = rest;
    }
    if outcomes.len() == asked {
        return Ok(outcomes);
    }
    let answered = outcomes.len();
    Err(Fault::internal(format!("the store answered {answered} outcomes for {asked} drafts")))
}

fn finish(waiting: Waiting, outcome: Result<Stored, Fault>) -> Ended {
    answer(waiting.reply, outcome.clone());
    Ended { outcome, took: waiting.received.elapsed() }
}

fn answer(reply: Reply<Stored>, outcome: Result<Stored, Fault>) {
    // A caller that has gone finds its articles known when it comes again.
    if reply.send(outcome).is_err() {
        tracing::debug!("a caller did not wait for its articles to be stored");
    }
}

#[cfg(test)]
mod tests;
