//! What a node times: the stages of an article's way as the operator sees them, and the ways of
//! requests and texts; with one snapshot of figures.

use serde::Serialize;

/// Names of the stages in order; also the label of their metrics.
pub const STAGES: [&str; 7] = ["fetch", "store", "index", "understand", "place", "rank", "push"];

/// A reader's request at this node, until the head of its answer.
pub const REQUEST: &str = "request";
/// A request to a shard of another node, until that node has answered.
pub const ROUTE: &str = "route";
/// Texts at the gateway of the models, until they are understood here or elsewhere.
pub const INFER: &str = "infer";

/// Everything that is timed: [`STAGES`], then what is no stage of an article's way.
pub const TIMED: [&str; 10] =
    ["fetch", "store", "index", "understand", "place", "rank", "push", REQUEST, ROUTE, INFER];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_an_article_comes_first() {
        assert_eq!(TIMED[..STAGES.len()], STAGES);
    }
}
