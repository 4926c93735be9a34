//! Contract of StoryActor: the one place of the cluster that sees every understood article,
//! finds near-duplicates and places articles into stories, and carries out what the operator
//! decides about them.

use crate::{Address, Reply};
use autoglm_domain::{ArticleId, Fault, StoryId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub use crate::index::StageStatus;

/// Longest wait for a decision to be carried out; a story may have thousands of articles.
const DECIDE_TIMEOUT: Duration = Duration::from_secs(30);

/// What the operator wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoryDecision {
    /// Make one story of these; the first one goes on.
    Merge {
        /// 2 to 20.
        stories: Vec<StoryId>,
    },
    /// Take articles out of a story into one of their own.
    Split {
        /// The story.
        story: StoryId,
        /// 1 to 200, not all of its articles.
        articles: Vec<ArticleId>,
    },
}

/// What was decided, durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryDecided {
    /// Number of the decision.
    pub decision: i64,
    /// The story that goes on, or the new one.
    pub story: StoryId,
    /// Articles that are in another story now.
    pub moved: u64,
}

/// Messages of StoryActor.
#[derive(Debug)]
pub enum StoryMessage {
    /// There may be understood articles. A hint, from UnderstandActor.
    Wake,
    /// Carry out a decision and remember it. Sent for the operator.
    Decide {
        /// What.
        decision: StoryDecision,
        /// Answer.
        reply: Reply<StoryDecided>,
    },
    /// Forget a decision; articles stay where they are. Sent for the operator.
    Forget {
        /// Its number.
        decision: i64,
        /// Answer.
        reply: Reply<()>,
    },
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

    /// Carries out a decision; what is answered is durable.
    ///
    /// # Errors
    /// `NotFound` for a story that does not exist, `Invalid` for what cannot be done; `Overloaded`,
    /// `Unavailable` while this node does not place stories, `Timeout`.
    pub async fn decide(&self, decision: StoryDecision) -> Result<StoryDecided, Fault> {
        self.0.call(DECIDE_TIMEOUT, |reply| StoryMessage::Decide { decision, reply }).await
    }

    /// Forgets a decision.
    ///
    /// # Errors
    /// `NotFound` for one that does not exist; else as [`Self::decide`].
    pub async fn forget(&self, decision: i64) -> Result<(), Fault> {
        self.0.call(DECIDE_TIMEOUT, |reply| StoryMessage::Forget { decision, reply }).await
    }
}
