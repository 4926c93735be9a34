//! A database that counts, nodes in one process, and links between them in memory.

use crate::cache::*;
use autoglm_harness::ThrowawayRedis;
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{PoisonError, RwLock};
use tokio::sync::Notify;

/// What a write changes and a load reads.
#[derive(Debug)]
pub(super) struct Database {
    values: Mutex<HashMap<u32, String>>,
    pub(super) loads: AtomicUsize,
    /// A load reads, then waits here: what it returns is as old as its beginning.
    pub(super) gate: Semaphore,
    pub(super) is_down: AtomicBool,
}

impl Database {
    /// A database whose loads end at once.
    pub(super) fn open() -> Arc<Self> {
        Self::with_permits(Semaphore::MAX_PERMITS / 2)
    }

    /// A database whose loads wait for permits.
    pub(super) fn gated() -> Arc<Self> {
        Self::with_permits(0)
    }

    fn with_permits(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            values: Mutex::default(),
            loads: AtomicUsize::new(0),
            gate: Semaphore::new(permits),
            is_down: AtomicBool::new(false),
        })
    }

    pub(super) fn write(&self, key: u32, value: &str) {
        self.values.lock().unwrap().insert(key, value.into());
    }

    pub(super) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

impl Loader<u32, String> for Database {
    fn load<'a>(&'a self, key: &'a u32) -> BoxFuture<'a, Result<Option<String>, Fault>> {
        Box::pin(async move {
            let value = self.values.lock().unwrap().get(key).cloned();
            self.loads.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await.expect("open").forget();
            if self.is_down.load(Ordering::SeqCst) {
                return Err(Fault::unavailable("down", Duration::from_secs(1)));
            }
            Ok(value)
        })
    }
}

/// One node's cache.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) caches: Caches,
    pub(super) cache: Cache<u32, String>,
}

impl Node {
    pub(super) fn new(caches: Caches, config: CacheConfig, database: &Arc<Database>) -> Self {
        let cache = caches.make(config, Arc::clone(database) as _);
        Self { caches, cache }
    }

    pub(super) fn alone(database: &Arc<Database>) -> Self {
        Self::new(Caches::alone(), config(), database)
    }

    /// Connected to a server, and sure of it.
    pub(super) async fn on(redis: &ThrowawayRedis, database: &Arc<Database>) -> Self {
        let link = RedisLink::connect(redis_config(redis));
        assert!(link.is_ready_within(Duration::from_secs(20)).await, "Redis answers");
        Self::new(Caches::shared(Some(link)), config(), database)
    }

    pub(super) fn link(&self) -> &RedisLink {
        self.caches.redis().expect("linked")
    }

    pub(super) async fn get(&self, key: u32) -> Option<String> {
        self.cache.get(&key).await.expect("an answer")
    }

    /// A load in the background.
    pub(super) fn getting(&self, key: u32) -> tokio::task::JoinHandle<Option<String>> {
        let node = self.clone();
        tokio::spawn(async move { node.get(key).await })
    }
}

/// Limits for tests: patient, because the machine may be busy.
pub(super) fn config() -> CacheConfig {
    CacheConfig { peer_limit: Duration::from_secs(10), ..CacheConfig::named("tests", 1) }
}

/// Patient where patience is not what is tested.
pub(super) fn redis_config(redis: &ThrowawayRedis) -> RedisConfig {
    RedisConfig {
        command_limit: Duration::from_secs(2),
        heartbeat: Duration::from_secs(2),
        ..RedisConfig::at(autoglm_domain::Secret::new(redis.url()))
    }
}

/// Waits until something is so.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = std::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(std::time::Instant::now() < limit, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Nodes that reach each other in memory; node 0 owns every key.
#[derive(Debug, Default)]
pub(super) struct Wires {
    nodes: RwLock<Vec<Caches>>,
    pub(super) asks: AtomicU64,
    /// Asks get no answer.
    pub(super) is_silent: AtomicBool,
    /// Asks fail, but only when this is told.
    pub(super) is_failing: AtomicBool,
    pub(super) fails_now: Notify,
    /// News are lost.
    pub(super) is_deaf: AtomicBool,
}

#[derive(Debug)]
struct Wire {
    me: usize,
    wires: Arc<Wires>,
}

impl Wires {
    pub(super) fn connect(nodes: &[&Node]) -> Arc<Self> {
        let wires = Arc::new(Self::default());
        for (me, node) in nodes.iter().enumerate() {
            wires.nodes.write().unwrap().push(node.caches.clone());
            let wire = Arc::new(Wire { me, wires: Arc::clone(&wires) });
            node.caches.connect_peers(wire.clone(), wire);
        }
        wires
    }

    fn node(&self, place: usize) -> Caches {
        self.nodes.read().unwrap_or_else(PoisonError::into_inner)[place].clone()
    }
}

impl PeerLoad for Wire {
    fn is_owner(&self, _: &str, _: &[u8]) -> bool {
        self.me == 0
    }

    fn ask<'a>(
        &'a self,
        _: &'a str,
        _: &'a [u8],
        request: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, Fault>> {
        self.wires.asks.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if self.wires.is_silent.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            if self.wires.is_failing.load(Ordering::SeqCst) {
                self.wires.fails_now.notified().await;
                return Err(Fault::unavailable("the owner is busy", Duration::from_secs(1)));
            }
            self.wires.node(0).serve_peer(&request).await
        })
    }
}

impl Invalidation for Wire {
    fn publish(&self, news: Vec<u8>) {
        if self.wires.is_deaf.load(Ordering::SeqCst) {
            return;
        }
        let nodes = self.wires.nodes.read().unwrap();
        for (place, node) in nodes.iter().enumerate() {
            if place != self.me {
                node.hear(&news).expect("understood");
            }
        }
    }
}
