//! Admission, priorities, lengths, budget and deadlines of batches, as a plain struct without a
//! clock.
//!
//! Whoever has an idle device asks [`BatchFormer::next`]; what arrives while a batch runs forms the
//! next. Priorities share by weighted virtual time, so that backfill always moves. The oldest entry
//! of the priority whose turn it is leads the batch; others of its group of lengths fill it for as
//! long as nobody in it is late.

use super::arrival_rate::ArrivalRate;
use super::entry::{Batch, BatchStats, Entry, Full, Next};
use super::fair_share::{FairShare, LANES};
use super::grouping::{group_of, groups};
use super::ladder::{BUCKETS, ceiling};
use super::limits::BatchLimits;
use super::moment::Moment;
use super::pace::IdleDevice;
use super::patience::Situation;
use super::plan::Plan;
use super::shape::Shape;
use super::shelf::{Place, Shelf};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

/// Of so many batches one is led by the oldest entry of its priority even if that is late already:
/// under overload those that can still be in time go first, and the late ones still move.
const LATE_TURN: u64 = 4;

/// The priorities for whose answers somebody waits.
const ATTENDED: Range<usize> = 0..2;

/// A batch of so many overheads makes good use of the device.
const EFFICIENT_OVERHEADS: u32 = 5;

/// Every length.
const ALL: RangeInclusive<usize> = 0..=BUCKETS - 1;

/// Forms batches of entries with payloads of type `T`.
#[derive(Debug)]
pub struct BatchFormer<T> {
    limits: BatchLimits,
    shelf: Shelf<T>,
    fair: FairShare,
    rate: ArrivalRate,
    /// Batches led, by priority.
    led: [u64; LANES],
    dropped: Vec<Entry<T>>,
    stats: BatchStats,
}

/// What one call of [`BatchFormer::next`] looks at.
struct Round<'a, F> {
    now: Moment,
    device: &'a IdleDevice<'a>,
    cancelled: F,
}

