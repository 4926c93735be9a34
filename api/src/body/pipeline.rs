//! The way of an article in figures.

use crate::body::time::Time;
use autoglm_protocol::port::{PipelineReport, PipelineSample};
use autoglm_protocol::stage::StageReport;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The way of an article in figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pipeline {
    /// When.
    at: Time,
    /// In order of the way.
    stages: Vec<Stage>,
    /// The last 15 minutes, oldest first.
    history: Vec<Sample>,
}

/// Figures of one stage.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stage {
    /// `fetch`, `store`, `index`, `understand`, `place`, `rank` or `push`.
    name: &'static str,
    /// Items per second over the last 10 seconds.
    rate: f64,
    /// Median duration over the last minute.
    p50_ms: f64,
    /// 99th percentile over the last minute.
    p99_ms: f64,
    /// Waiting items.
    queue: u64,
    /// Errors since the start.
    errors: u64,
}

/// Rates and queues at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sample {
    /// When.
    at: Time,
    /// Items per second by stage.
    #[schema(value_type = BTreeMap<String, f64>)]
    rates: BTreeMap<&'static str, f64>,
    /// Waiting items by stage.
    #[schema(value_type = BTreeMap<String, u64>)]
    queues: BTreeMap<&'static str, u64>,
}

impl From<PipelineReport> for Pipeline {
    fn from(report: PipelineReport) -> Self {
        Self {
            at: Time(report.at),
            stages: report.stages.into_iter().map(Stage::from).collect(),
            history: report.history.into_iter().map(Sample::from).collect(),
        }
    }
}

impl From<StageReport> for Stage {
    fn from(stage: StageReport) -> Self {
        Self {
            name: stage.name,
            rate: stage.rate,
            p50_ms: stage.p50_ms,
            p99_ms: stage.p99_ms,
            queue: stage.queue,
            errors: stage.errors,
        }
    }
}

impl From<PipelineSample> for Sample {
    fn from(sample: PipelineSample) -> Self {
        Self { at: Time(sample.at), rates: sample.rates, queues: sample.queues }
    }
}
