//! The layers of an encoder as tensors through which gradients can flow.
//!
//! The encoder that serves is laid out for speed and edits its numbers in place; this one is plain,
//! and both say the same (tested).

use super::folder::{Sizes, Stored, TeacherFiles};
use crate::encoder::Pooling;
use crate::error::Result;
use burn::tensor::{Device, Tensor, TensorData, activation};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Added to the score of a token that is only padding.
const FAR_BELOW: f32 = -1e9;

/// A batch of texts, padded, on a device.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// `[texts, tokens, width]`: words at their positions, normalised.
    pub(super) hidden: Tensor<3>,
    /// `[texts, 1, 1, tokens]`: 0 for tokens, far below for padding.
    bias: Tensor<4>,
    /// `[texts, tokens, 1]`: 1 for tokens, 0 for padding.
    pub(super) mask: Tensor<3>,
}

/// Words and positions, which teacher and student share.
#[derive(Debug)]
pub(super) struct Words {
    width: usize,
    words: Vec<f32>,
    /// With the vector of the one token type we use.
    positions: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

impl Words {
    pub(super) fn new(files: &TeacherFiles) -> Result<Self> {
        let stored = |name: &str| files.stored(&format!("embeddings.{name}"));
        let width = files.sizes.width;
        let types = stored("token_type_embeddings.weight")?.values;
        let mut positions = stored("position_embeddings.weight")?.values;
        for row in positions.chunks_exact_mut(width) {
            for (value, of_type) in row.iter_mut().zip(&types) {
                *value += of_type;
            }
        }
        Ok(Self {
            width,
            words: stored("word_embeddings.weight")?.values,
            positions,
            scale: stored("LayerNorm.weight")?.values,
            shift: stored("LayerNorm.bias")?.values,
            epsilon: files.sizes.epsilon as f32,
        })
    }

    /// Tells a teacher's words from every other's.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        Sha256::digest(self.words.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
            .to_vec()
    }

    pub(super) fn batch(&self, texts: &[Vec<u32>], device: &Device) -> Batch {
        let longest = texts.iter().map(Vec::len).max().unwrap_or_default();
        let mut hidden = Vec::with_capacity(texts.len() * longest * self.width);
        let (mut bias, mut mask) = (Vec::new(), Vec::new());
        for text in texts {
            for place in 0..longest {
                let id = text.get(place).copied();
                hidden.extend(self.token(id.unwrap_or_default(), place));
                bias.push(if id.is_some() { 0.0 } else { FAR_BELOW });
                mask.push(if id.is_some() { 1.0_f32 } else { 0.0 });
            }
        }
        let count = texts.len();
        let tensor = |values| TensorData::new(values, [count, longest]);
        Batch {
            hidden: Tensor::from_data(
                TensorData::new(hidden, [count, longest, self.width]),
                device,
            ),
            bias: Tensor::<2>::from_data(tensor(bias), device).reshape([count, 1, 1, longest]),
            mask: Tensor::<2>::from_data(tensor(mask), device).reshape([count, longest, 1]),
        }
    }

    fn token(&self, id: u32, place: usize) -> Vec<f32> {
        let row = |table: &[f32], index: usize| -> Vec<f32> {
            table.get(index * self.width..(index + 1) * self.width).unwrap_or_default().to_vec()
        };
        let mut values = row(&self.words, id as usize);
        for (value, position) in values.iter_mut().zip(row(&self.positions, place)) {
            *value += position;
        }
        let width = values.len().max(1) as f32;
        let mean = values.iter().sum::<f32>() / width;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / width;
        let factor = (variance + self.epsilon).sqrt().recip();
        for ((value, scale), shift) in values.iter_mut().zip(&self.scale).zip(&self.shift) {
            *value = (*value - mean) * factor * scale + shift;
        }
        values
    }
}

/// The tensors of one layer by name, flat, as they are learned.
pub(super) type LayerTensors = BTreeMap<String, (Tensor<1>, Vec<usize>)>;

