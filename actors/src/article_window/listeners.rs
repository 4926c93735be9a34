//! Who is told about placed articles: the reader shards of this node.

use autoglm_domain::Fence;
use autoglm_protocol::Permit;
use autoglm_protocol::cache_shard::{CacheShardHandle, CacheShardMessage};
use autoglm_protocol::view::ArticleView;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long one busy shard may hold up the others; then its readers find the articles in lists.
const PATIENCE: Duration = Duration::from_secs(1);

/// The subscribers of ArticleWindow. Clones share the list; at most one entry a shard.
#[derive(Debug, Clone, Default)]
pub struct PlacedListeners(Arc<RwLock<BTreeMap<u16, (Fence, CacheShardHandle)>>>);

impl PlacedListeners {
    /// Adds a shard, or takes it up again after a restart.
    pub fn register(&self, fence: Fence, shard: CacheShardHandle) {
        let mut shards = self.0.write().unwrap_or_else(PoisonError::into_inner);
        shards.insert(fence.shard.index, (fence, shard));
    }

    /// Forgets a shard, unless it runs here again under another epoch.
    pub fn unregister(&self, fence: Fence) {
        let mut shards = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if shards.get(&fence.shard.index).is_some_and(|(newest, _)| *newest == fence) {
            shards.remove(&fence.shard.index);
        }
    }

    /// Number of shards.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nobody listens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands new articles to every shard; answers how many shards were too busy to take them.
    pub async fn tell(&self, articles: &Arc<[Arc<ArticleView>]>) -> usize {
        self.send(|permit| CacheShardMessage::ArticlesPlaced {
            articles: Arc::clone(articles),
            permit,
        })
        .await
    }

    /// The same for articles that are in other stories now.
    pub async fn tell_moved(&self, articles: &Arc<[Arc<ArticleView>]>) -> usize {
        self.send(|permit| CacheShardMessage::ArticlesMoved {
            articles: Arc::clone(articles),
            permit,
        })
        .await
    }

    async fn send(&self, message: impl Fn(Permit) -> CacheShardMessage) -> usize {
        let shards = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut busy = 0;
        for (_, shard) in shards.into_values() {
            let permit = tokio::time::timeout(PATIENCE, shard.0.permit_when_free()).await;
            let Ok(Some(permit)) = permit else {
                busy += 1;
                continue;
            };
            // A shard that restarts tells its terminals to fetch everything again.
            shard.0.cast(message(permit)).unwrap_or_default();
        }
        busy
    }
}
