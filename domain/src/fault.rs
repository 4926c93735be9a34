//! The one closed list of ways a request can fail, shared by actors, nodes and the HTTP interface.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What kind of failure it is; the caller decides by kind, people read the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The thing asked for does not exist, or not for this reader.
    NotFound,
    /// The request itself is wrong; sending it again will not help.
    Invalid,
    /// It contradicts what is already there.
    Conflict,
    /// No valid token was given.
    Unauthorized,
    /// The token is valid but may not do this.
    Forbidden,
    /// Too much work is waiting; try again after `retry_after`.
    Overloaded,
    /// The owner of the data cannot be reached now; try again after `retry_after`.
    Unavailable,
    /// No answer in time; the outcome is unknown.
    Timeout,
    /// Another node owns the shard under a newer epoch; the writer must stop.
    Fenced,
    /// A defect of ours.
    Internal,
}

/// A failure as a value: what was attempted, on what, why it failed, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Fault {
    /// The kind, for programs.
    pub kind: FaultKind,
    /// The message, for people: lower-case, no final period.
    pub message: String,
    /// When trying again makes sense, if it does.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault of this kind.
    #[must_use]
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }

    /// [`FaultKind::NotFound`].
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(FaultKind::NotFound, message)
    }

    /// [`FaultKind::Invalid`].
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Invalid, message)
    }

    /// [`FaultKind::Conflict`].
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Conflict, message)
    }

    /// [`FaultKind::Internal`].
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Internal, message)
    }

    /// [`FaultKind::Overloaded`], to be tried again after `retry_after`.
    #[must_use]
    pub fn overloaded(message: impl Into<String>, retry_after: Duration) -> Self {
        Self {
            kind: FaultKind::Overloaded,
            message: message.into(),
            retry_after: Some(retry_after),
        }
    }

    /// [`FaultKind::Unavailable`], to be tried again after `retry_after`.
    #[must_use]
    pub fn unavailable(message: impl Into<String>, retry_after: Duration) -> Self {
        Self {
            kind: FaultKind::Unavailable,
            message: message.into(),
            retry_after: Some(retry_after),
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Overloaded | FaultKind::Unavailable | FaultKind::Timeout | FaultKind::Fenced
        )
    }
}
