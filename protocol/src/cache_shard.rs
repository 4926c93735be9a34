//! Contract of CacheShardActor: the hot state of the readers of one shard; the only one who
//! appends their events.

use crate::reader_request::{ReaderAnswer, ReaderRequest};
use crate::view::ArticleView;
use crate::{Address, Permit, Reply};
use autoglm_domain::Fault;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// Messages of CacheShardActor.
#[derive(Debug)]
pub enum CacheShardMessage {
    /// A request about one of its readers. Sent by the shard host.
    Request {
        /// Anything but `Recommend`.
        request: ReaderRequest,
        /// Answer.
        reply: Reply<ReaderAnswer>,
    },
    /// New articles at the end of their way. Sent by ArticleWindow.
    ArticlesPlaced {
        /// With empty marks.
        articles: Arc<[Arc<ArticleView>]>,
        /// Given back when delivered.
        permit: Permit,
    },
    /// Articles that were placed before are in other stories now. Sent by ArticleWindow.
    ArticlesMoved {
        /// As they are now.
        articles: Arc<[Arc<ArticleView>]>,
        /// Given back when delivered.
        permit: Permit,
    },
    /// Finish and save everything. Sent by the shard host before the lease is given up.
    Drain {
        /// Answer.
        reply: Reply<()>,
    },
    /// Internal: forget readers nobody watches.
    Passivate,
}

impl ractor::Message for CacheShardMessage {}

/// What CacheShardActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CacheShardStatus {
    /// Readers in memory.
    pub readers: usize,
    /// Readers with a connected terminal.
    pub watched: usize,
    /// Events made durable since the start.
    pub events_total: u64,
    /// Items pushed since the start.
    pub pushed_total: u64,
}

/// Typed front of CacheShardActor.
#[derive(Debug, Clone)]
pub struct CacheShardHandle(pub Address<CacheShardMessage>);

impl CacheShardHandle {
    /// Asks about a reader.
    ///
    /// # Errors
    /// `Overloaded`, `Unavailable`, `Timeout`, `Fenced` when the shard has moved.
    pub async fn request(&self, request: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        self.0
            .call(Duration::from_secs(10), |reply| CacheShardMessage::Request { request, reply })
            .await
    }
}
