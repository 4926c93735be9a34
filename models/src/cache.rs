//! The two-level cache: node memory, then Redis, then the owner of the key, then the loader.
//!
//! ```text
//! get ─► memory (moka) ─► Redis ─► the key's owner, 100 ms ─► loader
//!        one flight a key  shared   one load in the cluster   behind a breaker
//! ```
//!
//! What holds, whatever is away or slow:
//! - A load that began before an invalidation is kept nowhere. In memory, because entries are found
//!   only under the stamp of their load's beginning ([`ledger`]); in Redis, because a value is stored
//!   only under the generation of its load's beginning ([`redis`]); and an owner answers nobody with
//!   something older than the asker knows of, because asks carry the invalidations the asker heard.
//! - A node reads its own writes from the moment [`Cache::invalidate`] is called. Other nodes do so
//!   as soon as the news reaches them through Redis or from node to node. News that got lost is
//!   bounded by the blind time to live (5 s) from the moment a node notices that Redis is away,
//!   which takes two heartbeats (1 s).
//! - A writer that dies between its commit and its invalidation leaves old values for a time to live.
//! - Absence is remembered shortly, a failure never.

mod breaker;
mod caches;
mod config;
mod figures;
mod format;
mod ledger;
mod load;
mod peers;
mod redis;

pub use breaker::{Breaker, BreakerConfig, BreakerState};
pub use caches::Caches;
pub use config::{CacheConfig, Reach, RedisConfig};
pub use peers::{Invalidation, NobodyElse, PeerLoad};
pub use redis::RedisLink;

use autoglm_domain::Fault;
use caches::{Member, Room};
use figures::Figures;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use ledger::Ledger;
use load::Want;
use moka::Expiry;
use moka::future::Cache as Memory;
use peers::News;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Stale entries that are fetched anew at the same time.
const REFRESHES_MAX: usize = 32;
/// After a refresh failed, the next one of the same entry waits so long.
const REFRESH_AGAIN: Duration = Duration::from_secs(1);
/// Keys that are warmed at the same time.
const WARM_CONCURRENCY: usize = 16;

/// Fetches what the cache does not have.
pub trait Loader<K, V>: Send + Sync + 'static {
    /// The value of `key`; `None` when there is none, which is remembered too.
    ///
    /// # Errors
    /// A fault; it is passed on to every caller who waits and is not remembered.
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<V>, Fault>>;
}

/// One cache; see the module. Cheap to clone. Values should be cheap to clone too.
pub struct Cache<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    config: CacheConfig,
    /// Name and version: as it is called in Redis and by other nodes.
    wire_name: String,
    room: Arc<Room>,
    loader: Arc<dyn Loader<K, V>>,
    memory: Memory<(K, u64), Arc<Entry<V>>>,
    ledger: Ledger,
    breaker: Mutex<Breaker>,
    refreshes: Arc<Semaphore>,
    figures: Figures,
}

/// What memory holds.
struct Entry<V> {
    value: Option<V>,
    fresh_until: Instant,
    stale_until: Instant,
    /// Somebody fetches a newer one.
    is_refreshing: AtomicBool,
}

struct UntilStale;

impl<K, V> Expiry<(K, u64), Arc<Entry<V>>> for UntilStale {
    fn expire_after_create(
        &self,
        _: &(K, u64),
        entry: &Arc<Entry<V>>,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(entry.stale_until.saturating_duration_since(Instant::now()))
    }

