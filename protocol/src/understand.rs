//! Contract of UnderstandActor: brings indexed articles to the inference pool and stores what
//! the models say.

use crate::Address;

pub use crate::index::StageStatus;

/// Messages of UnderstandActor.
#[derive(Debug)]
pub enum UnderstandMessage {
    /// There may be indexed articles. A hint, from IndexActor.
    Wake,
    /// Internal: look even without a hint.
    Sweep,
    /// Internal: a batch that was at the pool has been finished, or has failed.
    BatchDone {
        /// Articles in it.
        articles: usize,
        /// How long it took.
        took_ms: u64,
        /// Why it failed.
        error: Option<String>,
    },
}

impl ractor::Message for UnderstandMessage {}

/// Typed front of UnderstandActor.
#[derive(Debug, Clone)]
pub struct UnderstandHandle(pub Address<UnderstandMessage>);

impl UnderstandHandle {
    /// Hints that there is work.
    pub fn wake(&self) {
        self.0.nudge(|| UnderstandMessage::Wake);
    }
}
