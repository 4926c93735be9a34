//! The fields of a configuration file, with errors that name file and field.

use super::FILE_BYTES_MAX;
use crate::decoder::error::DecoderError;
use serde_json::{Map, Value};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A JSON object and where it came from.
#[derive(Debug)]
pub(super) struct Fields {
    file: PathBuf,
    values: Map<String, Value>,
}

impl Fields {
    pub(super) fn read(file: &Path) -> Result<Self, DecoderError> {
        let text = read_text(file)?;
        let values = serde_json::from_str::<Map<String, Value>>(&text).map_err(|source| {
            DecoderError::Config {
                file: file.to_owned(),
                reason: format!("it is no JSON object: {source}"),
            }
        })?;
        Ok(Self { file: file.to_owned(), values })
    }

    pub(super) fn wrong(&self, reason: impl Into<String>) -> DecoderError {
        DecoderError::Config { file: self.file.clone(), reason: reason.into() }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A value that is neither absent nor null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A field of an object within; `None` when either is absent.
    pub(super) fn within(&self, outer: &str, name: &str) -> Option<&Value> {
        self.get(outer)?.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A whole number from 1 to `most`, which must be there.
    pub(super) fn size(&self, name: &str, most: usize) -> Result<usize, DecoderError> {
        let value = self.get(name).ok_or_else(|| self.wrong(format!("{name} is missing")))?;
        self.as_size(name, value, most)
    }

    /// The same with a value for when it is absent.
    pub(super) fn size_or(
        &self,
        name: &str,
        most: usize,
        otherwise: usize,
    ) -> Result<usize, DecoderError> {
        self.get(name).map_or(Ok(otherwise), |value| self.as_size(name, value, most))
    }

    fn as_size(&self, name: &str, value: &Value, most: usize) -> Result<usize, DecoderError> {
        value
            .as_u64()
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| (1..=most).contains(size))
            .ok_or_else(|| self.wrong(format!("{name} is {value}; expected 1 to {most}")))
    }

    /// A finite positive number.
    pub(super) fn number_or(&self, name: &str, otherwise: f64) -> Result<f64, DecoderError> {
        self.get(name).map_or(Ok(otherwise), |value| self.as_number(name, value))
    }

    pub(super) fn as_number(&self, name: &str, value: &Value) -> Result<f64, DecoderError> {
        value
            .as_f64()
            .filter(|number| number.is_finite() && *number > 0.0)
            .ok_or_else(|| self.wrong(format!("{name} is {value}; expected a positive number")))
    }

    pub(super) fn flag_or(&self, name: &str, otherwise: bool) -> Result<bool, DecoderError> {
        match self.get(name) {
            None => Ok(otherwise),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(format!("{name} is {other}; expected true or false"))),
        }
    }

    /// Ids of tokens: none, one, or a list of them.
    pub(super) fn tokens(&self, name: &str) -> Result<Vec<u32>, DecoderError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(|id| self.as_token(name, id)).collect(),
            Some(id) => Ok(vec![self.as_token(name, id)?]),
        }
    }

    pub(super) fn token(&self, name: &str) -> Result<u32, DecoderError> {
        let value = self.get(name).ok_or_else(|| self.wrong(format!("{name} is missing")))?;
        self.as_token(name, value)
    }

    fn as_token(&self, name: &str, value: &Value) -> Result<u32, DecoderError> {
        value
            .as_u64()
            .and_then(|id| u32::try_from(id).ok())
            .ok_or_else(|| self.wrong(format!("{name} is {value}; expected ids of tokens")))
    }
}

/// A small text file, or an error that names it.
pub(in crate::decoder) fn read_text(file: &Path) -> Result<String, DecoderError> {
    let failed = |source| DecoderError::Read { file: file.to_owned(), source };
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(failed)?;
    let read = opened.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(DecoderError::Config {
            file: file.to_owned(),
            reason: format!("it is longer than {FILE_BYTES_MAX} bytes"),
        });
    }
    Ok(text)
}
