//! What ranking knows about one article.

use autoglm_domain::{
    ArticleId, Language, QuantizedEmbedding, SourceId, StoryId, Timestamp, TopicScore,
};
use std::sync::Arc;

/// Everything ranking needs to know about an article; made once when it is placed.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleFeatures {
    /// The article.
    pub article_id: ArticleId,
    /// Where it came from.
    pub source_id: SourceId,
    /// Its story, once placed.
    pub story_id: Option<StoryId>,
    /// The first article of its near-duplicate group; `None` when it is alone or the first.
    pub duplicate_group: Option<ArticleId>,
    /// Of title and lead.
    pub embedding: QuantizedEmbedding,
    /// Best first.
    pub topics: Vec<TopicScore>,
    /// If known.
    pub language: Option<Language>,
    /// By its source, else when it was fetched.
    pub published_at: Timestamp,
    /// Plain text.
    pub title: Arc<str>,
    /// Number of different sources that report its story; at least 1.
    pub sources_in_story: u16,
}

impl ArticleFeatures {
    /// The key its near-duplicates share.
    #[must_use]
    pub fn group(&self) -> ArticleId {
        self.duplicate_group.unwrap_or(self.article_id)
    }
}
