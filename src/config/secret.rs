//! Secrets of the configuration that may lie in files of their own.

use anyhow::{Context, Result};
pub use autoglm_domain::Secret;
use std::path::Path;

/// Takes the text from a file, if one is named and no text is set.
///
/// # Errors
/// When the file cannot be read or is empty.
pub(super) fn fill_from(secret: &mut Secret, file: Option<&Path>, key: &str) -> Result<()> {
    let Some(path) = file else { return Ok(()) };
    if !secret.is_empty() {
        anyhow::bail!("{key} and the key without _file are both set; keep one");
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}, named by {key}", path.display()))?;
    *secret = Secret::new(text.trim());
    anyhow::ensure!(!secret.is_empty(), "{} named by {key} is empty", path.display());
    Ok(())
}
