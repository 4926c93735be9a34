//! A breaker: after failures in a row nobody tries for a while, then one tries for all.
//!
//! Pure: it is told the time, so that a test needs no clock.

use std::time::Duration;
use tokio::time::Instant;

/// When a breaker opens and how long it rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerConfig {
    /// Failures in a row that open it, at least 1.
    pub failures: u32,
    /// The first rest; it doubles with every probe that fails.
    pub rest: Duration,
    /// The longest rest.
    pub rest_max: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 3, rest: Duration::from_millis(200), rest_max: Duration::from_secs(5) }
    }
}

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing, for now.
    Open,
    /// One probe at a time.
    HalfOpen,
}

impl BreakerState {
    /// As a figure for the metrics: 0 closed, 1 half open, 2 open.
    #[must_use]
    pub fn figure(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open => 2.0,
        }
    }
}

/// The state machine.
#[derive(Debug)]
pub struct Breaker {
    config: BreakerConfig,
    failures: u32,
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    length: Duration,
    until: Instant,
    /// A probe that is never reported (its caller went away) is forgotten after another rest.
    probe_since: Option<Instant>,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(config: BreakerConfig) -> Self {
        Self { config, failures: 0, rest: None }
    }

    /// Whether somebody may try now; a half-open breaker admits one, who must report.
    pub fn admit(&mut self, now: Instant) -> bool {
        let Some(rest) = &mut self.rest else { return true };
        if now < rest.until || rest.probe_since.is_some_and(|since| now < since + rest.length) {
            return false;
        }
        rest.probe_since = Some(now);
        true
    }

    /// A try succeeded. `true` when that closed the breaker.
    pub fn succeeded(&mut self) -> bool {
        self.failures = 0;
        self.rest.take().is_some()
    }

    /// A try failed. `true` when that opened a closed breaker.
    pub fn failed(&mut self, now: Instant) -> bool {
        let length = match self.rest {
            // A late failure of a try from before it opened says nothing new.
            Some(rest) if rest.probe_since.is_none() => return false,
            Some(rest) => (rest.length * 2).min(self.config.rest_max),
            None => {
                self.failures += 1;
                if self.failures < self.config.failures {
                    return false;
                }
                self.config.rest
            }
        };
        let opened = self.rest.is_none();
        self.rest = Some(Rest { length, until: now + length, probe_since: None });
        opened
    }

    /// What it lets through now.
    #[must_use]
    pub fn state(&self, now: Instant) -> BreakerState {
        match self.rest {
            None => BreakerState::Closed,
            Some(rest) if now < rest.until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// How long until somebody may try; zero when now.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Duration {
        self.rest.map_or(Duration::ZERO, |rest| rest.until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn breaker() -> (Breaker, Instant) {
        let second = Duration::from_secs(1);
        let config = BreakerConfig { failures: 3, rest: second, rest_max: second * 3 };
        (Breaker::new(config), Instant::now())
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_one_probe_closes_it() {
        let (mut breaker, now) = breaker();
        assert!(!breaker.failed(now) && !breaker.failed(now));
        assert!(!breaker.succeeded(), "it was closed");
        assert!(!breaker.failed(now) && !breaker.failed(now));
        assert!(breaker.failed(now), "three in a row");
        assert_eq!(breaker.state(now), BreakerState::Open);
        assert!(!breaker.admit(now));
        let later = now + Duration::from_secs(1);
        assert_eq!(breaker.state(later), BreakerState::HalfOpen);
        assert!(breaker.admit(later));
        assert!(!breaker.admit(later), "one probe at a time");
        assert!(breaker.succeeded());
        assert!(breaker.admit(later));
    }

    #[test]
    fn a_failed_probe_doubles_the_rest_up_to_its_limit() {
        let (mut breaker, mut now) = breaker();
        for _ in 0..3 {
            breaker.failed(now);
        }
        for seconds in [1, 2, 3, 3] {
            assert_eq!(breaker.remaining(now), Duration::from_secs(seconds));
            now += Duration::from_secs(seconds);
            assert!(breaker.admit(now));
            assert!(!breaker.failed(now), "it was open already");
        }
    }

    #[test]
    fn a_probe_that_never_reports_does_not_close_the_door_for_ever() {
        let (mut breaker, now) = breaker();
        for _ in 0..3 {
            breaker.failed(now);
        }
        let probe = now + Duration::from_secs(1);
        assert!(breaker.admit(probe));
        assert!(breaker.admit(probe + Duration::from_secs(1)));
    }

    proptest! {
        #[test]
        fn it_is_never_shut_for_longer_than_its_longest_rest(
            steps in proptest::collection::vec((0_u8..3, 0_u64..2_000), 1..60)
        ) {
            let (mut breaker, mut now) = breaker();
            for (step, milliseconds) in steps {
                now += Duration::from_millis(milliseconds);
                match step {
                    0 => { breaker.admit(now); }
                    1 => { breaker.succeeded(); }
                    _ => { breaker.failed(now); }
                }
                prop_assert!(breaker.remaining(now) <= Duration::from_secs(3));
            }
            // Once for a lost probe, once for the rest itself.
            prop_assert!(breaker.admit(now + Duration::from_secs(6)));
        }
    }
}
