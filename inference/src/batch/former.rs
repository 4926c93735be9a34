//! Admission, priorities, budget and deadlines of batches, as a plain struct without a clock.
//!
//! Never waits by itself: whoever has an idle device calls [`BatchFormer::next_batch`] and gets
//! what is there; what arrives while a batch runs forms the next. Priorities share by weighted
//! virtual time (start-time fair queueing), so that backfill always moves and an idle priority
//! saves up nothing.

use super::limits::{BatchLimits, PaddingCost};
use autoglm_domain::{Priority, Timestamp};
use std::collections::VecDeque;

/// Virtual time one token takes at share 1.
const VIRTUAL_UNIT: u64 = 1 << 10;

/// One waiting request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// Who waits for it.
    pub priority: Priority,
    /// Its length by [`crate::estimate_tokens`].
    pub tokens: usize,
    /// When it came.
    pub arrived_at: Timestamp,
    /// After this moment nobody wants the answer any more.
    pub deadline: Option<Timestamp>,
    /// What is to be done and where the answer goes.
    pub payload: T,
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
    pub served: [u64; 3],
    /// Tokens served, padding not counted.
    pub tokens: u64,
    /// Tokens of padding, where [`PaddingCost::Padded`] counts it.
    pub padding: u64,
}

/// Forms batches of entries with payloads of type `T`.
#[derive(Debug)]
pub struct BatchFormer<T> {
    limits: BatchLimits,
    queues: [VecDeque<Entry<T>>; 3],
    /// Virtual time of each priority; the smallest is served next.
    virtual_time: [u64; 3],
    /// Virtual time of the last entry served: where a priority that was idle begins again.
    served_until: u64,
    stats: BatchStats,
}

