//! The devices models can run on; one inference actor is bound to each.

mod check;
mod discovery;
mod error;
mod gauges;

pub use discovery::{Discovery, discover_devices};
pub use error::DeviceError;
pub use gauges::{DeviceGauges, GAUGES_QUERY, parse_gauges};

use burn::tensor::Device as TensorDevice;
use std::num::NonZeroUsize;

/// What sort of device it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceKind {
    /// The machine's processor.
    Cpu,
    /// An NVIDIA graphics processor.
    Cuda,
    /// An AMD graphics processor.
    Rocm,
    /// A graphics processor by way of Vulkan.
    Vulkan,
    /// An Apple graphics processor.
    Metal,
}

impl DeviceKind {
    /// What its devices' names begin with.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Rocm => "rocm",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
        }
    }
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The name by which configuration and metrics know it, such as `cpu` or `cuda:0`.
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

    /// The device of this name, as found at the start of the program.
    ///
    /// # Errors
    /// [`DeviceError::Unknown`] names those there are, and why others are not.
    pub fn by_name(name: &str) -> Result<Self, DeviceError> {
        let discovery = Discovery::of_this_machine();
        let found = discovery.devices.iter().find(|device| device.name() == name);
        found.cloned().ok_or_else(|| discovery.unknown(name))
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

    /// Whether it is the machine's processor.
    #[must_use]
    pub fn is_processor(&self) -> bool {
        self.kind() == DeviceKind::Cpu
    }

    /// For the tensors that shall live on it.
    #[must_use]
    pub fn tensors(&self) -> &TensorDevice {
        &self.tensors
    }

    /// Computes something small and compares it with the processor's answer.
    ///
    /// # Errors
    /// [`DeviceError`] for a device that fails or answers otherwise; it must not be used.
    pub fn self_check(&self) -> Result<(), DeviceError> {
        check::compare(self)
    }
}
