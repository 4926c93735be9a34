//! Reads evaluation files line by line.

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Lines read at most; what follows is ignored.
const LINES_MAX: usize = 1_000_000;

/// Every line of a file as a value; empty lines are skipped.
pub(super) fn read<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<Vec<T>> {
    let wrap = |source| Error::ReadEvaluation { path: path.to_owned(), source };
    let file = File::open(path).map_err(wrap)?;
    let mut values = Vec::new();
    for (index, line) in BufReader::new(file).lines().take(LINES_MAX).enumerate() {
        let line = line.map_err(wrap)?;
        if line.trim().is_empty() {
            continue;
        }
        let value = serde_json::from_str(&line).map_err(|source| Error::ParseEvaluation {
            path: path.to_owned(),
            line: index + 1,
            expected,
            source,
        })?;
        values.push(value);
    }
    Ok(values)
}

/// A whole file as one value.
pub(super) fn read_whole<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<T> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::ReadEvaluation { path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| Error::ParseEvaluation {
        path: path.to_owned(),
        line: source.line(),
        expected,
        source,
    })
}
