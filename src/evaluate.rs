//! The measurements behind `autoglm eval`: the rooms measure, this prints.

mod near_duplicates;

use crate::cli::print_line;
use anyhow::{Context, Result};
use autoglm_domain::QuantizedEmbedding;
use autoglm_feeds::{ClientConfig, GuardedClient, install_crypto_provider};
use autoglm_inference::{
    Embed, Gazetteer, GazetteerExtractor, ModelRegistry, SummaryBudget, evaluate,
};
use autoglm_ranking::stories::StoryLimits;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

/// Every set present in a folder laid out like `corpora/ingest`, written as its scorer reads it.
///
/// # Errors
/// When a set cannot be read or its result not written.
pub fn ingest(set: &Path, out: &Path) -> Result<()> {
    let mut counts = autoglm_feeds::evaluate::evaluate_ingest(set, out)
        .with_context(|| format!("cannot evaluate {} into {}", set.display(), out.display()))?;
    if let Some(count) = near_duplicates::near_duplicates(set, out)? {
        counts.push(("neardup".to_owned(), count));
    }
    counts.iter().try_for_each(|(name, count)| print_line(&format!("{name}: {count} cases")))
}

/// One address through the guarded client, within `timeout`. With `allow_localhost`
/// that name, and nothing else inside, may be asked: redirects to it included, to addresses not.
///
/// # Errors
/// When the client cannot be built. A fetch that fails is a result, not an error.
pub async fn fetch(url: &str, allow_localhost: bool, timeout: Duration) -> Result<()> {
    install_crypto_provider();
    let here = ("localhost".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let resolve = if allow_localhost { vec![here] } else { Vec::new() };
    let config = ClientConfig { resolve, timeout, ..ClientConfig::default() };
    let client = GuardedClient::new(&config)?;
    print_line(&autoglm_feeds::evaluate::evaluate_fetch(&client, url).await.to_string())
}

/// Spearman correlation of an encoder's cosine with people's judgement.
///
/// # Errors
/// When the file cannot be read or the encoder fails.
pub fn similarity(encoder: &dyn Embed, file: &Path, json: bool) -> Result<()> {
    print(&evaluate::evaluate_similarity(encoder, file)?, json)
}

/// Accuracy at 1 of an encoder's nearest English line to a Chinese one.
///
/// # Errors
/// When the file cannot be read or the encoder fails.
pub fn crosslingual(encoder: &dyn Embed, file: &Path, json: bool) -> Result<()> {
    print(&evaluate::evaluate_crosslingual(encoder, file)?, json)
}

/// Accuracy of topics given by their names, descriptions and seeds.
///
/// # Errors
/// When a file cannot be read.
pub fn topics(file: &Path, labels: &Path, names_only: bool, json: bool) -> Result<()> {
    print(&evaluate::evaluate_topics(file, labels, names_only)?, json)
}

/// Accuracy of a head trained on every `step`-th line of `train`.
///
/// # Errors
/// When a file cannot be read or nothing can be learnt from it.
pub fn head(file: &Path, labels: &Path, train: &Path, step: usize, json: bool) -> Result<()> {
    print(&evaluate::evaluate_head(file, labels, train, step)?, json)
}

/// Precision and recall of what articles name, by kind, and speed.
///
/// # Errors
/// When a file cannot be read, or the dictionary cannot be used.
pub fn entities(file: &Path, dictionary: Option<&Path>, json: bool) -> Result<()> {
    let extractor = match dictionary {
        None => GazetteerExtractor::built_in()?,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            GazetteerExtractor::new(Gazetteer::with_dictionary(&text)?)?
        }
    };
    print(&evaluate::evaluate_entities(file, &extractor)?, json)
}

/// ROUGE of the extractive summaries, of this length or one by the file's language.
///
/// # Errors
/// When the file cannot be read.
pub fn summaries(file: &Path, length: Option<SummaryBudget>, json: bool) -> Result<()> {
    print(&evaluate::evaluate_summaries(file, length)?, json)
}

/// B-cubed F1 of stories, one pass in file order.
///
/// # Errors
/// When the file cannot be read or the encoder fails.
pub fn stories(file: &Path, json: bool) -> Result<()> {
    let registry = ModelRegistry::built_in()?;
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
