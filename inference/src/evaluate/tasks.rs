//! The tasks: similarity of pairs, translations found.

use super::lines::read;
use super::metrics::spearman;
use crate::error::Result;
use crate::model::Embed;
use autoglm_domain::Embedding;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Texts embedded at a time.
const BATCH: usize = 256;

/// How well the cosine of embeddings orders pairs by similarity.
#[derive(Debug, Clone, Serialize)]
pub struct SimilarityReport {
    /// Name and version of the encoder.
    pub model: String,
    /// Pairs.
    pub pairs: usize,
    /// Spearman's correlation of cosine and score.
    pub spearman: f64,
}

#[derive(Deserialize)]
struct SimilarPair {
    a: String,
    b: String,
    score: f64,
}

/// Spearman on lines `{a, b, score}`.
///
/// # Errors
/// When the file cannot be read or the encoder fails.
pub fn evaluate_similarity(encoder: &dyn Embed, path: &Path) -> Result<SimilarityReport> {
    let pairs: Vec<SimilarPair> = read(path, r#"{"a": "…", "b": "…", "score": 0.0}"#)?;
    let left = embed_all(encoder, pairs.iter().map(|pair| pair.a.as_str()))?;
    let right = embed_all(encoder, pairs.iter().map(|pair| pair.b.as_str()))?;
    let cosines: Vec<f64> = left.iter().zip(&right).map(|(a, b)| f64::from(a.dot(b))).collect();
    let scores: Vec<f64> = pairs.iter().map(|pair| pair.score).collect();
    Ok(SimilarityReport {
        model: encoder.id().to_string(),
        pairs: pairs.len(),
        spearman: spearman(&cosines, &scores),
    })
}

fn embed_all<'a>(
    encoder: &dyn Embed,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Vec<Embedding>> {
    let texts: Vec<&str> = texts.collect();
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(BATCH) {
        vectors.extend(encoder.embed(batch)?);
    }
    Ok(vectors)
}

/// How often the nearest English line to a Chinese one is its translation.
#[derive(Debug, Clone, Serialize)]
pub struct CrosslingualReport {
    /// Name and version of the encoder.
    pub model: String,
    /// Lines.
    pub pairs: usize,
    /// Share found at the first place.
    pub accuracy_at_1: f64,
}

#[derive(Deserialize)]
struct Translation {
    en: String,
    zh: String,
}

/// Accuracy at 1, Chinese to English, on lines `{en, zh}`; a line whose English occurs twice counts
/// as found by either.
///
/// # Errors
/// When the file cannot be read or the encoder fails.
pub fn evaluate_crosslingual(encoder: &dyn Embed, path: &Path) -> Result<CrosslingualReport> {
    let pairs: Vec<Translation> = read(path, r#"{"en": "…", "zh": "…"}"#)?;
    let english = embed_all(encoder, pairs.iter().map(|pair| pair.en.as_str()))?;
    let chinese = embed_all(encoder, pairs.iter().map(|pair| pair.zh.as_str()))?;
    let mut found = 0;
    for (pair, vector) in pairs.iter().zip(&chinese) {
        let nearest = english
            .iter()
            .enumerate()
            .max_by(|(_, a), (_, b)| vector.dot(a).total_cmp(&vector.dot(b)))
            .and_then(|(index, _)| pairs.get(index));
        found += usize::from(nearest.is_some_and(|nearest| nearest.en == pair.en));
    }
    Ok(CrosslingualReport {
        model: encoder.id().to_string(),
        pairs: pairs.len(),
        accuracy_at_1: found as f64 / pairs.len().max(1) as f64,
    })
}
