//! The inference devices.

use autoglm_protocol::device_gauges;
use autoglm_protocol::inference_pool::{self, DeviceStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// One inference device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Device {
    /// `cpu`, `cuda:0`, …
    name: String,
    /// What sort of device.
    kind: String,
    /// Name and version of its model.
    model: String,
    /// `idle`, `busy` or `failed`.
    state: String,
    /// Batches since the start.
    batches: u64,
    /// Texts since the start.
    items: u64,
    /// Requests waiting in the pool.
    queue: usize,
    /// Texts per batch since the start.
    mean_batch: f64,
    /// Share of the last minute in which it was busy, 0 to 1.
    busy_share: f64,
    /// Starts after the first.
    restarts: u64,
    /// Batches that ended later than somebody in them was promised.
    late_batches: u64,
    /// Tokens a second in large batches, as measured; 0 before the first.
    tokens_per_second: f64,
    /// Milliseconds of a batch that do not depend on its texts, as measured.
    overhead_ms: f64,
    /// Tokens a batch may have now.
    batch_tokens_max: usize,
    /// Where the model's time went since the start.
    stage_seconds: StageSeconds,
    /// How full, busy and warm it is; absent for a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    gauges: Option<Gauges>,
}

/// What a graphics processor's driver says; `null` for what it does not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Gauges {
    /// Bytes of its memory in use, by everybody.
    memory_used_bytes: Option<u64>,
    /// Bytes of its memory.
    memory_total_bytes: Option<u64>,
    /// Share of the last moment in which it computed, 0 to 1.
    utilisation: Option<f64>,
    /// Degrees Celsius.
    temperature_celsius: Option<f64>,
}

impl From<device_gauges::Gauges> for Gauges {
    fn from(gauges: device_gauges::Gauges) -> Self {
        let device_gauges::Gauges {
            memory_used_bytes,
            memory_total_bytes,
            utilisation,
            temperature_celsius,
        } = gauges;
        Self { memory_used_bytes, memory_total_bytes, utilisation, temperature_celsius }
    }
}

/// Where a model's time went, in seconds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StageSeconds {
    /// Cutting, tokenising, padding, uploading.
    pre_processing: f64,
    /// The network itself, and what the model does not tell apart.
    forward: f64,
    /// Pooling, topics, summaries.
    post_processing: f64,
}

impl From<inference_pool::StageSeconds> for StageSeconds {
    fn from(seconds: inference_pool::StageSeconds) -> Self {
        let inference_pool::StageSeconds { pre_processing, forward, post_processing } = seconds;
        Self { pre_processing, forward, post_processing }
    }
}

impl From<DeviceStatus> for Device {
    fn from(device: DeviceStatus) -> Self {
        Self {
            name: device.name,
            kind: device.kind,
            model: device.model,
            state: device.state,
            batches: device.batches,
            items: device.items,
            queue: device.queue,
            mean_batch: device.mean_batch,
            busy_share: device.busy_share,
            restarts: device.restarts,
            late_batches: device.late_batches,
            tokens_per_second: device.tokens_per_second,
            overhead_ms: device.overhead_ms,
            batch_tokens_max: device.batch_tokens_max,
            stage_seconds: device.stage_seconds.into(),
            gauges: device.gauges.map(Gauges::from),
        }
    }
}
