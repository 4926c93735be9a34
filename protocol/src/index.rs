//! Contract of IndexActor: puts stored articles into the search index.

use crate::Address;
use serde::Serialize;

/// Messages of IndexActor.
#[derive(Debug)]
pub enum IndexMessage {
    /// There may be stored articles to index. A hint, from IngestActor and JanitorActor.
    Wake,
    /// Internal: look even without a hint.
    Sweep,
}

impl ractor::Message for IndexMessage {}

/// What a stage that works through claimed articles shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StageStatus {
    /// Articles finished since the start.
    pub done_total: u64,
    /// Size of the last batch.
    pub last_batch: usize,
    /// Duration of the last batch in milliseconds.
    pub last_batch_ms: u64,
    /// Batches that failed.
    pub failed_total: u64,
    /// What it last complained about.
    pub last_error: Option<String>,
    /// Whether a person has stopped it.
    pub paused: bool,
}

/// Typed front of IndexActor.
#[derive(Debug, Clone)]
pub struct IndexHandle(pub Address<IndexMessage>);

impl IndexHandle {
    /// Hints that there is work.
    pub fn wake(&self) {
        self.0.nudge(|| IndexMessage::Wake);
    }
}
