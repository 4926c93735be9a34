//! Measures story building on files anyone can supply: one JSON object `{text, story}` a line.
//!
//! `autoglm eval stories FILE` prints this report.

use crate::decay::hours;
use crate::stories::{Placement, StoryArticle, StoryIndex, StoryLimits};
use autoglm_domain::{ArticleId, QuantizedEmbedding, SourceId, StoryId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::hash::Hash;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Lines read at most.
const LINES_MAX: usize = 1_000_000;

/// Why a file could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// It cannot be opened or read.
    #[error("cannot read the stories file {}: {source}; check the path", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not a case.
    #[error(
        "cannot read line {line} of the stories file {}: {source}; \
         expected {{\"text\": \"…\", \"story\": \"…\"}}", path.display()
    )]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// How well stories were told apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StoriesReport {
    /// Texts.
    pub texts: usize,
    /// Stories in the file.
    pub stories_expected: usize,
    /// Stories made.
    pub stories_made: usize,
    /// B-cubed precision.
    pub precision: f64,
    /// B-cubed recall.
    pub recall: f64,
    /// B-cubed F1.
    pub f1: f64,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    story: String,
}

/// One pass in file order, every text as if published at the same moment.
///
/// # Errors
/// [`EvaluationError`] when the file cannot be read.
pub fn evaluate_stories(
    path: &Path,
    limits: StoryLimits,
    mut embed: impl FnMut(&str) -> QuantizedEmbedding,
) -> Result<StoriesReport, EvaluationError> {
    let cases = read(path)?;
    // Nothing is closed: the file has no times.
    let limits = StoryLimits { stories_max: cases.len().max(1), open: hours(72), ..limits };
    let mut index = StoryIndex::new(limits);
    let mut made = Vec::with_capacity(cases.len());
    let mut next = 0;
    for (position, case) in cases.iter().enumerate() {
        let embedding = embed(&case.text);
        let id = i64::try_from(position).unwrap_or(i64::MAX);
        let article = StoryArticle {
            article_id: ArticleId(id),
            source_id: SourceId(id),
            text: &case.text,
            embedding: &embedding,
            published_at: Timestamp(0),
        };
        let story = match index.place(&article) {
            Placement::Existing(story) => story,
            Placement::New => {
                next += 1;
                StoryId(next)
            }
        };
        index.add(story, &article);
        made.push(story);
    }
    let expected: Vec<&str> = cases.iter().map(|case| case.story.as_str()).collect();
    let (precision, recall, f1) = b_cubed(&made, &expected);
    Ok(StoriesReport {
        texts: cases.len(),
        stories_expected: sizes(&expected).len(),
        stories_made: sizes(&made).len(),
        precision,
        recall,
        f1,
    })
}

fn read(path: &Path) -> Result<Vec<Case>, EvaluationError> {
    let wrap = |source| EvaluationError::Read { path: path.to_owned(), source };
    let file = BufReader::new(File::open(path).map_err(wrap)?);
    let mut cases = Vec::new();
    for (index, line) in file.lines().take(LINES_MAX).enumerate() {
        let line = line.map_err(wrap)?;
        if line.trim().is_empty() {
            continue;
        }
        cases.push(serde_json::from_str(&line).map_err(|source| EvaluationError::Parse {
            path: path.to_owned(),
            line: index + 1,
            source,
        })?);
    }
    Ok(cases)
}

/// B-cubed precision, recall and F1 (Bagga and Baldwin, 1998) of clusters against expected ones,
/// item by item; zeros for no items.
#[must_use]
pub fn b_cubed<A: Hash + Eq, B: Hash + Eq>(made: &[A], expected: &[B]) -> (f64, f64, f64) {
    let (made_sizes, expected_sizes) = (sizes(made), sizes(expected));
    let mut common: HashMap<(&A, &B), f64> = HashMap::new();
    for pair in made.iter().zip(expected) {
        *common.entry(pair).or_default() += 1.0;
    }
    let count = made.len().min(expected.len()).max(1) as f64;
    let (mut precision, mut recall) = (0.0, 0.0);
    for ((a, b), shared) in &common {
        precision += shared * shared / made_sizes.get(a).copied().unwrap_or(1.0);
        recall += shared * shared / expected_sizes.get(b).copied().unwrap_or(1.0);
    }
    let (precision, recall) = (precision / count, recall / count);
    let sum = precision + recall;
    let f1 = if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 };
    (precision, recall, f1)
}

fn sizes<T: Hash + Eq>(items: &[T]) -> HashMap<&T, f64> {
    let mut sizes = HashMap::new();
    for item in items {
        *sizes.entry(item).or_default() += 1.0;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_that_match_are_perfect_and_one_big_cluster_is_not() {
        assert_eq!(b_cubed(&[1, 1, 2], &["a", "a", "b"]), (1.0, 1.0, 1.0));
        let (precision, recall, _) = b_cubed(&[1, 1, 1], &["a", "a", "b"]);
        assert!((precision - 5.0 / 9.0).abs() < 1e-9 && (recall - 1.0).abs() < 1e-9);
        assert_eq!(b_cubed::<i32, i32>(&[], &[]), (0.0, 0.0, 0.0));
    }

    #[test]
    fn stories_of_news_lists_are_told_apart_in_one_pass() {
        let root = std::env::var_os("AUTOGLM_CORPORA").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"),
            PathBuf::from,
        );
        // Words alone: this crate has no encoder.
        let limits = StoryLimits { embedding_share: 0.0, ..StoryLimits::default() };
        let nothing = QuantizedEmbedding { codes: Vec::new(), scale: 0.0 };
        for (file, floor) in [("googlenews-ts", 0.89), ("googlenews-t", 0.74)] {
            let path = root.join(format!("nlp/tasks/stories/{file}.jsonl"));
            if !path.is_file() {
                println!("skipped: no corpus at {}", path.display());
                continue;
            }
            let report = evaluate_stories(&path, limits, |_| nothing.clone()).unwrap();
            println!("{file}: {report:?}");
            assert!(report.f1 > floor, "{report:?}");
        }
    }
}
