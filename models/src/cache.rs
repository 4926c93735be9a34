//! The seam of the two-level cache: node memory here, and doors for what lies behind it.
//!
//! A [`Loader`] fetches what is missing (the store today; Redis or another node in front of it
//! later); an [`Invalidation`] tells the other nodes what is no longer true.

use autoglm_domain::Fault;
use futures_util::future::BoxFuture;
use moka::Expiry;
use moka::future::Cache as Memory;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Fetches what the cache does not have.
pub trait Loader<K, V>: Send + Sync + 'static {
    /// The value of `key`; `None` when there is none, which is remembered too.
    ///
    /// # Errors
    /// A fault; it is passed on to every caller who waits and is not remembered.
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<V>, Fault>>;
}

/// Tells the other nodes that what they remember of a key is no longer true.
pub trait Invalidation<K>: Send + Sync + 'static {
    /// Sends the news; best effort, because every entry expires anyway.
    fn publish<'a>(&'a self, key: &'a K) -> BoxFuture<'a, ()>;
}

/// For a node alone: there is nobody to tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct NobodyElse;

impl<K: Sync> Invalidation<K> for NobodyElse {
    fn publish<'a>(&'a self, _key: &'a K) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Limits and lifetimes of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// Most entries.
    pub capacity: u64,
    /// How long a value lives, up to a tenth less so that entries made together do not die together.
    pub time_to_live: Duration,
    /// How long "there is none" lives.
    pub negative_time_to_live: Duration,
}

/// Node memory in front of a loader. Cheap to clone.
pub struct Cache<K, V> {
    memory: Memory<K, Option<V>>,
    loader: Arc<dyn Loader<K, V>>,
    invalidation: Arc<dyn Invalidation<K>>,
    /// Grows with every invalidation, so that a load that began before one is not kept.
    generation: Arc<AtomicU64>,
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self {
            memory: self.memory.clone(),
            loader: Arc::clone(&self.loader),
            invalidation: Arc::clone(&self.invalidation),
            generation: Arc::clone(&self.generation),
        }
    }
}

impl<K, V> Debug for Cache<K, V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cache").finish_non_exhaustive()
    }
}

struct Lifetimes {
    positive: Duration,
    negative: Duration,
}

impl<K, V> Expiry<K, Option<V>> for Lifetimes {
    fn expire_after_create(&self, _: &K, value: &Option<V>, _: Instant) -> Option<Duration> {
        let full = if value.is_some() { self.positive } else { self.negative };
        Some(full.mul_f64(1.0 - rand::random::<f64>() * 0.1))
    }
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// An empty cache in front of `loader`.
    #[must_use]
    pub fn new(
        config: &CacheConfig,
        loader: Arc<dyn Loader<K, V>>,
        invalidation: Arc<dyn Invalidation<K>>,
    ) -> Self {
        let lifetimes =
            Lifetimes { positive: config.time_to_live, negative: config.negative_time_to_live };
        let memory =
            Memory::builder().max_capacity(config.capacity).expire_after(lifetimes).build();
        Self { memory, loader, invalidation, generation: Arc::new(AtomicU64::new(0)) }
    }

    /// The value of `key`, loaded at most once at a time whatever the number of callers.
    ///
    /// # Errors
    /// The loader's fault.
    pub async fn get(&self, key: &K) -> Result<Option<V>, Fault> {
        let before = self.generation.load(Ordering::Acquire);
        let loaded = self.memory.try_get_with(key.clone(), self.loader.load(key)).await;
        if self.generation.load(Ordering::Acquire) != before {
            // Something was invalidated meanwhile; it may have been this, so it is not kept.
            self.memory.invalidate(key).await;
        }
        loaded.map_err(|fault| Fault::clone(&fault))
    }

    /// Forgets `key` here and tells the other nodes; called after every write.
    pub async fn invalidate(&self, key: &K) {
        self.forget(key).await;
        self.invalidation.publish(key).await;
    }

    /// Forgets `key` here only: another node said so.
    pub async fn forget(&self, key: &K) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.memory.invalidate(key).await;
    }

    /// Entries held, roughly.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.memory.entry_count()
    }

    /// Whether nothing is held, roughly.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;

    struct Slow {
        loads: AtomicU64,
        gate: Semaphore,
    }

    impl Loader<u32, String> for Slow {
        fn load<'a>(&'a self, key: &'a u32) -> BoxFuture<'a, Result<Option<String>, Fault>> {
            Box::pin(async move {
                self.loads.fetch_add(1, Ordering::SeqCst);
                drop(self.gate.acquire().await);
                match key {
                    0 => Ok(None),
                    1 => Err(Fault::internal("broken")),
                    _ => Ok(Some(key.to_string())),
                }
            })
        }
    }

    fn cache(permits: usize) -> (Cache<u32, String>, Arc<Slow>) {
        let loader = Arc::new(Slow { loads: AtomicU64::new(0), gate: Semaphore::new(permits) });
        let minute = Duration::from_mins(1);
        let config =
            CacheConfig { capacity: 10, time_to_live: minute, negative_time_to_live: minute };
        (Cache::new(&config, loader.clone(), Arc::new(NobodyElse)), loader)
    }

    #[tokio::test]
    async fn many_callers_cause_one_load() {
        let (cache, loader) = cache(0);
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.get(&7).await })
            })
            .collect();
        tokio::task::yield_now().await;
        loader.gate.add_permits(1);
        for caller in callers {
            assert_eq!(caller.await.expect("ran"), Ok(Some("7".into())));
        }
        assert_eq!(loader.loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn absence_is_remembered_and_failure_is_not() {
        let (cache, loader) = cache(100);
        assert_eq!(cache.get(&0).await, Ok(None));
        assert_eq!(cache.get(&0).await, Ok(None));
        assert_eq!(loader.loads.load(Ordering::SeqCst), 1);
        assert!(cache.get(&1).await.is_err());
        assert!(cache.get(&1).await.is_err());
        assert_eq!(loader.loads.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn what_was_invalidated_during_its_load_is_loaded_again() {
        let (cache, loader) = cache(0);
        let first = tokio::spawn({
            let cache = cache.clone();
            async move { cache.get(&7).await }
        });
        while loader.loads.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        cache.invalidate(&7).await;
        loader.gate.add_permits(10);
        assert_eq!(first.await.expect("ran"), Ok(Some("7".into())));
        assert_eq!(cache.get(&7).await, Ok(Some("7".into())));
        assert_eq!(loader.loads.load(Ordering::SeqCst), 2);
    }
}
