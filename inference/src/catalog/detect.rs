//! What sort of model a folder of files holds, told by the files themselves.

use super::manifest::ModelKind;
use crate::error::{Error, Result};
use serde::Deserialize;
use std::path::Path;

/// `model_type` of the encoders and decoders this product reads.
const ENCODERS: [&str; 4] = ["bert", "roberta", "xlm-roberta", "camembert"];
const DECODERS: [&str; 3] = ["chatglm", "glm", "glm4"];

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    model_type: String,
}

/// Looks at a folder's `table.safetensors` or `config.json`.
///
/// # Errors
/// [`Error::InvalidModel`] naming the families there are.
pub fn detect_kind(folder: &Path) -> Result<ModelKind> {
    if folder.join("table.safetensors").is_file() {
        return Ok(ModelKind::StaticEncoder);
    }
    let path = folder.join("config.json");
    let invalid =
        |reason: String| Error::InvalidModel { model: folder.display().to_string(), reason };
    let text = std::fs::read_to_string(&path)
        .map_err(|source| Error::ReadModel { path: path.clone(), source })?;
    let config: Config = serde_json::from_str(&text)
        .map_err(|error| invalid(format!("its config.json cannot be read: {error}")))?;
    match config.model_type.as_str() {
        known if ENCODERS.contains(&known) => Ok(ModelKind::Encoder),
        known if DECODERS.contains(&known) => Ok(ModelKind::Decoder),
        other => Err(invalid(format!(
            "its config.json says model_type {other:?}; known are the encoders {} and the \
             decoders {}",
            ENCODERS.join(", "),
            DECODERS.join(", ")
        ))),
    }
}
