//! The ledger: which loads are too old to be kept or answered with.
//!
//! Keys fall into slots. Every slot has a stamp, which grows with each invalidation of one of its
//! keys, and the ids of the last of them. What a load finds is kept under the stamp its slot had
//! when the load began, and looked up under the stamp of now: so whatever began before an
//! invalidation cannot be found after it, whenever it ends. A neighbour in the slot is loaded once
//! more than needed, which costs a load and never a wrong answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Slots: enough that an invalidation hits few others, and 96 KiB a cache.
const SLOTS: usize = 1024;
/// Ids remembered per slot. An older one that arrives late counts as new: one load too many.
const HEARD: usize = 8;

/// Stamps and ids of one cache on one node.
#[derive(Debug)]
pub(super) struct Ledger {
    slots: Box<[Slot]>,
}

#[derive(Debug, Default)]
struct Slot {
    stamp: AtomicU64,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    ids: [u64; HEARD],
    next: usize,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Slot::default()).collect() }
    }

    /// Under what a load that begins now is kept.
    pub(super) fn stamp(&self, hash: u64) -> u64 {
        self.slot(hash).map_or(0, |slot| slot.stamp.load(Ordering::Acquire))
    }

    /// Takes an invalidation in. `false` when it was heard before and nothing changed.
    pub(super) fn forget(&self, hash: u64, id: u64) -> bool {
        let Some(slot) = self.slot(hash) else { return false };
        let mut heard = slot.heard();
        if heard.ids.contains(&id) {
            return false;
        }
        let next = heard.next;
        if let Some(place) = heard.ids.get_mut(next) {
            *place = id;
        }
        heard.next = (next + 1) % HEARD;
        // Under the lock: whoever sees the id also sees the new stamp.
        slot.stamp.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// Nothing that began before is kept, whatever the key.
    pub(super) fn forget_all(&self) {
        for slot in &self.slots {
            slot.stamp.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The invalidations this node knows of: whoever asks another node for a value says them, so
    /// that it is never answered with something older than the asker knows.
    pub(super) fn heard(&self, hash: u64) -> Vec<u64> {
        let Some(slot) = self.slot(hash) else { return Vec::new() };
        slot.heard().ids.iter().copied().filter(|id| *id != 0).collect()
    }

    fn slot(&self, hash: u64) -> Option<&Slot> {
        let place = usize::try_from(hash % (SLOTS as u64)).ok()?;
        self.slots.get(place)
    }
}

impl Slot {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalidation_changes_the_stamp_of_its_slot_once() {
        let ledger = Ledger::new();
        let (before, neighbour) = (ledger.stamp(5), ledger.stamp(6));
        assert!(ledger.forget(5, 77));
        assert!(!ledger.forget(5, 77), "heard before");
        assert_eq!(ledger.stamp(5), before + 1);
        assert_eq!(ledger.stamp(6), neighbour);
        assert_eq!(ledger.heard(5), [77]);
    }

    #[test]
    fn an_id_that_was_crowded_out_counts_as_new() {
        let ledger = Ledger::new();
        for id in 1..=u64::try_from(HEARD).expect("small") + 1 {
            assert!(ledger.forget(5, id));
        }
        assert!(ledger.forget(5, 1));
        assert_eq!(ledger.heard(5).len(), HEARD);
    }
}
