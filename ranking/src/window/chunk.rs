//! Up to 1,024 articles as columns.

use crate::features::ArticleFeatures;
use autoglm_domain::{
    ArticleId, EMBEDDING_DIMENSIONS, Language, QuantizedEmbedding, SourceId, StoryId, Timestamp,
    TopicScore,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of a full chunk.
pub(super) const CHUNK_ROWS: usize = 1024;
/// Topics kept per article.
const TOPICS_MAX: usize = 3;

/// Everything but the vector.
#[derive(Debug, Clone)]
struct Meta {
    source: SourceId,
    story: Option<StoryId>,
    duplicate_group: Option<ArticleId>,
    topics: Vec<TopicScore>,
    language: Option<Language>,
    published_at: Timestamp,
    title: Arc<str>,
    sources_in_story: u16,
    scale: f32,
}

/// Columns: ids, one contiguous matrix of codes `[rows, EMBEDDING_DIMENSIONS]`, the rest.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    ids: Vec<ArticleId>,
    codes: Vec<i8>,
    meta: Vec<Arc<Meta>>,
    positions: HashMap<ArticleId, usize>,
}

impl Chunk {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn id(&self, row: usize) -> ArticleId {
        self.ids[row]
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
        let meta = Meta {
            source: article.source_id,
            story: article.story_id,
            duplicate_group: article.duplicate_group,
            topics: article.topics.iter().take(TOPICS_MAX).cloned().collect(),
            language: article.language,
            published_at: article.published_at,
            title: Arc::clone(&article.title),
            sources_in_story: article.sources_in_story,
            scale: if fits { article.embedding.scale } else { 0.0 },
        };
        if fits {
            self.codes.extend_from_slice(&article.embedding.codes);
        } else {
            self.codes.resize(self.codes.len() + EMBEDDING_DIMENSIONS, 0);
        }
        self.finish(article.article_id, Arc::new(meta));
    }

    pub(super) fn push_row(&mut self, from: &Self, row: usize) {
        self.codes.extend_from_slice(from.codes_of(row));
        self.finish(from.ids[row], Arc::clone(&from.meta[row]));
    }

    fn finish(&mut self, id: ArticleId, meta: Arc<Meta>) {
        self.positions.insert(id, self.ids.len());
        self.ids.push(id);
        self.meta.push(meta);
    }

    fn codes_of(&self, row: usize) -> &[i8] {
        let start = row * EMBEDDING_DIMENSIONS;
        self.codes.get(start..start + EMBEDDING_DIMENSIONS).unwrap_or_default()
    }

    pub(super) fn bytes(&self) -> usize {
        let texts: usize = self
            .meta
            .iter()
            .map(|meta| {
                let topics: usize = meta.topics.iter().map(|topic| topic.name.len() + 32).sum();
                meta.title.len() + topics + size_of::<Meta>() + 32
            })
            .sum();
        self.codes.capacity() + self.ids.capacity() * 16 + self.positions.capacity() * 17 + texts
    }
}

/// One article of a window.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    chunk: &'a Chunk,
    row: usize,
}

impl<'a> Row<'a> {
    fn meta(&self) -> &'a Meta {
        &self.chunk.meta[self.row]
    }

    /// The article.
    #[must_use]
    pub fn article_id(&self) -> ArticleId {
        self.chunk.ids[self.row]
    }

    /// Its source.
    #[must_use]
    pub fn source_id(&self) -> SourceId {
        self.meta().source
    }

    /// Its story.
    #[must_use]
    pub fn story_id(&self) -> Option<StoryId> {
        self.meta().story
    }

    /// The key its near-duplicates share.
    #[must_use]
    pub fn group(&self) -> ArticleId {
        self.meta().duplicate_group.unwrap_or_else(|| self.article_id())
    }

    /// Best first.
    #[must_use]
    pub fn topics(&self) -> &'a [TopicScore] {
        &self.meta().topics
    }

    /// If known.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.meta().language
    }

    /// When.
    #[must_use]
    pub fn published_at(&self) -> Timestamp {
        self.meta().published_at
    }

    /// Plain text.
    #[must_use]
    pub fn title(&self) -> &'a str {
        &self.meta().title
    }

    /// Number of sources that report its story.
    #[must_use]
    pub fn sources_in_story(&self) -> u16 {
        self.meta().sources_in_story
    }

    /// `[EMBEDDING_DIMENSIONS]` codes.
    #[must_use]
    pub fn codes(&self) -> &'a [i8] {
        self.chunk.codes_of(self.row)
    }

    /// What one code step is worth.
    #[must_use]
    pub fn scale(&self) -> f32 {
        self.meta().scale
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
        let meta = self.meta();
        ArticleFeatures {
            article_id: self.article_id(),
            source_id: meta.source,
            story_id: meta.story,
            duplicate_group: meta.duplicate_group,
            embedding: QuantizedEmbedding { codes: self.codes().to_vec(), scale: meta.scale },
            topics: meta.topics.clone(),
            language: meta.language,
            published_at: meta.published_at,
            title: Arc::clone(&meta.title),
            sources_in_story: meta.sources_in_story,
        }
    }
}
