//! What travels from a reader's shard to that reader's terminals.

use crate::view::ArticleView;
use autoglm_domain::{ArticleId, Marks, ReaderId, StoryId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One thing a terminal should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PushItem {
    /// A new article for this reader.
    Article(Arc<ArticleView>),
    /// A story grew: by a new article, or by one that the operator moved there.
    Story {
        /// The story.
        story_id: StoryId,
        /// The article that came to it.
        article_id: ArticleId,
    },
    /// A mark changed, here or on another terminal.
    Mark {
        /// The article.
        article_id: ArticleId,
        /// Its marks now.
        marks: Marks,
    },
}

/// Numbered items for one reader. The last item has the number `seq`, the one before it `seq - 1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// For whom.
    pub reader_id: ReaderId,
    /// Which life of the numbering; numbers of different streams do not compare.
    pub stream: u64,
    /// Number of the last item.
    pub seq: u64,
    /// The items, oldest first.
    pub items: Arc<[PushItem]>,
}

/// What a terminal's connection writes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// Items up to number `seq`.
    Items {
        /// To be sent back as `after` when connecting again.
        seq: u64,
        /// Oldest first; empty in the first frame of a connection with nothing missed.
        items: Vec<PushItem>,
    },
    /// What was missed is not known any more: fetch everything again; go on from `seq`.
    Reset {
        /// Where the numbering goes on.
        seq: u64,
    },
}
