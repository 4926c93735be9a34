//! The tasks: similarity of pairs, translations found, topics without training.

use super::lines::{read, read_whole};
use super::metrics::spearman;
use crate::error::Result;
use crate::model::Embed;
use crate::text::TextInput;
use crate::topics::{PrototypeClassifier, Taxonomy, Topic};
use autoglm_domain::Embedding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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

/// How often the best topic is the right one, without training.
#[derive(Debug, Clone, Serialize)]
pub struct TopicReport {
    /// Texts.
    pub texts: usize,
    /// Share right; a text without any evidence counts as wrong.
    pub accuracy: f64,
    /// Share of texts with any evidence.
    pub answered: f64,
    /// Share right per label, by its English name.
    pub by_label: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct LabelledText {
    text: String,
    label: String,
}

#[derive(Deserialize)]
struct Label {
    en: String,
    zh: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    seeds: Vec<String>,
}

/// Zero-shot accuracy on lines `{text, label}` with the labels' names, descriptions and seeds from
/// `{label: {en, zh, description, seeds}}`, or with their names alone.
///
/// # Errors
/// When a file cannot be read or the labels are no taxonomy.
pub fn evaluate_topics(path: &Path, labels: &Path, names_only: bool) -> Result<TopicReport> {
    let texts: Vec<LabelledText> = read(path, r#"{"text": "…", "label": "…"}"#)?;
    let labels: BTreeMap<String, Label> = read_whole(
        labels,
        r#"{"label": {"en": "…", "zh": "…", "description": "…", "seeds": []}}"#,
    )?;
    let topics = labels.iter().map(|(key, label)| Topic {
        key: key.clone(),
        en: label.en.clone(),
        zh: label.zh.clone(),
        description: if names_only { String::new() } else { label.description.clone() },
        seeds: if names_only { Vec::new() } else { label.seeds.clone() },
    });
    let classifier = PrototypeClassifier::new(Taxonomy::new(topics.collect())?)?;
    let (mut right, mut answered) = (0, 0);
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in &texts {
        let best = best_topic(&classifier, &case.text);
        let hit = best.is_some_and(|key| key == case.label);
        answered += usize::from(best.is_some());
        right += usize::from(hit);
        let count = counts.entry(case.label.as_str()).or_default();
        count.0 += usize::from(hit);
        count.1 += 1;
    }
    let name = |key: &str| labels.get(key).map_or_else(|| key.to_owned(), |label| label.en.clone());
    let total = texts.len().max(1) as f64;
    Ok(TopicReport {
        texts: texts.len(),
        accuracy: right as f64 / total,
        answered: answered as f64 / total,
        by_label: counts
            .into_iter()
            .map(|(key, (hits, all))| (name(key), hits as f64 / all as f64))
            .collect(),
    })
}

fn best_topic<'a>(classifier: &'a PrototypeClassifier, text: &str) -> Option<&'a str> {
    let input = TextInput { title: text.to_owned(), ..TextInput::default() };
    let voices = classifier.voices(&input);
    let (index, voice) =
        voices.iter().enumerate().max_by(|(i, a), (j, b)| a.total_cmp(b).then(j.cmp(i)))?;
    let topic = classifier.taxonomy().topics().get(index)?;
    (*voice > 0.0).then_some(topic.key.as_str())
}
