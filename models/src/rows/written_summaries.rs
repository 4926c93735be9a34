//! Values about summaries in a writer's own words.

use autoglm_domain::{ArticleId, Language, Timestamp};

/// A summary that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenSummaryRow {
    /// In which language.
    pub language: Language,
    /// Name and version of who wrote it.
    pub writer: String,
    /// The summary.
    pub text: String,
    /// When it was finished.
    pub written_at: Timestamp,
}

/// One piece of a writer's work: an article in a language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SummaryWork {
    /// The article.
    pub article_id: ArticleId,
    /// In which language.
    pub language: Language,
    /// Name and version of the writer.
    pub writer: String,
}

/// What came of claiming a piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the claimant's until the lease ends.
    Won,
    /// Somebody else is at it until then.
    Taken(Timestamp),
    /// It is done, about the article as it is.
    Done(WrittenSummaryRow),
    /// There is no such article.
    Gone,
}

/// How a piece of work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SummaryOutcome {
    /// The summary stands.
    Written(String),
    /// It may not; the reason. Not tried again until a reader asks or the article changes.
    Refused(String),
}

/// An article that nobody asked about yet, claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnwrittenArticle {
    /// Which one.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// Its language, which the summary is to have.
    pub language: Language,
    /// Its whole text.
    pub content_text: String,
    /// The extractive summary; may be empty.
    pub summary: String,
}

/// Which articles are written about without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unasked {
    /// Only articles that are newer.
    pub since: Timestamp,
    /// Shorter texts, in characters, need no summary.
    pub characters_min: u32,
    /// At most so many in an hour, by all nodes together.
    pub hourly_max: u32,
}
