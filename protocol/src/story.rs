//! Contract of StoryActor: the one place of the cluster that sees every understood article,
//! finds near-duplicates and places articles into stories.

use crate::Address;

pub use crate::index::StageStatus;

/// Messages of StoryActor.
#[derive(Debug)]
pub enum StoryMessage {
    /// There may be understood articles. A hint, from UnderstandActor.
    Wake,
    /// Internal: look even without a hint.
    Sweep,
}

impl ractor::Message for StoryMessage {}

/// Typed front of StoryActor.
#[derive(Debug, Clone)]
pub struct StoryHandle(pub Address<StoryMessage>);

impl StoryHandle {
    /// Hints that there is work.
    pub fn wake(&self) {
        self.0.nudge(|| StoryMessage::Wake);
    }
}
