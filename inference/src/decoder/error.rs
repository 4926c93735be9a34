//! What can go wrong when a decoder is loaded or asked.

use autoglm_domain::FaultKind;
use std::path::PathBuf;

/// A failure of a decoder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecoderError {
    /// A file of the model that cannot be read.
    #[error("cannot read {}: {source}; check that the folder holds a whole model", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A configuration that describes no model we know.
    #[error("cannot use the model described by {}: {reason}", file.display())]
    Config {
        /// The file.
        file: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A chat template that does not give what it was asked for.
    #[error("cannot use the chat template of {}: {reason}; the prompt of the family is used", file.display())]
    Template {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A marker the prompt needs is not in the vocabulary.
    #[error("cannot write a prompt: the vocabulary of {} has no {marker}; the tokenizer may belong to another model", folder.display())]
    NoMarker {
        /// The model.
        folder: PathBuf,
        /// The marker.
        marker: String,
    },
    /// A prompt that leaves no room for an answer.
    #[error(
        "cannot generate after a prompt of {tokens} tokens: there is room for {room}; shorten the text"
    )]
    TooLong {
        /// Length of the prompt.
        tokens: usize,
        /// Most tokens a prompt may have.
        room: usize,
    },
    /// Nothing to begin with.
    #[error("cannot generate: the request has no message with text in it")]
    Empty,
    /// The queue is full.
    #[error("cannot take another request: {waiting} are waiting; try again later")]
    Overloaded {
        /// Requests waiting.
        waiting: usize,
    },
    /// The device did not give a result.
    #[error("cannot read the result of the device: {reason}; it may be out of memory")]
    Device {
        /// What it said.
        reason: String,
    },
}

impl DecoderError {
    /// The kind by which callers decide.
    #[must_use]
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::Read { .. }
            | Self::Config { .. }
            | Self::Template { .. }
            | Self::NoMarker { .. }
            | Self::TooLong { .. }
            | Self::Empty => FaultKind::Invalid,
            Self::Overloaded { .. } => FaultKind::Overloaded,
            Self::Device { .. } => FaultKind::Internal,
        }
    }
}