impl<T: std::fmt::Debug> BatchFormer<T> {
    /// An empty queue.
    #[must_use]
    pub fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            shelf: Shelf::default(),
            fair: FairShare::new(limits.shares),
            rate: ArrivalRate::default(),
            led: [0; LANES],
            dropped: Vec::new(),
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
        let tokens_max = self.limits.queued_tokens_max / 100 * percent;
        let (queued_entries, queued_tokens) = (self.shelf.entries(), self.shelf.tokens());
        // An empty queue takes any entry, or one longer than the limit could never be served.
        let fits = queued_tokens.saturating_add(entry.tokens) <= tokens_max || queued_entries == 0;
        if queued_entries >= entries_max || !fits {
            self.stats.refused += 1;
            return Err(Full { entry, queued_entries, queued_tokens });
        }
        self.rate.arrived(entry.arrived_at);
        if self.shelf.lane_is_empty(entry.lane()) {
            self.fair.woke(entry.lane());
        }
        self.shelf.insert(entry);
        Ok(())
    }

    /// What an idle device is to do. Entries past their deadline, and those for which `cancelled`
    /// says yes, are dropped where they are met; see [`Self::take_dropped`].
    pub fn next(
        &mut self,
        now: Moment,
        device: &IdleDevice<'_>,
        cancelled: impl Fn(&T) -> bool,
    ) -> Next<T> {
        let round = Round { now, device, cancelled };
        let Some(lead) = self.lead(&round) else { return Next::Nothing };
        if let Some(until) = self.patience(lead, &round) {
            return Next::Wait(until);
        }
        match self.fill(lead, &round) {
            Some(batch) => Next::Run(batch),
            None => Next::Nothing,
        }
    }

    /// The entries that were dropped because nobody wants them any more.
    pub fn take_dropped(&mut self) -> Vec<Entry<T>> {
        std::mem::take(&mut self.dropped)
    }

    /// Takes out every entry past its deadline, so that those who wait can be told at once.
    pub fn take_expired(&mut self, now: Moment) -> Vec<Entry<T>> {
        let expired = self.shelf.take_all(|entry| entry.is_expired(now));
        self.stats.expired += expired.len() as u64;
        expired
    }

    /// Counters and what waits.
    #[must_use]
    pub fn stats(&self) -> BatchStats {
        BatchStats {
            queued_entries: self.shelf.entries(),
            queued_tokens: self.shelf.tokens(),
            ..self.stats
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shelf.entries() == 0
    }

    /// Who leads: whoever waited too long, else the first of the priority whose turn it is that
    /// another device would not serve better.
    fn lead<F: Fn(&T) -> bool>(&mut self, round: &Round<'_, F>) -> Option<Place> {
        let mut aged: Option<Place> = None;
        for lane in 0..LANES {
            let oldest = self.oldest(lane, &ALL, round, true);
            aged = [aged, oldest].into_iter().flatten().min_by_key(|place| place.order);
        }
        if let Some(place) = aged
            && round.now.since(place.order.0) >= self.limits.aging
        {
            return Some(place);
        }
        if let Some(place) = self.lead_under_pressure(round) {
            return Some(place);
        }
        for lane in self.fair.order() {
            let late_too = self.led[lane] % LATE_TURN == LATE_TURN - 1;
            let Some(place) = self.oldest(lane, &ALL, round, late_too) else { continue };
            let Some(entry) = self.shelf.get(place) else { continue };
            let ends = round.now.plus(round.device.pace.predict(Shape::of(entry.tokens)));
            let (tokens, due) = (entry.tokens, self.due(entry));
            if !round.device.is_kept_elsewhere(round.now, tokens, due, ends) {
                return Some(place);
            }
        }
        None
    }

    /// Whoever leads while more waits than can be done soon: then a small batch for each who came
    /// first wastes the device, so the group of lengths with the most work leads, until somebody
    /// else must.
    fn lead_under_pressure<F: Fn(&T) -> bool>(&mut self, round: &Round<'_, F>) -> Option<Place> {
        let pace = round.device.pace;
        let groups = groups(&self.shelf.waiting(ATTENDED), pace, &self.limits);
        let whole: Duration = groups.iter().map(|group| group.takes).sum();
        if whole < self.limits.objectives[0] / 2 {
            return None;
        }
        let most = groups.iter().max_by_key(|group| group.takes)?;
        let overhead = pace.cost().overhead();
        if most.takes < overhead * EFFICIENT_OVERHEADS {
            return None;
        }
        let next = most.takes.min(self.limits.time_max(0, overhead));
        for lane in ATTENDED {
            let Some(place) = self.oldest(lane, &ALL, round, false) else { continue };
            let Some(entry) = self.shelf.get(place) else { continue };
            let own = groups.iter().find(|group| group.buckets.contains(&place.bucket));
            let own = own.map_or(Duration::ZERO, |group| group.takes.min(next));
            if round.now.plus(next + own + self.limits.margin) > self.due(entry) {
                return Some(place);
            }
        }
        let order = self.fair.order();
        let mut lanes = order.into_iter().filter(|lane| ATTENDED.contains(lane));
        lanes.find_map(|lane| self.oldest(lane, &most.buckets, round, false))
    }

    /// The oldest entry of a priority; before one that is late already, unless `late_too`, the
    /// oldest that can still be in time.
    fn oldest<F: Fn(&T) -> bool>(
        &mut self,
        lane: usize,
        buckets: &RangeInclusive<usize>,
        round: &Round<'_, F>,
        late_too: bool,
    ) -> Option<Place> {
        let (mut best, mut best_late): (Option<Place>, Option<Place>) = (None, None);
        for bucket in self.shelf.buckets(lane, buckets) {
            let from = if late_too { Moment(0) } else { self.still_in_time(lane, bucket, round) };
            let keep = |best: &mut Option<Place>, found: Option<Place>| {
                *best = [*best, found].into_iter().flatten().min_by_key(|place| place.order);
            };
            match self.first_wanted(lane, bucket, from, round) {
                Some(place) => keep(&mut best, Some(place)),
                None => keep(&mut best_late, self.first_wanted(lane, bucket, Moment(0), round)),
            }
        }
        best.or(best_late)
    }

    /// When an entry must have come to be answered within its objective by a batch that begins now.
    fn still_in_time<F>(&self, lane: usize, bucket: usize, round: &Round<'_, F>) -> Moment {
        let takes = round.device.pace.predict(Shape::of(ceiling(bucket)));
        round.now.plus(takes + self.limits.margin).minus(self.limits.objectives[lane])
    }

    /// The first entry of a bucket from a moment on that somebody still wants; drops the others.
    fn first_wanted<F: Fn(&T) -> bool>(
        &mut self,
        lane: usize,
        bucket: usize,
        from: Moment,
        round: &Round<'_, F>,
    ) -> Option<Place> {
        loop {
            let place = self.shelf.first(lane, bucket, from)?;
            let entry = self.shelf.get(place)?;
            let counter = if entry.is_expired(round.now) {
                &mut self.stats.expired
            } else if (round.cancelled)(&entry.payload) {
                &mut self.stats.cancelled
            } else {
                return Some(place);
            };
            *counter += 1;
            self.dropped.extend(self.shelf.take(place));
        }
    }

    fn patience<F>(&self, lead: Place, round: &Round<'_, F>) -> Option<Moment> {
        let entry = self.shelf.get(lead)?;
        let pace = round.device.pace;
        // All that waits as one batch of even length: past the knee the exact shape is no matter.
        let entries = self.shelf.entries();
        let even = self.shelf.tokens() / entries.max(1);
        let together: Shape = std::iter::repeat_n(even, entries.min(1_024)).collect();
        let takes = pace.predict(together);
        Situation {
            now: round.now,
            idle_since: round.device.idle_since,
            arrived_at: entry.arrived_at,
            entries: u32::try_from(entries).unwrap_or(u32::MAX),
            takes,
            overhead: pace.cost().overhead(),
            gap: self.rate.gap(round.now),
            begin_by: self.due(entry).minus(takes + self.limits.margin),
        }
        .wait_until()
    }

    fn fill<F: Fn(&T) -> bool>(&mut self, lead: Place, round: &Round<'_, F>) -> Option<Batch<T>> {
        self.led[lead.lane] += 1;
        let groups = groups(&self.shelf.waiting(0..LANES), round.device.pace, &self.limits);
        let group = group_of(&groups, lead.bucket);
        let entry = self.serve(lead)?;
        let due = self.due(&entry);
        let mut plan = Plan::led_by(entry, due, self.limits, round.device, round.now);
        while let Some(place) = self.next_companion(&plan, &group, round) {
            let Some(entry) = self.serve(place) else { break };
            let due = self.due(&entry);
            plan.add(entry, due);
        }
        let batch = plan.into_batch();
        let padded = batch.ticket.shape.padded_tokens(round.device.pace.padding);
        self.stats.batches += 1;
        self.stats.padding += padded.saturating_sub(batch.ticket.shape.tokens) as u64;
        Some(batch)
    }

    /// The next entry for a batch: of the priority whose turn it is, the oldest of the group.
    fn next_companion<F: Fn(&T) -> bool>(
        &mut self,
        plan: &Plan<'_, T>,
        group: &RangeInclusive<usize>,
        round: &Round<'_, F>,
    ) -> Option<Place> {
        for lane in self.fair.order() {
            let Some(place) = self.oldest(lane, group, round, false) else { continue };
            let Some(entry) = self.shelf.get(place) else { continue };
            if plan.admits(entry, self.due(entry)) {
                return Some(place);
            }
        }
        None
    }

    fn serve(&mut self, place: Place) -> Option<Entry<T>> {
        let entry = self.shelf.take(place)?;
        self.fair.served(place.lane, entry.tokens);
        self.stats.served[place.lane] += 1;
        self.stats.tokens += entry.tokens as u64;
        Some(entry)
    }

    /// When an entry wants to be answered.
    fn due(&self, entry: &Entry<T>) -> Moment {
        let wanted = entry.arrived_at.plus(self.limits.objectives[entry.lane()]);
        entry.deadline.map_or(wanted, |deadline| deadline.min(wanted))
    }
}

#[cfg(test)]
mod tests;
