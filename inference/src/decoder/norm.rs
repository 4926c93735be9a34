//! Normalising vectors, always in 32 bits.

use super::config::Norm;
use burn::tensor::{DType, Tensor, module};

/// One norm with its weights in 32 bits.
pub(super) struct NormLayer {
    kind: Norm,
    weight: Tensor<1>,
    bias: Option<Tensor<1>>,
}

impl NormLayer {
    pub(super) fn new(kind: Norm, weight: Tensor<1>, bias: Option<Tensor<1>>) -> Self {
        Self { kind, weight, bias }
    }

    /// For every row; what comes out has the type of what went in.
    pub(super) fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let computed = input.dtype();
        let input = if computed == DType::F32 { input } else { input.cast(DType::F32) };
        let output = match self.kind {
            Norm::Layer { epsilon } => {
                module::layer_norm(input, self.weight.clone(), self.bias.clone(), epsilon)
            }
            Norm::Rms { epsilon } => {
                let size = input.clone().square().mean_dim(1).add_scalar(epsilon).sqrt();
                input / size * self.weight.clone().unsqueeze()
            }
        };
        if computed == DType::F32 { output } else { output.cast(computed) }
    }
}
