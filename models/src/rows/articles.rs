//! Values about articles, their understanding and their stories.

use autoglm_domain::{
    ArticleId, ArticleIdentity, ArticleStage, Entity, EntityKind, Language, Marks,
    MinHashSignature, QuantizedEmbedding, SourceId, Story, StoryId, Timestamp, TopicScore,
};
use serde::{Deserialize, Serialize};

/// What became of one draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertOutcome {
    /// New.
    Inserted(ArticleId),
    /// Known, with other content; the previous content is kept as a revision.
    Updated(ArticleId),
    /// Known and unchanged.
    Known(ArticleId),
}

impl InsertOutcome {
    /// The article's id, whatever became of the draft.
    #[must_use]
    pub fn article_id(self) -> ArticleId {
        match self {
            Self::Inserted(id) | Self::Updated(id) | Self::Known(id) => id,
        }
    }
}

/// What recognises a stored article when it comes under another identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentArticleRow {
    /// Its identity within its source.
    pub identity: [u8; 16],
    /// The folded address; possibly empty.
    pub canonical_url: String,
    /// Its title.
    pub title: String,
    /// What the source says.
    pub published_at: Option<Timestamp>,
}

/// A stored article that comes under another identity from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenamedArticle {
    /// As it is stored.
    pub old: [u8; 16],
    /// As it comes now.
    pub identity: ArticleIdentity,
    /// Where it is now; empty for where it was.
    pub url: String,
    /// The same, folded.
    pub canonical_url: String,
}

/// An article that other models shall read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadArticle {
    /// Which one.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// If known.
    pub language: Option<Language>,
    /// Its whole text.
    pub content_text: String,
}

/// An article somebody has claimed to do its next stage.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedArticle {
    /// The article.
    pub id: ArticleId,
    /// Its source.
    pub source_id: SourceId,
    /// Its address; possibly empty.
    pub url: String,
    /// The folded address; possibly empty.
    pub canonical_url: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub content_text: String,
    /// Its language, when known.
    pub language: Option<Language>,
    /// What the source says.
    pub published_at: Option<Timestamp>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Place in time: the earlier of published and fetched.
    pub sort_at: Timestamp,
    /// For near-duplicates.
    pub minhash: MinHashSignature,
    /// Embedding of the newest understanding; `None` before it is understood.
    pub embedding: Option<QuantizedEmbedding>,
    /// W3C trace context of the fetch that brought it.
    pub trace_parent: Option<String>,
    /// The story it already belongs to, when it comes by again after a change.
    pub story_id: Option<StoryId>,
    /// Whether its source belongs to one reader: then it is never compared with others.
    pub is_private: bool,
}

/// Search tokens of one article, as [`crate::segmentation`] makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The article.
    pub article_id: ArticleId,
    /// Tokens separated by blanks.
    pub tokens: String,
}

/// The story an article goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlacementStory {
    /// One that exists.
    Existing(StoryId),
    /// A new one; the same key in one call means the same new story.
    New {
        /// Chosen by the caller, meaningful within one call only.
        key: u64,
    },
}

/// Where one article is to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacementRow {
    /// The article.
    pub article_id: ArticleId,
    /// Its story.
    pub story: PlacementStory,
    /// Which strand of it, where an operator has merged stories: the story it would be in without.
    pub strand: Option<StoryId>,
    /// The article it is a near-duplicate of.
    pub duplicate_of: Option<ArticleId>,
}

/// An article as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleRow {
    /// The article.
    pub id: ArticleId,
    /// Its source.
    pub source_id: SourceId,
    /// The source's title: the reader's own one when there is a reader.
    pub source_title: String,
    /// Its story, once placed.
    pub story_id: Option<StoryId>,
    /// Its address; possibly empty.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Names, in the source's order.
    pub authors: Vec<String>,
    /// Its language, when known.
    pub language: Option<Language>,
    /// What the source says.
    pub published_at: Option<Timestamp>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Place in time: the earlier of published and fetched.
    pub sort_at: Timestamp,
    /// When it was placed in a story.
    pub placed_at: Option<Timestamp>,
    /// The article it is a near-duplicate of.
    pub duplicate_of: Option<ArticleId>,
    /// Topics of the newest understanding, best first.
    pub topics: Vec<TopicScore>,
    /// Summary of the newest understanding; possibly empty.
    pub summary: String,
    /// What it names by the newest understanding, the one most spoken of first.
    pub entities: Vec<Entity>,
    /// Keywords of the newest understanding, best first.
    pub keywords: Vec<String>,
    /// How far it has come.
    pub stage: ArticleStage,
    /// The reader's marks; none without a reader.
    pub marks: Marks,
}

