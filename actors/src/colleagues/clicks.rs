//! Where readers' events are counted: by the one PopularityActor of the cluster, wherever it runs.

use super::Colleagues;
use autoglm_domain::{EventTarget, ReaderEvent, Single};
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::popularity::PopularityHandle;
use std::sync::Arc;

/// The way to the counters. Losing events costs a count, nothing else.
#[derive(Debug, Clone)]
pub struct Clicks {
    own: PopularityHandle,
    colleagues: Colleagues,
}

impl From<PopularityHandle> for Clicks {
    fn from(own: PopularityHandle) -> Self {
        Self { own, colleagues: Colleagues::default() }
    }
}

impl Clicks {
    /// To the counters of this node or, where they run elsewhere, to those.
    #[must_use]
    pub fn new(own: PopularityHandle, colleagues: Colleagues) -> Self {
        Self { own, colleagues }
    }

    /// Counts events, at most as many as one request has.
    pub fn events(&self, events: Arc<[ReaderEvent]>) {
        let Some(owner) = self.colleagues.owner_elsewhere(Single::Popularity.shard()) else {
            return self.own.events(events);
        };
        let counted = |event: &&ReaderEvent| matches!(event.target, EventTarget::Article(_));
        let counted: Vec<ReaderEvent> = events.iter().filter(counted).cloned().collect();
        if !counted.is_empty() && !self.colleagues.tell(owner, &AgentHint::Clicked(counted)) {
            tracing::debug!(%owner, "clicks were not counted: their node cannot be reached");
        }
    }
}
