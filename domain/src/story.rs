//! A story: the articles, from any source, about one event.

use crate::{ArticleId, StoryId, Timestamp};
use serde::{Deserialize, Serialize};

/// A story without its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Its id.
    pub id: StoryId,
    /// The representative's title.
    pub title: String,
    /// The article that stands for all of them.
    pub representative: ArticleId,
    /// Number of articles.
    pub article_count: i32,
    /// Number of different sources.
    pub source_count: i32,
    /// Earliest article.
    pub first_at: Timestamp,
    /// Latest article.
    pub last_at: Timestamp,
}
