//! The link to Redis: the level of the cache that nodes share, and the way invalidations travel.
//!
//! **How a late writer is kept out.** Every key has a generation in Redis, a random number. Whoever
//! finds no value is given the generation, and may store what it loads only while that is still the
//! generation; an invalidation begins a new one, drops the value and publishes the news in one
//! script. A generation that is missing refuses, and a new one is never equal to an old one: so a
//! flush, an eviction and an expiry are safe too. (Deleting alone would let a load that began before
//! the write store its old value after it; comparing counters would fail when the counter is lost.)
//!
//! **Why publish and subscribe, and not client tracking.** Tracking by prefix reports every change
//! of a key, so each value that one node stores would make all others forget it; tracking what was
//! read needs an answer of the server for every entry a node holds. An invalidation is known exactly
//! where it is made, and it carries an id that lets whoever heard it otherwise ignore it.
//!
//! **When Redis is away** (unreachable, frozen, restarted, failed over): commands fail after 50 ms
//! until the breaker opens, then at once. Everything remembered is dropped when the connection ends
//! or the breaker opens, because news may have been missed, and what is loaded until it is back lives
//! 5 s at most. Invalidations that Redis did not hear are kept and told before it is believed again.

mod keeper;
mod pending;
mod session;

use super::breaker::{Breaker, BreakerState};
use super::config::RedisConfig;
use super::peers::{News, encode};
use fred::error::Error;
use pending::{Next, Pending};
use session::Session;
pub(super) use session::{Found, Stored};
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Whoever remembers things that Redis may say are no longer true.
pub(super) trait Listener: Send + Sync {
    /// News as another node published it.
    fn heard(&self, news: &[u8]);
    /// News may have been missed.
    fn missed(&self);
}

/// The link. Never fails: away is a state. Dropping the last clone closes it.
#[derive(Clone, Debug)]
pub struct RedisLink {
    inner: Arc<Link>,
    _keeper: Arc<KeptTask>,
}

#[derive(Debug)]
struct KeptTask(AbortHandle);

impl Drop for KeptTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Link {
    config: RedisConfig,
    session: RwLock<Option<Arc<Session>>>,
    /// Whether nothing that was published can have been missed.
    trusted: AtomicBool,
    breaker: Mutex<Breaker>,
    pending: Mutex<Pending>,
    listener: OnceLock<Weak<dyn Listener>>,
    /// Something became pending, or somebody asks for the keeper's attention.
    work: Notify,
    /// The state changed.
    changed: Notify,
}

impl Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Link").field("config", &self.config).finish_non_exhaustive()
    }
}

impl RedisLink {
    /// Begins to connect, and keeps at it. Returns at once: a node starts without Redis too.
    #[must_use]
    pub fn connect(config: RedisConfig) -> Self {
        let inner = Arc::new(Link {
            session: RwLock::new(None),
            trusted: AtomicBool::new(false),
            breaker: Mutex::new(Breaker::new(config.breaker)),
            pending: Mutex::new(Pending::new(config.pending_max)),
            listener: OnceLock::new(),
            work: Notify::new(),
            changed: Notify::new(),
            config,
        });
        inner.report();
        let task = tokio::spawn(keeper::keep(Arc::clone(&inner)));
        Self { inner, _keeper: Arc::new(KeptTask(task.abort_handle())) }
    }

