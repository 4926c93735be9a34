//! Pairs of sentences that people scored: lines of {a, b, score}.

use super::error::DistillError;
use serde::Deserialize;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// Lines of a file; STS-B has 5,749.
const LINES_MAX: usize = 1_000_000;

/// Two sentences and how near people found them.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredPair {
    /// Both sentences.
    pub texts: [String; 2],
    /// Any scale, larger is nearer.
    pub score: f32,
}

/// A pair and its translation.
#[derive(Debug, Clone, PartialEq)]
pub struct BilingualPair {
    /// Both sentences in English.
    pub english: [String; 2],
    /// The same in Chinese.
    pub chinese: [String; 2],
    /// Any scale, larger is nearer.
    pub score: f32,
}

#[derive(Debug, Deserialize)]
struct Line {
    a: String,
    b: String,
    score: f32,
}

/// Reads two files whose lines are translations of each other.
///
/// # Errors
/// [`DistillError::Read`], or [`DistillError::Input`] with the line.
pub fn read_bilingual_pairs(
    english: &Path,
    chinese: &Path,
) -> Result<Vec<BilingualPair>, DistillError> {
    let (pairs, translations) = (read_pairs(english)?, read_pairs(chinese)?);
    if pairs.len() != translations.len() {
        return Err(DistillError::Input {
            path: chinese.to_owned(),
            place: "the whole".to_owned(),
            reason: format!(
                "{} pairs and {} of {}; line by line both must be the same pair",
                translations.len(),
                pairs.len(),
                english.display()
            ),
        });
    }
    let both = |(pair, translation): (ScoredPair, ScoredPair)| BilingualPair {
        english: pair.texts,
        chinese: translation.texts,
        score: pair.score,
    };
    Ok(pairs.into_iter().zip(translations).map(both).collect())
}

/// Reads one file.
///
/// # Errors
/// [`DistillError::Read`], or [`DistillError::Input`] with the line.
pub fn read_pairs(path: &Path) -> Result<Vec<ScoredPair>, DistillError> {
    let unreadable = |source| DistillError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut pairs = Vec::new();
    for (index, line) in BufReader::new(file).lines().take(LINES_MAX).enumerate() {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        let Line { a, b, score } =
            serde_json::from_str(&line).map_err(|error| DistillError::Input {
                path: path.to_owned(),
                place: format!("line {}", index + 1),
                reason: format!("{error}; expected {{\"a\": …, \"b\": …, \"score\": …}}"),
            })?;
        pairs.push(ScoredPair { texts: [a, b], score });
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_both(english: &str, chinese: &str) -> Result<Vec<BilingualPair>, DistillError> {
        let folder = tempfile::tempdir().unwrap();
        let [en, zh] = ["en", "zh"].map(|name| folder.path().join(name));
        std::fs::write(&en, english).unwrap();
        std::fs::write(&zh, chinese).unwrap();
        read_bilingual_pairs(&en, &zh)
    }

    #[test]
    fn lines_of_both_files_are_put_together() {
        let pairs = read_both(
            "{\"a\": \"bank\", \"b\": \"team\", \"score\": 1.5}\n\n",
            "{\"a\": \"银行\", \"b\": \"球队\", \"score\": 1.5}\n",
        );
        let expected = BilingualPair {
            english: ["bank".to_owned(), "team".to_owned()],
            chinese: ["银行".to_owned(), "球队".to_owned()],
            score: 1.5,
        };
        assert_eq!(pairs.unwrap(), [expected]);
    }

    #[test]
    fn files_that_do_not_fit_and_lines_that_are_none_are_refused() {
        let line = "{\"a\": \"x\", \"b\": \"y\", \"score\": 1}\n";
        let error = read_both(&line.repeat(2), line).unwrap_err().to_string();
        assert!(error.contains("1 pairs and 2"), "{error}");
        let error = read_both(&format!("{line}nonsense\n"), line).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("score"), "{error}");
    }
}
