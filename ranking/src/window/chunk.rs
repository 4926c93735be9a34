//! Up to 1,024 articles as columns.
//!
//! A ranking asks ten thousand articles for a few numbers and five hundred for the rest, so the
//! numbers lie side by side and only the rest is behind a pointer.

use crate::features::ArticleFeatures;
use crate::freshness::{FRESHNESS_HALF_LIFE, half_life_of};
use autoglm_domain::{
    ArticleId, EMBEDDING_DIMENSIONS, Language, QuantizedEmbedding, SourceId, StoryId, Timestamp,
    TopicScore,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Rows of a full chunk.
pub(super) const CHUNK_ROWS: usize = 1024;
/// Topics kept per article.
const TOPICS_MAX: usize = 3;

/// What every ranking asks every article for.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    article: ArticleId,
    source: SourceId,
    story: Option<StoryId>,
    duplicate_group: Option<ArticleId>,
    published_at: Timestamp,
    scale: f32,
    half_life: Duration,
    language: Option<Language>,
}

/// What only the best are asked for.
#[derive(Debug, Clone)]
struct Texts {
    topics: Vec<TopicScore>,
    title: Arc<str>,
    sources_in_story: u16,
}

/// Columns: numbers, one contiguous matrix of codes `[rows, EMBEDDING_DIMENSIONS]`, texts.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    numbers: Vec<Numbers>,
    codes: Vec<i8>,
    texts: Vec<Arc<Texts>>,
    positions: HashMap<ArticleId, usize>,
}

impl Chunk {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn id(&self, row: usize) -> ArticleId {
        self.numbers[row].article
    }

    pub(super) fn find(&self, article: ArticleId) -> Option<usize> {
        self.positions.get(&article).copied()
    }

    pub(super) fn row(&self, row: usize) -> Row<'_> {
        Row { chunk: self, row }
    }

    pub(super) fn push(&mut self, article: &ArticleFeatures) {
        let fits = article.embedding.codes.len() == EMBEDDING_DIMENSIONS
            && article.embedding.scale.is_finite();
        if fits {
            self.codes.extend_from_slice(&article.embedding.codes);
        } else {
            self.codes.resize(self.codes.len() + EMBEDDING_DIMENSIONS, 0);
        }
        let main_topic = article.topics.first();
        let numbers = Numbers {
            article: article.article_id,
            source: article.source_id,
            story: article.story_id,
            duplicate_group: article.duplicate_group,
            published_at: article.published_at,
            scale: if fits { article.embedding.scale } else { 0.0 },
            half_life: main_topic.map_or(FRESHNESS_HALF_LIFE, |topic| half_life_of(&topic.name)),
            language: article.language,
        };
        let texts = Texts {
            topics: article.topics.iter().take(TOPICS_MAX).cloned().collect(),
            title: Arc::clone(&article.title),
            sources_in_story: article.sources_in_story,
        };
        self.finish(numbers, Arc::new(texts));
    }

    pub(super) fn push_row(&mut self, from: &Self, row: usize) {
        self.codes.extend_from_slice(from.codes_of(row));
        self.finish(from.numbers[row], Arc::clone(&from.texts[row]));
    }

    fn finish(&mut self, numbers: Numbers, texts: Arc<Texts>) {
        self.positions.insert(numbers.article, self.numbers.len());
        self.numbers.push(numbers);
        self.texts.push(texts);
    }

    fn codes_of(&self, row: usize) -> &[i8] {
        let start = row * EMBEDDING_DIMENSIONS;
        self.codes.get(start..start + EMBEDDING_DIMENSIONS).unwrap_or_default()
    }

    pub(super) fn bytes(&self) -> usize {
        let texts: usize = self
            .texts
            .iter()
            .map(|texts| {
                let topics: usize = texts.topics.iter().map(|topic| topic.name.len() + 32).sum();
                texts.title.len() + topics + size_of::<Texts>() + 24
            })
            .sum();
        let numbers = self.numbers.capacity() * size_of::<Numbers>();
        self.codes.capacity() + numbers + self.positions.capacity() * 17 + texts
    }
}

/// One article of a window.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    chunk: &'a Chunk,
    row: usize,
}

impl<'a> Row<'a> {
    fn numbers(&self) -> &'a Numbers {
        &self.chunk.numbers[self.row]
    }

    fn texts(&self) -> &'a Texts {
        &self.chunk.texts[self.row]
    }

    /// The article.
    #[must_use]
    pub fn article_id(&self) -> ArticleId {
        self.numbers().article
    }

    /// Its source.
    #[must_use]
    pub fn source_id(&self) -> SourceId {
        self.numbers().source
    }

    /// Its story.
    #[must_use]
    pub fn story_id(&self) -> Option<StoryId> {
        self.numbers().story
    }

    /// The key its near-duplicates share.
    #[must_use]
    pub fn group(&self) -> ArticleId {
        self.numbers().duplicate_group.unwrap_or_else(|| self.article_id())
    }

    /// Best first.
    #[must_use]
    pub fn topics(&self) -> &'a [TopicScore] {
        &self.texts().topics
    }

    /// If known.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.numbers().language
    }

    /// When.
    #[must_use]
    pub fn published_at(&self) -> Timestamp {
        self.numbers().published_at
    }

    /// How long until it is half as fresh, by its main topic.
    #[must_use]
    pub fn half_life(&self) -> Duration {
        self.numbers().half_life
    }

    /// Plain text.
    #[must_use]
    pub fn title(&self) -> &'a str {
        &self.texts().title
    }

    /// Number of sources that report its story.
    #[must_use]
    pub fn sources_in_story(&self) -> u16 {
        self.texts().sources_in_story
    }

    /// `[EMBEDDING_DIMENSIONS]` codes.
    #[must_use]
    pub fn codes(&self) -> &'a [i8] {
        self.chunk.codes_of(self.row)
    }

    /// What one code step is worth.
    #[must_use]
    pub fn scale(&self) -> f32 {
        self.numbers().scale
    }

    /// Cosine with a stored vector.
    #[must_use]
    pub fn cosine(&self, other: &QuantizedEmbedding) -> f32 {
        let sum = crate::kernel::dot_codes(self.codes(), &other.codes) * self.scale() * other.scale;
        if sum.is_finite() { sum.clamp(-1.0, 1.0) } else { 0.0 }
    }

    /// The article as it was added.
    #[must_use]
    pub fn to_features(&self) -> ArticleFeatures {
        let (numbers, texts) = (self.numbers(), self.texts());
        let codes = self.codes().to_vec();
        ArticleFeatures {
            article_id: numbers.article,
            source_id: numbers.source,
            story_id: numbers.story,
            duplicate_group: numbers.duplicate_group,
            embedding: QuantizedEmbedding { codes, scale: numbers.scale },
            topics: texts.topics.clone(),
            language: numbers.language,
            published_at: numbers.published_at,
            title: Arc::clone(&texts.title),
            sources_in_story: texts.sources_in_story,
        }
    }
}
