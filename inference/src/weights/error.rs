//! What can be wrong with files of weights.

use super::NumberType;
use autoglm_domain::FaultKind;
use std::path::PathBuf;

/// Weights that cannot be used; every variant names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The folder has no file of weights under a name we know.
    #[error(
        "cannot find weights in {}: it has none of {expected}; name the folder of one model, \
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
    #[error("cannot read the weights in {}: {source}; check the path and its permissions", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What a file says about its tensors makes no sense.
    #[error(
        "cannot use the weights in {}: {reason}; the file is damaged or of another kind: \
         fetch it again",
        file.display()
    )]
    Header {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that ends before its tensors do, or goes on after them.
    #[error(
        "cannot use the weights in {}: its header promises {expected} bytes and it has {found}; \
         it was cut off or damaged: fetch it again",
        file.display()
    )]
    Length {
        /// The file.
        file: PathBuf,
        /// Bytes by the header.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// A tensor that the model needs is not there.
    #[error(
        "cannot load the tensor {tensor:?} from {}: it is not there; the folder holds another \
         model than its config.json says, or a shard is missing",
        file.display()
    )]
    Missing {
        /// The file or the folder.
        file: PathBuf,
        /// Its name.
        tensor: String,
    },
    /// A tensor of another shape than the model needs.
    #[error(
        "cannot load the tensor {tensor:?} from {}: expected the shape {expected:?}, found \
         {found:?}; config.json and the weights are of different models",
        file.display()
    )]
    Shape {
        /// The file.
        file: PathBuf,
        /// Its name.
        tensor: String,
        /// By the configuration.
        expected: Vec<usize>,
        /// In the file.
        found: Vec<usize>,
    },
    /// A tensor whose numbers are not floating point numbers.
    #[error(
        "cannot load the tensor {tensor:?} from {}: expected f64, f32, f16 or bf16, found \
         {found}; take the model's unquantised weights",
        file.display()
    )]
    Type {
        /// The file.
        file: PathBuf,
        /// Its name.
        tensor: String,
        /// In the file.
        found: NumberType,
    },
}

impl WeightsError {
    /// The kind by which callers decide.
    #[must_use]
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::NoFile { .. } | Self::Missing { .. } => FaultKind::NotFound,
            Self::Read { .. } => FaultKind::Unavailable,
            Self::Header { .. } | Self::Length { .. } | Self::Shape { .. } | Self::Type { .. } => {
                FaultKind::Invalid
            }
        }
    }
}
