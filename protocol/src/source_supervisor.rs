//! Contract of SourceSupervisor: one SourceActor for every source whose host this node owns.

use crate::websub::PushedDocument;
use crate::{Address, Reply};
use autoglm_domain::{Fault, Shard, SourceId};
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Messages of SourceSupervisor.
#[derive(Debug)]
pub enum SourceSupervisorMessage {
    /// Sources were added, changed or removed: read them again. A hint.
    SourcesChanged,
    /// The host shards this node owns now. Sent by the shard host.
    OwnedHosts(Arc<HashSet<Shard>>),
    /// Fetch one source now, unparking it. Sent for a person.
    Refresh {
        /// The source.
        source: SourceId,
        /// Answer: new articles stored.
        reply: Reply<usize>,
    },
    /// A hub has sent a source's document. Sent by the port of the hubs.
    Pushed {
        /// The source.
        source: SourceId,
        /// The document.
        document: Box<PushedDocument>,
        /// Answer: new articles stored.
        reply: Reply<usize>,
    },
    /// A source's hub no longer stands in for fetches. A hint.
    PushLost {
        /// The source.
        source: SourceId,
    },
    /// Internal: a failed source's back-off has passed.
    BackoffPassed {
        /// The source.
        source: SourceId,
        /// Outdated timers carry an older number.
        generation: u64,
    },
    /// Internal: look at the store even without a hint.
    Sweep,
}

impl ractor::Message for SourceSupervisorMessage {}

/// A hub waits about so long for an answer, and sends the document again when none comes.
const PUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// What SourceSupervisor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceSupervisorStatus {
    /// Sources fetched by this node.
    pub running: usize,
    /// Sources whose actor waits for its restart.
    pub restarting: usize,
    /// Sources parked after repeated failures of our own code.
    pub parked: usize,
    /// Sources of other nodes.
    pub elsewhere: usize,
}

/// Typed front of SourceSupervisor.
#[derive(Debug, Clone)]
pub struct SourceSupervisorHandle(pub Address<SourceSupervisorMessage>);

impl SourceSupervisorHandle {
    /// Hints that the sources changed.
    pub fn sources_changed(&self) {
        self.0.nudge(|| SourceSupervisorMessage::SourcesChanged);
    }

    /// Has a pushed document read; answered when its articles are durable.
    ///
    /// # Errors
    /// `NotFound` when this node does not run the source, `Unavailable`, `Overloaded`, `Timeout`.
    pub async fn push(&self, source: SourceId, document: PushedDocument) -> Result<usize, Fault> {
        let document = Box::new(document);
        self.0
            .call(PUSH_TIMEOUT, |reply| SourceSupervisorMessage::Pushed { source, document, reply })
            .await
    }

    /// Tells that a source's hub no longer stands in for fetches.
    pub fn push_lost(&self, source: SourceId) {
        // Whoever is restarting reads how it stands when it starts.
        self.0.cast(SourceSupervisorMessage::PushLost { source }).unwrap_or_default();
    }

    /// Fetches one source now.
    ///
    /// # Errors
    /// `NotFound` when this node does not run it, `Overloaded`, `Timeout`.
    pub async fn refresh(&self, source: SourceId) -> Result<usize, Fault> {
        self.0
            .call(Duration::from_secs(60), |reply| SourceSupervisorMessage::Refresh {
                source,
                reply,
            })
            .await
    }
}
