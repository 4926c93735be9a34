//! How a region behaves: its bounds and its patience.

use std::time::Duration;

/// How a region behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionConfig {
    /// Shards given away at a time.
    pub moves_max: usize,
    /// How long a view must be stable before shards are given away.
    pub stable_for: Duration,
    /// Time between two looks at what is missing.
    pub reconcile_every: Duration,
    /// Longest start of one shard.
    pub start_limit: Duration,
    /// Longest stop of one shard; cut off after it.
    pub stop_limit: Duration,
    /// Longest call of the lease store.
    pub store_limit: Duration,
}

impl Default for RegionConfig {
    fn default() -> Self {
        Self {
            moves_max: 8,
            stable_for: Duration::from_secs(5),
            reconcile_every: Duration::from_secs(1),
            start_limit: Duration::from_secs(10),
            stop_limit: Duration::from_secs(10),
            store_limit: Duration::from_secs(10),
        }
    }
}
