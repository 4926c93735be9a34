//! ArticleWindow: the newest articles in memory, one immutable snapshot per node shared by all recommenders.
//!
//! **Receives** ids of placed articles and hints at moved ones from StoryActor, click rates from PopularityActor.
//! **Sends** each newly placed article once to the reader shards of this node, and each move to another story.
//! **Limits** `articles_max` articles and `bytes_max` bytes; 500 ids a read; a bounded memory of what was forwarded.
//! **On restart** it reads the newest articles from the store; what was placed meanwhile is forwarded then.

pub mod listeners;
pub mod memory;
mod moves;
pub mod rows;
mod sorted;

use crate::live_models::VectorSpace;
use arc_swap::ArcSwap;
use autoglm_domain::{ArticleId, Clock, Timestamp};
use autoglm_models::{PlacedArticleRow, Store};
use autoglm_protocol::Address;
use autoglm_protocol::article_window::{ArticleWindowMessage, ArticleWindowStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::view::ArticleView;
use autoglm_ranking::{ArticleFeatures, PopularityValue, WindowSnapshot};
pub use listeners::PlacedListeners;
pub use memory::ForwardMemory;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use rows::{features_of, pushed_view_of};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the last minute is read again.
const OVERLAP_PERIOD: Duration = Duration::from_secs(5);
/// What is read again: ids become visible out of commit order.
const OVERLAP: Duration = Duration::from_secs(60);
/// Ids in one overlap read at most; a burst is caught up with over several.
const OVERLAP_MAX: u32 = 20_000;
/// Articles loaded by one query.
const LOAD_MAX: usize = 500;
/// Ids remembered besides twice the window, for a window configured small.
const MEMORY_MIN: usize = 50_000;
/// A rate is handed to ranking as so many impressions, so that its prior hardly moves it.
const RATE_IMPRESSIONS: f32 = 1e6;

/// The snapshot that recommenders read; replaced as a whole.
pub type ArticleWindowCell = Arc<ArcSwap<WindowSnapshot>>;

/// An empty cell for the composition root.
#[must_use]
pub fn new_window_cell(articles_max: usize) -> ArticleWindowCell {
    Arc::new(ArcSwap::from_pointee(WindowSnapshot::empty(articles_max)))
}

/// Settings of the window.
#[derive(Debug, Clone)]
pub struct ArticleWindowConfig {
    /// Articles in memory at most.
    pub articles_max: usize,
    /// Bytes in memory at most; the oldest articles leave first.
    pub bytes_max: usize,
}

impl Default for ArticleWindowConfig {
    fn default() -> Self {
        Self { articles_max: 20_000, bytes_max: 64 * 1024 * 1024 }
    }
}

/// The actor.
#[derive(Debug)]
pub struct ArticleWindowActor;

/// What the window needs.
#[derive(Clone, Debug)]
pub struct ArticleWindowArgs {
    /// Settings.
    pub config: ArticleWindowConfig,
    /// The store.
    pub store: Store,
    /// The snapshot, shared with the recommenders.
    pub cell: ArticleWindowCell,
    /// Who is told about placed articles.
    pub listeners: PlacedListeners,
    /// What was forwarded, surviving restarts; see [`new_forward_memory`].
    pub memory: Arc<Mutex<ForwardMemory>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The space the vectors are in.
    pub space: VectorSpace,
    /// Published at start.
    pub address: Address<ArticleWindowMessage>,
    /// What the window shows.
    pub status: StatusCell<ArticleWindowStatus>,
}

/// A memory of what was forwarded that fits the settings.
#[must_use]
pub fn new_forward_memory(config: &ArticleWindowConfig) -> Arc<Mutex<ForwardMemory>> {
    Arc::new(Mutex::new(ForwardMemory::new((config.articles_max * 2).max(MEMORY_MIN))))
}

/// What the window remembers.
#[derive(Debug)]
pub struct ArticleWindowState {
    args: ArticleWindowArgs,
    restored: bool,
    /// The moves of the last minute that have been told.
    moves: HashMap<ArticleId, Timestamp>,
    /// The articles of the last minute whose new topics are in the window.
    sorted: HashMap<ArticleId, Timestamp>,
    status: ArticleWindowStatus,
}

impl ArticleWindowActor {
    /// Starts the actor.
    ///
    /// # Errors
    /// When the supervisor is stopping.
    pub async fn spawn(
        args: ArticleWindowArgs,
        supervisor: ActorCell,
    ) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for ArticleWindowActor {
    type Msg = ArticleWindowMessage;
    type State = ArticleWindowState;
    type Arguments = ArticleWindowArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<ArticleWindowMessage>,
        args: ArticleWindowArgs,
    ) -> Result<ArticleWindowState, ActorProcessingErr> {
        let period = OVERLAP_PERIOD.mul_f64(rand::random_range(0.9..1.1));
        myself.send_interval(period, || ArticleWindowMessage::Overlap);
        let status =
            ArticleWindowStatus { articles_max: args.config.articles_max, ..Default::default() };
        let (moves, sorted) = (HashMap::new(), HashMap::new());
        let mut state = ArticleWindowState { args, restored: false, moves, sorted, status };
        let wanted = state.args.space.wanted();
        state.restore().await;
        if state.restored {
            state.args.space.show(wanted);
        }
        Ok(state)
    }

    async fn handle(
        &self,
        _myself: ActorRef<ArticleWindowMessage>,
        message: ArticleWindowMessage,
        state: &mut ArticleWindowState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ArticleWindowMessage::ArticlesPlaced { ids, permit: _permit } => {
                state.placed(&ids).await;
            }
            ArticleWindowMessage::StoriesChanged => {
                state.args.address.nudge_taken();
                state.take_moves().await;
            }
            ArticleWindowMessage::Popularity(rates) => state.popularity(&rates),
            ArticleWindowMessage::Overlap => {
                state.overlap().await;
                state.take_moves().await;
                state.take_sorted().await;
            }
        }
        Ok(())
    }
}

