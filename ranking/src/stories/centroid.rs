//! What a story is like: the sum of its articles' words and vectors.

use super::frequencies::Frequencies;
use super::index::StoryArticle;
use super::phrases::{Phrases, tokens};
use crate::kernel::dot_floats;
use crate::text::Word;
use autoglm_domain::{ArticleId, EMBEDDING_DIMENSIONS, QuantizedEmbedding, SourceId, Timestamp};
use std::collections::{HashSet, VecDeque};

/// Words kept of a story, the most frequent, whenever it has twice as many.
const WORDS_MAX: usize = 96;
/// Sources counted.
const SOURCES_MAX: usize = 500;
/// Articles known to belong to it: the last ones.
const MEMBERS_MAX: usize = 5_000;
/// Articles that can be its representative: the nearest to the centroid when they came.
const CANDIDATES_MAX: usize = 8;
/// The more articles a story has, the likelier is the next and the more varied are its words:
/// similarity gains this share for every e-fold …
const SIZE_GAIN: f32 = 0.4;
/// … up to so many articles, so that no story swallows everything.
const SIZE_MAX: f32 = 50.0;

/// A word of a story.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoryWord {
    pub(super) hash: u64,
    /// Sum over the articles of 1 + ln(occurrences).
    pub(super) count: f32,
    is_common: bool,
}

/// One open story.
#[derive(Debug)]
pub(super) struct Centroid {
    /// By ascending hash.
    pub(super) words: Vec<StoryWord>,
    /// Length of the words' weighed vector when the last article came.
    words_norm: f32,
    sum: Vec<f32>,
    norm: f32,
    articles: u32,
    pub(super) sources: HashSet<SourceId>,
    pub(super) members: VecDeque<ArticleId>,
    first_at: Timestamp,
    pub(super) last_at: Timestamp,
    candidates: Vec<(ArticleId, QuantizedEmbedding)>,
    pub(super) phrases: Phrases,
}

impl Centroid {
    pub(super) fn new() -> Self {
        Self {
            words: Vec::new(),
            words_norm: 0.0,
            sum: vec![0.0; EMBEDDING_DIMENSIONS],
            norm: 0.0,
            articles: 0,
            sources: HashSet::new(),
            members: VecDeque::new(),
            first_at: Timestamp(i64::MAX),
            last_at: Timestamp(i64::MIN),
            candidates: Vec::new(),
            phrases: Phrases::default(),
        }
    }

    /// Adds an article whose words have been counted; answers the words it dropped for it.
    pub(super) fn add(
        &mut self,
        article: &StoryArticle<'_>,
        words: &[Word],
        frequencies: &Frequencies,
    ) -> Vec<u64> {
        let dropped = self.add_words(words);
        self.phrases.add(&tokens(article.text));
        let squares = self.words.iter().map(|word| {
            let weight = word.count * frequencies.rarity(word.hash, word.is_common);
            weight * weight
        });
        self.words_norm = squares.sum::<f32>().sqrt();
        let embedding = article.embedding;
        let scale = if embedding.scale.is_finite() { embedding.scale } else { 0.0 };
        for (sum, code) in self.sum.iter_mut().zip(&embedding.codes) {
            *sum += (f32::from(*code) * scale).clamp(-1.0, 1.0);
        }
        self.norm = dot_floats(&self.sum, &self.sum).max(0.0).sqrt();
        self.articles = self.articles.saturating_add(1);
        if self.sources.len() < SOURCES_MAX {
            self.sources.insert(article.source_id);
        }
        self.first_at = self.first_at.min(article.published_at);
        self.last_at = self.last_at.max(article.published_at);
        if self.candidates.len() < CANDIDATES_MAX {
            self.candidates.push((article.article_id, embedding.clone()));
        }
        dropped
    }

    /// Remembers a member; answers the one forgotten for it.
    pub(super) fn remember(&mut self, article: ArticleId) -> Option<ArticleId> {
        self.members.push_back(article);
        if self.members.len() > MEMBERS_MAX { self.members.pop_front() } else { None }
    }

    fn add_words(&mut self, words: &[Word]) -> Vec<u64> {
        let mut merged = Vec::with_capacity(self.words.len() + words.len());
        let mut known = self.words.iter().copied().peekable();
        for word in words {
            while let Some(before) = known.next_if(|known| known.hash < word.hash) {
                merged.push(before);
            }
            let same = known.next_if(|known| known.hash == word.hash);
            let count = same.map_or(0.0, |same| same.count) + 1.0 + word.count.ln();
            merged.push(StoryWord { hash: word.hash, count, is_common: word.is_common });
        }
        merged.extend(known);
        let mut dropped = Vec::new();
        if merged.len() > 2 * WORDS_MAX {
            merged.sort_unstable_by(|a, b| b.count.total_cmp(&a.count).then(a.hash.cmp(&b.hash)));
            dropped = merged.split_off(WORDS_MAX).into_iter().map(|word| word.hash).collect();
            merged.sort_unstable_by_key(|word| word.hash);
        }
        self.words = merged;
        dropped
    }

    /// What a product with the words is to be multiplied with for a cosine; 0 without words.
    pub(super) fn words_scale(&self) -> f32 {
        if self.words_norm > f32::EPSILON { 1.0 / self.words_norm } else { 0.0 }
    }

    /// Sum over the words, given by ascending hash, of weight times count.
    pub(super) fn product(&self, words: &[(u64, f32)]) -> f32 {
        let mut known = self.words.iter().peekable();
        let mut product = 0.0;
        for (hash, weight) in words {
            while known.next_if(|known| known.hash < *hash).is_some() {}
            if let Some(same) = known.next_if(|known| known.hash == *hash) {
                product += weight * same.count;
            }
        }
        product
    }

    /// What its size makes of a similarity: 1 for a single article, at most 2.6.
    pub(super) fn size_gain(&self) -> f32 {
        1.0 + SIZE_GAIN * (self.articles as f32).clamp(1.0, SIZE_MAX).ln()
    }

    /// Days between a moment and the story's time; 0 within.
    pub(super) fn days_apart(&self, at: Timestamp) -> f32 {
        at.since(self.last_at).max(self.first_at.since(at)).as_secs_f32() / 86_400.0
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
