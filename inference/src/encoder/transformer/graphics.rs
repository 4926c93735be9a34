//! The forward pass on a graphics processor: texts padded to a few lengths and counts, so that
//! few kernels are compiled and tuned, and every step by the tensor library.

use super::configuration::{Configuration, Pooling};
use super::parameters::{LayerParameters, Linear, Norm, Parameters};
use super::pooling;
use super::stage::{Stage, StageClock};
use crate::weights::Precision;
use burn::tensor::activation::gelu;
use burn::tensor::module::{attention, embedding, layer_norm, linear};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData};

/// Lengths texts are padded to; beyond the last, to its multiples.
const LENGTHS: [usize; 8] = [32, 64, 96, 128, 192, 256, 384, 512];
/// Tokens, padding included, that go to the device together.
const TOKENS_TOGETHER: usize = 64 * 1024;

/// A model on a device.
#[derive(Debug)]
pub(super) struct GraphicsModel {
    device: Device,
    precision: Precision,
    words: Tensor<2>,
    positions: Tensor<2>,
    norm: NormTensors,
    layers: Vec<Layer>,
    heads: usize,
    width: usize,
    epsilon: f64,
    padding: u32,
    positions_max: usize,
    pooling: Pooling,
}

#[derive(Debug)]
struct NormTensors {
    scale: Tensor<1>,
    shift: Tensor<1>,
}

#[derive(Debug)]
struct Matrix {
    weight: Tensor<2>,
    bias: Tensor<1>,
}

#[derive(Debug)]
struct Layer {
    attention_in: Matrix,
    attention_out: Matrix,
    attention_norm: NormTensors,
    inner: Matrix,
    outer: Matrix,
    outer_norm: NormTensors,
}

/// Puts numbers on the device in the precision chosen.
struct Loader<'a> {
    device: &'a Device,
    precision: Precision,
}

impl Loader<'_> {
    fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        let data = TensorData::new(values, shape).convert_dtype(self.precision.dtype());
        Tensor::from_data(data, (self.device, self.precision.dtype()))
    }

    fn norm(&self, norm: Norm) -> NormTensors {
        let width = norm.scale.len();
        NormTensors {
            scale: self.tensor(norm.scale, [width]),
            shift: self.tensor(norm.shift, [width]),
        }
    }

    fn matrix(&self, linear: Linear) -> Matrix {
        Matrix {
            weight: self.tensor(linear.weight, [linear.inputs, linear.outputs]),
            bias: self.tensor(linear.bias, [linear.outputs]),
        }
    }

    fn layer(&self, layer: LayerParameters) -> Layer {
        Layer {
            attention_in: self.matrix(layer.attention_in),
            attention_out: self.matrix(layer.attention_out),
            attention_norm: self.norm(layer.attention_norm),
            inner: self.matrix(layer.inner),
            outer: self.matrix(layer.outer),
            outer_norm: self.norm(layer.outer_norm),
        }
    }
}

impl GraphicsModel {
    pub(super) fn new(
        parameters: Parameters,
        configuration: &Configuration,
        device: &Device,
        precision: Precision,
    ) -> Self {
        let width = configuration.width;
        let loader = Loader { device, precision };
        let embedding = parameters.embedding;
        let positions_max = embedding.positions.len() / width;
        Self {
            device: device.clone(),
            precision,
            words: loader.tensor(embedding.words, [configuration.vocabulary, width]),
            positions: loader.tensor(embedding.positions, [positions_max, width]),
            norm: loader.norm(embedding.norm),
            layers: parameters.layers.into_iter().map(|layer| loader.layer(layer)).collect(),
            heads: configuration.heads,
            width,
            epsilon: f64::from(configuration.epsilon),
            padding: configuration.padding,
            positions_max,
            pooling: configuration.pooling,
        }
    }

    /// One unit vector a text. Texts come longest first; none may be empty.
    pub(super) fn forward(
        &self,
        texts: &[&[u32]],
        clock: &StageClock,
    ) -> Result<Vec<Vec<f32>>, String> {
        let mut vectors = Vec::with_capacity(texts.len());
        let mut rest = texts;
        while let Some(longest) = rest.first() {
            let length = padded_length(longest.len(), self.positions_max);
            let most = floor_power_of_two(TOKENS_TOGETHER / length);
            let (part, after) = rest.split_at(rest.len().min(most));
            // Devices compute behind our back; reading the answer is what waits for them.
            let pooled = clock.time(Stage::Forward, || self.forward_part(part, length))?;
            vectors.extend(clock.time(Stage::Pool, || self.vectors(&pooled, part.len()))?);
            rest = after;
        }
        Ok(vectors)
    }

