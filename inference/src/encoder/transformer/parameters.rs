//! The numbers of a model in the processor's memory, under names of our own.

use super::configuration::Configuration;
use crate::weights::{Weights, WeightsError};

/// What the names may begin with: the bare model, or the model within another.
const PREFIXES: [&str; 3] = ["", "bert.", "roberta."];

/// A matrix that vectors are multiplied with, and what is added to the result.
#[derive(Debug)]
pub(super) struct Linear {
    /// Row-major, `[inputs, outputs]`: transposed, compared with the file.
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// Scale and shift of a normalisation.
#[derive(Debug, Clone)]
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// One layer.
#[derive(Debug)]
pub(super) struct LayerParameters {
    /// Queries, keys and values beside each other: one multiplication instead of three.
    pub(super) attention_in: Linear,
    pub(super) attention_out: Linear,
    pub(super) attention_norm: Norm,
    pub(super) inner: Linear,
    pub(super) outer: Linear,
    pub(super) outer_norm: Norm,
}

/// What a token begins with.
#[derive(Debug)]
pub(super) struct EmbeddingParameters {
    /// `[vocabulary, width]`.
    pub(super) words: Vec<f32>,
    /// `[positions, width]` from the row of the first token on, the vector of the one token type
    /// we use already added.
    pub(super) positions: Vec<f32>,
    pub(super) norm: Norm,
}

/// A whole model.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) embedding: EmbeddingParameters,
    pub(super) layers: Vec<LayerParameters>,
}

impl Parameters {
    pub(super) fn load(
        weights: &Weights,
        configuration: &Configuration,
    ) -> Result<Self, WeightsError> {
        let known = |prefix: &&&str| {
            weights.contains(&format!("{prefix}embeddings.word_embeddings.weight"))
        };
        let prefix = PREFIXES.iter().find(known).copied().unwrap_or_default();
        let shelf = Shelf { weights, prefix, width: configuration.width };
        let layer = |index| shelf.layer(index, configuration.inner_width);
        Ok(Self {
            embedding: shelf.embedding(configuration)?,
            layers: (0..configuration.layers).map(layer).collect::<Result<_, _>>()?,
        })
    }
}

/// Weights with what their names begin with.
struct Shelf<'a> {
    weights: &'a Weights,
    prefix: &'a str,
    width: usize,
}

impl Shelf<'_> {
    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        self.weights.values(&format!("{}{name}", self.prefix), shape)
    }

    fn embedding(
        &self,
        configuration: &Configuration,
    ) -> Result<EmbeddingParameters, WeightsError> {
        let width = self.width;
        let table = |name: &str, rows| {
            self.values(&format!("embeddings.{name}_embeddings.weight"), &[rows, width])
        };
        let mut positions = table("position", configuration.positions)?;
        let types = table("token_type", configuration.types)?;
        positions.drain(..configuration.first_position * width);
        for row in positions.chunks_exact_mut(width) {
            for (value, of_type) in row.iter_mut().zip(&types) {
                *value += of_type;
            }
        }
        Ok(EmbeddingParameters {
            words: table("word", configuration.vocabulary)?,
            positions,
            norm: self.norm("embeddings.LayerNorm")?,
        })
    }

    fn layer(&self, index: usize, inner_width: usize) -> Result<LayerParameters, WeightsError> {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let projection = |part: &str| {
            self.linear(&name(&format!("attention.self.{part}")), self.width, self.width)
        };
        let attention_in =
            beside(&[projection("query")?, projection("key")?, projection("value")?]);
        Ok(LayerParameters {
            attention_in,
            attention_out: self.linear(&name("attention.output.dense"), self.width, self.width)?,
            attention_norm: self.norm(&name("attention.output.LayerNorm"))?,
            inner: self.linear(&name("intermediate.dense"), self.width, inner_width)?,
            outer: self.linear(&name("output.dense"), inner_width, self.width)?,
            outer_norm: self.norm(&name("output.LayerNorm"))?,
        })
    }

    fn linear(&self, name: &str, inputs: usize, outputs: usize) -> Result<Linear, WeightsError> {
        let stored = self.values(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = self.values(&format!("{name}.bias"), &[outputs])?;
        Ok(Linear { weight: transposed(&stored, outputs, inputs), bias, inputs, outputs })
    }

    fn norm(&self, name: &str) -> Result<Norm, WeightsError> {
        Ok(Norm {
            scale: self.values(&format!("{name}.weight"), &[self.width])?,
            shift: self.values(&format!("{name}.bias"), &[self.width])?,
        })
    }
}

fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut result = vec![0.0; values.len()];
    for (row, of_row) in values.chunks_exact(columns).enumerate() {
        for (value, target) in of_row.iter().zip(result.iter_mut().skip(row).step_by(rows)) {
            *target = *value;
        }
    }
    result
}

/// Matrices of the same inputs as one, their outputs after one another.
fn beside(parts: &[Linear]) -> Linear {
    let inputs = parts.first().map_or(0, |part| part.inputs);
    let outputs = parts.iter().map(|part| part.outputs).sum();
    let mut weight = Vec::with_capacity(inputs * outputs);
    for row in 0..inputs {
        for part in parts {
            weight.extend(part.weight.iter().skip(row * part.outputs).take(part.outputs));
        }
    }
    let bias = parts.iter().flat_map(|part| part.bias.iter().copied()).collect();
    Linear { weight, bias, inputs, outputs }
}