/// A tensor of the file on a device.
pub(super) fn tensor(stored: &Stored, device: &Device) -> (Tensor<1>, Vec<usize>) {
    let data = TensorData::new(stored.values.clone(), [stored.values.len()]);
    (Tensor::from_data(data, device), stored.shape.clone())
}

#[derive(Debug)]
pub(super) struct Stack {
    pub(super) layers: Vec<LayerTensors>,
    heads: usize,
    epsilon: f64,
}

impl Stack {
    pub(super) fn new(layers: Vec<LayerTensors>, sizes: &Sizes) -> Self {
        Self { layers, heads: sizes.heads, epsilon: sizes.epsilon }
    }

    /// The hidden states after every layer.
    pub(super) fn forward(&self, batch: &Batch) -> Vec<Tensor<3>> {
        let mut hidden = batch.hidden.clone();
        let each = self.layers.iter().map(|layer| {
            hidden = self.layer(layer, hidden.clone(), &batch.bias);
            hidden.clone()
        });
        each.collect()
    }

    fn layer(&self, layer: &LayerTensors, hidden: Tensor<3>, bias: &Tensor<4>) -> Tensor<3> {
        let [texts, tokens, width] = hidden.dims();
        let head = width / self.heads;
        let split = |name: &str| {
            let projected = linear(layer, name, hidden.clone());
            projected.reshape([texts, tokens, self.heads, head]).swap_dims(1, 2)
        };
        let query = split("attention.self.query") * (head as f32).sqrt().recip();
        let scores = query.matmul(split("attention.self.key").swap_dims(2, 3)) + bias.clone();
        let mixed = activation::softmax(scores, 3).matmul(split("attention.self.value"));
        let mixed = mixed.swap_dims(1, 2).reshape([texts, tokens, width]);
        let attended = linear(layer, "attention.output.dense", mixed) + hidden;
        let attended = self.normalise(layer, "attention.output.LayerNorm", attended);
        let inner = activation::gelu(linear(layer, "intermediate.dense", attended.clone()));
        let outer = linear(layer, "output.dense", inner) + attended;
        self.normalise(layer, "output.LayerNorm", outer)
    }

    fn normalise(&self, layer: &LayerTensors, name: &str, hidden: Tensor<3>) -> Tensor<3> {
        let centred = hidden.clone() - hidden.mean_dim(2);
        let variance = (centred.clone() * centred.clone()).mean_dim(2);
        let unit = centred / (variance + self.epsilon).sqrt();
        let (Some((scale, _)), Some((shift, _))) =
            (layer.get(&format!("{name}.weight")), layer.get(&format!("{name}.bias")))
        else {
            return unit;
        };
        unit * scale.clone().unsqueeze() + shift.clone().unsqueeze()
    }
}

fn linear(layer: &LayerTensors, name: &str, input: Tensor<3>) -> Tensor<3> {
    let (Some((weight, shape)), Some((bias, _))) =
        (layer.get(&format!("{name}.weight")), layer.get(&format!("{name}.bias")))
    else {
        return input;
    };
    let [texts, tokens, inputs] = input.dims();
    let outputs = shape.first().copied().unwrap_or(inputs);
    let weight = weight.clone().reshape([outputs, inputs]).transpose();
    let output = input.reshape([texts * tokens, inputs]).matmul(weight);
    (output + bias.clone().unsqueeze()).reshape([texts, tokens, outputs])
}

/// One vector a text, of whatever length: `[texts, width]`.
pub(super) fn pool(hidden: &Tensor<3>, batch: &Batch, pooling: Pooling) -> Tensor<2> {
    let [texts, _, width] = hidden.dims();
    let pooled = match pooling {
        Pooling::Mean => {
            let sum = (hidden.clone() * batch.mask.clone()).sum_dim(1);
            sum / batch.mask.clone().sum_dim(1)
        }
        Pooling::First => hidden.clone().slice([0..texts, 0..1]),
    };
    pooled.reshape([texts, width])
}

/// Each row of length one.
pub(super) fn unit(vectors: Tensor<2>) -> Tensor<2> {
    let length = (vectors.clone() * vectors.clone()).sum_dim(1).sqrt();
    vectors / length.clamp_min(1e-6)
}
