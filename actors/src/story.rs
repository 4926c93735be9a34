//! Finds near-duplicates and places understood articles into stories; one of it in the cluster.
//!
//! **Receives** `Wake` from UnderstandActor and JanitorActor, `Decide` and `Forget` from the
//! operator's desk. **Sends** `ArticlesPlaced` and `StoriesChanged` to the ArticleWindows of all
//! nodes, `Fenced` to ShardRegion. **Limits** one batch of 200 articles at a time; indexes over 72 hours, bounded; at
//! most 10,000 statements of the operator are heeded. **On restart** builds its indexes again from
//! the store.

mod brain;
mod deciding;

use crate::colleagues::Colleagues;
use crate::live_models::VectorSpace;
use crate::meter::PipelineMeter;
use crate::stage::{CLAIM_LEASE, CLAIM_MAX, SWEEP_PERIOD, StageAccount, free_claims, jittered};
use crate::trace;
use autoglm_domain::{ArticleId, ArticleStage, Clock, Fault, FaultKind, Fence, StoryId, Timestamp};
use autoglm_models::{ClaimedArticle, Store};
use autoglm_protocol::Address;
use autoglm_protocol::article_window::ArticleWindowHandle;
use autoglm_protocol::index::StageStatus;
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::story::StoryMessage;
use autoglm_ranking::{NearDuplicateLimits, StoryLimits};
use brain::{Brain, Choice};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// How far back copies and stories are remembered.
const REMEMBERED: Duration = Duration::from_secs(72 * 3_600);
/// Members read at the start; the store answers with no more.
const MEMBERS_MAX: u32 = 50_000;
/// Batches up to this size are decided where they are: they take about a millisecond.
const SMALL_BATCH: usize = 4;
/// Between two looks for stories that have been quiet.
const FORGET_EVERY: Duration = Duration::from_secs(300);

/// Limits of the indexes.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoryConfig {
    /// Of the near-duplicate index.
    pub copies: NearDuplicateLimits,
    /// Of the story index.
    pub stories: StoryLimits,
}

/// What StoryActor needs.
#[derive(Debug, Clone)]
pub struct StoryArgs {
    /// Where articles are.
    pub store: Store,
    /// Proof that this is the cluster's one StoryActor; its owner is also who claims.
    pub fence: Fence,
    /// Who is told when the proof no longer holds.
    pub region: ShardRegionHandle,
    /// Who is told what was placed.
    pub window: ArticleWindowHandle,
    /// Whose windows are told, too.
    pub colleagues: Colleagues,
    /// Limits.
    pub config: StoryConfig,
    /// The space the vectors of the window are in.
    pub space: VectorSpace,
    /// For the time an article took.
    pub clock: Arc<dyn Clock>,
    /// For the stage `place`.
    pub meter: PipelineMeter,
    /// Where the actor is found.
    pub address: Address<StoryMessage>,
    /// What it shows.
    pub status: StatusCell<StageStatus>,
}

/// Places articles.
#[derive(Debug)]
pub struct StoryActor;

/// What StoryActor remembers.
#[derive(Debug)]
pub struct StoryState {
    args: StoryArgs,
    account: StageAccount,
    /// `None` until restored.
    brain: Option<Box<Brain>>,
    /// A batch that was decided and that the store has not taken yet.
    unsaved: Option<Batch>,
    forgot_at: Timestamp,
    /// The space the brain's vectors are in.
    space: u64,
}

/// A decided batch.
#[derive(Debug)]
struct Batch {
    choices: Vec<Choice>,
    fetched_at: Vec<Timestamp>,
    began: Instant,
    spans: trace::Spans,
}

/// Why a round ended early.
#[derive(Debug)]
enum Trouble {
    /// It passes: try again later.
    Passing(Fault),
    /// Another node places now.
    Fenced(Fault),
    /// The indexes are lost: only a restart brings them back.
    Lost(String),
}

