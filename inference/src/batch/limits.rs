//! The numbers a [`super::BatchFormer`] keeps to.

use super::fair_share::LANES;
use autoglm_domain::Priority;
use std::time::Duration;

/// Limits of the queue and of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Entries that may wait.
    pub queued_entries_max: usize,
    /// Tokens that may wait.
    pub queued_tokens_max: usize,
    /// Entries of one batch.
    pub batch_entries_max: usize,
    /// Tokens of one batch, padding included; a single entry with more goes alone.
    pub batch_tokens_max: usize,
    /// Shares of the devices for interactive, ingest and backfill when all three wait. At least 1
    /// each; what one does not use the others get.
    pub shares: [u32; LANES],
    /// An entry that has waited this long goes first whatever its priority.
    pub aging: Duration,
    /// Within which time each priority wants its answer. Missing it is a disappointment, not an
    /// error; after the entry's deadline nobody wants the answer.
    pub objectives: [Duration; LANES],
    /// How long before an objective a batch is planned to end.
    pub margin: Duration,
    /// Device time of a batch in which nobody waits for the answer, so that a person who comes
    /// while it runs does not wait long.
    pub slice: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            queued_entries_max: 10_000,
            queued_tokens_max: 4_000_000,
            batch_entries_max: 256,
            batch_tokens_max: 16_384,
            shares: [70, 25, 5],
            aging: Duration::from_secs(30),
            objectives: [
                Duration::from_millis(50),
                Duration::from_secs(2),
                Duration::from_secs(3_600),
            ],
            margin: Duration::from_millis(2),
            slice: Duration::from_millis(10),
        }
    }
}

impl BatchLimits {
    /// The part of the queue up to which a priority is admitted, in percent: when the queue fills,
    /// old work is turned away first and a person who waits last.
    pub(super) fn admitted_percent(priority: Priority) -> usize {
        match priority {
            Priority::Interactive => 100,
            Priority::Ingest => 85,
            Priority::Backfill => 50,
        }
    }

    /// Device time of a batch to which an entry of this priority may still be added. Half of what a
    /// person waits for: whoever comes while it runs waits for it and for a batch of their own.
    /// Never less than twice the overhead, or a device with a long one would only be overhead.
    pub(super) fn time_max(&self, lane: usize, overhead: Duration) -> Duration {
        let most = match lane {
            2 => self.slice,
            _ => self.objectives[0] / 2,
        };
        most.max(overhead * 2)
    }
}
