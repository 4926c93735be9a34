//! The forward pass on a processor: texts of any lengths one after another without padding, the
//! multiplications by the tensor library, everything between them in one pass over each row.

use super::configuration::{Configuration, Pooling};
use super::kernel;
use super::parameters::{EmbeddingParameters, LayerParameters, Linear, Norm, Parameters};
use super::pooling;
use super::stage::{Stage, StageClock};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

/// Tokens that go through the layers together: enough for the multiplications to be efficient,
/// few enough for the rows to stay in the second cache.
const TOKENS_TOGETHER: usize = 512;

/// A model laid out for a processor.
#[derive(Debug)]
pub(super) struct ProcessorModel {
    device: Device,
    embedding: EmbeddingParameters,
    layers: Vec<Layer>,
    width: usize,
    heads: usize,
    epsilon: f32,
    pooling: Pooling,
}

#[derive(Debug)]
struct Layer {
    /// Queries, keys and values.
    attention_in: Tensor<2>,
    query_bias: Vec<f32>,
    attention_out: Matrix,
    attention_norm: Norm,
    inner: Matrix,
    outer: Matrix,
    outer_norm: Norm,
}

#[derive(Debug)]
struct Matrix {
    weight: Tensor<2>,
    bias: Vec<f32>,
}

/// Texts of one length that follow one another.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// The first row of the first text.
    row: usize,
    texts: usize,
    length: usize,
}

impl ProcessorModel {
    pub(super) fn new(
        parameters: Parameters,
        configuration: &Configuration,
        device: &Device,
    ) -> Self {
        let layers = parameters.layers.into_iter().map(|layer| Layer::new(layer, device)).collect();
        Self {
            device: device.clone(),
            embedding: parameters.embedding,
            layers,
            width: configuration.width,
            heads: configuration.heads,
            epsilon: configuration.epsilon,
            pooling: configuration.pooling,
        }
    }

    /// One unit vector a text. Texts of equal length should follow one another; none may be empty.
    pub(super) fn forward(
        &self,
        texts: &[&[u32]],
        clock: &StageClock,
    ) -> Result<Vec<Vec<f32>>, String> {
        let parts: Vec<&[&[u32]]> = chunks(texts).collect();
        let part = |part| {
            let states = clock.time(Stage::Forward, || self.states(part))?;
            clock.time(Stage::Pool, || self.pool(part, states))
        };
        let vectors: Vec<_> = parts.into_par_iter().map(part).collect::<Result<_, _>>()?;
        Ok(vectors.into_iter().flatten().collect())
    }

    /// `[tokens, width]`: the vectors of all tokens after the last layer.
    fn states(&self, texts: &[&[u32]]) -> Result<Tensor<2>, String> {
        let runs = runs(texts);
        let rows = texts.iter().map(|text| text.len()).sum();
        let mut hidden = self.tensor(self.embed(texts, rows), rows);
        for layer in &self.layers {
            hidden = self.layer(layer, hidden, &runs, rows)?;
        }
        Ok(hidden)
    }

    fn pool(&self, texts: &[&[u32]], states: Tensor<2>) -> Result<Vec<Vec<f32>>, String> {
        let data = data_of(states)?;
        let mut rest = values_of(&data)?;
        let vectors = texts.iter().map(|text| {
            let (of_text, after) = rest.split_at(text.len() * self.width);
            rest = after;
            pooling::pool(of_text, self.width, self.pooling)
        });
        Ok(vectors.collect())
    }

    fn embed(&self, texts: &[&[u32]], rows: usize) -> Vec<f32> {
        let width = self.width;
        let mut hidden = Vec::with_capacity(rows * width);
        for text in texts {
            for (id, position) in text.iter().zip(self.embedding.positions.chunks_exact(width)) {
                let start = *id as usize * width;
                let word = self.embedding.words.get(start..start + width).unwrap_or_default();
                hidden.extend(word.iter().zip(position).map(|(word, position)| word + position));
            }
        }
        kernel::normalise(&mut hidden, &self.embedding.norm, self.epsilon);
        hidden
    }

    fn layer(
        &self,
        layer: &Layer,
        hidden: Tensor<2>,
        runs: &[Run],
        rows: usize,
    ) -> Result<Tensor<2>, String> {
        let projected = hidden.clone().matmul(layer.attention_in.clone());
        let context = self.attention(layer, projected, runs, rows)?;
        let attended = context.matmul(layer.attention_out.weight.clone());
        let hidden =
            self.join(hidden, attended, &layer.attention_out.bias, &layer.attention_norm)?;
        let inner = hidden.clone().matmul(layer.inner.weight.clone());
        let inner = edit(inner, |values| kernel::add_bias_gelu(values, &layer.inner.bias))?;
        let outer = inner.matmul(layer.outer.weight.clone());
        self.join(hidden, outer, &layer.outer.bias, &layer.outer_norm)
    }

    /// What a layer adds, normalised with what was there.
    fn join(
        &self,
        residual: Tensor<2>,
        added: Tensor<2>,
        bias: &[f32],
        norm: &Norm,
    ) -> Result<Tensor<2>, String> {
        let added = data_of(added)?;
        let added = values_of(&added)?;
        edit(residual, |values| kernel::add_and_normalise(values, added, bias, norm, self.epsilon))
    }

