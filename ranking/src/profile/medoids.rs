//! Typical articles of a reader's different interests, in the manner of `PinnerSage`: an article each,
//! with an importance that fades. For diversity, not as the only score (finding 4).

use super::EVIDENCE_HALF_LIFE;
use crate::decay::remaining;
use crate::features::ArticleFeatures;
use crate::kernel::cosine;
use autoglm_domain::{ArticleId, QuantizedEmbedding, Timestamp};

/// Interests told apart.
pub const MEDOIDS_MAX: usize = 8;
/// An article this near to a medoid belongs to its interest.
const NEAR: f32 = 0.5;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Medoid {
    pub(super) article_id: ArticleId,
    pub(super) embedding: QuantizedEmbedding,
    pub(super) importance: f32,
    pub(super) at: Timestamp,
}

impl Medoid {
    fn importance_at(&self, now: Timestamp) -> f32 {
        self.importance * remaining(self.at, now, EVIDENCE_HALF_LIFE)
    }
}

/// At most [`MEDOIDS_MAX`] of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Medoids(pub(super) Vec<Medoid>);

impl Medoids {
    /// Vectors of the medoids.
    pub fn embeddings(&self) -> impl Iterator<Item = &QuantizedEmbedding> {
        self.0.iter().map(|medoid| &medoid.embedding)
    }

    pub(super) fn add(&mut self, features: &ArticleFeatures, reward: f32, at: Timestamp) {
        let nearest = self
            .0
            .iter_mut()
            .map(|medoid| (cosine(&medoid.embedding, &features.embedding), medoid))
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        if let Some((similarity, medoid)) = nearest
            && similarity >= NEAR
        {
            medoid.importance = (medoid.importance_at(at) + reward).min(1e4);
            medoid.at = medoid.at.max(at);
            return;
        }
        if self.0.len() >= MEDOIDS_MAX {
            let weakest = self
                .0
                .iter()
                .enumerate()
                .min_by(|(_, a), (_, b)| a.importance_at(at).total_cmp(&b.importance_at(at)))
                .map(|(index, _)| index);
            if let Some(index) = weakest {
                self.0.remove(index);
            }
        }
        self.0.push(Medoid {
            article_id: features.article_id,
            embedding: features.embedding.clone(),
            importance: reward,
            at,
        });
    }

    pub(super) fn remove(&mut self, article: ArticleId) {
        self.0.retain(|medoid| medoid.article_id != article);
    }
}
