//! Contract of RecommenderShardActor: the profiles of the readers of one shard.

use crate::{Address, Permit, Reply};
use autoglm_domain::{Fault, ReaderEvent, ReaderId, Recommendation};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// Messages of RecommenderShardActor.
#[derive(Debug)]
pub enum RecommenderShardMessage {
    /// Durable events of one reader, in order. Sent by CacheShardActor of the same shard; what is
    /// lost is replayed from the store at the next start.
    Learn {
        /// Who.
        reader: ReaderId,
        /// With the number each has in the reader's log.
        events: Arc<[(i64, ReaderEvent)]>,
        /// Given back when learned.
        permit: Permit,
    },
    /// Rank the window.
    Recommend {
        /// Who.
        reader: ReaderId,
        /// How many.
        limit: usize,
        /// For exploration.
        seed: u64,
        /// Answer; computed beside the mailbox, so that rankings do not queue behind each other.
        reply: Reply<Vec<Recommendation>>,
    },
    /// The reader's subscriptions changed.
    SubscriptionsChanged(ReaderId),
    /// Save all profiles. Sent by the shard host before the lease is given up.
    Drain {
        /// Answer.
        reply: Reply<()>,
    },
    /// Internal: profiles have been saved, or not.
    Saved {
        /// Readers with the number of the last event in the saved profile.
        saved: Vec<(ReaderId, i64)>,
        /// Why others could not be saved.
        fault: Option<Fault>,
    },
    /// Internal: save profiles that changed, forget idle readers.
    Save,
}

impl ractor::Message for RecommenderShardMessage {}

/// What RecommenderShardActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RecommenderShardStatus {
    /// Profiles in memory.
    pub readers: usize,
    /// Profiles not saved yet.
    pub unsaved: usize,
    /// Events learned since the start.
    pub learned_total: u64,
    /// Events replayed from the store since the start.
    pub replayed_total: u64,
    /// Rankings since the start.
    pub rankings_total: u64,
}

/// Typed front of RecommenderShardActor.
#[derive(Debug, Clone)]
pub struct RecommenderShardHandle(pub Address<RecommenderShardMessage>);

impl RecommenderShardHandle {
    /// Ranks the window for a reader.
    ///
    /// # Errors
    /// `Overloaded`, `Unavailable`, `Timeout`.
    pub async fn recommend(
        &self,
        reader: ReaderId,
        limit: usize,
        seed: u64,
    ) -> Result<Vec<Recommendation>, Fault> {
        self.0
            .call(Duration::from_secs(5), |reply| RecommenderShardMessage::Recommend {
                reader,
                limit,
                seed,
                reply,
            })
            .await
    }
}
