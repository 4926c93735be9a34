//! Has summaries written in a writer's own words, by an engine or a decoder: what readers ask for
//! first, then, where that is wanted, what nobody asked for.
//!
//! **Receives** `Write` from the port `Summaries`, and its own schedule. **Sends** questions to its
//! pen, claims and results to the store. **Limits** as many texts at a time as the pen writes, 32
//! that wait, so many a day for a reader and an hour unasked; a text is given up after 2 minutes.
//! **On restart** those who wait are told and what it had claimed is free again; readers' days live on.

mod audience;
mod budget;
mod decoder_pen;
mod engine_pen;
mod pen;
mod work;

#[cfg(test)]
mod tests;

pub use decoder_pen::{DECODER_SLOTS, DecoderPen, LoadDecoder};
pub use engine_pen::EnginePen;
pub use pen::{Draft, Pen, PenState};

use crate::stage::{complaint, jittered};
use audience::Audience;
use autoglm_domain::{ArticleId, Clock, Fault, Incarnation, Language, ReaderId};
use autoglm_inference::TextInput;
use autoglm_models::Store;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::writer::{SummaryOrder, WriterMessage, WriterStatus, Writing};
use autoglm_protocol::{Address, Permit, Reply};
use budget::ReaderBudget;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use work::Desk;

/// Readers who wait for a summary at a time; more are answered `Overloaded`.
pub const ORDERS_MAX: usize = 32;
/// Unasked, only articles younger than this are written about.
const NEW_WITHIN: Duration = Duration::from_hours(24);
/// Unasked, shorter texts (in characters) are left as they are.
const CHARACTERS_MIN: u32 = 400;
/// Between two looks for something to write unasked, when there was nothing or something failed.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterConfig {
    /// Whether new articles are written about without being asked for.
    pub is_unasked: bool,
    /// Unasked, at most so many an hour by all nodes together.
    pub hourly_max: u32,
    /// Summaries a reader may ask for in a day; 0 for any number.
    pub reader_daily_max: u32,
}

/// What WriterActor needs.
#[derive(Debug, Clone)]
pub struct WriterArgs {
    desk: Desk,
    config: WriterConfig,
    clock: Arc<dyn Clock>,
    /// Outlives restarts of the actor.
    budget: Arc<Mutex<ReaderBudget>>,
    address: Address<WriterMessage>,
    status: StatusCell<WriterStatus>,
}

impl WriterArgs {
    /// For a pen.
    #[must_use]
    pub fn new(
        store: Store,
        claimant: Incarnation,
        pen: Arc<dyn Pen>,
        config: WriterConfig,
        clock: Arc<dyn Clock>,
        address: Address<WriterMessage>,
    ) -> Self {
        let budget = Arc::new(Mutex::new(ReaderBudget::new(config.reader_daily_max)));
        let desk = Desk { store, claimant, pen };
        Self { desk, config, clock, budget, address, status: StatusCell::default() }
    }

    /// What it shows.
    #[must_use]
    pub fn status(&self) -> &StatusCell<WriterStatus> {
        &self.status
    }
}

/// Has summaries written.
#[derive(Debug)]
pub struct WriterActor;

/// A summary that readers wait for.
#[derive(Debug)]
struct Asked {
    number: u64,
    order: SummaryOrder,
    audience: Arc<Audience>,
}

/// What a piece of work in progress was for.
#[derive(Debug)]
enum Running {
    Asked { about: (ArticleId, Language), reader: ReaderId, audience: Arc<Audience> },
    Unasked,
}

/// What WriterActor remembers.
#[derive(Debug)]
pub struct WriterState {
    args: WriterArgs,
    status: WriterStatus,
    waiting: VecDeque<Asked>,
    running: BTreeMap<u64, Running>,
    /// The pieces of work in progress; ended with the actor.
    tasks: JoinSet<()>,
    number: u64,
}

impl WriterActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: WriterArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for WriterActor {
    type Msg = WriterMessage;
    type State = WriterState;
    type Arguments = WriterArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: WriterArgs,
    ) -> Result<WriterState, ActorProcessingErr> {
        // A store that is away is no reason not to start: claims end by themselves.
        if let Err(error) = args.desk.store.release_summaries(args.desk.claimant).await {
            tracing::debug!(%error, "claims of summaries could not be freed");
        }
        if args.config.is_unasked {
            myself.send_after(jittered(Duration::from_secs(1)), || WriterMessage::Round);
        }
        let mut state = WriterState::new(args);
        state.publish();
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: WriterMessage,
        state: &mut WriterState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            WriterMessage::Write { order, pieces, reply, permit } => {
                state.order(*order, pieces, reply, permit);
            }
            WriterMessage::Ended { work, outcome } => state.ended(&myself, work, outcome),
            WriterMessage::Round => state.look(&myself),
        }
        state.begin(&myself);
        state.publish();
        Ok(())
    }
}

impl WriterState {
    fn new(args: WriterArgs) -> Self {
        let status = WriterStatus::clone(&args.status.get());
        Self {
            status: WriterStatus { writer: args.desk.pen.version(), ..status },
            waiting: VecDeque::new(),
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            number: 0,
            args,
        }
    }

    /// Joins those who wait for the same, or takes a place in the queue.
    fn order(
        &mut self,
        order: SummaryOrder,
        pieces: Option<mpsc::Sender<String>>,
        reply: Reply<Writing>,
        permit: Permit,
    ) {
        let wanted = (order.article_id, order.wished);
        if let Some(audience) = self.audience_of(wanted) {
            return audience.join(pieces, reply, permit);
        }
        let now = self.args.clock.now();
        let taken = self.budget().take(now, order.reader);
        if let Err(fault) = taken {
            self.status.over_budget_total += 1;
            return reply.send(Err(fault)).unwrap_or_default();
        }
        let audience = Arc::new(Audience::default());
        audience.join(pieces, reply, permit);
        self.number += 1;
        self.waiting.push_back(Asked { number: self.number, order, audience });
    }

