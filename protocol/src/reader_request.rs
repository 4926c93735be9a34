//! What any node may ask about one reader, and the answers of that reader's owner.
//!
//! Requests are routed by the reader's shard; see [`crate::shard_region`].

use crate::push::PushItem;
use autoglm_domain::{Incarnation, ReaderEvent, ReaderId, Recommendation, Shard, SourceId};
use serde::{Deserialize, Serialize};

/// A request to the owner of a reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ReaderRequest {
    /// Make events durable, then learn from them.
    AppendEvents {
        /// Who.
        reader: ReaderId,
        /// At most 500.
        events: Vec<ReaderEvent>,
    },
    /// Rank the window for this reader.
    Recommend {
        /// Who.
        reader: ReaderId,
        /// How many, at most 200.
        limit: usize,
        /// Same seed, same exploration.
        seed: u64,
    },
    /// A gateway has terminals of this reader. Renewed every 30 s, forgotten after 90 s.
    Watch {
        /// Who.
        reader: ReaderId,
        /// The gateway's node.
        gateway: Incarnation,
        /// The last number the terminal has seen.
        after: Option<u64>,
    },
    /// The gateway has no terminal of this reader any more.
    Unwatch {
        /// Who.
        reader: ReaderId,
        /// The gateway's node.
        gateway: Incarnation,
    },
    /// The reader's subscriptions changed: read them again.
    SubscriptionsChanged {
        /// Who.
        reader: ReaderId,
    },
    /// Unread articles by source.
    Unread {
        /// Who.
        reader: ReaderId,
    },
}

impl ReaderRequest {
    /// Whom it is about.
    #[must_use]
    pub fn reader(&self) -> ReaderId {
        match self {
            Self::AppendEvents { reader, .. }
            | Self::Recommend { reader, .. }
            | Self::Watch { reader, .. }
            | Self::Unwatch { reader, .. }
            | Self::SubscriptionsChanged { reader }
            | Self::Unread { reader } => *reader,
        }
    }

    /// The shard that owns the reader.
    #[must_use]
    pub fn shard(&self) -> Shard {
        Shard::of_reader(self.reader())
    }
}

/// Where a reader's numbering stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watching {
    /// Which life of the numbering.
    pub stream: u64,
    /// Number of the newest item.
    pub seq: u64,
    /// Items after `after`, oldest first; `None` when they are not known any more (or `after`
    /// belongs to another stream): the terminal must be reset.
    pub missed: Option<Vec<PushItem>>,
}

/// The owner's answer, by request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ReaderAnswer {
    /// To `AppendEvents`: durable.
    Appended {
        /// New ones.
        accepted: usize,
        /// Ones that were there already.
        duplicates: usize,
    },
    /// To `Recommend`.
    Recommended(Vec<Recommendation>),
    /// To `Watch`.
    Watching(Watching),
    /// To `Unread`.
    Unread(Vec<(SourceId, i64)>),
    /// To the others.
    Done,
}
