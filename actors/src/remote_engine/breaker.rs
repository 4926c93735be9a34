//! Leaves an engine alone that does not answer, and tries it again with one question at a time.

use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row after which it is left alone.
const FAILURES_MAX: u32 = 5;
/// For how long at first; doubled every time.
const PAUSE_SHORTEST: Duration = Duration::from_secs(1);
/// At most.
const PAUSE_LONGEST: Duration = Duration::from_secs(60);

/// A circuit breaker.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// How often it has opened without a good answer since.
    opened: u32,
    until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// Whether a question may be asked now; `Err` says when to come again.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(until) = self.until else { return Ok(()) };
        if now < until {
            return Err(until - now);
        }
        if self.probing {
            return Err(PAUSE_SHORTEST);
        }
        self.probing = true;
        Ok(())
    }

    /// The engine answered.
    pub(crate) fn good(&mut self) {
        *self = Self::default();
    }

    /// The engine failed, and may have said for how long to leave it alone.
    pub(crate) fn bad(&mut self, now: Instant, retry_after: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        if !self.probing && self.failures < FAILURES_MAX {
            return;
        }
        let grown = PAUSE_SHORTEST.saturating_mul(1 << self.opened.min(6));
        let pause = grown.max(retry_after.unwrap_or_default()).min(PAUSE_LONGEST);
        self.opened = self.opened.saturating_add(1);
        self.until = Some(now + pause);
        self.probing = false;
    }

    /// A question was given up; if it was the probe, the next one is.
    pub(crate) fn unknown(&mut self) {
        self.probing = false;
    }

    /// For people.
    pub(crate) fn state(&self) -> &'static str {
        match (self.until, self.probing) {
            (None, _) => "closed",
            (Some(_), true) => "probing",
            (Some(_), false) => "open",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_some_failures_it_is_left_alone_and_then_probed_by_one() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..FAILURES_MAX {
            breaker.admit(now).expect("closed");
            breaker.bad(now, None);
        }
        assert_eq!(breaker.admit(now), Err(PAUSE_SHORTEST));
        let later = now + PAUSE_SHORTEST;
        breaker.admit(later).expect("the probe");
        assert!(breaker.admit(later).is_err() && breaker.state() == "probing");
        breaker.bad(later, Some(Duration::from_secs(9)));
        assert_eq!(breaker.admit(later), Err(Duration::from_secs(9)));
        let latest = later + Duration::from_secs(9);
        breaker.admit(latest).expect("the next probe");
        breaker.good();
        assert_eq!((breaker.admit(latest), breaker.state()), (Ok(()), "closed"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_was_given_up_does_not_block_the_next() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        (0..FAILURES_MAX).for_each(|_| breaker.bad(now, None));
        breaker.admit(now + PAUSE_LONGEST).expect("the probe");
        breaker.unknown();
        breaker.admit(now + PAUSE_LONGEST).expect("the next probe");
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_is_longer_than_a_minute() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        (0..100).for_each(|_| breaker.bad(now, Some(Duration::from_secs(100_000))));
        assert_eq!(breaker.admit(now), Err(PAUSE_LONGEST));
    }
}