    fn audience_of(&self, wanted: (ArticleId, Language)) -> Option<&Audience> {
        let waiting = self.waiting.iter().find(|asked| {
            (asked.order.article_id, asked.order.wished) == wanted && !asked.audience.has_gone()
        });
        let running = self.running.values().find_map(|running| match running {
            Running::Asked { about, audience, .. } if *about == wanted && !audience.has_gone() => {
                Some(audience)
            }
            _ => None,
        });
        waiting.map(|asked| &asked.audience).or(running).map(Arc::as_ref)
    }

    /// Begins what readers wait for, as much as the pen writes at a time.
    fn begin(&mut self, myself: &ActorRef<WriterMessage>) {
        while self.running.len() < self.args.desk.pen.parallel()
            && let Some(Asked { number, order, audience }) = self.waiting.pop_front()
        {
            if audience.has_gone() {
                self.give_back(order.reader);
                continue;
            }
            let about = (order.article_id, order.wished);
            let reader = order.reader;
            self.running
                .insert(number, Running::Asked { about, reader, audience: Arc::clone(&audience) });
            let desk = self.args.desk.clone();
            self.run(myself, number, async move {
                let (article_id, wished, reader) = (order.article_id, order.wished, order.reader);
                let article =
                    TextInput { title: order.title, lead: order.lead, language: order.language };
                Some(desk.asked(article_id, article, wished, reader, &audience).await)
            });
        }
    }

    /// Looks for something nobody asked for, when nobody waits and nothing else is written.
    fn look(&mut self, myself: &ActorRef<WriterMessage>) {
        let is_ready = self.args.desk.pen.state() == PenState::Ready;
        if !is_ready || !self.running.is_empty() || !self.waiting.is_empty() {
            myself.send_after(jittered(LOOK_EVERY), || WriterMessage::Round);
            return;
        }
        self.number += 1;
        self.running.insert(self.number, Running::Unasked);
        let (desk, hourly) = (self.args.desk.clone(), self.args.config.hourly_max);
        let since = self.args.clock.now().minus(NEW_WITHIN);
        self.run(
            myself,
            self.number,
            async move { desk.unasked(since, CHARACTERS_MIN, hourly).await },
        );
    }

    /// In a task of its own, whose end returns as `Ended`.
    fn run(
        &mut self,
        myself: &ActorRef<WriterMessage>,
        work: u64,
        task: impl Future<Output = Option<Result<Writing, Fault>>> + Send + 'static,
    ) {
        let actor = myself.clone();
        self.tasks.spawn(async move {
            let failed = Fault::internal("writing a summary failed in our own code");
            let mut tell = TellEnded { actor, work, outcome: Some(Err(failed)) };
            tell.outcome = task.await;
        });
    }

    fn ended(
        &mut self,
        myself: &ActorRef<WriterMessage>,
        work: u64,
        outcome: Option<Result<Writing, Fault>>,
    ) {
        // Its end was seen, so this does not wait.
        while self.tasks.try_join_next().is_some() {}
        let running = self.running.remove(&work);
        self.count(outcome.as_ref(), matches!(running, Some(Running::Unasked)));
        match running {
            Some(Running::Asked { reader, audience, .. }) => {
                if matches!(outcome, Some(Err(_))) {
                    self.give_back(reader);
                }
                let nothing = || Err(Fault::internal("there was nothing to write"));
                audience.dismiss(&outcome.unwrap_or_else(nothing));
            }
            Some(Running::Unasked) => {
                let has_more = matches!(outcome, Some(Ok(_)));
                let pause = if has_more { Duration::ZERO } else { jittered(LOOK_EVERY) };
                myself.send_after(pause, || WriterMessage::Round);
            }
            None => {}
        }
    }

    fn count(&mut self, outcome: Option<&Result<Writing, Fault>>, is_unasked: bool) {
        match outcome {
            Some(Ok(Writing::Stands { .. })) => {
                self.status.written_total += 1;
                self.status.unasked_total += u64::from(is_unasked);
                self.status.last_error = None;
                metrics::counter!("autoglm_summaries_total", "outcome" => "written").increment(1);
            }
            Some(Ok(Writing::Refused(refused))) => {
                self.status.refused_total += 1;
                tracing::debug!(kind = refused.kind, "a summary was refused: {}", refused.reason);
                metrics::counter!("autoglm_summaries_total", "outcome" => "refused").increment(1);
            }
            Some(Err(fault)) => {
                self.status.failed_total += 1;
                self.status.last_error = Some(complaint(fault));
                metrics::counter!("autoglm_summaries_total", "outcome" => "failed").increment(1);
            }
            None => {}
        }
    }

    fn give_back(&self, reader: ReaderId) {
        let now = self.args.clock.now();
        self.budget().give_back(now, reader);
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, ReaderBudget> {
        self.args.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&mut self) {
        self.status.state = self.args.desk.pen.state().words();
        self.status.waiting = self.waiting.len();
        self.status.writing = self.running.len();
        self.args.status.set(self.status.clone());
    }
}

/// Says `Ended` when a piece of work ends, however it ends.
struct TellEnded {
    actor: ActorRef<WriterMessage>,
    work: u64,
    outcome: Option<Result<Writing, Fault>>,
}

impl Drop for TellEnded {
    fn drop(&mut self) {
        let ended = WriterMessage::Ended { work: self.work, outcome: self.outcome.take() };
        // Without an actor there is nobody left to be told.
        self.actor.cast(ended).unwrap_or_default();
    }
}