impl From<autoglm_models::Error> for Trouble {
    fn from(error: autoglm_models::Error) -> Self {
        let fault = error.fault();
        if fault.kind == FaultKind::Fenced { Self::Fenced(fault) } else { Self::Passing(fault) }
    }
}

impl StoryActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: StoryArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        address.nudge(|| StoryMessage::Wake);
        Ok(actor.get_cell())
    }
}

impl Actor for StoryActor {
    type Msg = StoryMessage;
    type State = StoryState;
    type Arguments = StoryArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: StoryArgs,
    ) -> Result<StoryState, ActorProcessingErr> {
        free_claims(&args.store, args.fence.owner).await;
        myself.send_after(jittered(SWEEP_PERIOD), || StoryMessage::Sweep);
        let account = StageAccount::new("place", args.status.clone(), args.meter.clone());
        let forgot_at = args.clock.now();
        let space = args.space.shown();
        Ok(StoryState { args, account, brain: None, unsaved: None, forgot_at, space })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: StoryMessage,
        state: &mut StoryState,
    ) -> Result<(), ActorProcessingErr> {
        let goes_on = match message {
            StoryMessage::Wake => {
                state.args.address.nudge_taken();
                true
            }
            StoryMessage::Decide { decision, reply } => {
                let answer = state.carry_out(decision).await;
                state.answer(&myself, reply, answer)?
            }
            StoryMessage::Forget { decision, reply } => {
                let answer = state.forget(decision).await;
                state.answer(&myself, reply, answer)?
            }
            StoryMessage::Sweep => {
                myself.send_after(jittered(SWEEP_PERIOD), || StoryMessage::Sweep);
                true
            }
        };
        if goes_on { state.round(&myself).await } else { Ok(()) }
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<Self::Msg>,
        state: &mut StoryState,
    ) -> Result<(), ActorProcessingErr> {
        if state.unsaved.is_some() {
            // The next owner may take the articles at once instead of after the lease.
            free_claims(&state.args.store, state.args.fence.owner).await;
        }
        Ok(())
    }
}

impl StoryState {
    /// One batch; nudges itself when there may be more, so that other messages are heard between.
    async fn round(&mut self, myself: &ActorRef<StoryMessage>) -> Result<(), ActorProcessingErr> {
        if self.account.backoff.remaining().is_some() {
            return Ok(());
        }
        match self.step().await {
            Ok(0) => self.account.backoff.worked(),
            Ok(_placed) => self.args.address.nudge(|| StoryMessage::Wake),
            Err(Trouble::Passing(fault)) => {
                self.account.failed(&fault);
            }
            Err(Trouble::Fenced(fault)) => self.end(myself, fault),
            Err(Trouble::Lost(reason)) => return Err(reason.into()),
        }
        Ok(())
    }

    fn end(&self, myself: &ActorRef<StoryMessage>, fault: Fault) {
        tracing::warn!("placing articles ends here: {fault}");
        self.args.region.fenced(self.args.fence);
        myself.stop(Some(fault.message));
    }

    /// Answers how many articles were placed.
    async fn step(&mut self) -> Result<usize, Trouble> {
        let space = self.args.space.shown();
        if std::mem::replace(&mut self.space, space) != space && self.unsaved.is_none() {
            // What was learned from vectors of another encoder says nothing about new ones.
            self.brain = None;
        }
        if self.brain.is_none() {
            self.restore().await?;
        }
        if self.unsaved.is_none() {
            self.decide().await?;
        }
        self.save().await
    }

    async fn restore(&mut self) -> Result<(), Trouble> {
        let since = self.args.clock.now().minus(REMEMBERED);
        let members = self.args.store.recent_story_members(since, MEMBERS_MAX).await?;
        let statements = self.args.store.story_statements().await?;
        let StoryConfig { copies, stories } = self.args.config;
        // Seconds of pure computation after a busy day: not on the runtime.
        let restored = tokio::task::spawn_blocking(move || {
            Box::new(Brain::restored(copies, stories, &members, &statements))
        });
        let brain = restored.await.map_err(|failure| Trouble::Lost(failure.to_string()))?;
        tracing::info!(open_stories = brain.open_stories(), "stories were restored");
        self.brain = Some(brain);
        Ok(())
    }

