//! The reads that pay to be cached, each bound to its reader by its key, and the writes that end
//! what is remembered.
//!
//! | read | fresh | stale | ended by |
//! |---|---|---|---|
//! | whom a token lets in | 5 s, unknown ones too | never | [`CachedReads::revoke_token`] |
//! | a reader | 30 s | never | time: nothing changes one yet |
//! | what a reader's articles name | 10 s, nothing at all 1 s | 10 s | [`CachedReads::subscriptions_changed`] |
//! | statistics | 1 s | 1 s | time |
//!
//! A token is looked up by each node itself: whoever can write to Redis must not be able to say whom
//! a token lets in. Redis only carries the news of a revocation, and 5 s are the limit of a node that
//! does not hear it.

use crate::cache::{Cache, CacheConfig, Caches, Loader, Reach};
use crate::error::Result as StoreResult;
use crate::queries::tokens::{TokenHash, hash};
use crate::rows::{EntityFilter, EntityRow, Statistics, TokenOwner};
use crate::store::Store;
use autoglm_domain::{Fault, Reader, ReaderId};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// Entities are counted in articles of this age at most.
const ENTITIES_WITHIN: Duration = Duration::from_hours(24 * 7);
/// Entities that are counted for a reader.
const ENTITIES_MAX: u32 = 200;

/// The reads, over one store. Clones share everything.
#[derive(Debug, Clone)]
pub struct CachedReads {
    store: Store,
    tokens: Cache<TokenHash, TokenOwner>,
    readers: Cache<ReaderId, Reader>,
    entities: Cache<ReaderId, Arc<Vec<EntityRow>>>,
    statistics: Cache<(), Statistics>,
}

impl CachedReads {
    /// Over a store. Made once per set of caches, because each cache has one name in it.
    #[must_use]
    pub fn new(store: Store, caches: &Caches) -> Self {
        let second = Duration::from_secs(1);
        let source = Arc::new(Reads(store.clone()));
        let tokens = CacheConfig {
            reach: Reach::Node,
            time_to_live: second * 5,
            negative_time_to_live: second * 5,
            ..CacheConfig::named("tokens", 1)
        };
        let readers = CacheConfig {
            time_to_live: second * 30,
            negative_time_to_live: second,
            ..CacheConfig::named("readers", 1)
        };
        let entities = CacheConfig {
            capacity: 1_000,
            time_to_live: second * 10,
            stale_for: second * 10,
            negative_time_to_live: second,
            ..CacheConfig::named("entities", 1)
        };
        let statistics = CacheConfig {
            capacity: 1,
            time_to_live: second,
            stale_for: second,
            ..CacheConfig::named("statistics", 1)
        };
        Self {
            store,
            tokens: caches.make(tokens, source.clone()),
            readers: caches.make(readers, source.clone()),
            entities: caches.make(entities, source.clone()),
            statistics: caches.make(statistics, source),
        }
    }

    /// Whom this secret lets in; `None` when nobody. At most 5 s old.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` while the store is away.
    pub async fn token_owner(&self, secret: &str) -> Result<Option<TokenOwner>, Fault> {
        match hash(secret) {
            Some(hash) => self.tokens.get(&hash).await,
            None => Ok(None),
        }
    }

    /// Ends a token: at once on this node, elsewhere when the news is there, and within 5 s at
    /// most. Answers whether it was one.
    ///
    /// # Errors
    /// As the store.
    pub async fn revoke_token(&self, secret: &str) -> Result<bool, Fault> {
        let ended = self.store.revoke_token(secret).await.map_err(|error| error.fault())?;
        if let Some(hash) = hash(secret) {
            self.tokens.invalidate(&hash).await;
        }
        Ok(ended)
    }

    /// One reader; `None` when there is none.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` while the store is away.
    pub async fn reader(&self, id: ReaderId) -> Result<Option<Reader>, Fault> {
        self.readers.get(&id).await
    }

    /// What the reader's articles of the last week name, most often named first, 200 at most.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` while the store is away.
    pub async fn entities(&self, reader: ReaderId) -> Result<Arc<Vec<EntityRow>>, Fault> {
        Ok(self.entities.get(&reader).await?.unwrap_or_default())
    }

    /// The reader follows other sources now: what was counted in them is no longer true.
    pub async fn subscriptions_changed(&self, reader: ReaderId) {
        self.entities.invalidate(&reader).await;
    }

