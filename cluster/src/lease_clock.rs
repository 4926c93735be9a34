//! Until when this node may believe that it is a member, on its own monotonic clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Which share of the time-to-live a node may use: it stops a third before others may take over,
/// so that clocks may drift and a last write may still be under way.
const USABLE: (u32, u32) = (2, 3);

/// The deadline of the last successful renewal; written by Membership, read by region and router.
///
/// It is counted from the moment the renewal was *sent*: the database cannot have granted less.
/// Cloning shares it.
#[derive(Debug, Clone)]
pub struct LeaseClock {
    ttl: Option<Duration>,
    deadline: Arc<Mutex<Option<Instant>>>,
}

impl LeaseClock {
    /// A clock that never runs out: alone, the lock on the data directory is the lease.
    #[must_use]
    pub fn alone() -> Self {
        Self { ttl: None, deadline: Arc::default() }
    }

    /// A clock that runs out unless [`Self::renewed`] is called; it starts run out.
    #[must_use]
    pub fn with_ttl(ttl: Duration) -> Self {
        Self { ttl: Some(ttl), deadline: Arc::default() }
    }

    /// The time-to-live others grant; `None` when alone.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// Notes a renewal that was sent at `sent_at` and has been granted.
    pub fn renewed(&self, sent_at: Instant) {
        if let Some(ttl) = self.ttl {
            let deadline = sent_at + ttl * USABLE.0 / USABLE.1;
            let mut slot = self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
            // An answer that arrives late must not take back what a later renewal has granted.
            *slot = Some(slot.map_or(deadline, |known| known.max(deadline)));
        }
    }

    /// Ends the lease now: the database has said that it is gone.
    pub fn revoke(&self) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Time left at `now`: `None` when it has run out, the longest duration when alone.
    #[must_use]
    pub fn left(&self, now: Instant) -> Option<Duration> {
        if self.ttl.is_none() {
            return Some(Duration::MAX);
        }
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        deadline?.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Whether shards may run at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Instant) -> bool {
        self.left(now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_node_stops_a_third_of_the_time_to_live_before_others_may_take_over() {
        let clock = LeaseClock::with_ttl(Duration::from_secs(15));
        let sent = Instant::now();
        assert!(!clock.is_valid(sent), "not before the first renewal");
        clock.renewed(sent);
        assert!(clock.is_valid(sent + Duration::from_millis(9_999)));
        assert!(!clock.is_valid(sent + Duration::from_secs(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_never_shortens_the_lease() {
        let clock = LeaseClock::with_ttl(Duration::from_secs(15));
        let first = Instant::now();
        clock.renewed(first + Duration::from_secs(3));
        clock.renewed(first);
        assert_eq!(clock.left(first), Some(Duration::from_secs(13)));
    }

    #[tokio::test]
    async fn alone_there_is_no_time_to_live() {
        let clock = LeaseClock::alone();
        clock.revoke();
        assert!(clock.is_valid(Instant::now() + Duration::from_secs(1_000_000)));
    }
}
