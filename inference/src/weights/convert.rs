//! From the numbers of a file to the numbers wanted. Files are little-endian.

use super::{NumberType, Precision};
use burn::tensor::TensorData;
use half::{bf16, f16};

/// As 32 bits; `None` for numbers we do not compute with.
pub(super) fn to_f32(number: NumberType, bytes: Vec<u8>) -> Option<Vec<f32>> {
    Some(match number {
        NumberType::F32 => map(&bytes, f32::from_le_bytes),
        NumberType::F16 => map(&bytes, |pair| f16::from_le_bytes(pair).to_f32()),
        NumberType::Bf16 => map(&bytes, |pair| bf16::from_le_bytes(pair).to_f32()),
        NumberType::F64 => map(&bytes, |eight| f64::from_le_bytes(eight) as f32),
        NumberType::Other(_) => return None,
    })
}

/// In the precision wanted; `None` for numbers we do not compute with.
pub(super) fn to_data(
    number: NumberType,
    bytes: Vec<u8>,
    shape: &[usize],
    precision: Precision,
) -> Option<TensorData> {
    Some(match (number, precision) {
        (NumberType::F16, Precision::F16) => {
            TensorData::new(map(&bytes, f16::from_le_bytes), shape.to_vec())
        }
        (NumberType::Bf16, Precision::Bf16) => {
            TensorData::new(map(&bytes, bf16::from_le_bytes), shape.to_vec())
        }
        (_, Precision::F32) => TensorData::new(to_f32(number, bytes)?, shape.to_vec()),
        (_, Precision::F16) => {
            let values: Vec<f16> = to_f32(number, bytes)?.into_iter().map(f16::from_f32).collect();
            TensorData::new(values, shape.to_vec())
        }
        (_, Precision::Bf16) => {
            let values: Vec<bf16> =
                to_f32(number, bytes)?.into_iter().map(bf16::from_f32).collect();
            TensorData::new(values, shape.to_vec())
        }
    })
}

fn map<const N: usize, T>(bytes: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| convert(*chunk)).collect()
}
