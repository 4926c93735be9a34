//! Which articles belong to a topic that somebody has described: those that are much more like its
//! description than like other topics.
//!
//! How alike two texts are in numbers differs from encoder to encoder, and from article to article.
//! So an article's likeness to the topic is measured by its likeness to a fixed set of other topics:
//! how many standard deviations it lies above their mean.

use crate::window::Row;
use autoglm_domain::{QuantizedEmbedding, TopicWidth};
use std::sync::Arc;

/// Below this the likeness to other topics does not spread at all: nothing can be measured by it.
const SPREAD_MIN: f32 = 0.01;

/// How well an article must fit. Measured with the built-in encoder on headlines of the 4 labels of
/// AG News and the 10 of THUCNews, each described by a sentence and seed words: precision and recall
/// are about .94 and .38 (THUCNews .71 and .36) for narrow, .85 and .67 (.55 and .55) for normal,
/// .79 and .79 (.43 and .68) for wide.
fn least_fit(width: TopicWidth) -> f32 {
    match width {
        TopicWidth::Narrow => 2.3,
        TopicWidth::Normal => 1.6,
        TopicWidth::Wide => 1.15,
    }
}

/// A described topic and what it is told apart from.
#[derive(Debug, Clone)]
pub struct TopicProbe {
    own: QuantizedEmbedding,
    others: Arc<[QuantizedEmbedding]>,
}

impl TopicProbe {
    /// From the vector of a description and those of other topics, all of one encoder. Without at
    /// least two others nothing fits.
    #[must_use]
    pub fn new(own: QuantizedEmbedding, others: Arc<[QuantizedEmbedding]>) -> Self {
        Self { own, others }
    }

    /// Whether an article belongs to the topic. One without a vector never does.
    #[must_use]
    pub fn takes(&self, row: Row<'_>, width: TopicWidth) -> bool {
        self.fit(row).is_some_and(|fit| fit >= least_fit(width))
    }

    /// Standard deviations above the mean likeness to other topics.
    fn fit(&self, row: Row<'_>) -> Option<f32> {
        if self.others.len() < 2 {
            return None;
        }
        let count = self.others.len() as f32;
        let (mut sum, mut squares) = (0.0, 0.0);
        for other in self.others.iter() {
            let likeness = row.cosine(other);
            sum += likeness;
            squares += likeness * likeness;
        }
        let mean = sum / count;
        let spread = (squares / count - mean * mean).max(0.0).sqrt();
        (spread >= SPREAD_MIN).then(|| (row.cosine(&self.own) - mean) / spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{article, axis};
    use crate::window::WindowSnapshot;
    use autoglm_domain::{ArticleId, Embedding};
    use std::collections::HashSet;

    fn quantized(vector: &Embedding) -> QuantizedEmbedding {
        QuantizedEmbedding::from_embedding(vector)
    }

    /// Other topics on axes 0 to 7, the probe's own on axis 9.
    fn probe() -> TopicProbe {
        let others: Vec<_> = (0..8).map(|lane| quantized(&axis(lane))).collect();
        TopicProbe::new(quantized(&axis(9)), others.into())
    }

    /// An article as much about axis 9 as `share` says, else about the topic on axis 3.
    fn mixed(id: i64, share: f32) -> crate::ArticleFeatures {
        let mut vector = axis(9);
        vector.0.iter_mut().for_each(|value| *value *= share);
        vector.0.iter_mut().zip(&axis(3).0).for_each(|(sum, value)| *sum += value * (1.0 - share));
        article(id, vector.normalized())
    }

    #[test]
    fn what_is_more_like_the_topic_than_like_others_belongs_to_it_and_wider_takes_in_more() {
        let added = [mixed(1, 0.9), mixed(2, 0.35), mixed(3, 0.0)];
        let window = WindowSnapshot::empty(10).with(&added, &HashSet::new());
        let takes = |id, width| probe().takes(window.find(ArticleId(id)).unwrap(), width);
        assert!(takes(1, TopicWidth::Narrow));
        assert!(!takes(2, TopicWidth::Narrow) && takes(2, TopicWidth::Wide));
        assert!(!takes(3, TopicWidth::Wide));
    }

    #[test]
    fn an_article_without_a_vector_belongs_to_no_topic() {
        let added = [article(1, Embedding::zero())];
        let window = WindowSnapshot::empty(10).with(&added, &HashSet::new());
        assert!(!probe().takes(window.find(ArticleId(1)).unwrap(), TopicWidth::Wide));
        let alone = TopicProbe::new(quantized(&axis(9)), Arc::new([]));
        let window = WindowSnapshot::empty(10).with(&[mixed(1, 1.0)], &HashSet::new());
        assert!(!alone.takes(window.find(ArticleId(1)).unwrap(), TopicWidth::Wide));
    }
}
