//! An encoder of any width as the product uses it: brought to [`EMBEDDING_DIMENSIONS`] by a projection
//! that was learned once, when the model came in.

use super::StaticEncoder;
use super::transformer::{TransformerEncoder, TransformerOptions};
use crate::device::ComputeDevice;
use crate::error::Result;
use crate::model::{Embed, Model, ModelId};
use crate::projection::Projection;
use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding};
use std::path::Path;

/// The projection's file in a model's folder.
pub const PROJECTION_FILE: &str = "projection.safetensors";
/// Texts a projection is learned from.
const SAMPLE_TEXTS: usize = 1_536;
/// Words of such a text.
const SAMPLE_WORDS: usize = 3;
/// Texts encoded at a time.
const SAMPLE_BATCH: usize = 64;

/// A transformer with its projection.
#[derive(Debug)]
pub struct ProjectedEncoder {
    id: ModelId,
    encoder: TransformerEncoder,
    projection: Projection,
}

impl ProjectedEncoder {
    /// From a model's folder, which [`learn_projection`] has seen.
    ///
    /// # Errors
    /// When a file is missing or the parts do not fit together.
    pub fn load(folder: &Path, id: ModelId, prefix: &str, device: &ComputeDevice) -> Result<Self> {
        let options =
            TransformerOptions { prefix: prefix.to_owned(), ..TransformerOptions::default() };
        let encoder = TransformerEncoder::load_with(folder, device, options)?;
        let projection = Projection::load(&folder.join(PROJECTION_FILE))?;
        Ok(Self { id, encoder, projection })
    }
}

impl Model for ProjectedEncoder {
    fn id(&self) -> ModelId {
        self.id.clone()
    }
}

impl Embed for ProjectedEncoder {
    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let vectors = self.encoder.encode(texts)?;
        Ok(vectors
            .iter()
            .zip(texts)
            // A text that says nothing is nowhere, not at the frame's own place.
            .map(|(vector, text)| match text.trim().is_empty() {
                true => Embedding::zero(),
                false => Embedding(self.projection.apply(vector)),
            })
            .collect())
    }
}

/// Learns the projection of a model that comes in, from words of both languages, and writes it
/// into its folder. What is there already is kept.
///
/// # Errors
/// When the model cannot be loaded or its folder not written.
pub fn learn_projection(folder: &Path, prefix: &str) -> Result<()> {
    let path = folder.join(PROJECTION_FILE);
    if path.is_file() {
        return Projection::load(&path).map(|_good| ());
    }
    let options = TransformerOptions { prefix: prefix.to_owned(), ..TransformerOptions::default() };
    let encoder = TransformerEncoder::load_with(folder, &ComputeDevice::cpu(), options)?;
    let texts = sample_texts(SAMPLE_TEXTS)?;
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(SAMPLE_BATCH) {
        let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
        vectors.extend(encoder.encode(&batch)?);
    }
    let projection = Projection::fit(vectors.iter().map(Vec::as_slice), EMBEDDING_DIMENSIONS)?;
    projection.save(&path)
}

/// Texts to learn a projection from: words of the built-in vocabulary, a few to a text, from
/// everywhere in it, so of both languages, common and rare ones. Always the same.
///
/// # Errors
/// [`crate::Error::InvalidModel`] when the program was built with broken model files.
pub fn sample_texts(count: usize) -> Result<Vec<String>> {
    let built_in = StaticEncoder::built_in()?;
    let vocabulary = built_in.vocabulary();
    let rows = 0..u32::try_from(vocabulary.len()).unwrap_or(u32::MAX);
    let whole: Vec<&str> = rows
        .filter_map(|row| vocabulary.line(row))
        .filter(|word| !word.starts_with("##") && word.chars().count() > 1)
        .collect();
    let step = (whole.len() / (count * SAMPLE_WORDS).max(1)).max(1);
    let chosen: Vec<&str> = whole.into_iter().step_by(step).collect();
    Ok(chosen.chunks(SAMPLE_WORDS).take(count).map(|words| words.join(" ")).collect())
}
