//! The numbers a [`super::BatchFormer`] keeps to.

use autoglm_domain::Priority;
use std::time::Duration;

/// What a batch costs the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaddingCost {
    /// The sum of its tokens: hashing encoders and kernels for ragged batches.
    Sum,
    /// The longest entry times the number of entries: dense tensors.
    Padded,
}

/// Limits of the queue and of a batch. Tokens are [`crate::estimate_tokens`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Entries that may wait.
    pub queued_entries_max: usize,
    /// Tokens that may wait.
    pub queued_tokens_max: usize,
    /// Entries of one batch.
    pub batch_entries_max: usize,
    /// Cost of one batch; a single entry that costs more goes alone.
    pub batch_tokens_max: usize,
    /// Cost of a batch in which nobody waits for the answer, so that a person who comes while it
    /// runs does not wait long.
    pub backfill_tokens_max: usize,
    /// Shares of the device for interactive, ingest and backfill when all three wait. At least 1
    /// each; what one does not use the others get.
    pub shares: [u32; 3],
    /// An entry that has waited this long goes first whatever its priority.
    pub aging: Duration,
    /// How cost is counted.
    pub cost: PaddingCost,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            queued_entries_max: 10_000,
            queued_tokens_max: 4_000_000,
            batch_entries_max: 256,
            batch_tokens_max: 16_384,
            backfill_tokens_max: 8_192,
            shares: [70, 25, 5],
            aging: Duration::from_secs(30),
            cost: PaddingCost::Sum,
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
}
