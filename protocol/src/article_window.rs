//! Contract of ArticleWindow: the newest articles in memory, one immutable snapshot per node.

use crate::{Address, Permit};
use autoglm_domain::ArticleId;
use serde::Serialize;
use std::sync::Arc;

/// Messages of ArticleWindow.
#[derive(Debug)]
pub enum ArticleWindowMessage {
    /// Articles reached the end of their way. A hint from StoryActor; what is lost is found by
    /// the next overlap read.
    ArticlesPlaced {
        /// Their ids.
        ids: Arc<[ArticleId]>,
        /// Given back when they are in the window.
        permit: Permit,
    },
    /// The operator moved articles to other stories. A hint from StoryActor; what is lost is found
    /// by the next overlap read.
    StoriesChanged,
    /// Decayed click rates. Sent by PopularityActor.
    Popularity(Arc<[(ArticleId, f32)]>),
    /// Internal: read the last 60 seconds again.
    Overlap,
}

impl ractor::Message for ArticleWindowMessage {}

/// What ArticleWindow shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ArticleWindowStatus {
    /// Articles held.
    pub articles: usize,
    /// At most so many.
    pub articles_max: usize,
    /// Bytes held.
    pub bytes: usize,
    /// Articles that only the overlap read found.
    pub found_by_overlap_total: u64,
    /// What it last complained about.
    pub last_error: Option<String>,
}

/// Typed front of ArticleWindow.
#[derive(Debug, Clone)]
pub struct ArticleWindowHandle(pub Address<ArticleWindowMessage>);

impl ArticleWindowHandle {
    /// Hints at new articles; dropped when the window is behind, which only delays them.
    pub fn articles_placed(&self, ids: Arc<[ArticleId]>) {
        if let Ok(permit) = self.0.permit() {
            self.0.cast(ArticleWindowMessage::ArticlesPlaced { ids, permit }).unwrap_or_default();
        }
    }

    /// Hints that articles were moved to other stories.
    pub fn stories_changed(&self) {
        self.0.nudge(|| ArticleWindowMessage::StoriesChanged);
    }
}