/// One article with its content.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleDetailRow {
    /// As in lists.
    pub article: ArticleRow,
    /// Sanitised HTML.
    pub content_html: String,
    /// Plain text.
    pub content_text: String,
    /// Model that made summary and topics, when understood.
    pub model_version: Option<String>,
}

/// An article with what ranking needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedArticleRow {
    /// As in lists.
    pub article: ArticleRow,
    /// Embedding of the newest understanding.
    pub embedding: Option<QuantizedEmbedding>,
    /// For near-duplicates.
    pub minhash: MinHashSignature,
    /// Number of sources of its story; 1 without one.
    pub source_count: i32,
    /// W3C trace context of the fetch that brought it.
    pub trace_parent: Option<String>,
}

/// A member of a recent story, to build the story index again after a restart.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryMemberRow {
    /// The article.
    pub article_id: ArticleId,
    /// Its story.
    pub story_id: StoryId,
    /// The story it was placed in, where an operator has merged that into `story_id`.
    pub strand: Option<StoryId>,
    /// Its source.
    pub source_id: SourceId,
    /// Its title.
    pub title: String,
    /// The first characters of its text, at most 500.
    pub lead: String,
    /// Its language, when known.
    pub language: Option<Language>,
    /// What the source says.
    pub published_at: Option<Timestamp>,
    /// Place in time: the earlier of published and fetched.
    pub sort_at: Timestamp,
    /// Its embedding.
    pub embedding: Option<QuantizedEmbedding>,
    /// For near-duplicates.
    pub minhash: MinHashSignature,
    /// The article it is a near-duplicate of.
    pub duplicate_of: Option<ArticleId>,
}

/// A story as one reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryRow {
    /// The story.
    pub story: Story,
    /// Its articles in the reader's sources, oldest first, at most 100.
    pub articles: Vec<ArticleId>,
    /// Where a list continues after this story.
    pub cursor: (Timestamp, StoryId),
}

/// Which marks an article must have to be listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkFilter {
    /// Read (`true`) or unread (`false`).
    pub read: Option<bool>,
    /// Saved or not.
    pub saved: Option<bool>,
    /// Hidden or not; `None` means not hidden.
    pub hidden: Option<bool>,
}

/// Which articles a reader wants listed, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleFilter {
    /// Only this source.
    pub source: Option<SourceId>,
    /// Only this topic.
    pub topic: Option<String>,
    /// Only what names the thing with this key.
    pub entity: Option<String>,
    /// Only this language.
    pub language: Option<Language>,
    /// Only this story.
    pub story: Option<StoryId>,
    /// Only these, at most 5,000.
    pub only: Option<Vec<ArticleId>>,
    /// Only in this folder of the reader.
    pub folder: Option<String>,
    /// By marks.
    pub marks: MarkFilter,
    /// Continue after this place: `sort_at` and id of the last article seen.
    pub cursor: Option<(Timestamp, ArticleId)>,
    /// At most this many; 1 to 500.
    pub limit: u32,
}

/// Which entities are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityFilter {
    /// In articles of this place in time or later.
    pub since: Timestamp,
    /// Only this key.
    pub key: Option<String>,
    /// Only those whose name or key has this in it, whatever its case.
    pub part: Option<String>,
    /// With `part`: this key too, which is known to be called so.
    pub part_key: Option<String>,
    /// At most this many; 1 to 500.
    pub limit: u32,
}

/// What a reader's articles name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityRow {
    /// The same for every name of it.
    pub key: String,
    /// What it is.
    pub kind: EntityKind,
    /// A name of it.
    pub name: String,
    /// Articles that name it.
    pub articles: i64,
}

/// Articles per stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageCounts {
    /// Waiting for the index.
    pub stored: i64,
    /// Waiting for understanding.
    pub indexed: i64,
    /// Waiting for a story.
    pub understood: i64,
    /// Done.
    pub placed: i64,
}

/// Numbers about everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Sources that are not removed.
    pub sources: i64,
    /// Articles.
    pub articles: i64,
    /// Articles with an understanding.
    pub understood: i64,
    /// Articles not yet at the end of their way.
    pub backlog: i64,
    /// Stories.
    pub stories: i64,
    /// Readers.
    pub readers: i64,
    /// Reader events.
    pub events: i64,
}
