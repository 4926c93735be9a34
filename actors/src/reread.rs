//! Has old articles read by new models, and sorted by a new list of topics, newest first; one of
//! it in the cluster.
//!
//! **Receives** only its own schedule. **Sends** texts to InferencePool as backfill, ids of changed
//! articles to ArticleWindow, `Look` to RolloutActor. **Limits** 128 articles at a time, after
//! everybody else's. **On restart** goes on with what has no reading yet: a reading is a row of its own.

mod sorting;

use crate::colleagues::Colleagues;
use crate::rollout::{LoadModels, current_rollout};
use crate::stage::{complaint, jittered};
use crate::topic_list::follow;
use crate::understand::{reading_beside, reading_of, text_of_unread};
use autoglm_domain::{ArticleId, Fault, Priority, Rollout, Understanding};
use autoglm_inference::LiveTopics;
use autoglm_models::{Store, UnreadArticle};
use autoglm_protocol::Address;
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::article_window::ArticleWindowHandle;
use autoglm_protocol::inference_pool::{InferencePoolHandle, Understood};
use autoglm_protocol::reread::{RereadMessage, RereadStatus};
use autoglm_protocol::rollout::RolloutHandle;
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use sorting::sorted;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Articles read at a time.
const BATCH: u32 = 128;
/// Articles changed over in one transaction.
const CHANGE: u32 = 500;
/// Articles sorted in one transaction.
const SORTED_BATCH: u32 = 256;
/// When everything is sorted, another look is taken after this long: readings by the list before
/// may have been under way.
const SORTED_FOR: Duration = Duration::from_secs(60);
/// How long the pool may take for a batch of backfill.
const WITHIN: Duration = Duration::from_secs(120);
/// Between two looks when there is nothing to do, and when something failed.
const IDLE: Duration = Duration::from_secs(5);

/// What RereadActor needs.
#[derive(Debug, Clone)]
pub struct RereadArgs {
    /// Where articles and the rollout are.
    pub store: Store,
    /// Which models came with this program.
    pub loader: Arc<dyn LoadModels>,
    /// Who reads.
    pub pool: InferencePoolHandle,
    /// Who is told of changed articles.
    pub window: ArticleWindowHandle,
    /// Who is told when the new models are in use.
    pub colleagues: Colleagues,
    /// Who is told that the rollout has changed.
    pub rollout: RolloutHandle,
    /// By which articles are sorted.
    pub topics: LiveTopics,
    /// Whether understanding is paused.
    pub paused: bool,
    /// Where the actor is found.
    pub address: Address<RereadMessage>,
    /// What it shows.
    pub status: StatusCell<RereadStatus>,
}

/// Reads again.
#[derive(Debug)]
pub struct RereadActor;

/// What RereadActor remembers.
#[derive(Debug)]
pub struct RereadState {
    args: RereadArgs,
    status: RereadStatus,
    /// Articles that could not be read: they are passed over until the next start.
    below: Option<ArticleId>,
    /// The models and the list by which everything was sorted at the last look, and when that was.
    sorted: Option<(String, i64, Instant)>,
}

impl RereadActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: RereadArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for RereadActor {
    type Msg = RereadMessage;
    type State = RereadState;
    type Arguments = RereadArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: RereadArgs,
    ) -> Result<RereadState, ActorProcessingErr> {
        myself.send_after(jittered(Duration::from_secs(1)), || RereadMessage::Round);
        let status = RereadStatus::clone(&args.status.get());
        Ok(RereadState { args, status, below: None, sorted: None })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: RereadMessage,
        state: &mut RereadState,
    ) -> Result<(), ActorProcessingErr> {
        let RereadMessage::Round = message;
        let has_more = match state.round().await {
            Ok(has_more) => {
                state.status.last_error = None;
                has_more
            }
            Err(fault) => {
                state.status.last_error = Some(complaint(&fault));
                false
            }
        };
        state.args.status.set(state.status.clone());
        let pause = if has_more { Duration::ZERO } else { jittered(IDLE) };
        myself.send_after(pause, || RereadMessage::Round);
        Ok(())
    }
}

impl RereadState {
    /// One batch; answers whether there may be more.
    async fn round(&mut self) -> Result<bool, Fault> {
        if self.args.paused {
            return Ok(false);
        }
        let rollout = current_rollout(&self.args.store, self.args.loader.as_ref()).await?;
        let promoted = rollout.candidate.as_ref().filter(|candidate| candidate.is_promoted);
        match promoted.map(|candidate| candidate.models.version()) {
            Some(version) => self.promote(&version).await,
            None => Ok(self.catch_up(&rollout).await? || self.sort_again(&rollout).await?),
        }
    }

