//! Contract of IngestActor: makes drafts durable, exactly once.

use crate::{Address, Permit, Reply};
use autoglm_domain::{ArticleDraft, ArticleId, Fault};
use serde::Serialize;
use std::time::Duration;

/// What became of one batch of drafts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// New articles.
    pub inserted: Vec<ArticleId>,
    /// Articles whose content changed.
    pub updated: Vec<ArticleId>,
    /// Articles that were there already.
    pub known: usize,
}

/// Messages of IngestActor.
#[derive(Debug)]
pub enum IngestMessage {
    /// Store these drafts. Sent by SourceActors; answered when durable.
    Store {
        /// At most 2,000 drafts of one source.
        drafts: Vec<ArticleDraft>,
        /// W3C trace context of the fetch, if it is sampled.
        trace_parent: Option<String>,
        /// Answer.
        reply: Reply<Stored>,
        /// Given back when answered.
        permit: Permit,
    },
    /// Internal: a group of drafts has been written, or not.
    Written,
}

impl ractor::Message for IngestMessage {}

/// What IngestActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IngestStatus {
    /// Batches waiting for the write lane.
    pub waiting_batches: usize,
    /// Articles inserted since the start.
    pub inserted_total: u64,
    /// Articles updated since the start.
    pub updated_total: u64,
    /// Articles that were known already.
    pub known_total: u64,
    /// Batches that failed.
    pub failed_total: u64,
    /// What the store last complained about.
    pub last_error: Option<String>,
}

/// Typed front of IngestActor.
#[derive(Debug, Clone)]
pub struct IngestHandle(pub Address<IngestMessage>);

/// Longer than any disk hiccup worth waiting for.
const STORE_TIMEOUT: Duration = Duration::from_secs(60);

impl IngestHandle {
    /// Stores drafts; waits for a free place first, which is how storing slows fetching.
    ///
    /// # Errors
    /// `Unavailable` while the actor or the database is away, `Timeout`.
    pub async fn store(
        &self,
        drafts: Vec<ArticleDraft>,
        trace_parent: Option<String>,
    ) -> Result<Stored, Fault> {
        let Some(permit) = self.0.permit_when_free().await else {
            return Err(Fault::internal("the ingest permits are closed"));
        };
        self.0
            .call_with(STORE_TIMEOUT, |reply| IngestMessage::Store {
                drafts,
                trace_parent,
                reply,
                permit,
            })
            .await
    }
}
