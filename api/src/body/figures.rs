//! How much a node has to do, how long things take on it, and what is slow in the cluster.

use autoglm_protocol::cluster_desk::HotSpot;
use autoglm_protocol::figures::{Hot, NodeLoad, StageFigures};
use serde::Serialize;
use utoipa::ToSchema;

/// How much a node has to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Load {
    /// Share of its cores that its process kept busy in the last 10 seconds, 0 to 1; null where
    /// its system does not say.
    cpu_share: Option<f64>,
    /// Seconds the oldest article has waited to be understood; 0 when none waits. The queue is the
    /// cluster's: every node says the same. Null while that is not known.
    queue_age_seconds: Option<f64>,
    /// Milliseconds a text that comes now waits for the node's devices; null without a device.
    expected_wait_ms: Option<u32>,
    /// Connected terminals.
    terminals: usize,
    /// Shards it owns, of every kind.
    shards: usize,
}

/// How long one stage takes on a node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StageLatency {
    /// A stage of an article's way, or `request` (of a reader), `route` (to a shard of another
    /// node) or `infer` (texts at the models).
    name: String,
    /// Items in the last minute.
    count: u64,
    /// Median over the last minute.
    p50_ms: f64,
    /// 99th percentile over the last minute.
    p99_ms: f64,
    /// Waiting items.
    queue: u64,
    /// What the 99th percentile of 10 seconds usually is on this node; null until that is known.
    usual_ms: Option<f64>,
    /// Present while it takes much longer than it should.
    #[serde(skip_serializing_if = "Option::is_none")]
    hot: Option<HotFigures>,
}

/// How slow something is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HotFigures {
    /// `node`, or `stage` when most nodes are slower than usual.
    #[schema(value_type = String, example = "node")]
    kind: &'static str,
    /// The 99th percentile of the latest 10 seconds in which it was too long.
    p99_ms: f64,
    /// What it usually is on this node.
    usual_ms: f64,
    /// What it is on the others; null when none of them had enough to do.
    others_ms: Option<f64>,
    /// For how long.
    seconds: u64,
}

/// A stage that takes much longer than usual, on a node or wherever it runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HotSpotItem {
    /// As in the stages of a node.
    stage: String,
    /// The nodes that say so, by name; one for a slow node.
    nodes: Vec<String>,
    /// How slow; for a slow stage the worst of all.
    #[serde(flatten)]
    figures: HotFigures,
}

impl From<&NodeLoad> for Load {
    fn from(load: &NodeLoad) -> Self {
        Self {
            cpu_share: load.cpu_share,
            queue_age_seconds: load.queue_age_seconds,
            expected_wait_ms: load.expected_wait_ms,
            terminals: load.terminals,
            shards: load.shards,
        }
    }
}

impl From<StageFigures> for StageLatency {
    fn from(stage: StageFigures) -> Self {
        Self {
            name: stage.name,
            count: stage.minute.count,
            p50_ms: stage.minute.p50_ms,
            p99_ms: stage.minute.p99_ms,
            queue: stage.queue,
            usual_ms: stage.usual_ms,
            hot: stage.hot.map(HotFigures::from),
        }
    }
}

impl From<Hot> for HotFigures {
    fn from(hot: Hot) -> Self {
        Self {
            kind: hot.kind.name(),
            p99_ms: hot.p99_ms,
            usual_ms: hot.usual_ms,
            others_ms: hot.others_ms,
            seconds: hot.seconds,
        }
    }
}

impl From<HotSpot> for HotSpotItem {
    fn from(spot: HotSpot) -> Self {
        Self { stage: spot.stage, nodes: spot.nodes, figures: spot.hot.into() }
    }
}
