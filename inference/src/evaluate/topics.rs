//! How well topics are told apart that are given by words alone.

use super::lines::{read, read_whole};
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::text::TextInput;
use crate::topics::{PrototypeClassifier, Taxonomy, Topic, TopicHead};
use autoglm_domain::TopicDescription;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const TEXT_LINE: &str = r#"{"text": "…", "label": "…"}"#;
const LABELS: &str = r#"{"label": {"en": "…", "zh": "…", "description": "…", "seeds": []}}"#;

/// How often the best topic is the right one.
#[derive(Debug, Clone, Serialize)]
pub struct TopicReport {
    /// Texts.
    pub texts: usize,
    /// Share right; a text without any known word counts as wrong.
    pub accuracy: f64,
    /// Share of texts with any known word.
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
    description: TopicDescription,
    #[serde(default)]
    seeds: Vec<String>,
}

/// Zero-shot accuracy on lines `{text, label}` with the labels' names, descriptions and seeds from
/// `{label: {en, zh, description, seeds}}`; with `names_only` their names alone.
///
/// # Errors
/// When a file cannot be read or the labels are no taxonomy.
pub fn evaluate_topics(path: &Path, labels: &Path, names_only: bool) -> Result<TopicReport> {
    let texts: Vec<LabelledText> = read(path, TEXT_LINE)?;
    let labels: BTreeMap<String, Label> = read_whole(labels, LABELS)?;
    let topics = labels.iter().map(|(key, label)| Topic {
        key: key.clone(),
        en: label.en.clone(),
        zh: label.zh.clone(),
        description: if names_only {
            TopicDescription::default()
        } else {
            label.description.clone()
        },
        seeds: if names_only { Vec::new() } else { label.seeds.clone() },
    });
    let classifier = PrototypeClassifier::new(Taxonomy::new(topics.collect())?)?;
    Ok(report(&texts, &labels, |text| best_topic(&classifier, text)))
}

/// Accuracy of a head trained on every `step`-th line of another file of the same form.
///
/// # Errors
/// When a file cannot be read or is too large, or has a single label.
pub fn evaluate_head(path: &Path, labels: &Path, train: &Path, step: usize) -> Result<TopicReport> {
    let texts: Vec<LabelledText> = read(path, TEXT_LINE)?;
    let labels: BTreeMap<String, Label> = read_whole(labels, LABELS)?;
    let examples: Vec<LabelledText> = read(train, TEXT_LINE)?;
    let examples: Vec<(&str, &str)> = examples
        .iter()
        .step_by(step.max(1))
        .map(|case| (case.text.as_str(), case.label.as_str()))
        .collect();
    let encoder = StaticEncoder::built_in()?;
    let head = TopicHead::train(&encoder, &examples)?;
    Ok(report(&texts, &labels, |text| head.best(&encoder, text).map(|(label, _)| label)))
}

fn report<'a>(
    texts: &[LabelledText],
    labels: &BTreeMap<String, Label>,
    best: impl Fn(&str) -> Option<&'a str>,
) -> TopicReport {
    let (mut right, mut answered) = (0_usize, 0_usize);
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in texts {
        let found = best(&case.text);
        let hit = found.is_some_and(|key| key == case.label);
        answered += usize::from(found.is_some());
        right += usize::from(hit);
        let count = counts.entry(case.label.as_str()).or_default();
        count.0 += usize::from(hit);
        count.1 += 1;
    }
    let name = |key: &str| labels.get(key).map_or_else(|| key.to_owned(), |label| label.en.clone());
    let total = texts.len().max(1) as f64;
    TopicReport {
        texts: texts.len(),
        accuracy: right as f64 / total,
        answered: answered as f64 / total,
        by_label: counts
            .into_iter()
            .map(|(key, (hits, all))| (name(key), hits as f64 / all as f64))
            .collect(),
    }
}

fn best_topic<'a>(classifier: &'a PrototypeClassifier, text: &str) -> Option<&'a str> {
    let input = TextInput { title: text.to_owned(), ..TextInput::default() };
    let probabilities = classifier.probabilities(&input)?;
    let best =
        probabilities.iter().enumerate().max_by(|(i, a), (j, b)| a.total_cmp(b).then(j.cmp(i)))?;
    classifier.taxonomy().topics().get(best.0).map(|topic| topic.key.as_str())
}