impl ArticleWindowState {
    /// Reads the newest articles. Without a store the window stays empty and tries again with
    /// every overlap read.
    async fn restore(&mut self) {
        let limit = u32::try_from(self.args.config.articles_max).unwrap_or(u32::MAX);
        let rows = match self.args.store.newest_placed(limit).await {
            Ok(rows) => rows,
            Err(error) => return self.complain(&error),
        };
        let first_start = self.memory(|memory| memory.is_empty());
        if first_start {
            // Nobody can have been waiting for these: they are old, not news.
            self.memory(|memory| {
                for row in rows.iter().rev() {
                    memory.note(row.article.id);
                }
            });
        }
        self.add(&rows);
        self.restored = true;
        self.status.last_error = None;
        self.publish();
    }

    /// Loads hinted articles, the known ones again because they may have changed.
    async fn placed(&mut self, ids: &[ArticleId]) {
        for part in ids.chunks(LOAD_MAX) {
            if self.load(part).await.is_none() {
                return;
            }
        }
    }

    /// Finds what hints have missed.
    async fn overlap(&mut self) {
        let wanted = self.args.space.wanted();
        if wanted != self.args.space.shown() {
            // Vectors of two spaces cannot be compared: everything is read again.
            self.args.cell.store(Arc::new(WindowSnapshot::empty(self.args.config.articles_max)));
            self.restored = false;
        }
        if !self.restored {
            self.restore().await;
        }
        if self.restored {
            self.args.space.show(wanted);
        }
        let since = self.args.clock.now().minus(OVERLAP);
        let ids = match self.args.store.placed_since(since, OVERLAP_MAX).await {
            Ok(ids) => ids,
            Err(error) => return self.complain(&error),
        };
        let mut unknown: Vec<ArticleId> = Vec::new();
        self.memory(|memory| {
            unknown = ids.into_iter().filter(|id| !memory.contains(*id)).collect();
        });
        for part in unknown.chunks(LOAD_MAX) {
            match self.load(part).await {
                Some(found) => self.status.found_by_overlap_total += found,
                None => return,
            }
        }
        self.status.last_error = None;
        self.publish();
    }

