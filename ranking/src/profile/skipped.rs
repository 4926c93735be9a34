//! Articles just shown, to learn from those passed over when a later one is opened.

use crate::features::ArticleFeatures;
use autoglm_domain::{ArticleId, QuantizedEmbedding, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// Impressions remembered.
pub(super) const SHOWN_MAX: usize = 12;
/// An impression older than this belongs to another look at the list.
const SAME_LOOK: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) article_id: ArticleId,
    pub(super) embedding: QuantizedEmbedding,
    pub(super) at: Timestamp,
}

/// The last impressions, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Skipped(pub(super) VecDeque<Shown>);

impl Skipped {
    pub(super) fn shown(&mut self, features: &ArticleFeatures, at: Timestamp) {
        self.0.retain(|shown| shown.article_id != features.article_id);
        if self.0.len() >= SHOWN_MAX {
            self.0.pop_front();
        }
        let embedding = features.embedding.clone();
        self.0.push_back(Shown { article_id: features.article_id, embedding, at });
    }

    /// Takes out what was shown before the opened article in the same look. Terminals report
    /// impressions in the order of the list, so "before" is "above".
    pub(super) fn above(&mut self, opened: ArticleId, at: Timestamp) -> Vec<Shown> {
        let Some(position) = self.0.iter().position(|shown| shown.article_id == opened) else {
            return Vec::new();
        };
        let mut above: Vec<Shown> = self.0.drain(..=position).collect();
        above.pop();
        above.retain(|shown| at.since(shown.at) <= SAME_LOOK);
        above
    }
}
