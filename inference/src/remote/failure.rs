//! Why an engine's answer cannot be used.

use serde_json::Value;

/// Longest part of an engine's own words that is told on, in characters.
const WORDS_MAX: usize = 200;

/// An answer that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The engine says itself that it failed, even if its status said otherwise.
    #[error("the engine answered an error: {0}")]
    Refused(String),
    /// It is not what this operation answers.
    #[error(
        "the engine's answer cannot be read: {0}; check that url leads to an OpenAI-compatible server"
    )]
    Malformed(String),
    /// It ended in the middle.
    #[error("the engine's answer broke off after {0} characters")]
    Cut(usize),
    /// More than is ever needed came.
    #[error("the engine's answer has more than {0} bytes")]
    TooLarge(usize),
    /// Another number of vectors than texts.
    #[error("the engine answered {answered} vectors for {asked} texts")]
    WrongCount {
        /// Texts sent.
        asked: usize,
        /// Vectors received.
        answered: usize,
    },
    /// Vectors that are not numbers, empty or not all of one width.
    #[error("the engine answered vectors that cannot be used: {0}")]
    WrongVector(String),
}

impl WireError {
    /// Whether the same question may be answered the next time.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Cut(_))
    }
}

/// The error an answer carries, in one of the shapes in use: `{"error": {"message": …}}`,
/// `{"error": "…"}`, `{"object": "error", "message": …}`, `{"detail": …}`.
pub(super) fn carried_error(answer: &Value) -> Option<WireError> {
    let nested = answer.get("error").filter(|error| !error.is_null());
    let top = answer.get("object").is_some_and(|object| object == "error").then_some(answer);
    let detail = answer.get("detail").filter(|_| answer.get("choices").is_none());
    let error = nested.or(top).or(detail)?;
    let message = error.get("message").unwrap_or(error);
    let message = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
    Some(WireError::Refused(shortened(&message)))
}

/// One line of bounded length.
pub(super) fn shortened(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(WORDS_MAX).collect();
    words.join(" ").chars().take(WORDS_MAX).collect()
}

/// Reads JSON, or an error that says what came instead.
pub(super) fn json(bytes: &[u8]) -> Result<Value, WireError> {
    let answer: Value = serde_json::from_slice(bytes).map_err(|error| {
        let began = String::from_utf8_lossy(&bytes[..bytes.len().min(WORDS_MAX)]);
        WireError::Malformed(format!("{error}: {}", shortened(&began)))
    })?;
    match carried_error(&answer) {
        Some(error) => Err(error),
        None => Ok(answer),
    }
}
