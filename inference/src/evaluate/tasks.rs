//! The tasks: similarity of pairs, translations found, summaries.

use super::lines::read;
use super::metrics::{Rouge, spearman};
use crate::error::{Error, Result};
use crate::model::Embed;
use crate::summary::{ExtractiveSummariser, SummaryBudget};
use crate::text::{TextInput, prefix};
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

/// Overlap of summaries with their references, ours and the text's start at the same length.
#[derive(Debug, Clone, Serialize)]
pub struct SummaryReport {
    /// Texts.
    pub texts: usize,
    /// The share of a text the summaries may take: the references' mean share.
    pub budget_share: f64,
    /// ROUGE-1 F1.
    pub rouge_1: f64,
    /// ROUGE-2 F1.
    pub rouge_2: f64,
    /// ROUGE-L F1.
    pub rouge_l: f64,
    /// ROUGE-1 F1 of the first sentences.
    pub lead_rouge_1: f64,
    /// ROUGE-2 F1 of the first sentences.
    pub lead_rouge_2: f64,
    /// ROUGE-L F1 of the first sentences.
    pub lead_rouge_l: f64,
}

const SUMMARY_LINE: &str = r#"{"text": "…", "summaries": ["…"]}"#;

#[derive(Deserialize)]
struct SummarisedText {
    text: String,
    summaries: Vec<String>,
}

/// ROUGE on lines `{text, summaries}` against the first reference of each. The length allowed is
/// the references' mean share of their texts, and one sentence at least.
///
/// # Errors
/// When the file cannot be read or has no references.
pub fn evaluate_summaries(path: &Path) -> Result<SummaryReport> {
    let mut cases: Vec<SummarisedText> = read(path, SUMMARY_LINE)?;
    cases.retain(|case| !case.text.is_empty() && !case.summaries.is_empty());
    if cases.is_empty() {
        return Err(Error::EmptyEvaluation { path: path.to_owned(), expected: SUMMARY_LINE });
    }
    let share = cases.iter().map(reference_share).sum::<f64>() / cases.len() as f64;
    let summariser = ExtractiveSummariser::new(SummaryBudget::Share(share as f32));
    let (mut ours, mut lead) = (Rouge::default(), Rouge::default());
    for case in &cases {
        let reference = case.summaries.first().map_or("", String::as_str);
        let input = TextInput { lead: case.text.clone(), ..TextInput::default() };
        add(&mut ours, Rouge::of(&summariser.summary_of(&input), reference));
        add(&mut lead, Rouge::of(&first_sentences(&case.text, share), reference));
    }
    let mean = |sum: f64| sum / cases.len() as f64;
    Ok(SummaryReport {
        texts: cases.len(),
        budget_share: share,
        rouge_1: mean(ours.one),
        rouge_2: mean(ours.two),
        rouge_l: mean(ours.longest),
        lead_rouge_1: mean(lead.one),
        lead_rouge_2: mean(lead.two),
        lead_rouge_l: mean(lead.longest),
    })
}

fn add(sum: &mut Rouge, rouge: Rouge) {
    sum.one += rouge.one;
    sum.two += rouge.two;
    sum.longest += rouge.longest;
}

fn reference_share(case: &SummarisedText) -> f64 {
    let text = prefix(&case.text, crate::text::LEAD_BYTES_MAX).chars().count().max(1) as f64;
    let summary = case.summaries.first().map_or(0, |summary| summary.chars().count()) as f64;
    (summary / text).min(1.0)
}

fn first_sentences(text: &str, share: f64) -> String {
    let limit = (text.chars().count() as f64 * share) as usize;
    let mut start = String::new();
    for sentence in crate::summary::split_sentences(text) {
        let length = start.chars().count();
        if length > 0 && length + sentence.chars().count() > limit {
            break;
        }
        start.push_str(sentence);
        start.push(' ');
    }
    start
}
