//! What devices there are: looked for once, each proved before it is offered.

use super::{ComputeDevice, Device, DeviceError};
use std::sync::OnceLock;

/// What was found at the start of the program.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// Devices that computed correctly; the processor is always there and last.
    pub devices: Vec<ComputeDevice>,
    /// Why there are no others, a sentence each, to be said once.
    pub remarks: Vec<String>,
}

impl Discovery {
    /// The devices of this machine; looked for when asked first.
    pub fn of_this_machine() -> &'static Self {
        static FOUND: OnceLock<Discovery> = OnceLock::new();
        FOUND.get_or_init(|| {
            let mut found = Self { devices: Vec::new(), remarks: Vec::new() };
            graphics::discover(&mut found);
            found.devices.push(ComputeDevice::cpu());
            found
        })
    }

    pub(super) fn unknown(&self, wanted: &str) -> DeviceError {
        let names: Vec<&str> = self.devices.iter().map(ComputeDevice::name).collect();
        let remarks = self.remarks.iter().map(|remark| format!("; {remark}")).collect();
        DeviceError::Unknown { wanted: wanted.to_owned(), known: names.join(", "), remarks }
    }
}

/// Every device this build can use on this machine; the processor is always there and last.
#[must_use]
pub fn discover_devices() -> Vec<Device> {
    let devices = &Discovery::of_this_machine().devices;
    devices.iter().map(|device| device.description().clone()).collect()
}

/// Without a feature for one there is nothing to look for and nothing to say.
#[cfg(not(feature = "graphics"))]
mod graphics {
    use super::Discovery;

    pub(super) fn discover(_found: &mut Discovery) {}
}

#[cfg(feature = "graphics")]
mod graphics {
    use super::{ComputeDevice, Device, Discovery};
    use crate::device::DeviceKind;
    use burn::tensor::{Device as TensorDevice, DeviceType};
    use std::panic::catch_unwind;

    pub(super) fn discover(found: &mut Discovery) {
        #[cfg(feature = "cuda")]
        discover_kind(found, DeviceKind::Cuda, DeviceType::Cuda);
        #[cfg(feature = "rocm")]
        discover_kind(found, DeviceKind::Rocm, DeviceType::Rocm);
        #[cfg(feature = "vulkan")]
        discover_kind(found, DeviceKind::Vulkan, DeviceType::Vulkan);
        #[cfg(feature = "metal")]
        discover_kind(found, DeviceKind::Metal, DeviceType::Metal);
    }

    fn discover_kind(found: &mut Discovery, kind: DeviceKind, filter: DeviceType) {
        let label = kind.label();
        // Opening a driver that is half installed panics in more than one library.
        let Ok(devices) = catch_unwind(|| TensorDevice::enumerate(filter).into_vec()) else {
            found.remarks.push(format!("the driver for {label} cannot be opened; repair it"));
            return;
        };
        if devices.is_empty() {
            found.remarks.push(format!(
                "this build can use {label}, but no such device or no driver for it was found"
            ));
        }
        for (index, tensors) in devices.into_iter().enumerate() {
            let description = Device { name: format!("{label}:{index}"), kind, parallelism: 1 };
            let device = ComputeDevice { description, tensors };
            match device.self_check() {
                Ok(()) => found.devices.push(device),
                Err(error) => found.remarks.push(error.to_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceKind;

    #[test]
    fn there_is_always_a_processor() {
        let devices = discover_devices();
        assert_eq!(devices.last().map(|device| device.kind), Some(DeviceKind::Cpu));
        assert!(devices.iter().all(|device| device.parallelism >= 1));
    }

    #[test]
    fn a_device_is_found_by_its_name() {
        assert!(ComputeDevice::by_name("cpu").unwrap().is_processor());
        let error = ComputeDevice::by_name("cuda:77").unwrap_err().to_string();
        assert!(error.contains("cuda:77") && error.contains("cpu"), "{error}");
    }
}
