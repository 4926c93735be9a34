//! What a cache counts.

use super::breaker::BreakerState;
use metrics::{Counter, Gauge};

/// Handles are made once: looking a metric up costs as much as a cached read.
pub(super) struct Figures {
    pub(super) memory: Counter,
    pub(super) redis: Counter,
    pub(super) peer: Counter,
    pub(super) loads: Counter,
    pub(super) load_failures: Counter,
    pub(super) negative: Counter,
    pub(super) stale: Counter,
    pub(super) peer_failures: Counter,
    pub(super) peer_served: Counter,
    pub(super) invalidations: Counter,
    pub(super) outdated: Counter,
    pub(super) entries: Gauge,
    breaker: Gauge,
}

impl Figures {
    pub(super) fn of(cache: &'static str) -> Self {
        let hits = |level| metrics::counter!("autoglm_cache_hits_total", "cache" => cache, "level" => level);
        let count = |name: &'static str| metrics::counter!(name, "cache" => cache);
        Self {
            memory: hits("memory"),
            redis: hits("redis"),
            peer: hits("peer"),
            loads: count("autoglm_cache_loads_total"),
            load_failures: count("autoglm_cache_load_failures_total"),
            negative: count("autoglm_cache_negative_total"),
            stale: count("autoglm_cache_stale_total"),
            peer_failures: count("autoglm_cache_peer_failures_total"),
            peer_served: count("autoglm_cache_peer_served_total"),
            invalidations: count("autoglm_cache_invalidations_total"),
            outdated: count("autoglm_cache_outdated_loads_total"),
            entries: metrics::gauge!("autoglm_cache_entries", "cache" => cache),
            breaker: metrics::gauge!("autoglm_cache_breaker", "around" => cache),
        }
    }

    pub(super) fn breaker(&self, state: BreakerState) {
        self.breaker.set(state.figure());
    }
}
