//! What can go wrong when a model is distilled.

use autoglm_domain::FaultKind;
use std::path::PathBuf;

/// A distillation that cannot begin, go on or end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistillError {
    /// A file it learns from cannot be read.
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A checkpoint or a result cannot be written.
    #[error("cannot write {}: {source}; check free space and permissions", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file it learns from is not what it should be.
    #[error("cannot learn from {}: {place}: {reason}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// The line or byte.
        place: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// What was given is not enough to learn anything from.
    #[error("cannot distil: {0}")]
    TooLittle(String),
    /// The caller said stop; what was computed so far is kept as checkpoints.
    #[error("the distillation was stopped; start it again with the same files to go on")]
    Stopped,
}

impl DistillError {
    /// The kind by which callers decide.
    #[must_use]
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::Read { .. } | Self::Input { .. } | Self::TooLittle(_) => FaultKind::Invalid,
            Self::Write { .. } | Self::Stopped => FaultKind::Unavailable,
        }
    }
}