    /// Every token's mixture of its text's values, the heads beside each other again.
    fn attention(
        &self,
        layer: &Layer,
        projected: Tensor<2>,
        runs: &[Run],
        rows: usize,
    ) -> Result<Tensor<2>, String> {
        let width = self.width;
        let projected = edit(projected, |values| {
            for row in values.chunks_exact_mut(3 * width) {
                let (query, _) = row.split_at_mut(width);
                kernel::add_bias(query, &layer.query_bias);
            }
        })?;
        let mut context = vec![0.0; rows * width];
        for run in runs {
            let mixed = data_of(self.mix(projected.clone(), *run)?)?;
            let end = (run.row + run.texts * run.length) * width;
            let target = context.get_mut(run.row * width..end).unwrap_or_default();
            self.gather_heads(values_of(&mixed)?, target, *run);
        }
        Ok(self.tensor(context, rows))
    }

    /// `[1, texts, heads, length, head width]`, by views of the projections without a copy.
    fn mix(&self, projected: Tensor<2>, run: Run) -> Result<Tensor<5>, String> {
        let head_width = self.width / self.heads;
        let Run { row, texts, length } = run;
        let parts = projected
            .narrow(0, row, texts * length)
            .reshape([texts, length, 3, self.heads, head_width])
            .permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|part| parts.clone().narrow(0, part, 1));
        let scores = query.matmul(key.swap_dims(3, 4));
        let scale = (head_width as f32).sqrt().recip();
        let weights = edit(scores, |values| kernel::softmax(values, length, scale))?;
        Ok(weights.matmul(value))
    }

    fn gather_heads(&self, mixed: &[f32], target: &mut [f32], run: Run) {
        let head_width = self.width / self.heads;
        let of_text = run.length * self.width;
        for (mixed, target) in mixed.chunks_exact(of_text).zip(target.chunks_exact_mut(of_text)) {
            for (head, mixed) in mixed.chunks_exact(run.length * head_width).enumerate() {
                let rows = target.chunks_exact_mut(self.width);
                for (row, mixed) in rows.zip(mixed.chunks_exact(head_width)) {
                    if let Some(part) = row.get_mut(head * head_width..(head + 1) * head_width) {
                        part.copy_from_slice(mixed);
                    }
                }
            }
        }
    }

    fn tensor(&self, values: Vec<f32>, rows: usize) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, [rows, self.width]), (&self.device, DType::F32))
    }
}

impl Layer {
    fn new(layer: LayerParameters, device: &Device) -> Self {
        let width = layer.attention_out.inputs;
        let (query_bias, value_bias) = split_bias(&layer.attention_in.bias, width);
        let mut attention_out = layer.attention_out;
        add_value_bias(&mut attention_out, &value_bias);
        Self {
            attention_in: matrix(layer.attention_in, device).weight,
            query_bias,
            attention_out: matrix(attention_out, device),
            attention_norm: layer.attention_norm,
            inner: matrix(layer.inner, device),
            outer: matrix(layer.outer, device),
            outer_norm: layer.outer_norm,
        }
    }
}

/// The keys' bias adds the same to every score of a query, which the softmax takes away again.
fn split_bias(bias: &[f32], width: usize) -> (Vec<f32>, Vec<f32>) {
    let part = |index: usize| bias.iter().skip(index * width).take(width).copied().collect();
    (part(0), part(2))
}

/// The weights of a mixture sum to one, so the values' bias comes out of it as it went in, and can
/// be put into the next bias once and for all.
fn add_value_bias(out: &mut Linear, value_bias: &[f32]) {
    for (value, row) in value_bias.iter().zip(out.weight.chunks_exact(out.outputs)) {
        for (bias, weight) in out.bias.iter_mut().zip(row) {
            *bias += value * weight;
        }
    }
}

fn matrix(linear: Linear, device: &Device) -> Matrix {
    let data = TensorData::new(linear.weight, [linear.inputs, linear.outputs]);
    Matrix { weight: Tensor::from_data(data, (device, DType::F32)), bias: linear.bias }
}

/// Neighbouring texts of about as many tokens together as are efficient.
fn chunks<'a, 'b>(texts: &'a [&'b [u32]]) -> impl Iterator<Item = &'a [&'b [u32]]> {
    let mut rest = texts;
    std::iter::from_fn(move || {
        let mut tokens = 0;
        let fits = |text: &&&[u32]| {
            tokens += text.len();
            tokens <= TOKENS_TOGETHER
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (part, after) = rest.split_at(count);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

fn runs(texts: &[&[u32]]) -> Vec<Run> {
    let mut row = 0;
    let same = texts.chunk_by(|a, b| a.len() == b.len());
    let run = |texts: &[&[u32]]| {
        let length = texts.first().map_or(0, |text| text.len());
        let run = Run { row, texts: texts.len(), length };
        row += texts.len() * length;
        run
    };
    same.map(run).collect()
}

/// Lets `change` work on the numbers of a tensor that nobody else holds, without a copy.
fn edit<const D: usize>(
    tensor: Tensor<D>,
    change: impl FnOnce(&mut [f32]),
) -> Result<Tensor<D>, String> {
    let device = tensor.device();
    let mut data = data_of(tensor)?;
    change(data.as_mut_slice::<f32>().map_err(|error| error.to_string())?);
    Ok(Tensor::from_data(data, (&device, DType::F32)))
}

fn data_of<const D: usize>(tensor: Tensor<D>) -> Result<TensorData, String> {
    tensor.try_into_data().map_err(|error| error.to_string())
}

fn values_of(data: &TensorData) -> Result<&[f32], String> {
    data.as_slice::<f32>().map_err(|error| error.to_string())
}
