//! The measurements behind `autoglm eval similarity|topics|summaries|stories`: the rooms measure,
//! this prints.

use crate::cli::print_line;
use anyhow::{Context, Result};
use autoglm_domain::QuantizedEmbedding;
use autoglm_inference::{ModelRegistry, evaluate};
use autoglm_ranking::stories::StoryLimits;
use serde::Serialize;
use std::path::Path;

/// Spearman correlation of the built-in encoder's cosine with people's judgement.
///
/// # Errors
/// When the file cannot be read.
pub fn similarity(file: &Path, json: bool) -> Result<()> {
    let registry = ModelRegistry::with_baseline();
    print(&evaluate::evaluate_similarity(registry.embed(None)?.as_ref(), file)?, json)
}

/// Accuracy of topics given by their names, descriptions and seeds.
///
/// # Errors
/// When a file cannot be read.
pub fn topics(file: &Path, labels: &Path, json: bool) -> Result<()> {
    print(&evaluate::evaluate_topics(file, labels)?, json)
}

/// ROUGE of the extractive summaries.
///
/// # Errors
/// When the file cannot be read.
pub fn summaries(file: &Path, json: bool) -> Result<()> {
    print(&evaluate::evaluate_summaries(file)?, json)
}

/// B-cubed F1 of stories, one pass in file order.
///
/// # Errors
/// When the file cannot be read or the encoder fails.
pub fn stories(file: &Path, json: bool) -> Result<()> {
    let registry = ModelRegistry::with_baseline();
    let encoder = registry.embed(None)?;
    let mut failure = None;
    let report =
        autoglm_ranking::evaluate::evaluate_stories(file, StoryLimits::default(), |text| {
            match encoder.embed(&[text]) {
                Ok(vectors) => vectors.first().map(QuantizedEmbedding::from_embedding),
                Err(error) => {
                    failure.get_or_insert(error);
                    None
                }
            }
            .unwrap_or_else(|| {
                QuantizedEmbedding::from_embedding(&autoglm_domain::Embedding::zero())
            })
        })
        .with_context(|| format!("cannot evaluate {}", file.display()))?;
    if let Some(error) = failure {
        return Err(error).context("the encoder failed on a text");
    }
    print(&report, json)
}

fn print(report: &impl Serialize, json: bool) -> Result<()> {
    print_line(&if json {
        serde_json::to_string(report)?
    } else {
        serde_json::to_string_pretty(report)?
    })
}
