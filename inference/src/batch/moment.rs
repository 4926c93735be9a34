//! Time as the batch former sees it: microseconds on a clock that never jumps.

use std::time::Duration;

/// A moment: microseconds since whoever owns the queue started. A batch can take less than a
/// millisecond, and a wall clock that is set would make deadlines pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment this long after the start.
    #[must_use]
    pub fn after_start(elapsed: Duration) -> Self {
        Self(micros(elapsed))
    }

    /// The moment `duration` later; saturates at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// The moment `duration` earlier; saturates at the start.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_neither_precedes_the_start_nor_passes_the_end() {
        let moment = Moment::after_start(Duration::from_millis(2));
        assert_eq!(moment.plus(Duration::from_micros(5)), Moment(2_005));
        assert_eq!(moment.minus(Duration::from_secs(1)), Moment(0));
        assert_eq!(moment.since(Moment(3_000)), Duration::ZERO);
        assert_eq!(Moment(1).plus(Duration::MAX), Moment(u64::MAX));
    }
}
