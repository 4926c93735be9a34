//! How many of the names in articles are found, and how many of those found are right.

use super::lines::read;
use crate::entities::GazetteerExtractor;
use crate::error::{Error, Result};
use crate::text::TextInput;
use autoglm_domain::{Entity, EntityKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

const EXPECTED: &str =
    r#"{"title": "…", "lead": "…", "lang": "en", "entities": {"company": ["…"]}}"#;
/// Speed is measured for at least so long.
const MEASURED: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Labelled {
    title: String,
    #[serde(default)]
    lead: String,
    #[serde(default)]
    lang: String,
    /// By kind: keys or names.
    entities: BTreeMap<String, Vec<String>>,
}

/// Right ones of what was found and of what is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct EntityScore {
    /// Named in the articles.
    pub labelled: usize,
    /// Found.
    pub found: usize,
    /// Found and named.
    pub right: usize,
    /// Of those found, the share that is right; 1 when none was found.
    pub precision: f64,
    /// Of those named, the share that was found; 1 when none is named.
    pub recall: f64,
}

/// Precision and recall by kind and language, and speed on one core.
#[derive(Debug, Clone, Serialize)]
pub struct EntityReport {
    /// Articles.
    pub articles: usize,
    /// All kinds together.
    pub all: EntityScore,
    /// By kind.
    pub by_kind: BTreeMap<String, EntityScore>,
    /// By the language the file says.
    pub by_language: BTreeMap<String, EntityScore>,
    /// Articles a second, titles with their leads.
    pub articles_per_second: f64,
    /// Titles alone a second.
    pub titles_per_second: f64,
    /// `line: kind/name` of each that was missed.
    pub missed: Vec<String>,
    /// The same of each that was found wrongly.
    pub wrong: Vec<String>,
}

/// Entities on lines `{title, lead, lang, entities: {kind: [name or key]}}`. A name counts as
/// found when something of its kind has its key; a line names each thing once.
///
/// # Errors
/// When the file cannot be read or has no line.
pub fn evaluate_entities(path: &Path, extractor: &GazetteerExtractor) -> Result<EntityReport> {
    let cases: Vec<Labelled> = read(path, EXPECTED)?;
    if cases.is_empty() {
        return Err(Error::EmptyEvaluation { path: path.to_owned(), expected: EXPECTED });
    }
    let mut report = EntityReport {
        articles: cases.len(),
        all: EntityScore::default(),
        by_kind: BTreeMap::new(),
        by_language: BTreeMap::new(),
        articles_per_second: 0.0,
        titles_per_second: 0.0,
        missed: Vec::new(),
        wrong: Vec::new(),
    };
    let inputs: Vec<TextInput> = cases.iter().map(input).collect();
    for (index, (case, input)) in cases.iter().zip(&inputs).enumerate() {
        let wanted = labels(case, extractor);
        let found: BTreeSet<(String, String)> =
            extractor.extract_one(input).entities.iter().map(label).collect();
        let line = |(kind, key): &(String, String)| format!("{}: {kind}/{key}", index + 1);
        report.missed.extend(wanted.difference(&found).map(line));
        report.wrong.extend(found.difference(&wanted).map(line));
        count(&mut report, &case.lang, &wanted, &found);
    }
    finish(&mut report.all);
    report.by_kind.values_mut().chain(report.by_language.values_mut()).for_each(finish);
    let titles = inputs.iter().map(|one| TextInput { lead: String::new(), ..one.clone() });
    let titles: Vec<TextInput> = titles.collect();
    report.articles_per_second = speed(extractor, &inputs);
    report.titles_per_second = speed(extractor, &titles);
    Ok(report)
}

fn input(case: &Labelled) -> TextInput {
    TextInput { title: case.title.clone(), lead: case.lead.clone(), language: None }
}

fn label(entity: &Entity) -> (String, String) {
    (entity.kind.name().to_owned(), entity.key.clone())
}

fn labels(case: &Labelled, extractor: &GazetteerExtractor) -> BTreeSet<(String, String)> {
    let mut labels = BTreeSet::new();
    for (kind, names) in &case.entities {
        for name in names {
            let known = extractor.gazetteer().key_of(name).map(str::to_owned);
            let key = match EntityKind::from_name(kind) {
                Some(EntityKind::Ticker) => name.to_lowercase(),
                Some(EntityKind::Model) => {
                    known.unwrap_or_else(|| crate::entities::model_key(name))
                }
                _ => known.unwrap_or_else(|| autoglm_domain::entity_key(name)),
            };
            labels.insert((kind.clone(), key));
        }
    }
    labels
}

fn count(
    report: &mut EntityReport,
    language: &str,
    wanted: &BTreeSet<(String, String)>,
    found: &BTreeSet<(String, String)>,
) {
    for one in wanted.union(found) {
        let (is_wanted, is_found) = (wanted.contains(one), found.contains(one));
        let kind = report.by_kind.entry(one.0.clone()).or_default();
        let language = report.by_language.entry(language.to_owned()).or_default();
        for score in [&mut report.all, kind, language] {
            score.labelled += usize::from(is_wanted);
            score.found += usize::from(is_found);
            score.right += usize::from(is_wanted && is_found);
        }
    }
}

fn finish(score: &mut EntityScore) {
    let share = |of: usize| if of == 0 { 1.0 } else { score.right as f64 / of as f64 };
    (score.precision, score.recall) = (share(score.found), share(score.labelled));
}

fn speed(extractor: &GazetteerExtractor, inputs: &[TextInput]) -> f64 {
    let (mut read, began) = (0_usize, Instant::now());
    while began.elapsed() < MEASURED {
        for input in inputs {
            std::hint::black_box(extractor.extract_one(input));
        }
        read += inputs.len();
    }
    read as f64 / began.elapsed().as_secs_f64()
}