    /// Waits until Redis is there, at most so long. Whether it is.
    pub async fn is_ready_within(&self, limit: Duration) -> bool {
        let ready = async {
            loop {
                let changed = self.inner.changed.notified();
                if self.is_trusted() {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(limit, ready).await.is_ok() || self.is_trusted()
    }

    /// Whether Redis is there and no invalidation can have been missed.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.inner.trusted.load(Ordering::Acquire)
    }

    /// The breaker's state, for people.
    #[must_use]
    pub fn breaker(&self) -> BreakerState {
        self.inner.breaker().state(Instant::now())
    }

    /// Invalidations that Redis has not heard yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.inner.pending().len()
    }

    pub(super) fn listen(&self, listener: Weak<dyn Listener>) {
        // One set of caches per link; a second one would hear nothing, and that is its mistake.
        let _first = self.inner.listener.set(listener);
    }

    /// What Redis says about a key; `None` when it cannot be asked or must not be believed.
    pub(super) async fn read(&self, cache: &str, key: &[u8], stale_for: Duration) -> Option<Found> {
        if self.inner.pending().covers(cache, key) {
            return None;
        }
        let session = self.inner.admitted()?;
        let found = self.inner.reported(session.read(cache, key, stale_for)).await?;
        // It may have become pending meanwhile, and the answer be from before.
        (!self.inner.pending().covers(cache, key)).then_some(found)
    }

    /// Stores what was loaded under a generation; `None` when Redis cannot be told.
    pub(super) async fn store(
        &self,
        cache: &str,
        key: &[u8],
        generation: &str,
        value: (Vec<u8>, Duration),
    ) -> Option<Stored> {
        let session = self.inner.admitted()?;
        self.inner.reported(session.store(cache, key, generation, value)).await
    }

    /// Tells Redis that a key was invalidated. `false`: it is kept and told later.
    pub(super) async fn invalidate(&self, cache: &str, key: &[u8], id: u64) -> bool {
        // Noted first, so that nothing is lost when the caller goes away while it waits.
        let place = (cache.to_owned(), key.to_vec());
        let ticket = self.inner.pending().add(place.clone());
        let untold = WakeKeeper(&self.inner);
        let Some(session) = self.inner.admitted() else { return false };
        let telling = session.invalidate(cache, key, id, news_of(cache, key, id));
        if self.inner.reported(telling).await.is_none() {
            return false;
        }
        std::mem::forget(untold);
        self.inner.pending().told(&Next::Key(place), ticket);
        true
    }

    /// Has an invalidation told as soon as may be, without waiting.
    pub(super) fn invalidate_later(&self, cache: &str, key: &[u8]) {
        self.inner.pending().add((cache.to_owned(), key.to_vec()));
        self.inner.work.notify_one();
    }

    /// Whether Redis may still hold an old value of the key.
    pub(super) fn is_pending(&self, cache: &str, key: &[u8]) -> bool {
        self.inner.pending().covers(cache, key)
    }
}

/// Wakes the keeper when it is dropped: there is something to tell.
struct WakeKeeper<'a>(&'a Link);

impl Drop for WakeKeeper<'_> {
    fn drop(&mut self) {
        self.0.work.notify_one();
    }
}

impl Link {
    /// The session, if the breaker lets somebody through.
    fn admitted(&self) -> Option<Arc<Session>> {
        let session = self.session.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        self.breaker().admit(Instant::now()).then_some(session)
    }

    /// Waits for an answer within the limit and tells the breaker how it went.
    async fn reported<T>(&self, command: impl Future<Output = Result<T, Error>>) -> Option<T> {
        match tokio::time::timeout(self.config.command_limit, command).await {
            Ok(Ok(answer)) => {
                self.went_well();
                Some(answer)
            }
            Ok(Err(error)) => {
                self.went_wrong(&error.to_string());
                None
            }
            Err(_elapsed) => {
                self.went_wrong(&format!("no answer within {:?}", self.config.command_limit));
                None
            }
        }
    }

    fn went_well(&self) {
        if self.breaker().succeeded() {
            // The connection is the same, so nothing was missed on it; what was loaded meanwhile
            // has a short life.
            tracing::info!("Redis answers again");
            self.trust();
        }
    }

    fn went_wrong(&self, why: &str) {
        metrics::counter!("autoglm_cache_redis_failures_total").increment(1);
        if self.breaker().failed(Instant::now()) {
            tracing::warn!("Redis does not answer ({why}); the cache goes on without it");
            self.distrust();
        }
    }

    /// Called with a session that has heard everything since it began.
    fn trust(&self) {
        let linked = self.session.read().unwrap_or_else(PoisonError::into_inner).is_some();
        self.trusted.store(linked, Ordering::Release);
        self.report();
    }

    /// First nobody keeps anything for long, then everything remembered goes.
    fn distrust(&self) {
        self.trusted.store(false, Ordering::Release);
        if let Some(listener) = self.listener() {
            listener.missed();
        }
        self.report();
    }

    fn listener(&self) -> Option<Arc<dyn Listener>> {
        self.listener.get().and_then(Weak::upgrade)
    }

    fn report(&self) {
        let state = self.breaker().state(Instant::now());
        metrics::gauge!("autoglm_cache_breaker", "around" => "redis").set(state.figure());
        let linked = self.trusted.load(Ordering::Acquire);
        metrics::gauge!("autoglm_cache_redis_linked").set(if linked { 1.0 } else { 0.0 });
        self.changed.notify_waiters();
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// News as Redis publishes it: it is told by Redis, so Redis has heard it.
fn news_of(cache: &str, key: &[u8], id: u64) -> Vec<u8> {
    let (cache, key) = (cache.to_owned(), key.to_vec());
    encode(&News { cache, key, id, unheard_by_redis: false })
}