    /// Loads articles into the window and forwards those that are news; answers their number.
    async fn load(&mut self, ids: &[ArticleId]) -> Option<u64> {
        let rows = match self.args.store.placed_articles(ids).await {
            Ok(rows) => rows,
            Err(error) => {
                self.complain(&error);
                return None;
            }
        };
        self.add(&rows);
        let mut news: Vec<Arc<ArticleView>> = Vec::new();
        self.memory(|memory| {
            for row in rows {
                if memory.note(row.article.id) {
                    news.push(Arc::new(pushed_view_of(row)));
                }
            }
        });
        let count = news.len() as u64;
        if count > 0 {
            self.forward(news.into()).await;
        }
        self.publish();
        Some(count)
    }

    async fn forward(&self, articles: Arc<[Arc<ArticleView>]>) {
        let busy = self.args.listeners.tell(&articles).await;
        warn_of_busy(busy, articles.len());
    }

    fn add(&self, rows: &[PlacedArticleRow]) {
        if rows.is_empty() {
            return;
        }
        let added: Vec<ArticleFeatures> = rows.iter().map(features_of).collect();
        let next = self.args.cell.load().with(&added, &HashSet::new());
        self.args.cell.store(Arc::new(within_bytes(next, self.args.config.bytes_max)));
    }

    fn popularity(&mut self, rates: &[(ArticleId, f32)]) {
        let totals: HashMap<ArticleId, PopularityValue> =
            rates.iter().map(|(id, rate)| (*id, value_of_rate(*rate))).collect();
        let next = self.args.cell.load().with_popularity(totals);
        self.args.cell.store(Arc::new(next));
        self.publish();
    }

    /// The memory is locked for moments and never across a wait.
    fn memory<T>(&self, work: impl FnOnce(&mut ForwardMemory) -> T) -> T {
        work(&mut self.args.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn complain(&mut self, error: &autoglm_models::Error) {
        tracing::warn!(%error, "the article window could not read; it tries again in {OVERLAP_PERIOD:?}");
        self.status.last_error = Some(error.to_string());
        self.publish();
    }

    fn publish(&mut self) {
        let window = self.args.cell.load();
        self.status.articles = window.len();
        self.status.bytes = window.bytes();
        drop(window);
        self.args.status.set(self.status.clone());
    }
}

fn warn_of_busy(busy: usize, articles: usize) {
    if busy > 0 {
        tracing::warn!(busy, articles, "reader shards were too busy to be told of articles");
    }
}

fn value_of_rate(rate: f32) -> PopularityValue {
    let rate = if rate.is_finite() { rate.clamp(0.0, 1.0) } else { 0.0 };
    PopularityValue { clicks: rate * RATE_IMPRESSIONS, impressions: RATE_IMPRESSIONS }
}

/// Lets the oldest articles go while the window is too large.
fn within_bytes(window: WindowSnapshot, bytes_max: usize) -> WindowSnapshot {
    let bytes = window.bytes();
    if bytes <= bytes_max || window.is_empty() {
        return window;
    }
    // A tenth more leaves, so that this is not done for every batch.
    let keep = window.len().saturating_mul(bytes_max) / bytes * 9 / 10;
    let mut ages: Vec<_> =
        window.rows().map(|row| (row.published_at(), row.article_id())).collect();
    ages.sort_unstable();
    let surplus = ages.len().saturating_sub(keep);
    window.with(&[], &ages.into_iter().take(surplus).map(|(_, id)| id).collect())
}

#[cfg(test)]
mod tests;
