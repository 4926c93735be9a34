//! The inference devices.

use autoglm_protocol::inference_pool::DeviceStatus;
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
        }
    }
}