    /// Claims a batch and decides about it.
    async fn decide(&mut self) -> Result<(), Trouble> {
        let (store, claimant) = (&self.args.store, self.args.fence.owner);
        let stage = ArticleStage::Understood;
        let claimed = store.claim_articles(stage, CLAIM_MAX, CLAIM_LEASE, claimant).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        let (articles, traces) =
            (claimed.len(), claimed.iter().map(|article| article.trace_parent.as_deref()));
        let spans = trace::follow(|| tracing::info_span!("place", articles), traces);
        let fetched_at = claimed.iter().map(|article| article.fetched_at).collect();
        let began = Instant::now();
        let choices = self.choices(claimed).instrument(spans.main()).await?;
        self.unsaved = Some(Batch { choices, fetched_at, began, spans });
        Ok(())
    }

    async fn choices(&mut self, claimed: Vec<ClaimedArticle>) -> Result<Vec<Choice>, Trouble> {
        let Some(mut brain) = self.brain.take() else { return Ok(Vec::new()) };
        let now = self.args.clock.now();
        let forget = now.since(self.forgot_at) >= FORGET_EVERY;
        if forget {
            self.forgot_at = now;
        }
        let small = claimed.len() <= SMALL_BATCH && !forget;
        let decide = move || {
            if forget {
                brain.forget_quiet(now);
            }
            let choices = brain.decide(&claimed);
            (brain, choices)
        };
        let (brain, choices) = if small {
            decide()
        } else {
            // A panic in there loses the indexes: the actor then starts again from the store.
            let decided = tokio::task::spawn_blocking(decide).await;
            decided.map_err(|failure| Trouble::Lost(failure.to_string()))?
        };
        self.brain = Some(brain);
        Ok(choices)
    }

    /// Makes the decided batch durable and tells the window.
    async fn save(&mut self) -> Result<usize, Trouble> {
        let Some(batch) = &self.unsaved else { return Ok(0) };
        let placed = self.place(batch).instrument(batch.spans.main()).await?;
        if let Some(brain) = &mut self.brain {
            brain.placed(&batch.choices, &placed);
        }
        // Indexes that panicked are built again from the store before the next batch.
        if self.brain.as_ref().is_some_and(|brain| brain.is_doubtful()) {
            self.brain = None;
        }
        let now = self.args.clock.now();
        let way = metrics::histogram!("autoglm_article_way_seconds");
        for fetched_at in &batch.fetched_at {
            way.record(now.since(*fetched_at).as_secs_f64());
        }
        let (articles, took) = (placed.len(), batch.began.elapsed());
        let ids: Arc<[ArticleId]> = placed.into_iter().map(|(article, _)| article).collect();
        self.unsaved = None;
        self.account.done(articles, took);
        self.args.colleagues.placed(&ids);
        self.args.window.articles_placed(ids);
        Ok(articles)
    }

    /// When the database refuses a batch for good, each article is tried alone, so that one cannot
    /// hold up the others; the one that is refused again stays and is claimed anew later.
    async fn place(&self, batch: &Batch) -> Result<Vec<(ArticleId, StoryId)>, Trouble> {
        let (store, fence) = (&self.args.store, Some(self.args.fence));
        let rows: Vec<_> = batch.choices.iter().map(|choice| choice.row).collect();
        match store.place_articles(rows.clone(), fence).await {
            Err(error) if !error.is_retryable() => {}
            outcome => return Ok(outcome?),
        }
        let mut placed = Vec::with_capacity(rows.len());
        for row in rows {
            match store.place_articles(vec![row], fence).await {
                Err(error) if !error.is_retryable() => {
                    let complaint = format!("article {} cannot be placed: {error}", row.article_id);
                    tracing::error!("{complaint}");
                    self.account.noted_error(complaint);
                }
                outcome => placed.extend(outcome?),
            }
        }
        Ok(placed)
    }
}

#[cfg(test)]
mod tests;