impl<T: std::fmt::Debug> BatchFormer<T> {
    /// An empty queue.
    #[must_use]
    pub fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            queues: [VecDeque::new(), VecDeque::new(), VecDeque::new()],
            virtual_time: [0; 3],
            served_until: 0,
            stats: BatchStats::default(),
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Full`] when the queue has no room for its priority.
    pub fn push(&mut self, entry: Entry<T>) -> Result<(), Full<T>> {
        let percent = BatchLimits::admitted_percent(entry.priority);
        let entries_max = self.limits.queued_entries_max * percent / 100;
        let tokens_max = self.limits.queued_tokens_max * percent / 100;
        // An empty queue takes any entry, or one longer than the limit could never be served.
        let fits = self.stats.queued_tokens.saturating_add(entry.tokens) <= tokens_max
            || self.stats.queued_entries == 0;
        if self.stats.queued_entries >= entries_max || !fits {
            self.stats.refused += 1;
            return Err(Full {
                entry,
                queued_entries: self.stats.queued_entries,
                queued_tokens: self.stats.queued_tokens,
            });
        }
        let lane = lane(entry.priority);
        if self.queues[lane].is_empty() {
            self.virtual_time[lane] = self.virtual_time[lane].max(self.served_until);
        }
        self.stats.queued_entries += 1;
        self.stats.queued_tokens = self.stats.queued_tokens.saturating_add(entry.tokens);
        self.queues[lane].push_back(entry);
        Ok(())
    }

    /// The next batch for an idle device, or `None` when nothing waits. Entries past their
    /// deadline, and those for which `cancelled` says yes, are dropped on the way.
    pub fn next_batch(
        &mut self,
        now: Timestamp,
        cancelled: impl Fn(&T) -> bool,
    ) -> Option<Vec<Entry<T>>> {
        let mut batch: Vec<Entry<T>> = Vec::new();
        let mut cost = Cost::default();
        let mut attended = false;
        while batch.len() < self.limits.batch_entries_max.max(1) {
            let Some(lane) = self.next_lane(now, &cancelled) else { break };
            let Some(front) = self.queues[lane].front() else { break };
            attended |= front.priority != Priority::Backfill;
            let limit = if attended {
                self.limits.batch_tokens_max
            } else {
                self.limits.backfill_tokens_max.min(self.limits.batch_tokens_max)
            };
            let with_it = cost.with(front.tokens);
            if !batch.is_empty() && with_it.total(self.limits.cost) > limit {
                break;
            }
            cost = with_it;
            batch.extend(self.serve(lane));
        }
        if batch.is_empty() {
            return None;
        }
        self.stats.batches += 1;
        self.stats.padding += (cost.total(self.limits.cost) - cost.sum) as u64;
        Some(batch)
    }

    /// Takes out every entry past its deadline, so that those who wait can be told at once.
    pub fn take_expired(&mut self, now: Timestamp) -> Vec<Entry<T>> {
        let mut expired = Vec::new();
        for queue in &mut self.queues {
            let (gone, kept): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(queue).into_iter().partition(|entry| is_expired(entry, now));
            *queue = kept;
            expired.extend(gone);
        }
        for entry in &expired {
            self.stats.queued_entries -= 1;
            self.stats.queued_tokens = self.stats.queued_tokens.saturating_sub(entry.tokens);
        }
        self.stats.expired += expired.len() as u64;
        expired
    }

    /// Counters and what waits.
    #[must_use]
    pub fn stats(&self) -> BatchStats {
        self.stats
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stats.queued_entries == 0
    }

    /// The lane to serve next: the longest waiting of those that waited too long, else the one
    /// with the smallest virtual time. Its front is neither expired nor cancelled.
    fn next_lane(&mut self, now: Timestamp, cancelled: &impl Fn(&T) -> bool) -> Option<usize> {
        for lane in 0..self.queues.len() {
            self.drop_unwanted(lane, now, cancelled);
        }
        let aged = (0..self.queues.len())
            .filter_map(|lane| self.queues[lane].front().map(|front| (front.arrived_at, lane)))
            .filter(|(arrived_at, _)| now.since(*arrived_at) >= self.limits.aging)
            .min();
        if let Some((_, lane)) = aged {
            return Some(lane);
        }
        (0..self.queues.len())
            .filter(|lane| !self.queues[*lane].is_empty())
            .min_by_key(|lane| (self.virtual_time[*lane], *lane))
    }

    fn drop_unwanted(&mut self, lane: usize, now: Timestamp, cancelled: &impl Fn(&T) -> bool) {
        while let Some(front) = self.queues[lane].front() {
            if is_expired(front, now) {
                self.stats.expired += 1;
            } else if cancelled(&front.payload) {
                self.stats.cancelled += 1;
            } else {
                break;
            }
            self.remove_front(lane);
        }
    }

    fn serve(&mut self, lane: usize) -> Option<Entry<T>> {
        let entry = self.remove_front(lane)?;
        let share = u64::from(self.limits.shares[lane].max(1));
        self.served_until = self.served_until.max(self.virtual_time[lane]);
        let work = (entry.tokens.max(1) as u64).saturating_mul(VIRTUAL_UNIT) / share;
        self.virtual_time[lane] = self.virtual_time[lane].saturating_add(work.max(1));
        self.stats.served[lane] += 1;
        self.stats.tokens += entry.tokens as u64;
        Some(entry)
    }

    fn remove_front(&mut self, lane: usize) -> Option<Entry<T>> {
        let entry = self.queues[lane].pop_front()?;
        self.stats.queued_entries -= 1;
        self.stats.queued_tokens = self.stats.queued_tokens.saturating_sub(entry.tokens);
        Some(entry)
    }
}

fn lane(priority: Priority) -> usize {
    match priority {
        Priority::Interactive => 0,
        Priority::Ingest => 1,
        Priority::Backfill => 2,
    }
}

fn is_expired<T>(entry: &Entry<T>, now: Timestamp) -> bool {
    entry.deadline.is_some_and(|deadline| deadline < now)
}

/// Cost of a batch so far.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    sum: usize,
    longest: usize,
    entries: usize,
}

impl Cost {
    fn with(self, tokens: usize) -> Self {
        Self {
            sum: self.sum.saturating_add(tokens),
            longest: self.longest.max(tokens),
            entries: self.entries + 1,
        }
    }

    fn total(self, cost: PaddingCost) -> usize {
        match cost {
            PaddingCost::Sum => self.sum,
            PaddingCost::Padded => self.longest.saturating_mul(self.entries),
        }
    }
}

#[cfg(test)]
mod tests;
