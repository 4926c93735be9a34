//! What can go wrong with a transformer encoder.

use autoglm_domain::FaultKind;
use std::path::PathBuf;

/// A model that cannot be loaded or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}; name the folder of one model, with its files as its maker published them", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A configuration that is not understood or asks for what we do not have.
    #[error("cannot use the model described in {}: {reason}", file.display())]
    Configuration {
        /// The file.
        file: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Ids that are not of the model's vocabulary, or too many of them.
    #[error("cannot encode these token ids with {model}: {reason}; use the model's own tokenizer")]
    Ids {
        /// The model.
        model: String,
        /// What is wrong.
        reason: String,
    },
    /// The device failed while computing.
    #[error("cannot compute with {model} on {device}: {reason}")]
    Compute {
        /// The model.
        model: String,
        /// The device's name.
        device: String,
        /// Why.
        reason: String,
    },
}

impl EncoderError {
    /// The kind by which callers decide.
    #[must_use]
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::Read { .. } => FaultKind::NotFound,
            Self::Configuration { .. } | Self::Ids { .. } => FaultKind::Invalid,
            Self::Compute { .. } => FaultKind::Unavailable,
        }
    }
}
