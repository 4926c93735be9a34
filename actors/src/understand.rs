//! Brings indexed articles to the inference pool and stores what the models say.
//!
//! **Receives** `Wake` from IndexActor and JanitorActor. **Sends** texts to InferenceGateway and a
//! hint to StoryActor. **Limits** two batches of 64 articles at the pool. **On restart** claims
//! again what it had claimed; understanding twice changes nothing.

mod batch;

use crate::inference_gateway::InferenceGateway;
use crate::meter::PipelineMeter;
use crate::stage::{CLAIM_LEASE, Hint, SWEEP_PERIOD, StageAccount, free_claims, jittered};
use crate::trace;
use autoglm_domain::{ArticleStage, Fault, Incarnation};
use autoglm_models::{ClaimedArticle, Store};
use autoglm_protocol::Address;
use autoglm_protocol::index::StageStatus;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::understand::UnderstandMessage;
use batch::Worker;
pub(crate) use batch::{reading_beside, reading_of, text_of_unread};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

/// How much is understood at a time.
#[derive(Debug, Clone, Copy)]
pub struct UnderstandConfig {
    /// Articles of one batch; at most 256.
    pub batch_max: u32,
    /// Batches at the pool: two keep a device busy while an answer is stored.
    pub batches_in_flight: usize,
    /// How long the pool may take for a batch.
    pub within: Duration,
    /// Claims nothing while set: for operators and benches.
    pub paused: bool,
}

impl Default for UnderstandConfig {
    fn default() -> Self {
        Self { batch_max: 64, batches_in_flight: 2, within: Duration::from_secs(20), paused: false }
    }
}

/// What UnderstandActor needs.
#[derive(Debug, Clone)]
pub struct UnderstandArgs {
    /// Where articles are.
    pub store: Store,
    /// In whose name articles are claimed.
    pub claimant: Incarnation,
    /// Who understands.
    pub pool: InferenceGateway,
    /// Limits.
    pub config: UnderstandConfig,
    /// For the stage `understand`.
    pub meter: PipelineMeter,
    /// Given after every batch.
    pub on_understood: Hint,
    /// Where the actor is found.
    pub address: Address<UnderstandMessage>,
    /// What it shows.
    pub status: StatusCell<StageStatus>,
}

/// Brings articles to the models.
#[derive(Debug)]
pub struct UnderstandActor;

/// What UnderstandActor remembers.
#[derive(Debug)]
pub struct UnderstandState {
    args: UnderstandArgs,
    account: StageAccount,
    /// The batches at the pool; ended with the actor.
    batches: JoinSet<()>,
}

impl UnderstandActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: UnderstandArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        address.nudge(|| UnderstandMessage::Wake);
        Ok(actor.get_cell())
    }
}

impl Actor for UnderstandActor {
    type Msg = UnderstandMessage;
    type State = UnderstandState;
    type Arguments = UnderstandArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: UnderstandArgs,
    ) -> Result<UnderstandState, ActorProcessingErr> {
        free_claims(&args.store, args.claimant).await;
        myself.send_after(jittered(SWEEP_PERIOD), || UnderstandMessage::Sweep);
        Ok(UnderstandState::new(args))
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: UnderstandMessage,
        state: &mut UnderstandState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            UnderstandMessage::Wake => state.args.address.nudge_taken(),
            UnderstandMessage::Sweep => {
                myself.send_after(jittered(SWEEP_PERIOD), || UnderstandMessage::Sweep);
            }
            UnderstandMessage::BatchDone { articles, took_ms, error } => {
                state.batch_done(articles, Duration::from_millis(took_ms), error).await;
            }
        }
        state.start_batches(&myself).await;
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<Self::Msg>,
        state: &mut UnderstandState,
    ) -> Result<(), ActorProcessingErr> {
        // Another node may take the articles at once instead of after the lease.
        state.batches.shutdown().await;
        free_claims(&state.args.store, state.args.claimant).await;
        Ok(())
    }
}

impl UnderstandState {
    fn new(args: UnderstandArgs) -> Self {
        let account = StageAccount::new("understand", args.status.clone(), args.meter.clone());
        account.paused(args.config.paused);
        Self { args, account, batches: JoinSet::new() }
    }

    async fn batch_done(&mut self, articles: usize, took: Duration, error: Option<String>) {
        // The message is the task's last act, so this waits for a moment at most.
        self.batches.join_next().await;
        if articles > 0 {
            self.account.done(articles, took);
            self.args.on_understood.give();
        }
        if let Some(complaint) = error {
            self.account.noted_error(complaint);
        }
    }

    /// Claims one batch if one more may be at the pool; nudges itself when there may be more.
    async fn start_batches(&mut self, myself: &ActorRef<UnderstandMessage>) {
        let config = self.args.config;
        let full = self.batches.len() >= config.batches_in_flight.max(1);
        if config.paused || full || self.account.backoff.remaining().is_some() {
            return;
        }
        match self.claim().await {
            Ok(claimed) if claimed.is_empty() => self.account.backoff.worked(),
            Ok(claimed) => {
                self.start(myself, claimed);
                self.args.address.nudge(|| UnderstandMessage::Wake);
            }
            Err(fault) => {
                self.account.failed(&fault);
            }
        }
    }

    async fn claim(&self) -> Result<Vec<ClaimedArticle>, Fault> {
        let (limit, claimant) = (self.args.config.batch_max, self.args.claimant);
        let stage = ArticleStage::Indexed;
        Ok(self.args.store.claim_articles(stage, limit, CLAIM_LEASE, claimant).await?)
    }

    /// One bounded task a batch, whose end returns as `BatchDone`.
    fn start(&mut self, myself: &ActorRef<UnderstandMessage>, claimed: Vec<ClaimedArticle>) {
        let (articles, traces) =
            (claimed.len(), claimed.iter().map(|article| article.trace_parent.as_deref()));
        let spans = trace::follow(|| tracing::info_span!("understand", articles), traces);
        let span = spans.main();
        let worker = Worker {
            store: self.args.store.clone(),
            pool: self.args.pool.clone(),
            within: self.args.config.within,
        };
        let (actor, began) = (myself.clone(), Instant::now());
        let work = async move {
            let _until_done = spans;
            let early = "a batch ended early; its articles are claimed again later".to_owned();
            let mut tell = TellDone { actor, articles: 0, began, error: Some(early) };
            let report = worker.understand(claimed).await;
            (tell.articles, tell.error) = (report.stored, report.error);
        };
        self.batches.spawn(work.instrument(span));
    }
}

/// Says `BatchDone` when the task ends, however it ends.
struct TellDone {
    actor: ActorRef<UnderstandMessage>,
    articles: usize,
    began: Instant,
    error: Option<String>,
}

impl Drop for TellDone {
    fn drop(&mut self) {
        let done = UnderstandMessage::BatchDone {
            articles: self.articles,
            took_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: self.error.take(),
        };
        // Without an actor there is nobody left to be told.
        self.actor.cast(done).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
