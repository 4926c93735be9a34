//! Contract of DeviceGaugesActor: how full, busy and warm the graphics processors are.

use serde::Serialize;
use std::collections::BTreeMap;

/// Messages of DeviceGaugesActor.
#[derive(Debug)]
pub enum DeviceGaugesMessage {
    /// Internal: the schedule says so.
    Look,
}

impl ractor::Message for DeviceGaugesMessage {}

/// What DeviceGaugesActor shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeviceGaugesStatus {
    /// By device, such as `cuda:0`.
    pub devices: BTreeMap<String, Gauges>,
    /// What it last complained about.
    pub last_error: Option<String>,
}

/// One device's figures; what its driver does not say is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Gauges {
    /// Bytes of its memory in use, by everybody.
    pub memory_used_bytes: Option<u64>,
    /// Bytes of its memory.
    pub memory_total_bytes: Option<u64>,
    /// Share of the last moment in which it computed, 0 to 1.
    pub utilisation: Option<f64>,
    /// Degrees Celsius.
    pub temperature_celsius: Option<f64>,
}
