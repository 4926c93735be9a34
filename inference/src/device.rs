//! The devices models can run on; one inference actor is bound to each.

use burn::tensor::Device as TensorDevice;
use std::num::NonZeroUsize;

/// What sort of device it is. More kinds come with the backends that serve them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceKind {
    /// The machine's processor.
    Cpu,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The name by which configuration and metrics know it, such as `cpu`.
    pub name: String,
    /// What sort.
    pub kind: DeviceKind,
    /// How many threads it can run at a time.
    pub parallelism: usize,
}

/// A device with what computes on it.
#[derive(Debug, Clone)]
pub struct ComputeDevice {
    description: Device,
    tensors: TensorDevice,
}

impl ComputeDevice {
    /// The machine's processor.
    #[must_use]
    pub fn cpu() -> Self {
        let parallelism = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let description = Device { name: "cpu".to_owned(), kind: DeviceKind::Cpu, parallelism };
        Self { description, tensors: TensorDevice::flex() }
    }

    /// What is known about it.
    #[must_use]
    pub fn description(&self) -> &Device {
        &self.description
    }

    /// The name by which configuration and metrics know it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// What sort.
    #[must_use]
    pub fn kind(&self) -> DeviceKind {
        self.description.kind
    }

    /// For the tensors that shall live on it.
    #[must_use]
    pub fn tensors(&self) -> &TensorDevice {
        &self.tensors
    }
}

/// Every device this build can use on this machine; the processor is always there and last.
#[must_use]
pub fn discover_devices() -> Vec<Device> {
    vec![ComputeDevice::cpu().description]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_processor() {
        let devices = discover_devices();
        assert_eq!(devices.last().map(|device| device.kind), Some(DeviceKind::Cpu));
        assert!(devices.iter().all(|device| device.parallelism >= 1));
    }
}