    /// Numbers about the whole installation, at most 2 s old.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` while the store is away.
    pub async fn statistics(&self) -> Result<Statistics, Fault> {
        Ok(self.statistics.get(&()).await?.unwrap_or_default())
    }
}

/// What is read when nothing is remembered.
struct Reads(Store);

fn read<'a, T: 'a>(
    read: impl Future<Output = StoreResult<T>> + Send + 'a,
) -> BoxFuture<'a, Result<T, Fault>> {
    Box::pin(async move { read.await.map_err(|error| error.fault()) })
}

impl Loader<TokenHash, TokenOwner> for Reads {
    fn load<'a>(&'a self, key: &'a TokenHash) -> BoxFuture<'a, Result<Option<TokenOwner>, Fault>> {
        read(self.0.token_owner_by_hash(key))
    }
}

impl Loader<ReaderId, Reader> for Reads {
    fn load<'a>(&'a self, key: &'a ReaderId) -> BoxFuture<'a, Result<Option<Reader>, Fault>> {
        read(self.0.reader(*key))
    }
}

impl Loader<ReaderId, Arc<Vec<EntityRow>>> for Reads {
    fn load<'a>(
        &'a self,
        key: &'a ReaderId,
    ) -> BoxFuture<'a, Result<Option<Arc<Vec<EntityRow>>>, Fault>> {
        read(async move {
            let since = self.0.now().minus(ENTITIES_WITHIN);
            let filter = EntityFilter { since, limit: ENTITIES_MAX, ..EntityFilter::default() };
            let rows = self.0.entities(*key, filter).await?;
            // Nothing at all is soon to change: a reader has just begun.
            Ok((!rows.is_empty()).then(|| Arc::new(rows)))
        })
    }
}

impl Loader<(), Statistics> for Reads {
    fn load<'a>(&'a self, (): &'a ()) -> BoxFuture<'a, Result<Option<Statistics>, Fault>> {
        read(async move { self.0.statistics().await.map(Some) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{RedisConfig, RedisLink};
    use crate::config::DatabaseConfig;
    use autoglm_domain::{Secret, SystemClock};
    use autoglm_harness::ThrowawayRedis;

    async fn store() -> (Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/store.db", folder.path().display());
        let config = DatabaseConfig::for_url(&url);
        let store = Store::open(&config, Arc::new(SystemClock)).await.expect("opened");
        store.migrate().await.expect("migrated");
        (store, folder)
    }

    #[tokio::test]
    async fn a_revoked_token_lets_nobody_in_at_once_where_it_was_revoked() {
        let (store, _folder) = store().await;
        let reader = store.ensure_local_reader().await.expect("a reader").id;
        let token = store.create_token(Some(reader), "phone").await.expect("a token");
        let reads = CachedReads::new(store, &Caches::alone());
        let owner = reads.token_owner(&token).await.expect("an answer");
        assert_eq!(owner, Some(TokenOwner::Reader(reader)));
        assert!(reads.revoke_token(&token).await.expect("revoked"));
        assert_eq!(reads.token_owner(&token).await, Ok(None));
        assert!(!reads.revoke_token(&token).await.expect("asked"), "it was none any more");
    }

    #[tokio::test]
    async fn a_token_revoked_on_one_node_lets_nobody_in_on_another() {
        let name = "a_token_revoked_on_one_node_lets_nobody_in_on_another";
        let Some(redis) = ThrowawayRedis::start_or_skip(name).expect("allowed to skip") else {
            return;
        };
        let (store, _folder) = store().await;
        let token = store.create_token(None, "operator").await.expect("a token");
        let mut nodes = Vec::new();
        for _ in 0..2 {
            let link = RedisLink::connect(RedisConfig::at(Secret::new(redis.url())));
            assert!(link.is_ready_within(Duration::from_secs(20)).await);
            nodes.push(CachedReads::new(store.clone(), &Caches::shared(Some(link))));
        }
        for node in &nodes {
            assert_eq!(node.token_owner(&token).await, Ok(Some(TokenOwner::Admin)));
        }
        let keys = redis.command(&["KEYS", "*tokens*:v"]).expect("keys");
        assert!(keys.starts_with("*0"), "whom a token lets in is not in Redis: {keys}");
        nodes[0].revoke_token(&token).await.expect("revoked");
        while nodes[1].token_owner(&token).await != Ok(None) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
