//! Whether an idle device should wait for a larger batch.
//!
//! Whoever arrives while a batch runs forms the next, so waiting rarely pays. It does when the
//! batch at hand is small beside the overhead and the next request is expected much sooner than
//! this batch would be done.

use super::moment::Moment;
use std::time::Duration;

/// A batch that takes this many overheads wastes a fifth of the device: past it, waiting for more
/// gains next to nothing.
const KNEE_OVERHEADS: u32 = 5;

/// The situation of a device that has become idle while requests waited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) now: Moment,
    pub(super) idle_since: Moment,
    /// When the oldest of the batch arrived.
    pub(super) arrived_at: Moment,
    /// Requests at hand.
    pub(super) entries: u32,
    /// How long the device takes for them.
    pub(super) takes: Duration,
    /// The part of it that does not depend on them.
    pub(super) overhead: Duration,
    /// Expected time to the next arrival.
    pub(super) gap: Option<Duration>,
    /// When it must begin to be done in time.
    pub(super) begin_by: Moment,
}

impl Situation {
    /// Until when to wait, at most; `None` to begin at once.
    pub(super) fn wait_until(&self) -> Option<Moment> {
        let was_idle = self.arrived_at >= self.idle_since;
        let past_knee = self.takes >= self.overhead * KNEE_OVERHEADS;
        if was_idle || past_knee {
            return None;
        }
        // Waiting costs everybody at hand a gap, and the device another; what it saves is at most
        // the time the newcomer would wait for this batch.
        let cost = self.gap?.saturating_mul(self.entries.saturating_add(1));
        if cost >= self.takes {
            return None;
        }
        let until = self.idle_since.plus(self.overhead).min(self.begin_by);
        (until > self.now).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn situation() -> Situation {
        Situation {
            now: Moment(10_000),
            idle_since: Moment(10_000),
            arrived_at: Moment(9_000),
            entries: 2,
            takes: 11 * MS,
            overhead: 10 * MS,
            gap: Some(MS),
            begin_by: Moment(100_000),
        }
    }

    #[test]
    fn a_small_batch_before_a_dense_stream_waits_no_longer_than_its_overhead() {
        assert_eq!(situation().wait_until(), Some(Moment(20_000)));
        assert_eq!(Situation { now: Moment(20_000), ..situation() }.wait_until(), None);
    }

    #[test]
    fn a_request_that_found_the_device_idle_never_waits() {
        assert_eq!(Situation { arrived_at: Moment(10_000), ..situation() }.wait_until(), None);
    }

    #[test]
    fn nothing_waits_for_what_will_not_come_soon() {
        assert_eq!(Situation { gap: None, ..situation() }.wait_until(), None);
        assert_eq!(Situation { gap: Some(4 * MS), ..situation() }.wait_until(), None);
    }

    #[test]
    fn past_the_knee_nothing_waits() {
        assert_eq!(Situation { takes: 50 * MS, ..situation() }.wait_until(), None);
    }

    #[test]
    fn waiting_ends_where_the_objective_would_be_missed() {
        let close = Situation { begin_by: Moment(12_000), ..situation() };
        assert_eq!(close.wait_until(), Some(Moment(12_000)));
        assert_eq!(Situation { begin_by: Moment(9_000), ..situation() }.wait_until(), None);
    }
}
