//! When a peer that says nothing is given up: pure, on given moments.

use std::time::Duration;
use tokio::time::Instant;

/// Time between two pings of a peer.
pub(crate) const PING_EVERY: Duration = Duration::from_millis(500);
/// Longest wait for the answer to one.
pub(crate) const PING_LIMIT: Duration = Duration::from_secs(1);
/// Silence of this many ping periods makes a peer suspect: long enough for the largest message
/// that may be in the way of a ping, and for a machine that is busy.
const SILENT_PERIODS: u32 = 8;
/// When our own ticks are so far apart, it was us who stood still, and silence says nothing.
const STOOD_STILL: Duration = Duration::from_millis(1_500);

/// What is known of one peer's life.
#[derive(Debug)]
pub(crate) struct Liveness {
    heard: Instant,
    looked: Instant,
    pub(crate) round_trip: Option<Duration>,
}

impl Liveness {
    pub(crate) fn new(now: Instant) -> Self {
        Self { heard: now, looked: now, round_trip: None }
    }

    /// A ping was answered.
    pub(crate) fn heard(&mut self, now: Instant, round_trip: Duration) {
        self.heard = now;
        self.round_trip = Some(round_trip);
    }

    /// Whether the peer has been silent for too long; asked at every tick.
    pub(crate) fn is_silent(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.looked) > STOOD_STILL {
            self.heard = now;
        }
        self.looked = now;
        now.saturating_duration_since(self.heard) >= PING_EVERY * SILENT_PERIODS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_seconds_of_silence_are_too_long_unless_we_stood_still_ourselves() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut peer = Liveness::new(start);
        for tick in 1..8 {
            assert!(!peer.is_silent(at(tick * 500)));
        }
        assert!(peer.is_silent(at(4_000)));
        let mut peer = Liveness::new(start);
        assert!(!peer.is_silent(at(60_000)), "we were frozen for a minute");
        assert!(!peer.is_silent(at(60_500)));
        peer.heard(at(61_000), Duration::from_millis(1));
        assert!(!peer.is_silent(at(61_500)));
    }
}
