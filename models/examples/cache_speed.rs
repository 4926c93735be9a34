//! How fast the cache answers, how soon the last of three nodes forgets, and how many loads a cold
//! key costs that 10,000 callers on three nodes want at once.
//!
//! `cargo run --release -p autoglm-models --example cache_speed`; needs redis-server.

use autoglm_domain::{Fault, Secret};
use autoglm_harness::ThrowawayRedis;
use autoglm_models::cache::{
    Cache, CacheConfig, Caches, Invalidation, Loader, PeerLoad, RedisConfig, RedisLink,
};
use futures_util::future::BoxFuture;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CALLERS: usize = 10_000;
const ROUNDS: u64 = 2_000;
const INVALIDATIONS: u64 = 500;

/// A database of two milliseconds, whose every row is its version.
#[derive(Default)]
struct Rows {
    loads: AtomicU64,
    version: AtomicU64,
    pause: Duration,
}

impl Loader<u64, u64> for Rows {
    fn load<'a>(&'a self, _: &'a u64) -> BoxFuture<'a, Result<Option<u64>, Fault>> {
        Box::pin(async move {
            self.loads.fetch_add(1, Ordering::SeqCst);
            let version = self.version.load(Ordering::SeqCst);
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
            Ok(Some(version))
        })
    }
}

/// Node 0 owns every key; the others ask it in memory.
#[derive(Debug)]
struct Wire {
    me: usize,
    nodes: Arc<Mutex<Vec<Caches>>>,
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
        Box::pin(async move {
            let owner =
                self.nodes.lock().map_err(|_| Fault::internal("poisoned"))?.first().cloned();
            let owner = owner.ok_or_else(|| Fault::not_found("no owner"))?;
            owner.serve_peer(&request).await
        })
    }
}

impl Invalidation for Wire {
    fn publish(&self, _: Vec<u8>) {
        // Redis alone carries the news here, because its time is measured.
    }
}

type Node = (Caches, Cache<u64, u64>);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let redis = ThrowawayRedis::start()?;
    local_hits(&redis).await?;
    redis_hits(&redis).await?;
    invalidations(&redis).await?;
    for with_redis in [true, false] {
        cold_key(with_redis.then_some(&redis)).await?;
    }
    Ok(())
}

async fn nodes(
    redis: Option<&ThrowawayRedis>,
    count: usize,
    rows: &Arc<Rows>,
) -> Result<Vec<Node>, Box<dyn Error>> {
    let mut nodes = Vec::new();
    for _ in 0..count {
        let link = match redis {
            Some(redis) => {
                let link = RedisLink::connect(RedisConfig::at(Secret::new(redis.url())));
                if !link.is_ready_within(Duration::from_secs(20)).await {
                    return Err("Redis does not answer".into());
                }
                Some(link)
            }
            None => None,
        };
        let caches = Caches::shared(link);
        let config = CacheConfig::named("speed", 1);
        let cache = caches.make(config, Arc::clone(rows) as Arc<dyn Loader<u64, u64>>);
        nodes.push((caches, cache));
    }
    Ok(nodes)
}

async fn local_hits(redis: &ThrowawayRedis) -> Result<(), Box<dyn Error>> {
    let rows = Arc::new(Rows::default());
    let nodes = nodes(Some(redis), 1, &rows).await?;
    let cache = &nodes[0].1;
    cache.get(&1).await?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS * 50 {
        let began = Instant::now();
        cache.get(&1).await?;
        times.push(began.elapsed());
    }
    report("local hit", &mut times);
    Ok(())
}

async fn redis_hits(redis: &ThrowawayRedis) -> Result<(), Box<dyn Error>> {
    let rows = Arc::new(Rows::default());
    let nodes = nodes(Some(redis), 2, &rows).await?;
    let mut times = Vec::new();
    for key in 1_000..1_000 + ROUNDS {
        nodes[0].1.get(&key).await?;
        let began = Instant::now();
        nodes[1].1.get(&key).await?;
        times.push(began.elapsed());
    }
    report("Redis hit", &mut times);
    println!("  loads: {} for {ROUNDS} keys on two nodes", rows.loads.load(Ordering::SeqCst));
    Ok(())
}

/// From the call of `invalidate` until each of three nodes gives the new value.
async fn invalidations(redis: &ThrowawayRedis) -> Result<(), Box<dyn Error>> {
    let rows = Arc::new(Rows::default());
    let nodes = nodes(Some(redis), 3, &rows).await?;
    let (mut told, mut last) = (Vec::new(), Vec::new());
    for version in 1..=INVALIDATIONS {
        for (_, cache) in &nodes {
            cache.get(&1).await?;
        }
        rows.version.store(version, Ordering::SeqCst);
        let began = Instant::now();
        nodes[0].1.invalidate(&1).await;
        told.push(began.elapsed());
        for (_, cache) in &nodes {
            while cache.get(&1).await? != Some(version) {
                tokio::task::yield_now().await;
            }
        }
        last.push(began.elapsed());
    }
    report("invalidate, until Redis has it", &mut told);
    report("until the last of three nodes has forgotten and read anew", &mut last);
    Ok(())
}

async fn cold_key(redis: Option<&ThrowawayRedis>) -> Result<(), Box<dyn Error>> {
    let rows = Arc::new(Rows { pause: Duration::from_millis(2), ..Rows::default() });
    let linked = nodes(redis, 3, &rows).await?;
    let all = Arc::new(Mutex::new(Vec::new()));
    for (me, (caches, _)) in linked.iter().enumerate() {
        let wire = Arc::new(Wire { me, nodes: Arc::clone(&all) });
        caches.connect_peers(wire.clone(), wire);
        all.lock().map_err(|_| "poisoned")?.push(caches.clone());
    }
    let mut most = 0;
    let began = Instant::now();
    for key in 10_000..10_020 {
        rows.loads.store(0, Ordering::SeqCst);
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let cache = linked[caller % 3].1.clone();
                tokio::spawn(async move { cache.get(&key).await })
            })
            .collect();
        for caller in callers {
            caller.await??;
        }
        most = most.max(rows.loads.load(Ordering::SeqCst));
    }
    println!(
        "cold key, {CALLERS} callers on three nodes, {} Redis, 20 rounds: at most {most} load(s), {:?} a round",
        if redis.is_some() { "with" } else { "without" },
        began.elapsed() / 20
    );
    all.lock().map_err(|_| "poisoned")?.clear();
    Ok(())
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 1000];
    println!(
        "{what}: p50 {:?}, p99 {:?}, p99.9 {:?}, longest {:?}",
        at(500),
        at(990),
        at(999),
        at(1000)
    );
}
