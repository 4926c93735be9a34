//! A computation of a few steps whose answer is compared with the processor's.

use super::{ComputeDevice, DeviceError, DeviceKind};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{DType, Device as TensorDevice, Tensor, TensorData};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How alike the answers must be; half precision and fast modes stay far above.
const COSINE_MIN: f64 = 0.999;
/// Rows and columns: large enough for the kernels that serve models.
const SIZE: usize = 128;

/// Fails for a device that fails or answers otherwise than the processor.
pub(super) fn compare(device: &ComputeDevice) -> Result<(), DeviceError> {
    let expected = compute(&TensorDevice::flex()).unwrap_or_default();
    // Kernels are compiled at first use, by libraries that panic where they are not complete.
    let answer = catch_unwind(AssertUnwindSafe(|| compute(device.tensors())))
        .map_err(|panic| failed(device, message(panic.as_ref())))?
        .map_err(|reason| failed(device, reason))?;
    let cosine = cosine(&expected, &answer);
    if cosine >= COSINE_MIN {
        return Ok(());
    }
    Err(DeviceError::Differs { device: device.name().to_owned(), cosine })
}

/// Two multiplications, a softmax and an activation, over numbers that vary.
fn compute(device: &TensorDevice) -> Result<Vec<f32>, String> {
    let matrix = |step: usize| {
        let value = |index: usize| ((index * step) % 127) as f32 / 63.5 - 1.0;
        let values: Vec<f32> = (0..SIZE * SIZE).map(value).collect();
        Tensor::<2>::from_data(TensorData::new(values, [SIZE, SIZE]), (device, DType::F32))
    };
    let scores = matrix(31).matmul(matrix(17).transpose());
    let mixed = softmax(scores, 1).matmul(matrix(53));
    let data = gelu(mixed * 4.0).try_into_data().map_err(|error| error.to_string())?;
    data.try_into_vec::<f32>().map_err(|error| error.to_string())
}

/// 0 for answers of different lengths and for numbers that are none.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    if a.len() == b.len() && cosine.is_finite() { cosine } else { 0.0 }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

fn failed(device: &ComputeDevice, reason: String) -> DeviceError {
    let hint = match device.kind() {
        DeviceKind::Cuda => {
            "kernels are compiled at run time: install NVRTC and the CUDA headers of the driver's \
             version, or set CUDA_PATH to where they are"
        }
        DeviceKind::Rocm => "kernels are compiled at run time: install HIP and its headers",
        _ => "look at the driver's own log",
    };
    DeviceError::Failed { device: device.name().to_owned(), reason, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_agrees_with_itself() {
        ComputeDevice::cpu().self_check().unwrap();
    }

    #[test]
    fn an_answer_that_is_no_answer_is_not_alike() {
        let answer = compute(&TensorDevice::flex()).unwrap();
        assert!(cosine(&answer, &answer) > 0.999_999);
        assert!(answer.iter().any(|value| (value - answer[0]).abs() > 0.1));
        let negative: Vec<f32> = answer.iter().map(|value| -value).collect();
        for other in [vec![], vec![0.0; answer.len()], vec![f32::NAN; answer.len()], negative] {
            assert!(cosine(&answer, &other) < COSINE_MIN);
        }
    }
}
