//! A configuration value that is never shown.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::path::Path;

/// A secret text; empty when not set. Prints as `<hidden>`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is not set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the text from a file, if one is named and no text is set.
    ///
    /// # Errors
    /// When the file cannot be read or is empty.
    pub(super) fn fill_from(&mut self, file: Option<&Path>, key: &str) -> Result<()> {
        let Some(path) = file else { return Ok(()) };
        if !self.is_empty() {
            anyhow::bail!("{key} and the key without _file are both set; keep one");
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}, named by {key}", path.display()))?;
        text.trim().clone_into(&mut self.0);
        anyhow::ensure!(!self.is_empty(), "{} named by {key} is empty", path.display());
        Ok(())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() { "\"\"" } else { "<hidden>" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.is_empty() { "" } else { "<hidden>" })
    }
}
