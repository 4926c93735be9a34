//! The whole network: ids in, scores of the next token out, keys and values kept between.

use super::cache::{KvCache, Span};
use super::config::DecoderConfig;
use super::error::DecoderError;
use super::layer::{Layer, LayerContext, Step};
use super::linear::{Linear, WeightFormat};
use super::load::Loader;
use super::norm::NormLayer;
use super::rotary::{Place, Places, Rotary};
use crate::error::Result;
use crate::weights::Weights;
use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData};
use std::fmt;
use std::path::Path;

/// A decoder's weights on a device.
pub(super) struct Network {
    config: DecoderConfig,
    device: Device,
    computed: DType,
    tokens: Tensor<2>,
    layers: Vec<Layer>,
    norm: NormLayer,
    output: Linear,
    rotary: Rotary,
    /// Places there are angles for.
    places: usize,
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What one slot writes next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer {
    pub(super) slot: usize,
    /// The token before, and its index.
    pub(super) token: u32,
    pub(super) index: usize,
    pub(super) places: Places,
}

impl Network {
    /// Reads the weights of a folder; requests may have up to `context` tokens.
    ///
    /// # Errors
    /// When a file is missing, damaged or of another shape than the configuration says.
    pub(super) fn load(
        folder: &Path,
        config: DecoderConfig,
        format: WeightFormat,
        context: usize,
        device: &Device,
    ) -> Result<Self> {
        let weights = Weights::open(folder)?;
        let loader = Loader::new(&config, &weights, format, device);
        let layers =
            (0..config.layers).map(|layer| loader.layer(layer)).collect::<Result<_, _>>()?;
        let tokens = loader.tokens()?;
        let output = loader.output(&tokens)?;
        let norm = loader.final_norm()?;
        let computed = format.computed(device);
        // The place beyond the last is where slots without a request write.
        let places = context + 1;
        let rotary = Rotary::new(&config, places, computed, device);
        let device = device.clone();
        Ok(Self { config, device, computed, tokens, layers, norm, output, rotary, places })
    }

    pub(super) fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// Most tokens of a request.
    pub(super) fn context(&self) -> usize {
        self.places - 1
    }

    pub(super) fn cache(&self, slots: usize) -> KvCache {
        KvCache::new(&self.config, slots, self.context(), self.computed, &self.device)
    }

    /// Reads a part of a prompt into a slot; scores after its last token.
    pub(super) fn read(
        &self,
        cache: &mut KvCache,
        slot: usize,
        part: &[u32],
        from: usize,
        places: Places,
    ) -> Result<Vec<f32>> {
        let last = part.len().saturating_sub(1);
        let stream = self.read_stream(cache, slot, part, from, places).narrow(0, last, 1);
        self.scores(stream)
    }

    /// The same with the scores after every token, one row after the other.
    #[cfg(test)]
    pub(super) fn read_all(
        &self,
        cache: &mut KvCache,
        slot: usize,
        part: &[u32],
        from: usize,
        places: Places,
    ) -> Result<Vec<f32>> {
        self.scores(self.read_stream(cache, slot, part, from, places))
    }

    fn read_stream(
        &self,
        cache: &mut KvCache,
        slot: usize,
        part: &[u32],
        from: usize,
        places: Places,
    ) -> Tensor<2> {
        let length = from + part.len();
        let at: Vec<Place> = (from..length).map(|index| places.at(index)).collect();
        let step = Step {
            span: Span { first: slot, starts: &[from], length },
            tokens: part.len(),
            angles: self.rotary.angles(&at, 1, &self.device),
            mask: self.prompt_mask(part.len(), from, places),
        };
        self.forward(part, &step, cache)
    }

    /// Every writer's next token: the scores of all tokens, for each in their order.
    pub(super) fn write(&self, cache: &mut KvCache, writers: &[Writer]) -> Result<Vec<Vec<f32>>> {
        let Some(first) = writers.iter().map(|writer| writer.slot).min() else {
            return Ok(Vec::new());
        };
        let last = writers.iter().map(|writer| writer.slot).max().unwrap_or(first);
        let count = last - first + 1;
        // Slots between that do not write now write something nobody reads.
        let idle = cache.context();
        let (mut ids, mut starts) = (vec![0_u32; count], vec![idle; count]);
        let mut at: Vec<Place> = vec![(0, 0); count];
        for writer in writers {
            let row = writer.slot - first;
            for (slot, value) in ids.iter_mut().zip(&mut starts).zip(&mut at).skip(row).take(1) {
                *slot.0 = writer.token;
                *slot.1 = writer.index;
                *value = writer.places.at(writer.index);
            }
        }
        let length = writers.iter().map(|writer| writer.index + 1).max().unwrap_or(1);
        let step = Step {
            span: Span { first, starts: &starts, length },
            tokens: 1,
            angles: self.rotary.angles(&at, count, &self.device),
            mask: self.length_mask(&starts, length, idle),
        };
        let scores = self.scores(self.forward(&ids, &step, cache))?;
        let row_of = |writer: &Writer| {
            let start = (writer.slot - first) * self.config.vocabulary;
            scores.get(start..start + self.config.vocabulary).unwrap_or_default().to_vec()
        };
        Ok(writers.iter().map(row_of).collect())
    }

    fn forward(&self, ids: &[u32], step: &Step<'_>, cache: &mut KvCache) -> Tensor<2> {
        let ids: Vec<i32> = ids.iter().map(|id| i32::try_from(*id).unwrap_or(0)).collect();
        let ids = Tensor::<1, Int>::from_data(ids.as_slice(), &self.device);
        let mut stream = self.tokens.clone().select(0, ids);
        if stream.dtype() != self.computed {
            stream = stream.cast(self.computed);
        }
        let context = LayerContext { config: &self.config, rotary: &self.rotary, step };
        for (index, layer) in self.layers.iter().enumerate() {
            stream = layer.forward(stream, &context, index, cache);
        }
        stream
    }

    fn scores(&self, stream: Tensor<2>) -> Result<Vec<f32>> {
        let scores = self.output.forward(self.norm.forward(stream)).cast(DType::F32);
        let failed = |error: &dyn fmt::Debug| DecoderError::Device { reason: format!("{error:?}") };
        let data = scores.try_into_data().map_err(|error| failed(&error))?;
        Ok(data.try_into_vec::<f32>().map_err(|error| failed(&error))?)
    }

    /// Where a family's prompt sees itself whole: what each token must not see.
    fn prompt_mask(&self, tokens: usize, from: usize, places: Places) -> Option<Tensor<4, Bool>> {
        let Places::Block { start, .. } = places else { return None };
        let length = from + tokens;
        let hidden: Vec<bool> = (from..length)
            .flat_map(|row| {
                let seen = if row < start { start } else { row + 1 };
                (0..length).map(move |column| column >= seen)
            })
            .collect();
        Some(Tensor::from_data(TensorData::new(hidden, [1, 1, tokens, length]), &self.device))
    }

    /// What is beyond each row's own length; nothing for a row alone.
    fn length_mask(&self, starts: &[usize], length: usize, idle: usize) -> Option<Tensor<4, Bool>> {
        if starts.len() == 1 {
            return None;
        }
        let hidden: Vec<bool> = starts
            .iter()
            .flat_map(|start| {
                // A slot that only takes part must see something, or its numbers are none.
                let seen = if *start == idle { 1 } else { start + 1 };
                (0..length).map(move |column| column >= seen)
            })
            .collect();
        let shape = [starts.len(), 1, 1, length];
        Some(Tensor::from_data(TensorData::new(hidden, shape), &self.device))
    }
}

#[cfg(test)]
mod tests;
