//! Puts stored articles into the search index, a batch at a time.
//!
//! **Receives** `Wake` from IngestActor and JanitorActor. **Sends** a hint to UnderstandActor.
//! **Limits** one batch of 200 articles at a time. **On restart** claims again what it had claimed;
//! indexing twice changes nothing.

use crate::meter::PipelineMeter;
use crate::stage::{
    CLAIM_LEASE, CLAIM_MAX, Hint, SWEEP_PERIOD, StageAccount, free_claims, jittered,
};
use crate::trace;
use autoglm_domain::{ArticleStage, Fault, Incarnation};
use autoglm_models::{ClaimedArticle, IndexEntry, Store, segmentation};
use autoglm_protocol::Address;
use autoglm_protocol::index::{IndexMessage, StageStatus};
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use tokio::time::Instant;
use tracing::Instrument;

/// What IndexActor needs.
#[derive(Debug, Clone)]
pub struct IndexArgs {
    /// Where articles are.
    pub store: Store,
    /// In whose name articles are claimed.
    pub claimant: Incarnation,
    /// For the stage `index`.
    pub meter: PipelineMeter,
    /// Given after every batch.
    pub on_indexed: Hint,
    /// Where the actor is found.
    pub address: Address<IndexMessage>,
    /// What it shows.
    pub status: StatusCell<StageStatus>,
}

/// Fills the search index.
#[derive(Debug)]
pub struct IndexActor;

/// What IndexActor remembers.
#[derive(Debug)]
pub struct IndexState {
    args: IndexArgs,
    account: StageAccount,
}

impl IndexActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: IndexArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        address.nudge(|| IndexMessage::Wake);
        Ok(actor.get_cell())
    }
}

impl Actor for IndexActor {
    type Msg = IndexMessage;
    type State = IndexState;
    type Arguments = IndexArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: IndexArgs,
    ) -> Result<IndexState, ActorProcessingErr> {
        free_claims(&args.store, args.claimant).await;
        myself.send_after(jittered(SWEEP_PERIOD), || IndexMessage::Sweep);
        let account = StageAccount::new("index", args.status.clone(), args.meter.clone());
        Ok(IndexState { args, account })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: IndexMessage,
        state: &mut IndexState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            IndexMessage::Wake => state.args.address.nudge_taken(),
            IndexMessage::Sweep => {
                myself.send_after(jittered(SWEEP_PERIOD), || IndexMessage::Sweep);
            }
        }
        state.round().await;
        Ok(())
    }
}

impl IndexState {
    /// One batch; nudges itself when there may be more, so that other messages are heard between.
    async fn round(&mut self) {
        if self.account.backoff.remaining().is_some() {
            return;
        }
        let began = Instant::now();
        match self.batch().await {
            Ok(0) => self.account.backoff.worked(),
            Ok(articles) => {
                self.account.done(articles, began.elapsed());
                self.args.on_indexed.give();
                self.args.address.nudge(|| IndexMessage::Wake);
            }
            Err(fault) => {
                self.account.failed(&fault);
            }
        }
    }

    async fn batch(&self) -> Result<usize, Fault> {
        let (store, claimant) = (&self.args.store, self.args.claimant);
        let claimed =
            store.claim_articles(ArticleStage::Stored, CLAIM_MAX, CLAIM_LEASE, claimant).await?;
        if claimed.is_empty() {
            return Ok(0);
        }
        let articles = claimed.len();
        let traces = claimed.iter().map(|article| article.trace_parent.as_deref());
        let spans = trace::follow(|| tracing::info_span!("index", articles), traces);
        async {
            // Segmenting is pure computation of up to tens of milliseconds: not on the runtime.
            let entries = tokio::task::spawn_blocking(move || entries_of(&claimed))
                .await
                .map_err(|failure| Fault::internal(format!("segmenting failed: {failure}")))?;
            self.finish(entries).await?;
            Ok(articles)
        }
        .instrument(spans.main())
        .await
    }
}

impl IndexState {
    /// When the database refuses a batch for good, each entry is tried alone and then without its
    /// words: an article that cannot be found is better than one that holds up the others.
    async fn finish(&self, entries: Vec<IndexEntry>) -> Result<(), Fault> {
        let store = &self.args.store;
        match store.finish_index(entries.clone()).await {
            Err(error) if !error.is_retryable() => {}
            outcome => return Ok(outcome.map(|_indexed| ())?),
        }
        for entry in entries {
            let empty = IndexEntry { article_id: entry.article_id, tokens: String::new() };
            match store.finish_index(vec![entry]).await {
                Err(error) if !error.is_retryable() => {
                    let article_id = empty.article_id;
                    let complaint = format!("article {article_id} is not searchable: {error}");
                    tracing::error!("{complaint}");
                    self.account.noted_error(complaint);
                    store.finish_index(vec![empty]).await?;
                }
                outcome => drop(outcome?),
            }
        }
        Ok(())
    }
}

fn entries_of(articles: &[ClaimedArticle]) -> Vec<IndexEntry> {
    articles.iter().map(entry_of).collect()
}

/// An article that cannot be segmented is indexed under its title alone, and failing that under
/// nothing: it must not hold up the others.
fn entry_of(article: &ClaimedArticle) -> IndexEntry {
    let attempt =
        |text: &str| std::panic::catch_unwind(|| segmentation::tokens(&[&article.title, text]));
    let tokens =
        attempt(&article.content_text).or_else(|_panic| attempt("")).unwrap_or_else(|_panic| {
            tracing::error!(article = article.id.0, "an article cannot be segmented");
            String::new()
        });
    IndexEntry { article_id: article.id, tokens }
}
