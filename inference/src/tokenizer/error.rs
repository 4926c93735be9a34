//! What can be wrong with a tokenizer's files.

use autoglm_domain::FaultKind;
use std::path::PathBuf;

/// A tokenizer that cannot be used; every variant names the file or folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// The folder has no tokenizer under a name we know.
    #[error(
        "cannot find a tokenizer in {}: it has none of {expected}; name the folder of one model, \
         with its files as its maker published them",
        folder.display()
    )]
    NoFile {
        /// Where we looked.
        folder: PathBuf,
        /// For what.
        expected: String,
    },
    /// A file cannot be opened or read.
    #[error("cannot read the tokenizer {}: {source}; check the path and its permissions", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no tokenizer we understand.
    #[error(
        "cannot use the tokenizer {}: {reason}; the file is damaged or of a kind that is not \
         supported: fetch it again or choose another model",
        file.display()
    )]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A special token the model needs is not in the vocabulary.
    #[error("cannot use the tokenizer {}: it has no token {token:?}; choose the tokenizer made for the model", file.display())]
    NoSpecial {
        /// The file.
        file: PathBuf,
        /// What it looks like.
        token: String,
    },
}

impl TokenizerError {
    /// The kind by which callers decide.
    #[must_use]
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::NoFile { .. } => FaultKind::NotFound,
            Self::Read { .. } => FaultKind::Unavailable,
            Self::Invalid { .. } | Self::NoSpecial { .. } => FaultKind::Invalid,
        }
    }
}
