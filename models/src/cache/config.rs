//! Limits and lifetimes.

use super::breaker::BreakerConfig;
use autoglm_domain::Secret;
use std::time::Duration;

/// Who may supply a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Redis and other nodes too.
    Cluster,
    /// Only the loader: for what whoever can write to Redis must not be able to make up, such as
    /// whom a token lets in. Invalidations travel all the same.
    Node,
}

/// Limits and lifetimes of one cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// Its name: the same on every node, no other cache's.
    pub name: &'static str,
    /// The shape of its keys and values; a change of either needs a new one.
    pub version: u16,
    /// Who may supply a value.
    pub reach: Reach,
    /// Most entries in memory.
    pub capacity: u64,
    /// How long a value is fresh, up to a tenth less so that entries made together do not die
    /// together.
    pub time_to_live: Duration,
    /// How long after that it may be served while one caller's request fetches a newer one.
    pub stale_for: Duration,
    /// How long "there is none" lives.
    pub negative_time_to_live: Duration,
    /// The longest life of an entry while invalidations of other nodes may be missed.
    pub blind_time_to_live: Duration,
    /// A load is given up after it.
    pub load_limit: Duration,
    /// How long the owner of a key is waited for.
    pub peer_limit: Duration,
    /// Larger values stay in memory.
    pub shared_bytes_max: usize,
    /// The breaker around the loader.
    pub loader: BreakerConfig,
}

impl CacheConfig {
    /// The usual limits: 10,000 entries, a minute, 5 s while blind, no stale answers.
    #[must_use]
    pub fn named(name: &'static str, version: u16) -> Self {
        Self {
            name,
            version,
            reach: Reach::Cluster,
            capacity: 10_000,
            time_to_live: Duration::from_mins(1),
            stale_for: Duration::ZERO,
            negative_time_to_live: Duration::from_secs(10),
            blind_time_to_live: Duration::from_secs(5),
            load_limit: Duration::from_secs(10),
            peer_limit: Duration::from_millis(100),
            shared_bytes_max: 128 * 1024,
            loader: BreakerConfig {
                failures: 5,
                rest: Duration::from_millis(500),
                rest_max: Duration::from_secs(5),
            },
        }
    }
}

/// Where Redis is and how long it is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// `redis://`, `rediss://` or `redis-sentinel://`, with the password if it has one.
    pub url: Secret,
    /// What every key begins with; installations that share a server need different ones.
    pub namespace: String,
    /// A command is given up after it; no caller waits longer for one.
    pub command_limit: Duration,
    /// Connecting is given up after it.
    pub connect_limit: Duration,
    /// Between two signs of life; a server that shows none within as long again is away.
    pub heartbeat: Duration,
    /// How long Redis knows the generation of a key that was loaded or invalidated. A load that
    /// takes longer is not shared.
    pub generation_life: Duration,
    /// Invalidations kept for a server that is away; more, and everything shared is given up.
    pub pending_max: usize,
    /// When nobody asks Redis any more.
    pub breaker: BreakerConfig,
}

impl RedisConfig {
    /// The usual limits for a server at this address.
    #[must_use]
    pub fn at(url: Secret) -> Self {
        Self {
            url,
            namespace: "autoglm".into(),
            command_limit: Duration::from_millis(50),
            connect_limit: Duration::from_secs(2),
            heartbeat: Duration::from_millis(500),
            generation_life: Duration::from_mins(1),
            pending_max: 10_000,
            breaker: BreakerConfig::default(),
        }
    }
}
