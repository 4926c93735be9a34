//! Matrices a token's vector is multiplied with, whole or with fewer bits.

use crate::weights::Precision;
use burn::tensor::quantization::{QuantScheme, QuantValue, ScaleDtype};
use burn::tensor::{DType, Device, Tensor};

/// How many bits a weight takes. Tables of tokens, norms and biases are never cut below 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WeightFormat {
    /// 32 bits: for processors.
    #[default]
    F32,
    /// 16 bits with the range of 32: for graphics processors; a processor only stores it.
    Bf16,
    /// 8 bits, symmetric, with a scale for each block; a processor only stores it.
    Int8,
    /// 4 bits in the same way. Processors store them in 8.
    Int4,
}

impl WeightFormat {
    /// In what a matrix is read from the file: whole where it is to be cut.
    pub(super) fn read(self) -> Precision {
        match self {
            Self::F32 | Self::Int8 | Self::Int4 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
        }
    }

    /// In what a matrix is kept that is looked up by row, and so never cut.
    pub(super) fn looked_up(self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::Bf16 | Self::Int8 | Self::Int4 => Precision::Bf16,
        }
    }

    /// What is computed with: processors have nothing faster than 32 bits.
    pub(super) fn computed(self, device: &Device) -> DType {
        match self {
            _ if *device == Device::flex() => DType::F32,
            Self::F32 => DType::F32,
            Self::Bf16 | Self::Int8 | Self::Int4 => DType::BF16,
        }
    }

    fn quantised(self) -> Option<QuantValue> {
        match self {
            Self::F32 | Self::Bf16 => None,
            Self::Int8 => Some(QuantValue::Q8S),
            Self::Int4 => Some(QuantValue::Q4S),
        }
    }
}

/// Weights that share a scale, the largest first; one that divides the row is taken.
const BLOCKS: [u8; 3] = [64, 32, 16];

/// `x · wᵀ + b`.
pub(super) struct Linear {
    /// As in the file: a row for each number that comes out.
    weight: Tensor<2>,
    quantised: bool,
    bias: Option<Tensor<1>>,
}

impl Linear {
    /// Cuts the weights to the format; rows no block divides stay whole. The bias is in the type
    /// that is computed with.
    pub(super) fn new(weight: Tensor<2>, bias: Option<Tensor<1>>, format: WeightFormat) -> Self {
        let [_, width] = weight.dims();
        let block = BLOCKS.into_iter().find(|block| width.is_multiple_of(usize::from(*block)));
        match (format.quantised(), block) {
            (Some(value), Some(block)) => {
                let scheme =
                    QuantScheme::default().with_value(value).per_block([block], ScaleDtype::F16);
                let weight = weight.cast(DType::F32).quantize_dynamic(&scheme);
                Self { weight, quantised: true, bias }
            }
            _ => Self { weight, quantised: false, bias },
        }
    }

    /// For every row of `input`.
    pub(super) fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let weight = self.weight_as(input.dtype());
        let output = input.matmul(weight.transpose());
        match &self.bias {
            Some(bias) => output + bias.clone().unsqueeze(),
            None => output,
        }
    }

    fn weight_as(&self, wanted: DType) -> Tensor<2> {
        let weight = self.weight.clone();
        let weight = if self.quantised { weight.dequantize() } else { weight };
        if weight.dtype() == wanted { weight } else { weight.cast(wanted) }
    }
}
