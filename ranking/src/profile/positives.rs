//! The last articles a reader liked: for "similar to" and for the nearest-neighbour score.

use crate::features::ArticleFeatures;
use autoglm_domain::{ArticleId, QuantizedEmbedding, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

/// Articles remembered.
pub const POSITIVES_MAX: usize = 60;
/// Bytes of a title remembered.
pub(super) const TITLE_BYTES: usize = 160;

/// One article the reader liked.
#[derive(Debug, Clone, PartialEq)]
pub struct Positive {
    /// The article.
    pub article_id: ArticleId,
    /// Its title, possibly cut.
    pub title: Arc<str>,
    /// Its vector, for it may have left the window long ago.
    pub embedding: QuantizedEmbedding,
    /// How much it was liked: the reward map.
    pub reward: f32,
    /// When.
    pub at: Timestamp,
}

/// A ring of them, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Positives(pub(super) VecDeque<Positive>);

impl Positives {
    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Positive> {
        self.0.iter()
    }

    /// Number remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one at a position, oldest first.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&Positive> {
        self.0.get(position)
    }

    pub(super) fn add(&mut self, features: &ArticleFeatures, reward: f32, at: Timestamp) {
        self.remove(features.article_id);
        if self.0.len() >= POSITIVES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Positive {
            article_id: features.article_id,
            title: cut_title(&features.title),
            embedding: features.embedding.clone(),
            reward,
            at,
        });
    }

    pub(super) fn remove(&mut self, article: ArticleId) {
        self.0.retain(|positive| positive.article_id != article);
    }
}

fn cut_title(title: &Arc<str>) -> Arc<str> {
    if title.len() <= TITLE_BYTES {
        return Arc::clone(title);
    }
    Arc::from(title.get(..title.floor_char_boundary(TITLE_BYTES)).unwrap_or_default())
}
