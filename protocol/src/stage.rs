//! The stages of an article's way as the operator sees them: names and one snapshot of figures.

use serde::Serialize;

/// Names of the stages in order; also the label of their metrics.
pub const STAGES: [&str; 7] = ["fetch", "store", "index", "understand", "place", "rank", "push"];

/// Figures of one stage.
#[derive(Debug, Clone, Serialize)]
pub struct StageReport {
    /// One of [`STAGES`].
    pub name: &'static str,
    /// Items per second over the last 10 seconds.
    pub rate: f64,
    /// Median duration in milliseconds over the last minute.
    pub p50_ms: f64,
    /// 99th percentile in milliseconds over the last minute.
    pub p99_ms: f64,
    /// Waiting items.
    pub queue: u64,
    /// Errors since the start.
    pub errors: u64,
}
