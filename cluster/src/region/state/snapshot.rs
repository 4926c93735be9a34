//! What the model check needs of a region besides its decisions: few shards, a clock that stands
//! still while time passes, and telling two regions apart.

use super::RegionState;
use autoglm_domain::Shard;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

impl RegionState {
    /// As [`Self::view_changed`], with the share of this node among fewer shards than all.
    pub(in crate::region) fn placed_here(
        &mut self,
        version: i64,
        desired: BTreeSet<Shard>,
        now: Instant,
    ) {
        self.placed(version, desired, now);
    }

    /// Lets a tick pass while `now` stays what it is, by moving what is remembered into the past.
    /// A moment that has passed makes no difference any more and becomes the same for all.
    pub(in crate::region) fn pass(&mut self, tick: Duration, now: Instant) {
        let stable = now - self.stable_for;
        self.stable_since = self.stable_since.map(|since| (since - tick).max(stable));
        for moment in self.avoided.values_mut() {
            *moment -= tick;
        }
        self.avoided.retain(|_, until| *until > now);
        for after in [&mut self.ask_after, &mut self.free_after] {
            *after = after.map(|moment| moment - tick).filter(|moment| *moment > now);
        }
    }

    /// Whether a word that something is free would change anything.
    pub(in crate::region) fn would_listen(&self) -> bool {
        self.ask_after.is_some() || (!self.starting.is_empty() && !self.ask_again)
    }
}

/// Without what is only shown (`elsewhere`, the number of the view) and what never changes.
impl Hash for RegionState {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.mode, self.view > 0, self.stable_since).hash(hasher);
        (&self.desired, &self.owned, &self.starting, &self.stopping).hash(hasher);
        (&self.unfreed, &self.avoided).hash(hasher);
        (self.ask_after, self.ask_again, self.free_after).hash(hasher);
    }
}
