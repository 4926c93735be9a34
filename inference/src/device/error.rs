//! Why a device is not there or not used.

use autoglm_domain::FaultKind;

/// A device that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has the name.
    #[error("cannot find the device {wanted:?}: there are {known}{remarks}; name one of these")]
    Unknown {
        /// The name asked for.
        wanted: String,
        /// The names there are.
        known: String,
        /// Why others are not there; empty or beginning with a separator.
        remarks: String,
    },
    /// It fails while computing.
    #[error("cannot use the device {device}: it failed its first computation ({reason}); {hint}")]
    Failed {
        /// Its name.
        device: String,
        /// What it said.
        reason: String,
        /// What to look at.
        hint: &'static str,
    },
    /// It computes something else than the processor.
    #[error(
        "cannot use the device {device}: its answer to a small computation has a cosine of \
         {cosine:.4} with the processor's; its driver or its memory is at fault"
    )]
    Differs {
        /// Its name.
        device: String,
        /// How alike the answers are, 1 at best.
        cosine: f64,
    },
}

impl DeviceError {
    /// The kind by which callers decide.
    #[must_use]
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::Unknown { .. } => FaultKind::NotFound,
            Self::Failed { .. } | Self::Differs { .. } => FaultKind::Unavailable,
        }
    }
}
