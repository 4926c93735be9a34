//! From the tensors of a folder to layers: fused matrices joined or cut, rows of heads put in our
//! order, numbers in the format wanted.

use super::config::{DecoderConfig, FeedForward, Layout, Norm};
use super::layer::Layer;
use super::linear::{Linear, WeightFormat};
use super::names::Names;
use super::norm::NormLayer;
use super::rotary::head_order;
use crate::weights::{Precision, Weights, WeightsError};
use burn::tensor::{DType, Device, Int, Tensor};

/// Reads the parts of one model.
pub(super) struct Loader<'a> {
    config: &'a DecoderConfig,
    weights: &'a Weights,
    names: Names,
    format: WeightFormat,
    device: &'a Device,
    /// For each row of queries, keys and values as we keep them, the published one.
    rows: Tensor<1, Int>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(
        config: &'a DecoderConfig,
        weights: &'a Weights,
        format: WeightFormat,
        device: &'a Device,
    ) -> Self {
        let rows: Vec<i32> = row_order(config)
            .into_iter()
            .map(|row| i32::try_from(row).unwrap_or(i32::MAX))
            .collect();
        let rows = Tensor::from_data(rows.as_slice(), device);
        Self { config, weights, names: Names::of(config.layout), format, device, rows }
    }

    /// The table of tokens, which is never cut below 16 bits.
    pub(super) fn tokens(&self) -> Result<Tensor<2>, WeightsError> {
        let shape = [self.config.vocabulary, self.config.hidden];
        let name = format!("{}.weight", self.names.tokens);
        self.weights.tensor(&name, shape, self.format.looked_up(), self.device)
    }

    pub(super) fn final_norm(&self) -> Result<NormLayer, WeightsError> {
        self.norm(self.names.norm)
    }

    /// What turns the stream into scores; the table of tokens where the two are tied.
    pub(super) fn output(&self, tokens: &Tensor<2>) -> Result<Linear, WeightsError> {
        if self.config.tied {
            return Ok(Linear::new(tokens.clone(), None, self.format));
        }
        let weight = self.matrix(self.names.output, self.config.vocabulary, self.config.hidden)?;
        Ok(Linear::new(weight, None, self.format))
    }

    pub(super) fn layer(&self, layer: usize) -> Result<Layer, WeightsError> {
        let (config, names) = (self.config, &self.names);
        let part_norm = |part: &str| self.norm(&names.part(layer, part));
        let sandwich = |part: &str| config.sandwich.then(|| part_norm(part)).transpose();
        let ways = match config.feed_forward {
            FeedForward::Gated => 2,
            FeedForward::Gelu => 1,
        };
        Ok(Layer {
            before_attention: part_norm("input_layernorm")?,
            qkv: self.qkv(layer)?,
            output: self.linear(&names.dense(layer), config.hidden, config.query_width())?,
            after_attention: sandwich("post_self_attn_layernorm")?,
            before_feed: part_norm("post_attention_layernorm")?,
            up: self.linear(&names.up(layer), ways * config.inner, config.hidden)?,
            down: self.linear(&names.down(layer), config.hidden, config.inner)?,
            after_feed: sandwich("post_mlp_layernorm")?,
        })
    }

    fn qkv(&self, layer: usize) -> Result<Linear, WeightsError> {
        let names = self.names.qkv(layer);
        let all = self.config.query_width() + 2 * self.config.kv_width();
        let sizes = match names.len() {
            1 => vec![all],
            _ => vec![self.config.query_width(), self.config.kv_width(), self.config.kv_width()],
        };
        let mut weights = Vec::with_capacity(names.len());
        let mut biases = Vec::with_capacity(names.len());
        for (name, size) in names.iter().zip(sizes) {
            weights.push(self.matrix(name, size, self.config.hidden)?);
            if self.config.qkv_bias {
                biases.push(self.vector(&format!("{name}.bias"), size, self.computed())?);
            }
        }
        let weight = Tensor::cat(weights, 0).select(0, self.rows.clone());
        let bias =
            (!biases.is_empty()).then(|| Tensor::cat(biases, 0).select(0, self.rows.clone()));
        Ok(Linear::new(weight, bias, self.format))
    }

    fn linear(&self, name: &str, out: usize, into: usize) -> Result<Linear, WeightsError> {
        let weight = self.matrix(name, out, into)?;
        let bias = self
            .config
            .bias
            .then(|| self.vector(&format!("{name}.bias"), out, self.computed()))
            .transpose()?;
        Ok(Linear::new(weight, bias, self.format))
    }

    fn norm(&self, name: &str) -> Result<NormLayer, WeightsError> {
        let hidden = self.config.hidden;
        let weight = self.vector(&format!("{name}.weight"), hidden, DType::F32)?;
        let bias = match self.config.norm {
            Norm::Layer { .. } => Some(self.vector(&format!("{name}.bias"), hidden, DType::F32)?),
            Norm::Rms { .. } => None,
        };
        Ok(NormLayer::new(self.config.norm, weight, bias))
    }

    fn matrix(&self, name: &str, out: usize, into: usize) -> Result<Tensor<2>, WeightsError> {
        let name = format!("{name}.weight");
        self.weights.tensor(&name, [out, into], self.format.read(), self.device)
    }

    fn vector(&self, name: &str, size: usize, dtype: DType) -> Result<Tensor<1>, WeightsError> {
        let vector: Tensor<1> = self.weights.tensor(name, [size], Precision::F32, self.device)?;
        Ok(if dtype == DType::F32 { vector } else { vector.cast(dtype) })
    }

    fn computed(&self) -> DType {
        self.format.computed(self.device)
    }
}

