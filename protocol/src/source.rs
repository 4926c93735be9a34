//! Contract of a SourceActor: fetches one source on schedule.

use crate::websub::PushedDocument;
use crate::{Address, Reply};
use autoglm_domain::{Health, Source, SourceId};
use serde::Serialize;

/// Messages of a SourceActor.
#[derive(Debug)]
pub enum SourceMessage {
    /// Fetch now. Sent by SourceSupervisor for a person; answered when the fetch is done.
    Refresh {
        /// Answer: new articles stored.
        reply: Reply<usize>,
    },
    /// The source's settings changed. Sent by SourceSupervisor.
    Changed(Box<Source>),
    /// A hub has sent the source's document. Sent by SourceSupervisor; answered when its articles
    /// are durable.
    Pushed {
        /// The document.
        document: Box<PushedDocument>,
        /// Answer: new articles stored.
        reply: Reply<usize>,
    },
    /// Its hub no longer stands in for fetches. Sent by SourceSupervisor; a hint.
    PushLost,
    /// Internal: the schedule says so.
    Due {
        /// Outdated timers carry an older number.
        generation: u64,
    },
}

impl ractor::Message for SourceMessage {}

/// What a SourceActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceStatus {
    /// The source; 0 before the first report.
    pub source_id: i64,
    /// Its address.
    pub url: String,
    /// Health as last saved.
    pub health: Option<Health>,
    /// Fetches since the actor started.
    pub fetches_total: u64,
    /// Articles stored since the actor started.
    pub articles_total: u64,
}

/// Typed front of a SourceActor.
#[derive(Debug, Clone)]
pub struct SourceHandle {
    /// The source.
    pub id: SourceId,
    /// Its actor.
    pub address: Address<SourceMessage>,
}
