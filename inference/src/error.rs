//! What can go wrong when text is to be understood or a model is to be found.

use crate::decoder::DecoderError;
use crate::device::DeviceError;
use crate::distill::DistillError;
use crate::encoder::EncoderError;
use crate::model::Capability;
use crate::tokenizer::TokenizerError;
use crate::weights::WeightsError;
use autoglm_domain::FaultKind;
use std::path::PathBuf;

/// A failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No model with this name and version offers the capability.
    #[error(
        "cannot find a model {wanted:?} that can {capability}: registered are {known}; \
         name one of these or register the model first"
    )]
    UnknownModel {
        /// What was to be done with it.
        capability: Capability,
        /// The name and version asked for.
        wanted: String,
        /// The names and versions there are.
        known: String,
    },
    /// Nothing was registered that offers the capability.
    #[error("cannot {capability}: no model was registered for it; register one first")]
    NoModel {
        /// What was to be done.
        capability: Capability,
    },
    /// The same name and version was registered twice.
    #[error("cannot register {model} to {capability}: it is registered already; raise its version")]
    DuplicateModel {
        /// Name and version.
        model: String,
        /// The capability.
        capability: Capability,
    },
    /// A model answered with another number of results than it was asked for.
    #[error(
        "cannot use the answer of {model}: asked about {asked} texts it answered {answered}; \
         this is a defect of the model"
    )]
    WrongCount {
        /// Name and version.
        model: String,
        /// Number of texts.
        asked: usize,
        /// Number of results.
        answered: usize,
    },
    /// A model answered with vectors of another length than the product stores.
    #[error("cannot use the vectors of {model}: they have {got} dimensions instead of {expected}")]
    WrongDimensions {
        /// Name and version.
        model: String,
        /// Their length.
        got: usize,
        /// The length wanted.
        expected: usize,
    },
    /// A file of a model that cannot be read.
    #[error("cannot read the model file {}: {source}; check the path and its permissions", path.display())]
    ReadModel {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of a model that cannot be written.
    #[error("cannot write {}: {source}; check free space and permissions", path.display())]
    WriteModel {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A model that is not in the folder of models.
    #[error(
        "there is no model {model} in {}; there are [{known}]; pull it or name one of these",
        folder.display()
    )]
    AbsentModel {
        /// The name and version asked for.
        model: String,
        /// The folder of models.
        folder: PathBuf,
        /// The names and versions there are.
        known: String,
    },
    /// The name and version are taken in the folder of models.
    #[error("{model} is there already, in {}; remove it or take another version", folder.display())]
    DuplicateVersion {
        /// Name and version.
        model: String,
        /// Where it is.
        folder: PathBuf,
    },
    /// Files of a model that are not what they should be.
    #[error("cannot use {model}: {reason}")]
    InvalidModel {
        /// The model or its file.
        model: String,
        /// What is wrong: the tensor, what was expected and what was found.
        reason: String,
    },
    /// A taxonomy that cannot be used.
    #[error("cannot use the list of topics: {reason}")]
    InvalidTaxonomy {
        /// What is wrong and what to do.
        reason: String,
    },
    /// A dictionary of names that cannot be used.
    #[error("cannot use the dictionary of names, line {line}: {reason}")]
    InvalidDictionary {
        /// Line number from 1; 0 for the whole.
        line: usize,
        /// What is wrong and what to do.
        reason: String,
    },
    /// An evaluation file without a single usable case.
    #[error("cannot evaluate {}: it has no usable case; expected lines {expected}", path.display())]
    EmptyEvaluation {
        /// The file.
        path: PathBuf,
        /// The shape expected.
        expected: &'static str,
    },
    /// A file with cases for an evaluation that cannot be read.
    #[error("cannot read the evaluation file {}: {source}; check the path and its permissions", path.display())]
    ReadEvaluation {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of an evaluation file that is not what the task needs.
    #[error(
        "cannot read line {line} of the evaluation file {}: {source}; expected {expected}",
        path.display()
    )]
    ParseEvaluation {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
        /// The shape expected.
        expected: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A device that is not there or cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Weights of a neural model that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A tokenizer that cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A decoder that cannot be loaded or used.
    #[error(transparent)]
    Decoder(#[from] DecoderError),
    /// A transformer encoder that cannot be loaded or asked.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// A distillation that cannot begin, go on or end.
    #[error(transparent)]
    Distill(#[from] DistillError),
}

impl Error {
    /// The kind by which callers decide.
    #[must_use]
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::UnknownModel { .. } | Self::NoModel { .. } | Self::AbsentModel { .. } => {
                FaultKind::NotFound
            }
            Self::DuplicateModel { .. } | Self::DuplicateVersion { .. } => FaultKind::Conflict,
            Self::InvalidTaxonomy { .. }
            | Self::InvalidDictionary { .. }
            | Self::ReadModel { .. }
            | Self::WriteModel { .. }
            | Self::InvalidModel { .. }
            | Self::EmptyEvaluation { .. }
            | Self::ReadEvaluation { .. }
            | Self::ParseEvaluation { .. } => FaultKind::Invalid,
            Self::WrongCount { .. } | Self::WrongDimensions { .. } => FaultKind::Internal,
            Self::Device(error) => error.fault_kind(),
            Self::Weights(error) => error.fault_kind(),
            Self::Tokenizer(error) => error.fault_kind(),
            Self::Decoder(error) => error.fault_kind(),
            Self::Encoder(error) => error.fault_kind(),
            Self::Distill(error) => error.fault_kind(),
        }
    }
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
