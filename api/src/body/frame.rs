//! What goes over a live connection.

use crate::body::article::{Article, ArticleMarks};
use crate::body::event::Accepted;
use crate::error::Problem;
use autoglm_protocol::push::{Frame, PushItem};
use serde::Serialize;
use utoipa::ToSchema;

/// A frame with items, or `{"type": "reset", "seq": …}`: fetch everything again, go on from `seq`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LiveFrame<'a> {
    /// Items up to number `seq`.
    Items {
        /// To be sent back as `after` when connecting again.
        seq: u64,
        /// Oldest first.
        items: Vec<LiveItem<'a>>,
    },
    /// What was missed is not known any more.
    Reset(Reset),
}

/// What was missed is not known any more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename = "reset")]
pub(crate) struct Reset {
    /// Where the numbering goes on.
    seq: u64,
}

/// One thing a terminal should know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum LiveItem<'a> {
    /// A new article.
    Article {
        /// It.
        article: Box<Article<'a>>,
    },
    /// A story grew.
    Story {
        /// The story.
        story_id: i64,
        /// Its newest article.
        article_id: i64,
    },
    /// A mark changed, here or on another terminal.
    Mark {
        /// The article.
        article_id: i64,
        /// Its marks now.
        marks: ArticleMarks,
    },
}

/// The answer to events sent over a WebSocket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SocketAnswer {
    /// They are durable.
    Acknowledged(Acknowledgement),
    /// None of them was taken.
    Refused(Refusal),
}

/// Nothing was taken. The members are those of a problem, whose own `type` is left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename = "error")]
pub(crate) struct Refusal {
    /// The HTTP status the same request would get.
    status: u16,
    /// The kind of failure.
    kind: &'static str,
    /// What was wrong and what to do.
    detail: String,
    /// Seconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Which event is wrong, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let body = problem.into_body();
        Self {
            status: body.status,
            kind: body.kind,
            detail: body.detail,
            retry_after: body.retry_after,
            index: body.index,
        }
    }
}

/// The events are durable.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename = "ack")]
pub(crate) struct Acknowledgement {
    /// How many.
    #[serde(flatten)]
    pub(crate) accepted: Accepted,
}

impl<'a> From<&'a Frame> for LiveFrame<'a> {
    fn from(frame: &'a Frame) -> Self {
        match frame {
            Frame::Items { seq, items } => {
                Self::Items { seq: *seq, items: items.iter().map(LiveItem::from).collect() }
            }
            Frame::Reset { seq } => Self::Reset(Reset { seq: *seq }),
        }
    }
}

impl<'a> From<&'a PushItem> for LiveItem<'a> {
    fn from(item: &'a PushItem) -> Self {
        match item {
            PushItem::Article(article) => {
                Self::Article { article: Box::new(article.as_ref().into()) }
            }
            PushItem::Story { story_id, article_id } => {
                Self::Story { story_id: story_id.0, article_id: article_id.0 }
            }
            PushItem::Mark { article_id, marks } => {
                Self::Mark { article_id: article_id.0, marks: (*marks).into() }
            }
        }
    }
}

/// The number of a frame.
pub(crate) fn number(frame: &Frame) -> u64 {
    match frame {
        Frame::Items { seq, .. } | Frame::Reset { seq } => *seq,
    }
}
