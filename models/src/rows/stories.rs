//! Values about what the operator sees of stories and decides about them.

use autoglm_domain::{ArticleId, SourceId, Story, StoryId, Timestamp};

/// How two articles relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoryRelation {
    /// They are about one event.
    Together,
    /// They are not.
    Apart,
}

/// An article that a decision names, with the story it is in now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedArticle {
    /// The article.
    pub id: ArticleId,
    /// Its title; empty where nobody reads it.
    pub title: String,
    /// Its story.
    pub story: Option<StoryId>,
}

/// What was said about two articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// How they relate.
    pub relation: StoryRelation,
    /// One of them.
    pub article: NamedArticle,
    /// The other.
    pub other: NamedArticle,
}

impl StatementRow {
    /// Whether it is so. A decision moves the articles it names, and nothing but a later decision
    /// moves them again: so where they are tells which statement counts.
    #[must_use]
    pub fn holds(&self) -> bool {
        let same = self.article.story == self.other.story && self.article.story.is_some();
        same == (self.relation == StoryRelation::Together)
    }
}

/// What kind of decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionKind {
    /// Stories became one.
    Merge,
    /// Articles left a story.
    Split,
}

/// One decision of the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryDecisionRow {
    /// Its number; a later one is larger.
    pub id: i64,
    /// What kind.
    pub kind: DecisionKind,
    /// Who.
    pub decided_by: String,
    /// When.
    pub decided_at: Timestamp,
    /// What it says of articles that are still there.
    pub statements: Vec<StatementRow>,
}

/// What a decision has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rearranged {
    /// Number of the decision.
    pub decision: i64,
    /// The story that grew or was made.
    pub story: StoryId,
    /// Every story that is no longer what it was, that one and those that are gone included.
    pub changed: Vec<StoryId>,
    /// Articles that are in another story now.
    pub moved: u64,
}

/// An article of a story, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatedArticleRow {
    /// The article.
    pub id: ArticleId,
    /// Its source.
    pub source_id: SourceId,
    /// The source's own title.
    pub source_title: String,
    /// Its title.
    pub title: String,
    /// Its address; possibly empty.
    pub url: String,
    /// Place in time: the earlier of published and fetched.
    pub sort_at: Timestamp,
    /// The article it is a near-duplicate of.
    pub duplicate_of: Option<ArticleId>,
}

/// A story with its articles, for the operator.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatedStoryRow {
    /// The story.
    pub story: Story,
    /// Its articles, newest first, at most 200.
    pub articles: Vec<OperatedArticleRow>,
}
