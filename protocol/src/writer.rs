//! Contract of WriterActor, which has summaries written by an engine or a decoder; and the port by
//! which readers see and ask for summaries.

use crate::{Address, Permit, Reply};
use async_trait::async_trait;
use autoglm_domain::{ArticleId, Fault, Language, ReaderId, Timestamp};
use serde::Serialize;
use std::fmt::Debug;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a reader may wait for a summary, its turn included.
pub const WRITTEN_WITHIN: Duration = Duration::from_secs(180);

/// An article to be summarised, as its reader may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryOrder {
    /// Which one.
    pub article_id: ArticleId,
    /// Its title.
    pub title: String,
    /// The beginning of its text, at most 8 KiB.
    pub lead: String,
    /// Its language, if known.
    pub language: Option<Language>,
    /// The language the summary shall have.
    pub wished: Language,
    /// Who asked; it counts as theirs.
    pub reader: ReaderId,
}

/// What came of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writing {
    /// A summary that keeps to its article.
    Stands {
        /// The summary.
        text: String,
        /// Name and version of who wrote it.
        written_by: String,
    },
    /// One that does not, or none at all.
    Refused(WritingRefused),
}

/// Why a writer's text may not stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WritingRefused {
    /// `empty`, `too_long`, `other_language`, `address`, `invented_number`, `invented_name`,
    /// `off_subject`, or `writer` when the writer itself refused the article.
    pub kind: String,
    /// In words.
    pub reason: String,
    /// The number or name that is not in the article, as the writer wrote it.
    pub claim: Option<String>,
}

/// Messages of WriterActor.
#[derive(Debug)]
pub enum WriterMessage {
    /// Write a summary. Sent by the port [`Summaries`]; who asks for what is being written already
    /// joins those who wait for it.
    Write {
        /// Of what.
        order: Box<SummaryOrder>,
        /// Where the words go as they come, before anybody has judged them.
        pieces: Option<mpsc::Sender<String>>,
        /// What came of it.
        reply: Reply<Writing>,
        /// Given back when answered.
        permit: Permit,
    },
    /// Internal: a piece of work has come to its end.
    Ended {
        /// Number of the piece of work.
        work: u64,
        /// What came of it; `None` when there was nothing to write.
        outcome: Option<Result<Writing, Fault>>,
    },
    /// Internal: the schedule says that there may be something nobody asked for.
    Round,
}

impl ractor::Message for WriterMessage {}

/// What WriterActor shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WriterStatus {
    /// Name and version of who writes.
    pub writer: String,
    /// `ready`, `loading`, or why it cannot write.
    pub state: String,
    /// Summaries that wait for their turn.
    pub waiting: usize,
    /// Summaries being written.
    pub writing: usize,
    /// Summaries that stand, since the start.
    pub written_total: u64,
    /// Of these, nobody had asked for.
    pub unasked_total: u64,
    /// Summaries that may not stand, since the start.
    pub refused_total: u64,
    /// Attempts that came to nothing, since the start.
    pub failed_total: u64,
    /// Questions refused since the start because a reader's day was used up.
    pub over_budget_total: u64,
    /// What it last complained about.
    pub last_error: Option<String>,
}

/// Typed front of WriterActor.
#[derive(Debug, Clone)]
pub struct WriterHandle(pub Address<WriterMessage>);

impl WriterHandle {
    /// Has a summary written.
    ///
    /// # Errors
    /// `Overloaded` when too many wait or the reader's or the engine's day is used up,
    /// `Unavailable` while the writer is away or loading, `Timeout` after [`WRITTEN_WITHIN`],
    /// `NotFound` when the article is gone.
    pub async fn write(
        &self,
        order: SummaryOrder,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Writing, Fault> {
        let permit = self.0.permit()?;
        let order = Box::new(order);
        let message = |reply| WriterMessage::Write { order, pieces, reply, permit };
        self.0.call_with(WRITTEN_WITHIN, message).await
    }
}

/// Who writes summaries on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterView {
    /// Name and version.
    pub name: String,
}

/// A summary as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryView {
    /// The article.
    pub article_id: ArticleId,
    /// The summary's language, if known.
    pub language: Option<Language>,
    /// The summary; empty when there is none.
    pub text: String,
    /// Whether a writer wrote it in its own words; else it is the article's own sentences.
    pub is_written: bool,
    /// Name and version of who wrote or chose it.
    pub by: Option<String>,
    /// When it was written.
    pub written_at: Option<Timestamp>,
}

/// What came of asking for a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedSummary {
    /// What stands now.
    pub summary: SummaryView,
    /// Why what was written does not; `None` when it does, or nothing had to be written.
    pub refused: Option<WritingRefused>,
}

/// Summaries of articles as readers see and ask for them.
#[async_trait]
pub trait Summaries: Send + Sync + Debug {
    /// Who writes; `None` when nobody does.
    fn writer(&self) -> Option<WriterView>;
    /// The best there is in this language, or else in the article's own. `NotFound` when the reader
    /// may not see the article.
    async fn summary(
        &self,
        reader: ReaderId,
        article: ArticleId,
        language: Option<Language>,
    ) -> Result<SummaryView, Fault>;
    /// Has it written where it is not; `pieces` gets the words as they come, unjudged. `Conflict`
    /// when nobody writes on this node, else as [`WriterHandle::write`].
    async fn write(
        &self,
        reader: ReaderId,
        article: ArticleId,
        language: Language,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<AskedSummary, Fault>;
}
