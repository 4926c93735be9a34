//! Contract of FiguresActor: how long things take on a node and how much it has to do, measured
//! every ten seconds, judged, and told to the other nodes.
//!
//! Figures travel as [`crate::wire`] writes them: fields keep their names for ever, and one that an
//! older node does not send takes its default.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Time between two looks; a window of figures is as long.
pub const FIGURES_PERIOD: Duration = Duration::from_secs(10);

/// Figures of another node that are older are not shown: three were missed, or it is gone.
pub const FIGURES_FRESH: Duration = Duration::from_secs(35);

/// What a node says of itself every [`FIGURES_PERIOD`]; about 2 KB on the wire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeFigures {
    /// How much it has to do.
    pub load: NodeLoad,
    /// How long things take, in the order of [`crate::stage::TIMED`].
    pub stages: Vec<StageFigures>,
}

/// How much a node has to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeLoad {
    /// Share of its cores that its process kept busy, 0 to 1; `None` where the system does not say.
    pub cpu_share: Option<f64>,
    /// Seconds the oldest article has waited to be understood; 0 when none waits. The queue is the
    /// cluster's, so every node says the same. `None` while the store does not answer.
    pub queue_age_seconds: Option<f64>,
    /// Milliseconds a text that comes now waits for the node's devices; `None` without a device.
    pub expected_wait_ms: Option<u32>,
    /// Connected terminals.
    pub terminals: usize,
    /// Shards it owns, of every kind.
    pub shards: usize,
    /// Whether it is a member whose shards are all served, so that terminals may come to it. A node
    /// of an older release never says so.
    pub ready: bool,
}

/// How busy a node is, as balancers before the cluster weigh nodes; measured anew every
/// [`FIGURES_PERIOD`], zeros until then.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LoadReport {
    /// What is scarcest: its cores or its room for terminals, as the share that is in use, 0 to 1.
    pub utilization: f64,
    /// Share of its cores that its process kept busy, 0 to 1; `None` where the system does not say.
    pub cpu_share: Option<f64>,
    /// Requests of readers a second.
    pub requests_per_second: f64,
}

/// How long one stage takes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageFigures {
    /// One of [`crate::stage::TIMED`], or a name that only a newer node knows.
    pub name: String,
    /// Over the last [`FIGURES_PERIOD`]: what is judged.
    pub window: Latency,
    /// Over the last minute: what is shown.
    pub minute: Latency,
    /// Waiting items.
    pub queue: u64,
    /// What its p99 usually is, in milliseconds; `None` until enough windows were seen.
    pub usual_ms: Option<f64>,
    /// That it takes much longer than it should, while it does.
    pub hot: Option<Hot>,
}

/// Durations of some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Latency {
    /// Items counted; with none the others are zero.
    pub count: u64,
    /// Median in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile in milliseconds.
    pub p99_ms: f64,
}

/// That a stage takes much longer on a node than it usually does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hot {
    /// Whether it is the node, or the stage wherever it runs.
    pub kind: HotKind,
    /// The p99 that was too long, of the latest window in which it was, in milliseconds.
    pub p99_ms: f64,
    /// What it usually is here.
    pub usual_ms: f64,
    /// What it is on the other nodes; `None` when none of them had enough to do to say.
    pub others_ms: Option<f64>,
    /// For how long, counted in whole windows.
    pub seconds: u64,
}

/// What is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HotKind {
    /// One node: the others are as always, or there is none to compare with.
    Node,
    /// The stage: most nodes are slower than they usually are.
    Stage,
}

impl HotKind {
    /// The name in bodies and on the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Stage => "stage",
        }
    }
}

/// Messages of FiguresActor.
#[derive(Debug)]
pub enum FiguresMessage {
    /// Internal: a window is over.
    Look,
}

impl ractor::Message for FiguresMessage {}

/// What FiguresActor shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FiguresStatus {
    /// Windows looked at since the start.
    pub windows_total: u64,
    /// Stages that are hot on this node.
    pub hot: Vec<&'static str>,
    /// Other nodes whose figures are fresh.
    pub others: usize,
    /// What it last complained about.
    pub last_error: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};

    #[test]
    fn figures_come_back_as_they_were_and_are_small() {
        let latency = Latency { count: 12_000, p50_ms: 3.25, p99_ms: 480.5 };
        let hot = Hot {
            kind: HotKind::Node,
            p99_ms: 480.5,
            usual_ms: 35.0,
            others_ms: Some(40.0),
            seconds: 40,
        };
        let stage = |name: &&str| StageFigures {
            name: (*name).to_owned(),
            window: latency,
            minute: latency,
            queue: 1 << 20,
            usual_ms: Some(35.0),
            hot: Some(hot),
        };
        let load = NodeLoad { cpu_share: Some(0.5), terminals: 9, ..NodeLoad::default() };
        let figures = NodeFigures { load, stages: crate::stage::TIMED.iter().map(stage).collect() };
        let bytes = encode(&figures).expect("written");
        assert!(bytes.len() < 4_096, "{}", bytes.len());
        assert_eq!(decode::<NodeFigures>(&bytes), Ok(figures));
    }

    #[test]
    fn figures_of_another_release_are_read_as_far_as_they_are_known() {
        #[derive(Serialize)]
        struct Stage {
            name: &'static str,
            energy: f64,
        }
        #[derive(Serialize)]
        struct Other {
            stages: Vec<Stage>,
        }
        let bytes = encode(&Other { stages: vec![Stage { name: "store", energy: 1.0 }] });
        let read = decode::<NodeFigures>(&bytes.expect("written")).expect("read");
        assert_eq!(read.load, NodeLoad::default());
        assert_eq!((read.stages[0].name.as_str(), read.stages[0].hot), ("store", None));
    }
}
