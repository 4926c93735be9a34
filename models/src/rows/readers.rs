//! Values about readers and what they did.

use autoglm_domain::{EventId, Health, HubSubscription, ReaderEvent, ReaderId, Source, Timestamp};
use serde::{Deserialize, Serialize};

/// Whom a token lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenOwner {
    /// The operator.
    Admin,
    /// One reader.
    Reader(ReaderId),
}

/// One subscription with what a list of sources shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionRow {
    /// The source.
    pub source: Source,
    /// How fetching goes.
    pub health: Health,
    /// The reader's folder; `None` at the top.
    pub folder: Option<String>,
    /// The reader's own title for the source.
    pub title_override: Option<String>,
    /// Articles the reader has not read; from counters, not counted each time.
    pub unread: i64,
    /// When the reader subscribed.
    pub subscribed_at: Timestamp,
    /// How the source is pushed, if a hub does.
    pub push: Option<HubSubscription>,
}

/// What is to be changed about a subscription; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionChange {
    /// Another folder; `Some(None)` moves it to the top.
    pub folder: Option<Option<String>>,
    /// Another title; `Some(None)` returns to the source's own.
    pub title: Option<Option<String>>,
}

/// A stored event with its place in the reader's own order.
#[derive(Debug, Clone, PartialEq)]
pub struct SequencedEvent {
    /// Dense per reader, from 1.
    pub seq: i64,
    /// The event.
    pub event: ReaderEvent,
}

/// The answer to appending events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// Sequence numbers of those that were new, in the order given.
    pub accepted: Vec<(i64, EventId)>,
    /// How many had been stored before, or came twice in the same request.
    pub duplicates: usize,
}

/// A stored profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    /// In the ranking room's own format.
    pub bytes: Vec<u8>,
    /// Version of that format or of its mathematics.
    pub version: i64,
    /// Events up to and including this one are in it.
    pub last_event_seq: i64,
    /// When it was saved.
    pub saved_at: Timestamp,
}
