//! What waits, and what comes of it: entries, refusals, batches.

use super::fair_share::LANES;
use super::moment::Moment;
use super::pace::DevicePace;
use super::shape::Shape;
use autoglm_domain::Priority;

/// One waiting request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// Who waits for it.
    pub priority: Priority,
    /// Its length: counted by the model's tokenizer, or [`crate::estimate_tokens`].
    pub tokens: usize,
    /// When it came.
    pub arrived_at: Moment,
    /// After this moment nobody wants the answer any more.
    pub deadline: Option<Moment>,
    /// What is to be done and where the answer goes.
    pub payload: T,
}

impl<T> Entry<T> {
    /// Whether nobody wants the answer any more at this moment.
    #[must_use]
    pub fn is_expired(&self, now: Moment) -> bool {
        self.deadline.is_some_and(|deadline| deadline < now)
    }

    pub(super) fn lane(&self) -> usize {
        lane(self.priority)
    }
}

/// The place of a priority: 0 interactive, 1 ingest, 2 backfill.
pub(super) fn lane(priority: Priority) -> usize {
    match priority {
        Priority::Interactive => 0,
        Priority::Ingest => 1,
        Priority::Backfill => 2,
    }
}

/// The queue takes no more of this priority; the entry comes back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot queue a request of {} tokens: {queued_entries} requests with {queued_tokens} tokens \
     are waiting; try again later", entry.tokens
)]
pub struct Full<T: std::fmt::Debug> {
    /// The refused entry.
    pub entry: Entry<T>,
    /// Entries waiting.
    pub queued_entries: usize,
    /// Tokens waiting.
    pub queued_tokens: usize,
}

/// What a batch was expected to be, kept until it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// Its size.
    pub shape: Shape,
    /// When it went to the device.
    pub began: Moment,
    /// When it should be done.
    pub ends: Moment,
    /// The earliest moment by which somebody in it was expected to have the answer in time.
    pub promised: Option<Moment>,
}

/// Entries that go to a device together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<T> {
    /// The entries, the one that led the choice first.
    pub entries: Vec<Entry<T>>,
    /// What is expected of it.
    pub ticket: Ticket,
}

impl<T> Batch<T> {
    /// A batch of exactly these entries, promised to nobody: what is tried again after a failure.
    #[must_use]
    pub fn again(entries: Vec<Entry<T>>, now: Moment, pace: &DevicePace) -> Self {
        let shape: Shape = entries.iter().map(|entry| entry.tokens).collect();
        let ends = now.plus(pace.predict(shape));
        Self { entries, ticket: Ticket { shape, began: now, ends, promised: None } }
    }
}

/// What an idle device is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<T> {
    /// This, at once.
    Run(Batch<T>),
    /// Ask again at this moment, or when something arrives: a larger batch pays.
    Wait(Moment),
    /// Nothing; nothing waits that this device should do.
    Nothing,
}

/// Counters since the start, and what waits now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchStats {
    /// Entries waiting.
    pub queued_entries: usize,
    /// Tokens waiting.
    pub queued_tokens: usize,
    /// Entries refused.
    pub refused: u64,
    /// Entries whose deadline passed before they were served.
    pub expired: u64,
    /// Entries nobody waited for any more.
    pub cancelled: u64,
    /// Batches formed.
    pub batches: u64,
    /// Entries served, by priority: interactive, ingest, backfill.
    pub served: [u64; LANES],
    /// Tokens served, padding not counted.
    pub tokens: u64,
    /// Tokens of padding.
    pub padding: u64,
}

impl BatchStats {
    /// The share of the devices' tokens that was padding, 0 to 1.
    #[must_use]
    pub fn padding_share(&self) -> f64 {
        self.padding as f64 / (self.tokens + self.padding).max(1) as f64
    }

    /// Entries in a batch, on average.
    #[must_use]
    pub fn mean_batch(&self) -> f64 {
        self.served.iter().sum::<u64>() as f64 / self.batches.max(1) as f64
    }
}
