//! Values about topics.

use autoglm_domain::{ArticleId, Language, Timestamp, TopicDefinition, TopicScore};

/// Who gave a list of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicListOrigin {
    /// The configuration's file.
    Config,
    /// The operator; goes before the file.
    Page,
}

impl TopicListOrigin {
    /// As it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Page => "page",
        }
    }
}

/// A list of topics in place of the built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicListRow {
    /// Who gave it.
    pub origin: TopicListOrigin,
    /// The topics.
    pub topics: Vec<TopicDefinition>,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// An article whose topics are from another list.
#[derive(Debug, Clone, PartialEq)]
pub struct UnsortedArticle {
    /// Which one.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// If known.
    pub language: Option<Language>,
    /// The beginning of its text.
    pub lead: String,
    /// Its topics until now.
    pub topics: Vec<TopicScore>,
}

/// An article with its topics by the new list.
#[derive(Debug, Clone, PartialEq)]
pub struct SortedArticle {
    /// Which one.
    pub id: ArticleId,
    /// Best first.
    pub topics: Vec<TopicScore>,
    /// Whether they are others than before.
    pub is_changed: bool,
}
