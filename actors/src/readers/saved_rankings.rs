//! Rankings by the profile that was saved last, on any node: what a reader gets while nobody who could
//! be reached owns their shard.
//!
//! They only read. What the reader did since the last save is not in them, but what was read or
//! hidden is left out, for marks are in the store.

use crate::article_window::ArticleWindowCell;
use crate::live_models::VectorSpace;
use crate::recommender_shard::stored::stored_reader;
use autoglm_domain::{Clock, Fault, ReaderId, Recommendation};
use autoglm_models::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Readers loaded at a time on this node; more are asked to wait, because when a node dies all of its
/// readers come at once.
const LOADS_MAX: usize = 32;
/// What they are asked to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Where rankings come from while a reader has no owner. Clones share the limits.
#[derive(Debug, Clone)]
pub struct SavedRankings {
    store: Store,
    window: ArticleWindowCell,
    space: VectorSpace,
    clock: Arc<dyn Clock>,
    loads: Arc<Semaphore>,
    rankings: Arc<Semaphore>,
}

impl SavedRankings {
    /// Over this node's window; `rankings` is the node's limit of rankings computed at once.
    #[must_use]
    pub fn new(
        store: Store,
        window: ArticleWindowCell,
        space: VectorSpace,
        clock: Arc<dyn Clock>,
        rankings: Arc<Semaphore>,
    ) -> Self {
        Self { store, window, space, clock, loads: Arc::new(Semaphore::new(LOADS_MAX)), rankings }
    }

    /// Ranks for a reader; the same seed gives the same exploration.
    ///
    /// # Errors
    /// `Overloaded` when many readers without an owner ask at once, or what the store says.
    pub async fn rank(
        &self,
        reader: ReaderId,
        limit: usize,
        seed: u64,
    ) -> Result<Vec<Recommendation>, Fault> {
        let Ok(_load) = self.loads.try_acquire() else {
            return Err(Fault::overloaded(
                format!("{LOADS_MAX} readers without an owner are being served already"),
                RETRY_AFTER,
            ));
        };
        let (window, now) = (self.window.load_full(), self.clock.now());
        let mut state =
            stored_reader(&self.store, reader, self.space.shown(), &window, now).await?;
        let ranking = state.ranking(window, now, limit, seed);
        let permit = Arc::clone(&self.rankings).acquire_owned().await;
        let permit = permit.map_err(|_closed| Fault::internal("nothing is ranked any more"))?;
        ranking.on_a_thread(permit).await
    }
}
