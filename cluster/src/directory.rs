//! Who owns which shard, as far as this node has heard.
//!
//! It is filled by what owners announce and by reading the leases; a wrong entry costs a caller one
//! redirect. The lease decides, never this.

use autoglm_domain::{Epoch, Fence, Incarnation, Shard};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

type Owners = BTreeMap<Shard, (Option<Incarnation>, Epoch)>;

/// The owners this node knows of; whoever waits for a change of hands is woken by every change.
#[derive(Debug)]
pub(crate) struct Directory {
    owners: RwLock<Owners>,
    changes: watch::Sender<u64>,
}

impl Default for Directory {
    fn default() -> Self {
        Self { owners: RwLock::default(), changes: watch::Sender::new(0) }
    }
}

impl Directory {
    fn owners(&self) -> RwLockReadGuard<'_, Owners> {
        self.owners.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut RwLockWriteGuard<'_, Owners>) -> bool) {
        let mut owners = self.owners.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut owners);
        drop(owners);
        if changed {
            self.touch();
        }
    }

    /// Wakes whoever waits: something outside of the directory has changed.
    pub(crate) fn touch(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Tells of every change from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The owner of a shard, if one is known.
    pub(crate) fn owner_of(&self, shard: Shard) -> Option<Incarnation> {
        self.owners().get(&shard).and_then(|(owner, _)| *owner)
    }

    /// Shards with a known owner.
    pub(crate) fn len(&self) -> usize {
        self.owners().values().filter(|(owner, _)| owner.is_some()).count()
    }

    /// Owners have been told; an older epoch never replaces a newer one.
    pub(crate) fn learn(&self, fences: &[Fence]) {
        self.change(|owners| {
            let mut changed = false;
            for fence in fences {
                let entry = owners.entry(fence.shard).or_insert((None, Epoch(0)));
                let newer = fence.epoch > entry.1;
                if newer || (fence.epoch == entry.1 && entry.0.is_none()) {
                    *entry = (Some(fence.owner), fence.epoch);
                    changed = true;
                }
            }
            changed
        });
    }

    /// An owner has given shards up.
    pub(crate) fn freed(&self, by: Incarnation, shards: &[Shard]) {
        self.change(|owners| {
            let mut changed = false;
            for shard in shards {
                if let Some(entry) = owners.get_mut(shard)
                    && entry.0 == Some(by)
                {
                    // The epoch stays, so that a late word of its last owner counts for nothing.
                    *entry = (None, Epoch(entry.1.0 + 1));
                    changed = true;
                }
            }
            changed
        });
    }

    /// Whoever is no member owns nothing that could be reached.
    pub(crate) fn keep_members(&self, members: &BTreeSet<Incarnation>) {
        self.change(|owners| {
            let mut changed = false;
            for entry in owners.values_mut() {
                if entry.0.is_some_and(|owner| !members.contains(&owner)) {
                    entry.0 = None;
                    changed = true;
                }
            }
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::ShardKind;
    use proptest::prelude::*;

    const SHARD: Shard = Shard { kind: ShardKind::Reader, index: 3 };

    fn fence(owner: i64, epoch: i64) -> Fence {
        Fence { shard: SHARD, owner: Incarnation(owner), epoch: Epoch(epoch) }
    }

    #[test]
    fn a_late_word_of_a_former_owner_counts_for_nothing() {
        let directory = Directory::default();
        directory.learn(&[fence(1, 4)]);
        directory.freed(Incarnation(1), &[SHARD]);
        assert_eq!(directory.owner_of(SHARD), None);
        directory.learn(&[fence(1, 4)]);
        assert_eq!(directory.owner_of(SHARD), None, "it has given it up since");
        directory.learn(&[fence(2, 5)]);
        directory.freed(Incarnation(1), &[SHARD]);
        assert_eq!(directory.owner_of(SHARD), Some(Incarnation(2)));
    }

    #[test]
    fn whoever_left_owns_nothing_and_what_it_had_may_be_learnt_again() {
        let directory = Directory::default();
        directory.learn(&[fence(1, 4)]);
        directory.keep_members(&BTreeSet::from([Incarnation(2)]));
        assert_eq!((directory.owner_of(SHARD), directory.len()), (None, 0));
        directory.learn(&[fence(2, 5)]);
        assert_eq!(directory.owner_of(SHARD), Some(Incarnation(2)));
    }

    #[test]
    fn whoever_waits_is_woken_by_a_change_and_by_nothing_else() {
        let directory = Directory::default();
        let mut watch = directory.watch();
        directory.learn(&[fence(1, 4)]);
        assert!(watch.has_changed().expect("alive"));
        watch.mark_unchanged();
        directory.learn(&[fence(1, 4)]);
        assert!(!watch.has_changed().expect("alive"));
    }

    proptest! {
        #[test]
        fn the_newest_epoch_wins_in_whatever_order_it_is_heard(
            heard in prop::collection::vec((1_i64..50, 1_i64..50), 1..40)
        ) {
            let directory = Directory::default();
            // One owner for each epoch, as the leases promise.
            for (epoch, _) in &heard {
                directory.learn(&[fence(*epoch * 7, *epoch)]);
            }
            let newest = heard.iter().map(|(epoch, _)| *epoch).max();
            prop_assert_eq!(directory.owner_of(SHARD), newest.map(|epoch| Incarnation(epoch * 7)));
        }
    }
}