    fn expire_after_update(
        &self,
        _: &(K, u64),
        entry: &Arc<Entry<V>>,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.stale_until.saturating_duration_since(Instant::now()))
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<K, V> Debug for Cache<K, V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Cache").field(&self.inner.wire_name).finish()
    }
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn new(config: CacheConfig, loader: Arc<dyn Loader<K, V>>, room: Arc<Room>) -> Self {
        let memory =
            Memory::builder().max_capacity(config.capacity).expire_after(UntilStale).build();
        let inner = Inner {
            wire_name: format!("{}@{}", config.name, config.version),
            room,
            loader,
            memory,
            ledger: Ledger::new(),
            breaker: Mutex::new(Breaker::new(config.loader)),
            refreshes: Arc::new(Semaphore::new(REFRESHES_MAX)),
            figures: Figures::of(config.name),
            config,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The value of `key`, loaded at most once at a time whatever the number of callers.
    ///
    /// # Errors
    /// The loader's fault; `Unavailable` while its breaker rests, `Timeout` when it takes too long.
    pub async fn get(&self, key: &K) -> Result<Option<V>, Fault> {
        let entry = self.inner.entry(key).await?;
        if entry.value.is_none() {
            self.inner.figures.negative.increment(1);
        }
        Ok(entry.value.clone())
    }

    /// Forgets `key` here, in Redis and on the other nodes. Called after every write, once it is
    /// committed. Waits for Redis at most its command limit (50 ms).
    pub async fn invalidate(&self, key: &K) {
        let inner = &self.inner;
        let id = new_id();
        inner.figures.invalidations.increment(1);
        inner.ledger.forget(hash_of(key), id);
        let name = peers::encode(key);
        let heard = match inner.room.redis() {
            Some(redis) => redis.invalidate(&inner.wire_name, &name, id).await,
            None => true,
        };
        let cache = inner.wire_name.clone();
        inner.room.tell(&News { cache, key: name, id, unheard_by_redis: !heard });
    }

    /// Loads keys before anybody asks, for at most `limit`. How many are there then; failures are
    /// left to whoever asks.
    pub async fn warm(&self, keys: impl IntoIterator<Item = K>, limit: Duration) -> usize {
        let warmed = AtomicUsize::new(0);
        let loads = futures_util::stream::iter(keys).for_each_concurrent(WARM_CONCURRENCY, |key| {
            let warmed = &warmed;
            async move {
                if self.get(&key).await.is_ok() {
                    warmed.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        // Whatever is there in time is there.
        let _in_time = tokio::time::timeout(limit, loads).await;
        warmed.load(Ordering::Relaxed)
    }

    /// Entries in memory, roughly.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.inner.memory.entry_count()
    }

    /// Whether memory holds nothing, roughly.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The loader's breaker, for people.
    #[must_use]
    pub fn breaker(&self) -> BreakerState {
        self.inner.breaker().state(Instant::now())
    }

    fn wire_name(&self) -> &str {
        &self.inner.wire_name
    }

    fn member(&self) -> Weak<dyn Member> {
        let weak: Weak<Inner<K, V>> = Arc::downgrade(&self.inner);
        weak
    }
}

impl<K, V> Inner<K, V>
where
    K: Hash + Eq + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// The entry of `key`: as it is, stale while a newer one is fetched, or fetched now.
    async fn entry(self: &Arc<Self>, key: &K) -> Result<Arc<Entry<V>>, Fault> {
        // Read before anything else: whatever happens from here on is newer.
        let place = (key.clone(), self.ledger.stamp(hash_of(key)));
        if let Some(entry) = self.memory.get(&place).await {
            let now = Instant::now();
            if now < entry.fresh_until {
                self.figures.memory.increment(1);
                return Ok(entry);
            }
            if now < entry.stale_until {
                self.figures.stale.increment(1);
                self.refresh(place, &entry);
                return Ok(entry);
            }
            self.memory.invalidate(&place).await;
        }
        let fetched = self.memory.try_get_with(place, self.fetch(key, Want::Any)).await;
        fetched.map_err(|fault| Fault::clone(&fault))
    }

    /// Has a newer entry fetched behind the back of whoever got the stale one.
    fn refresh(self: &Arc<Self>, place: (K, u64), entry: &Arc<Entry<V>>) {
        if entry.is_refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.refreshes).try_acquire_owned() else {
            entry.is_refreshing.store(false, Ordering::Release);
            return;
        };
        let (inner, entry) = (Arc::clone(self), Arc::clone(entry));
        tokio::spawn(async move {
            let fetched = inner.fetch(&place.0, Want::Fresh).await;
            drop(permit);
            match fetched {
                // Under the stamp the stale one was found by: if that has passed, it is not found.
                Ok(newer) => inner.memory.insert(place, newer).await,
                Err(fault) => {
                    tracing::debug!("refreshing an entry of {}: {fault}", inner.wire_name);
                    tokio::time::sleep(REFRESH_AGAIN).await;
                    entry.is_refreshing.store(false, Ordering::Release);
                }
            }
        });
    }
}

/// The same on every node of one build, which keeps slots alike; a difference costs loads only.
fn hash_of<K: Hash>(key: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Zero means "none" in the ledger.
fn new_id() -> u64 {
    rand::random::<u64>().max(1)
}

#[cfg(test)]
mod tests;
