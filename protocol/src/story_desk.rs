//! The port through which the operator sees stories, merges and splits them.

use crate::story::{StoryDecided, StoryDecision};
use crate::view::Page;
use async_trait::async_trait;
use autoglm_domain::{ArticleId, Fault, SourceId, Story, StoryId, Timestamp};
use std::fmt::Debug;

/// An article of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatedArticle {
    /// Its id.
    pub id: ArticleId,
    /// Its source.
    pub source_id: SourceId,
    /// The source's own title.
    pub source_title: String,
    /// One line.
    pub title: String,
    /// The address to open; may be empty.
    pub url: String,
    /// Place in time: the earlier of published and fetched.
    pub at: Timestamp,
    /// The article it is a copy of.
    pub duplicate_of: Option<ArticleId>,
}

/// A story with its articles.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatedStory {
    /// The story.
    pub story: Story,
    /// Newest first, at most 200.
    pub articles: Vec<OperatedArticle>,
}

/// An article that a decision names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedArticle {
    /// Its id.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// Its story now.
    pub story_id: Option<StoryId>,
}

/// What a decision says of two articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryStatement {
    /// That they are about different events; else about the same.
    pub is_apart: bool,
    /// The two.
    pub articles: [NamedArticle; 2],
    /// Whether it is still so: a later decision may say otherwise.
    pub holds: bool,
}

/// A decision that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedDecision {
    /// Its number; a later one is larger.
    pub id: i64,
    /// A split; else a merge.
    pub is_split: bool,
    /// Who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: Timestamp,
    /// What it says.
    pub statements: Vec<StoryStatement>,
}

/// What the operator may see of stories and decide about them. Sees every source.
#[async_trait]
pub trait StoryDesk: Send + Sync + Debug {
    /// Stories, the one with the newest article first; with words, those with an article that has
    /// all of them.
    async fn stories(
        &self,
        words: &str,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<Story>, Fault>;
    /// One story with its articles. `NotFound`.
    async fn story(&self, id: StoryId) -> Result<OperatedStory, Fault>;
    /// Merges or splits: durable when answered, and heeded by articles to come.
    async fn decide(&self, decision: StoryDecision) -> Result<StoryDecided, Fault>;
    /// Decisions that are remembered, the latest first.
    async fn decisions(
        &self,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<RememberedDecision>, Fault>;
    /// Forgets a decision: articles stay, those to come no longer heed it. `NotFound`.
    async fn forget(&self, decision: i64) -> Result<(), Fault>;
}
