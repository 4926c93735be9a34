//! What a story is like: the sum of its articles' words and vectors.

use crate::kernel::dot_floats;
use autoglm_domain::{ArticleId, EMBEDDING_DIMENSIONS, QuantizedEmbedding, SourceId, Timestamp};
use std::collections::{BTreeMap, HashSet};

/// Words kept of a story: the most frequent.
const WORDS_MAX: usize = 96;
/// Sources counted.
const SOURCES_MAX: usize = 500;
/// Articles that can be its representative: the nearest to the centroid when they came.
const CANDIDATES_MAX: usize = 8;

/// One open story.
#[derive(Debug, Clone)]
pub(super) struct Centroid {
    pub(super) words: BTreeMap<u64, f32>,
    /// Length of the words' weighed vector when the last article came.
    pub(super) words_norm: f32,
    sum: Vec<f32>,
    norm: f32,
    pub(super) articles: u32,
    pub(super) sources: HashSet<SourceId>,
    pub(super) last_at: Timestamp,
    candidates: Vec<(ArticleId, QuantizedEmbedding)>,
}

impl Centroid {
    pub(super) fn new() -> Self {
        Self {
            words: BTreeMap::new(),
            words_norm: 0.0,
            sum: vec![0.0; EMBEDDING_DIMENSIONS],
            norm: 0.0,
            articles: 0,
            sources: HashSet::new(),
            last_at: Timestamp(i64::MIN),
            candidates: Vec::new(),
        }
    }

    /// Adds an article.
    pub(super) fn add(
        &mut self,
        article: ArticleId,
        source: SourceId,
        words: &BTreeMap<u64, f32>,
        embedding: &QuantizedEmbedding,
        at: Timestamp,
    ) {
        for (word, count) in words {
            *self.words.entry(*word).or_default() += 1.0 + count.ln();
        }
        if self.words.len() > 2 * WORDS_MAX {
            let mut ranked: Vec<(f32, u64)> =
                self.words.iter().map(|(word, count)| (*count, *word)).collect();
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            ranked.truncate(WORDS_MAX);
            self.words = ranked.into_iter().map(|(count, word)| (word, count)).collect();
        }
        let scale = if embedding.scale.is_finite() { embedding.scale } else { 0.0 };
        for (sum, code) in self.sum.iter_mut().zip(&embedding.codes) {
            *sum += (f32::from(*code) * scale).clamp(-1.0, 1.0);
        }
        self.norm = dot_floats(&self.sum, &self.sum).max(0.0).sqrt();
        self.articles = self.articles.saturating_add(1);
        if self.sources.len() < SOURCES_MAX {
            self.sources.insert(source);
        }
        self.last_at = self.last_at.max(at);
        if self.candidates.len() < CANDIDATES_MAX {
            self.candidates.push((article, embedding.clone()));
        }
    }

    /// Cosine of the centroid with a vector.
    pub(super) fn cosine(&self, vector: &[f32]) -> f32 {
        if self.norm <= f32::EPSILON {
            return 0.0;
        }
        (dot_floats(&self.sum, vector) / self.norm).clamp(-1.0, 1.0)
    }

    /// The article nearest to the centroid among the first ones: early, and typical. The earliest
    /// of equals.
    pub(super) fn representative(&self) -> Option<ArticleId> {
        let mut best: Option<(f32, ArticleId)> = None;
        for (article, embedding) in &self.candidates {
            let similarity = self.cosine(&embedding.to_embedding().0);
            if best.is_none_or(|(most, _)| similarity > most + 1e-4) {
                best = Some((similarity, *article));
            }
        }
        best.map(|(_, article)| article)
    }
}