    /// A row a text, not yet of length one, and rows of no meaning after them.
    fn forward_part(&self, texts: &[&[u32]], length: usize) -> Result<TensorData, String> {
        // Rows that only fill up the count are texts of one padding token, and are dropped.
        let rows = texts.len().next_power_of_two();
        let mut ids = vec![self.padding as i32; rows * length];
        let mut hidden_from = vec![true; rows * length];
        for (row, (ids, hidden)) in
            ids.chunks_exact_mut(length).zip(hidden_from.chunks_exact_mut(length)).enumerate()
        {
            let text = texts.get(row).copied().unwrap_or_default();
            for (place, id) in ids.iter_mut().zip(text) {
                *place = *id as i32;
            }
            hidden.iter_mut().take(text.len().max(1)).for_each(|hidden| *hidden = false);
        }
        let is_full = hidden_from.iter().all(|hidden| !hidden);
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [rows, length]), &self.device);
        let hidden_from = Tensor::<2, Bool>::from_data(
            TensorData::new(hidden_from, [rows, length]),
            &self.device,
        );
        let states = self.layers(ids, (!is_full).then(|| hidden_from.clone()));
        self.pool(states, hidden_from).try_into_data().map_err(|error| error.to_string())
    }

    fn vectors(&self, pooled: &TensorData, texts: usize) -> Result<Vec<Vec<f32>>, String> {
        let values = pooled.as_slice::<f32>().map_err(|error| error.to_string())?;
        let rows = values.chunks_exact(self.width).take(texts);
        Ok(rows.map(|row| pooling::pool(row, self.width, Pooling::First)).collect())
    }

    fn layers(&self, ids: Tensor<2, Int>, hidden_from: Option<Tensor<2, Bool>>) -> Tensor<3> {
        let [rows, length] = ids.dims();
        let mask = hidden_from.map(|hidden| {
            let shape = [rows, self.heads, length, length];
            hidden.reshape([rows, 1, 1, length]).expand(shape)
        });
        let positions = self.positions.clone().narrow(0, 0, length).unsqueeze::<3>();
        let mut hidden = self.normalise(embedding(self.words.clone(), ids) + positions, &self.norm);
        for layer in &self.layers {
            let attended = self.attend(layer, hidden.clone(), mask.clone());
            hidden = self.normalise(hidden + attended, &layer.attention_norm);
            let inner = gelu(apply(&layer.inner, hidden.clone()));
            hidden = self.normalise(hidden + apply(&layer.outer, inner), &layer.outer_norm);
        }
        hidden
    }

    fn attend(&self, layer: &Layer, hidden: Tensor<3>, mask: Option<Tensor<4, Bool>>) -> Tensor<3> {
        let [rows, length, width] = hidden.dims();
        let parts = apply(&layer.attention_in, hidden)
            .reshape([rows, length, 3, self.heads, width / self.heads])
            .permute([2, 0, 3, 1, 4]);
        let part = |index: usize| parts.clone().narrow(0, index, 1).squeeze_dim::<4>(0);
        let options = AttentionModuleOptions::default();
        let mixed = attention(part(0), part(1), part(2), mask, None, options);
        apply(&layer.attention_out, mixed.swap_dims(1, 2).reshape([rows, length, width]))
    }

    fn normalise(&self, hidden: Tensor<3>, norm: &NormTensors) -> Tensor<3> {
        layer_norm(hidden, norm.scale.clone(), Some(norm.shift.clone()), self.epsilon)
    }

    /// A row a text, in 32 bits, not yet of length one.
    fn pool(&self, states: Tensor<3>, hidden_from: Tensor<2, Bool>) -> Tensor<2> {
        let [rows, length, width] = states.dims();
        let states =
            if self.precision == Precision::F32 { states } else { states.cast(DType::F32) };
        match self.pooling {
            Pooling::First => states.slice([0..rows, 0..1, 0..width]).reshape([rows, width]),
            Pooling::Mean => {
                let hidden = hidden_from.reshape([rows, length, 1]).expand([rows, length, width]);
                states.mask_fill(hidden, 0.0).sum_dim(1).reshape([rows, width])
            }
        }
    }
}

fn apply(matrix: &Matrix, input: Tensor<3>) -> Tensor<3> {
    linear(input, matrix.weight.clone(), Some(matrix.bias.clone()))
}

/// The next length of the ladder, but never more than the model has positions for.
fn padded_length(length: usize, positions_max: usize) -> usize {
    let last = LENGTHS[LENGTHS.len() - 1];
    let step = LENGTHS.iter().copied().find(|step| length <= *step);
    step.unwrap_or_else(|| length.next_multiple_of(last)).min(positions_max).max(length)
}

fn floor_power_of_two(count: usize) -> usize {
    1 << count.max(1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_padded_to_few_lengths() {
        let padded = |length| padded_length(length, 600);
        assert_eq!([1, 32, 33, 130, 512, 513].map(padded), [32, 32, 64, 192, 512, 600]);
        assert_eq!(padded_length(20, 24), 24);
        assert_eq!([0, 1, 3, 1024].map(floor_power_of_two), [1, 1, 2, 1024]);
    }
}
