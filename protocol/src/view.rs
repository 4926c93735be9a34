//! What a reader sees of sources, articles and stories. Never wider than that reader's rights.

use autoglm_domain::{
    ArticleId, ArticleStage, Entity, EntityKind, Health, HubSubscription, Language, Marks,
    ReaderTopicText, Recommendation, SourceId, SourceKind, SourceSettings, Story, StoryId,
    Timestamp, TopicScore,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A page of a list. Cursors are opaque; there are no offsets.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Give it back to get the next page; `None` at the end.
    pub next_cursor: Option<String>,
}

/// One article in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleView {
    /// Its id.
    pub id: ArticleId,
    /// Its source.
    pub source_id: SourceId,
    /// The source's title, as this reader named it.
    pub source_title: String,
    /// Its story, once placed.
    pub story_id: Option<StoryId>,
    /// The address to open; may be empty.
    pub url: String,
    /// One line.
    pub title: String,
    /// Names.
    pub authors: Vec<String>,
    /// If known.
    pub language: Option<Language>,
    /// What the source says.
    pub published_at: Option<Timestamp>,
    /// When it came to us.
    pub fetched_at: Timestamp,
    /// Best first.
    pub topics: Vec<TopicScore>,
    /// By the model; empty when there is none.
    pub summary: String,
    /// What it names, the one most spoken of first.
    pub entities: Vec<Entity>,
    /// Words and phrases of its language, best first.
    pub keywords: Vec<String>,
    /// How far it has come.
    pub stage: ArticleStage,
    /// This reader's marks.
    pub marks: Marks,
    /// W3C trace context of the fetch that brought it, on its way to terminals only; never shown.
    pub trace_parent: Option<Arc<str>>,
}

/// One article to read.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleDetail {
    /// As in lists.
    pub article: ArticleView,
    /// Sanitised.
    pub content_html: String,
    /// Who wrote the summary.
    pub model_version: Option<String>,
}

/// Which marks a list is narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkFilter {
    /// Not read.
    Unread,
    /// Read.
    Read,
    /// Saved.
    Saved,
    /// Hidden (all other lists leave these out).
    Hidden,
}

/// Which articles a list shows. Always the reader's own sources only.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArticleQuery {
    /// At most 200; 0 means 50.
    pub limit: usize,
    /// From the page before.
    pub cursor: Option<String>,
    /// Of one source.
    pub source: Option<SourceId>,
    /// With this topic.
    pub topic: Option<String>,
    /// That name the thing with this key.
    pub entity: Option<String>,
    /// In this language.
    pub language: Option<Language>,
    /// Of this story.
    pub story: Option<StoryId>,
    /// With these marks.
    pub marks: Option<MarkFilter>,
}

/// One place in the ranked list.
#[derive(Debug, Clone, PartialEq)]
pub struct RecommendedArticle {
    /// The article.
    pub article: ArticleView,
    /// Its score and reasons.
    pub recommendation: Recommendation,
}

/// Articles ranked for one reader.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RankedList {
    /// Best first.
    pub items: Vec<RecommendedArticle>,
    /// Nobody who could be reached owns the reader now: it is ranked by the profile that was saved
    /// last, and what they did in the last half minute may be missing.
    pub stale: bool,
}

/// One story.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryView {
    /// The story.
    pub story: Story,
    /// Its articles this reader may see, newest first, at most 50.
    pub articles: Vec<ArticleId>,
}

/// One subscribed source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceView {
    /// Its id.
    pub id: SourceId,
    /// What sort.
    pub kind: SourceKind,
    /// Where it is fetched.
    pub url: String,
    /// As this reader named it, else its own title.
    pub title: String,
    /// Its web page, or empty.
    pub site_url: String,
    /// This reader's folder, or empty.
    pub folder: String,
    /// Unread articles.
    pub unread: i64,
    /// How fetching goes.
    pub health: Health,
    /// Seconds between fetches.
    pub interval_seconds: u64,
    /// Stopped by a person.
    pub paused: bool,
    /// How it is read.
    pub settings: SourceSettings,
    /// It is this reader's alone.
    pub private: bool,
    /// Names of what is said when it is asked, never the values.
    pub request: Vec<String>,
    /// Which hub pushes it, if one does or is asked to.
    pub push: Option<HubSubscription>,
}

/// Numbers about the whole installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Sources.
    pub sources: i64,
    /// Articles stored.
    pub articles_stored: i64,
    /// Articles understood.
    pub articles_understood: i64,
    /// Stories.
    pub stories: i64,
    /// Readers.
    pub readers: i64,
    /// Terminals connected to this node.
    pub terminals: i64,
    /// Articles stored but not yet placed.
    pub backlog: i64,
}

/// What a reader's articles name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityView {
    /// The same for every name of it, in either language.
    pub key: String,
    /// What it is.
    pub kind: EntityKind,
    /// A name of it as one of the articles has it.
    pub name: String,
    /// Its usual English name, if one is known.
    pub english: Option<String>,
    /// Its usual Chinese name, if one is known.
    pub chinese: Option<String>,
    /// Articles of the last days that name it.
    pub articles: i64,
}

/// A topic of the common list, or one of the reader's own, whose name is in no language in particular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicView {
    /// Stable key.
    pub key: String,
    /// English name.
    pub english: String,
    /// Chinese name.
    pub chinese: String,
    /// What its reader says of it, for a topic of the reader's own.
    pub own: Option<ReaderTopicText>,
}
