//! Summaries of articles.

use crate::body::time::Time;
use autoglm_protocol::writer::{AskedSummary, SummaryView, WritingRefused};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A summary of an article.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Summary)]
pub(crate) struct SummaryBody {
    /// The article.
    article_id: i64,
    /// ISO 639-1, if known; not always the language that was asked for.
    language: Option<String>,
    /// The summary; empty when there is none.
    text: String,
    /// `written` in a writer's own words, or `extractive`: the article's own sentences.
    #[schema(example = "written")]
    kind: &'static str,
    /// Name and version of who wrote or chose it.
    #[schema(example = "glm4@local")]
    written_by: Option<String>,
    /// When a writer finished it.
    written_at: Option<Time>,
    /// Whether somebody writes on this node, so that another can be asked for.
    can_write: bool,
}

/// Asks for a summary.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSummary)]
pub(crate) struct NewSummary {
    /// The language it shall have: a tag such as `en` or `zh`.
    #[schema(example = "zh")]
    pub(crate) language: String,
}

/// What came of asking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AskedSummary)]
pub(crate) struct AskedBody {
    /// `written`; or `refused`, and then `summary` is what stands instead.
    #[schema(example = "refused")]
    outcome: &'static str,
    /// What stands.
    summary: SummaryBody,
    /// Why what was written does not stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedBody>,
}

/// Why what a writer wrote does not stand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedSummary)]
pub(crate) struct RefusedBody {
    /// `empty`, `too_long`, `other_language`, `address`, `invented_number`, `invented_name`,
    /// `off_subject` or `writer`.
    #[schema(example = "invented_number")]
    kind: String,
    /// In words.
    #[schema(example = "the number 50 million is not in the article")]
    reason: String,
    /// The number or name that is not in the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "50 million")]
    claim: Option<String>,
}

/// Words of a summary that is being written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SummaryPiece)]
pub(crate) struct PieceBody {
    /// What follows the pieces before; not judged yet.
    pub(crate) text: String,
}

impl SummaryBody {
    /// From the view.
    pub(crate) fn new(view: SummaryView, can_write: bool) -> Self {
        Self {
            article_id: view.article_id.0,
            language: view.language.map(|language| language.to_string()),
            text: view.text,
            kind: if view.is_written { "written" } else { "extractive" },
            written_by: view.by,
            written_at: view.written_at.map(Time),
            can_write,
        }
    }
}

impl From<AskedSummary> for AskedBody {
    fn from(asked: AskedSummary) -> Self {
        let outcome = if asked.refused.is_some() { "refused" } else { "written" };
        let refused = asked.refused;
        Self {
            outcome,
            summary: SummaryBody::new(asked.summary, true),
            refused: refused.map(RefusedBody::from),
        }
    }
}

impl From<WritingRefused> for RefusedBody {
    fn from(refused: WritingRefused) -> Self {
        Self { kind: refused.kind, reason: refused.reason, claim: refused.claim }
    }
}
