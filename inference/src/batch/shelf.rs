//! Where entries wait: by priority and length, in the order in which they came.

use super::entry::Entry;
use super::fair_share::LANES;
use super::ladder::{BUCKETS, bucket_of};
use super::moment::Moment;
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

/// When an entry came, and its number among those of the same moment.
type Order = (Moment, u64);

/// Where an entry waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) lane: usize,
    pub(super) bucket: usize,
    pub(super) order: Order,
}

/// All that waits.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    lanes: [Lane<T>; LANES],
    next: u64,
    entries: usize,
    tokens: usize,
    /// Entries of each bucket, by priority.
    waiting: [[usize; BUCKETS]; LANES],
}

#[derive(Debug)]
struct Lane<T> {
    buckets: Vec<BTreeMap<Order, Entry<T>>>,
    /// A bit for every bucket in which something waits.
    occupied: u128,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        let lane = || Lane {
            buckets: std::iter::repeat_with(BTreeMap::new).take(BUCKETS).collect(),
            occupied: 0,
        };
        Self {
            lanes: [lane(), lane(), lane()],
            next: 0,
            entries: 0,
            tokens: 0,
            waiting: [[0; BUCKETS]; LANES],
        }
    }
}

impl<T> Shelf<T> {
    pub(super) fn entries(&self) -> usize {
        self.entries
    }

    pub(super) fn tokens(&self) -> usize {
        self.tokens
    }

    pub(super) fn lane_is_empty(&self, lane: usize) -> bool {
        self.lanes[lane].occupied == 0
    }

    pub(super) fn insert(&mut self, entry: Entry<T>) {
        let bucket = bucket_of(entry.tokens);
        self.waiting[entry.lane()][bucket] += 1;
        let lane = &mut self.lanes[entry.lane()];
        self.entries += 1;
        self.tokens = self.tokens.saturating_add(entry.tokens);
        lane.occupied |= 1 << bucket;
        lane.buckets[bucket].insert((entry.arrived_at, self.next), entry);
        self.next += 1;
    }

    /// Entries of each bucket, of these priorities together.
    pub(super) fn waiting(&self, lanes: Range<usize>) -> [usize; BUCKETS] {
        let mut sum = [0; BUCKETS];
        for lane in &self.waiting[lanes] {
            sum.iter_mut().zip(lane).for_each(|(sum, entries)| *sum += entries);
        }
        sum
    }

    /// The buckets within `range` in which something of a lane waits.
    pub(super) fn buckets(
        &self,
        lane: usize,
        range: &RangeInclusive<usize>,
    ) -> impl Iterator<Item = usize> + use<T> {
        let (low, high) = ((*range.start()).min(127), (*range.end()).min(127));
        let mut left = self.lanes[lane].occupied & (u128::MAX >> (127 - high)) & (u128::MAX << low);
        std::iter::from_fn(move || {
            let bucket = left.checked_ilog2()? as usize;
            left &= !(1 << bucket);
            Some(bucket)
        })
    }

    /// The first entry that came at this moment or later.
    pub(super) fn first(&self, lane: usize, bucket: usize, from: Moment) -> Option<Place> {
        let (order, _) = self.lanes[lane].buckets[bucket].range((from, 0)..).next()?;
        Some(Place { lane, bucket, order: *order })
    }

    pub(super) fn get(&self, place: Place) -> Option<&Entry<T>> {
        self.lanes[place.lane].buckets[place.bucket].get(&place.order)
    }

    pub(super) fn take(&mut self, place: Place) -> Option<Entry<T>> {
        let lane = &mut self.lanes[place.lane];
        let entry = lane.buckets[place.bucket].remove(&place.order)?;
        if lane.buckets[place.bucket].is_empty() {
            lane.occupied &= !(1 << place.bucket);
        }
        self.entries -= 1;
        self.tokens = self.tokens.saturating_sub(entry.tokens);
        self.waiting[place.lane][place.bucket] -= 1;
        Some(entry)
    }

    /// Takes out every entry for which `unwanted` says yes.
    pub(super) fn take_all(&mut self, unwanted: impl Fn(&Entry<T>) -> bool) -> Vec<Entry<T>> {
        let mut places = Vec::new();
        for (lane, shelf) in self.lanes.iter().enumerate() {
            for (bucket, entries) in shelf.buckets.iter().enumerate() {
                let orders = entries.iter().filter(|(_, entry)| unwanted(entry));
                places.extend(orders.map(|(order, _)| Place { lane, bucket, order: *order }));
            }
        }
        places.into_iter().filter_map(|place| self.take(place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::Priority;

    fn shelf(entries: &[(usize, u64)]) -> Shelf<usize> {
        let mut shelf = Shelf::default();
        for (payload, (tokens, arrived_at)) in entries.iter().enumerate() {
            shelf.insert(Entry {
                priority: Priority::Ingest,
                tokens: *tokens,
                arrived_at: Moment(*arrived_at),
                deadline: None,
                payload,
            });
        }
        shelf
    }

    #[test]
    fn only_buckets_of_the_range_in_which_something_waits_are_walked() {
        let shelf = shelf(&[(5, 0), (60, 0), (500, 0), (usize::MAX, 0)]);
        let all: Vec<usize> = shelf.buckets(1, &(0..=usize::MAX)).collect();
        assert_eq!(all, [BUCKETS - 1, bucket_of(500), 7, 0]);
        assert_eq!(shelf.buckets(1, &(1..=7)).collect::<Vec<_>>(), [7]);
        assert_eq!(shelf.buckets(0, &(0..=7)).count(), 0);
    }

    #[test]
    fn what_came_first_is_found_first_and_taken_once() {
        let mut shelf = shelf(&[(5, 30), (6, 10), (7, 10)]);
        let first = shelf.first(1, 0, Moment(0)).expect("three wait");
        assert_eq!(shelf.take(first).map(|entry| entry.payload), Some(1));
        assert_eq!(shelf.take(first), None);
        let later = shelf.first(1, 0, Moment(11)).expect("one came later");
        assert_eq!(shelf.get(later).map(|entry| entry.payload), Some(0));
        assert_eq!(shelf.take_all(|entry| entry.tokens < 10).len(), 2);
        assert_eq!((shelf.entries(), shelf.tokens(), shelf.lane_is_empty(1)), (0, 0, true));
    }
}