    /// Reads for a promoted candidate, beside what readers see; when everything is read, all
    /// articles change over and the candidate is in use.
    async fn promote(&mut self, version: &str) -> Result<bool, Fault> {
        let unread = self.unread(version).await?;
        if !unread.is_empty() {
            let readings = self.read(&unread, version).await?;
            let saved = self.args.store.store_readings_beside(readings).await?;
            self.status.read_total += saved;
            return Ok(true);
        }
        let changed = self.args.store.change_over(version, CHANGE).await?;
        self.status.changed_total += changed;
        if changed > 0 {
            return Ok(true);
        }
        let initial = Rollout::of(self.args.loader.first_choice());
        let changed = self.args.store.change_rollout(initial, |rollout| Ok(rollout.change_over()));
        let rollout = changed.await?;
        tracing::info!(models = %rollout.active, "every article was read by the new models; they are in use");
        self.begin("");
        self.args.rollout.look();
        self.args.colleagues.tell_all(&AgentHint::RolloutChanged);
        Ok(false)
    }

    /// Reads what was last read by models that are no longer in use, such as those that came with
    /// an earlier program; each article changes at once.
    async fn catch_up(&mut self, rollout: &Rollout) -> Result<bool, Fault> {
        let version = rollout.active.version();
        let unread = self.unread(&version).await?;
        if unread.is_empty() {
            self.begin("");
            return Ok(false);
        }
        let readings = self.read(&unread, &version).await?;
        let ids: Arc<[ArticleId]> = readings.iter().map(|one| one.article_id).collect();
        let saved = self.args.store.store_understandings(readings).await?;
        self.status.read_total += saved;
        self.status.changed_total += saved;
        self.args.window.articles_placed(ids);
        Ok(true)
    }

    /// Sorts what another list of topics has sorted, such as the one before a change; only topics
    /// change. Windows find the articles by themselves.
    async fn sort_again(&mut self, rollout: &Rollout) -> Result<bool, Fault> {
        let version = rollout.active.version();
        let list = follow(&self.args.topics, &self.args.store).await?.revision();
        let looked = self.sorted.as_ref().filter(|(by, of, _)| (by, *of) == (&version, list));
        if looked.is_some_and(|(_, _, at)| at.elapsed() < SORTED_FOR) {
            return Ok(false);
        }
        let store = &self.args.store;
        let unsorted = store.unsorted_by(&version, list, None, SORTED_BATCH).await?;
        if unsorted.is_empty() {
            self.sorted = Some((version, list, Instant::now()));
            return Ok(false);
        }
        let articles = sorted(self.args.topics.current(), unsorted).await?;
        let saved = store.store_sorted(&version, list, articles).await?;
        self.status.sorted_total += saved;
        Ok(saved > 0)
    }

    async fn unread(&mut self, version: &str) -> Result<Vec<UnreadArticle>, Fault> {
        if self.status.version != version {
            self.begin(version);
        }
        Ok(self.args.store.unread_by(version, self.below, BATCH).await?)
    }

    fn begin(&mut self, version: &str) {
        version.clone_into(&mut self.status.version);
        self.below = None;
    }

    /// A text that cannot be read must not hold up the others.
    async fn one_by_one(
        &self,
        articles: &[UnreadArticle],
        version: &str,
    ) -> Result<Vec<Understanding>, Fault> {
        let mut all = Vec::with_capacity(articles.len());
        for article in articles {
            match self.ask(std::slice::from_ref(article), version).await {
                Ok(readings) => all.extend(readings),
                Err(fault) if fault.is_retryable() => return Err(fault),
                Err(fault) => {
                    tracing::error!("article {} cannot be read again: {fault}", article.id);
                }
            }
        }
        Ok(all)
    }

    async fn ask(
        &self,
        articles: &[UnreadArticle],
        version: &str,
    ) -> Result<Vec<Understanding>, Fault> {
        let texts = articles.iter().map(text_of_unread).collect();
        let answers = self.args.pool.understand(texts, Priority::Backfill, WITHIN).await?;
        let is_active = answers.model_version == version;
        let reading = |(article, item): (&UnreadArticle, Understood)| {
            if is_active {
                return Some(reading_of(article.id, item, version.to_owned()));
            }
            let beside = item.beside.filter(|beside| beside.model_version == version)?;
            Some(reading_beside(article.id, *beside))
        };
        Ok(articles.iter().zip(answers.items).filter_map(reading).collect())
    }

    /// The articles' readings by these models. Those that were not read by them are passed over
    /// when others were, and tried again later when none was: this node's devices may still be
    /// loading them.
    async fn read(
        &mut self,
        articles: &[UnreadArticle],
        version: &str,
    ) -> Result<Vec<Understanding>, Fault> {
        let readings = match self.ask(articles, version).await {
            Err(fault) if !fault.is_retryable() => self.one_by_one(articles, version).await?,
            outcome => outcome?,
        };
        if readings.is_empty() {
            let message = format!("no device of this node reads with {version} yet");
            return Err(Fault::unavailable(message, IDLE));
        }
        if readings.len() < articles.len() {
            self.below = articles.last().map(|article| article.id);
        }
        Ok(readings)
    }
}
