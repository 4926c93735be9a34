//! Contract of PopularityActor: decayed counts of impressions and clicks, over all readers.

use crate::{Address, Permit};
use autoglm_domain::ReaderEvent;
use serde::Serialize;
use std::sync::Arc;

/// Messages of PopularityActor.
#[derive(Debug)]
pub enum PopularityMessage {
    /// Readers did something. Sent by CacheShardActors after the events are durable; losing one
    /// costs a count, nothing else.
    Events {
        /// What they did.
        events: Arc<[ReaderEvent]>,
        /// Given back when counted.
        permit: Permit,
    },
    /// Internal: publish to the window and save.
    Publish,
}

impl ractor::Message for PopularityMessage {}

/// What PopularityActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PopularityStatus {
    /// Articles with a count.
    pub articles: usize,
    /// Events counted since the start.
    pub events_total: u64,
}

/// Typed front of PopularityActor.
#[derive(Debug, Clone)]
pub struct PopularityHandle(pub Address<PopularityMessage>);

impl PopularityHandle {
    /// Counts events, or drops them when the actor is behind.
    pub fn events(&self, events: Arc<[ReaderEvent]>) {
        if let Ok(permit) = self.0.permit() {
            // A lost count is not worth an error to the reader.
            self.0.cast(PopularityMessage::Events { events, permit }).unwrap_or_default();
        }
    }
}