/// Every query, then every key, then every value; within queries and keys the order of a head.
fn row_order(config: &DecoderConfig) -> Vec<usize> {
    let (heads, kv, head) = (config.heads, config.kv_heads, config.head);
    let turned = head_order(config);
    let plain: Vec<usize> = (0..head).collect();
    let mut rows = Vec::with_capacity((heads + 2 * kv) * head);
    for (part, count) in [(0, heads), (1, kv), (2, kv)] {
        let within = if part == 2 { &plain } else { &turned };
        for number in 0..count {
            let start = match config.layout {
                // Each head has its query, key and value side by side.
                Layout::ChatGlm => (3 * number + part) * head,
                Layout::ChatGlm2 | Layout::Glm => {
                    let before = [0, heads, heads + kv];
                    (before.get(part).copied().unwrap_or(0) + number) * head
                }
            };
            rows.extend(within.iter().map(|row| start + row));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::config::Positions;

    fn config(layout: Layout, positions: Positions) -> DecoderConfig {
        DecoderConfig {
            layout,
            layers: 1,
            hidden: 16,
            heads: 2,
            kv_heads: 2,
            head: 8,
            inner: 8,
            vocabulary: 8,
            context: 8,
            norm: Norm::Rms { epsilon: 1e-5 },
            positions,
            feed_forward: FeedForward::Gated,
            qkv_bias: false,
            bias: false,
            sandwich: false,
            residual: None,
            tied: false,
            ends: Vec::new(),
            rounds: false,
            mask: None,
            start: None,
        }
    }

    #[test]
    fn pairs_that_turn_come_to_lie_half_a_turn_apart() {
        let positions = Positions::Sequence { dims: 4, base: 10_000.0 };
        let rows = row_order(&config(Layout::Glm, positions));
        assert_eq!(rows[..8], [0, 2, 1, 3, 4, 5, 6, 7]);
        assert_eq!(rows[16..24], [16, 18, 17, 19, 20, 21, 22, 23], "keys as queries");
        assert_eq!(rows[32..40], [32, 33, 34, 35, 36, 37, 38, 39], "values as they are");
    }

    #[test]
    fn heads_with_their_parts_side_by_side_are_taken_apart() {
        let rows = row_order(&config(Layout::ChatGlm, Positions::Block));
        assert_eq!(rows[..8], [0, 1, 4, 5, 2, 3, 6, 7]);
        assert_eq!(rows[8], 24, "the second head's query follows the first head's value");
        assert_eq!((rows[16], rows[32]), (8, 16));
        let mut sorted = rows;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..48).collect::<Vec<_>>(), "every row once");
    }
}
