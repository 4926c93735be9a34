//! What a writer writes with: an engine that is asked, or a decoder on a thread of this node.

use autoglm_domain::Fault;
use autoglm_inference::GenerateRequest;
use autoglm_protocol::remote_engine::Asking;
use std::fmt::Debug;
use tokio::sync::mpsc;

/// What came out of a pen, unjudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// Whether it ended only because it was as long as it may be.
    pub is_cut: bool,
}

/// Whether a pen can write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PenState {
    /// Its model is being loaded.
    #[default]
    Loading,
    /// It can.
    Ready,
    /// It cannot, and why.
    Broken(String),
}

impl PenState {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Loading => "loading".to_owned(),
            Self::Ready => "ready".to_owned(),
            Self::Broken(why) => why.clone(),
        }
    }
}

/// Puts words together.
#[async_trait::async_trait]
pub trait Pen: Send + Sync + Debug {
    /// Name and version, stored and shown with every summary.
    fn version(&self) -> String;

    /// Whether it can write now.
    fn state(&self) -> PenState;

    /// How many texts it writes at a time.
    fn parallel(&self) -> usize;

    /// Writes. Closing the other end of `pieces` ends it.
    ///
    /// # Errors
    /// `Overloaded`, `Unavailable` and `Timeout` when another try may succeed later; `Invalid` when
    /// this text is what cannot be written about.
    async fn write(
        &self,
        request: GenerateRequest,
        asking: Asking,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Draft, Fault>;
}
