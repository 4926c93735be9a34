//! How fast the cache answers, how soon the last of three nodes forgets, and how many loads a cold
//! key costs that thousands of callers on three nodes want at once: nodes without a house around
//! them, in this process, with a loader in place of a database and a real Redis.

use super::{Row, Scale};
use anyhow::{Result, anyhow, ensure};
use autoglm_domain::{Fault, Secret};
use autoglm_harness::ThrowawayRedis;
use autoglm_models::cache::{
    Cache, CacheConfig, Caches, Invalidation, Loader, PeerLoad, RedisConfig, RedisLink,
};
use futures_util::future::BoxFuture;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const KEYS: u64 = 2_000;
const INVALIDATIONS: u64 = 500;
const NODES: usize = 3;
/// How long the loader takes, as a database would.
const LOAD_TIME: Duration = Duration::from_millis(2);

/// A database whose every row is its version.
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

/// All rows; the cluster's other rows are of whole nodes.
pub(super) async fn measure(scale: &Scale) -> Result<Vec<Row>> {
    let redis = ThrowawayRedis::start()?;
    let mut rows = Vec::new();
    for with_redis in [true, false] {
        rows.push(cold_key(with_redis.then_some(&redis), scale).await?);
    }
    rows.push(local_hits(&redis).await?);
    rows.push(redis_hits(&redis).await?);
    rows.extend(invalidations(&redis).await?);
    Ok(rows)
}

async fn nodes(
    redis: Option<&ThrowawayRedis>,
    count: usize,
    rows: &Arc<Rows>,
) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for _ in 0..count {
        let link = match redis {
            Some(redis) => {
                let link = RedisLink::connect(RedisConfig::at(Secret::new(redis.url())));
                let is_ready = link.is_ready_within(Duration::from_secs(20)).await;
                ensure!(is_ready, "Redis does not answer");
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

async fn local_hits(redis: &ThrowawayRedis) -> Result<Row> {
    let rows = Arc::new(Rows::default());
    let nodes = nodes(Some(redis), 1, &rows).await?;
    let cache = &nodes[0].1;
    cache.get(&1).await?;
    let mut times = Vec::new();
    for _ in 0..KEYS * 50 {
        let began = Instant::now();
        cache.get(&1).await?;
        times.push(began.elapsed());
    }
    Ok(Row::new("cached read, from memory", "reported", shown(&mut times)))
}

async fn redis_hits(redis: &ThrowawayRedis) -> Result<Row> {
    let rows = Arc::new(Rows::default());
    let nodes = nodes(Some(redis), 2, &rows).await?;
    let mut times = Vec::new();
    for key in 1_000..1_000 + KEYS {
        nodes[0].1.get(&key).await?;
        let began = Instant::now();
        nodes[1].1.get(&key).await?;
        times.push(began.elapsed());
    }
    let loads = rows.loads.load(Ordering::SeqCst);
    let measured = format!("{}; {loads} loads for {KEYS} keys on two nodes", shown(&mut times));
    Ok(Row::new("cached read, from Redis", "reported", measured))
}

/// From the call of `invalidate` until each of three nodes gives the new value.
async fn invalidations(redis: &ThrowawayRedis) -> Result<[Row; 2]> {
    let rows = Arc::new(Rows::default());
    let nodes = nodes(Some(redis), NODES, &rows).await?;
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
    let until_all = format!("until the last of {NODES} nodes has forgotten and read anew");
    Ok([
        Row::new("invalidation, until Redis has it", "reported", shown(&mut told)),
        Row::new(&format!("invalidation, {until_all}"), "reported", shown(&mut last)),
    ])
}

async fn cold_key(redis: Option<&ThrowawayRedis>, scale: &Scale) -> Result<Row> {
    let rows = Arc::new(Rows { pause: LOAD_TIME, ..Rows::default() });
    let linked = nodes(redis, NODES, &rows).await?;
    let all = Arc::new(Mutex::new(Vec::new()));
    for (me, (caches, _)) in linked.iter().enumerate() {
        let wire = Arc::new(Wire { me, nodes: Arc::clone(&all) });
        caches.connect_peers(wire.clone(), wire);
        all.lock().map_err(|_| anyhow!("poisoned"))?.push(caches.clone());
    }
    let (mut loads, began) = (Vec::new(), Instant::now());
    for key in 10_000..10_000 + scale.rounds as u64 {
        rows.loads.store(0, Ordering::SeqCst);
        let callers: Vec<_> = (0..scale.callers)
            .map(|caller| {
                let cache = linked[caller % NODES].1.clone();
                tokio::spawn(async move { cache.get(&key).await })
            })
            .collect();
        for caller in callers {
            caller.await??;
        }
        loads.push(rows.loads.load(Ordering::SeqCst));
    }
    // Each knows the others, and would keep them for ever.
    all.lock().map_err(|_| anyhow!("poisoned"))?.clear();
    let with = if redis.is_some() { "with" } else { "without" };
    let what = format!(
        "a cold key: {} callers of {NODES} caches in one process, {with} Redis",
        scale.callers
    );
    let each = began.elapsed() / u32::try_from(scale.rounds)?;
    let measured = format!("loads {loads:?}, one number a round; {each:.1?} a round");
    Ok(Row::new(&what, "exactly 1 load", measured))
}

fn shown(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 1000];
    format!(
        "p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, longest {:.1?}",
        at(500),
        at(990),
        at(999),
        at(1000)
    )
}
