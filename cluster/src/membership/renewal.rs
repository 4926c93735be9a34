//! When to renew, how long to wait for an answer, and when to stop hoping: pure, on given moments.

use crate::lease_clock::LeaseClock;
use std::time::Duration;
use tokio::time::Instant;

/// A node renews this many times within one time-to-live.
const RENEWALS_PER_TTL: u32 = 5;
/// How often a node alone looks at its view: nothing changes it but this node.
const PERIOD_ALONE: Duration = Duration::from_secs(15);
/// Renewals of different nodes drift apart by up to this share of the period.
const JITTER: f64 = 0.1;

/// What a failed renewal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is time left.
    TryAgain,
    /// Two thirds of the time-to-live are over: stop every shard now.
    Fence,
    /// Every shard has been told to stop already.
    StillFenced,
}

/// The state of this node's renewals.
#[derive(Debug)]
pub(crate) struct Renewal {
    clock: LeaseClock,
    fenced: bool,
    failed_in_a_row: u32,
}

impl Renewal {
    pub(crate) fn new(clock: LeaseClock) -> Self {
        Self { clock, fenced: false, failed_in_a_row: 0 }
    }

    pub(crate) fn is_fenced(&self) -> bool {
        self.fenced
    }

    pub(crate) fn failed_in_a_row(&self) -> u32 {
        self.failed_in_a_row
    }

    /// Time between renewals.
    pub(crate) fn period(&self) -> Duration {
        self.clock.ttl().map_or(PERIOD_ALONE, |ttl| ttl / RENEWALS_PER_TTL)
    }

    /// How long one attempt may take: never past the moment the shards must stop.
    pub(crate) fn attempt_limit(&self, now: Instant) -> Duration {
        let period = self.period();
        if self.fenced {
            period
        } else {
            self.clock.left(now).map_or(period, |left| left.min(period))
        }
    }

    /// The renewal sent at `sent_at` was granted. Tells whether the node was fenced before.
    pub(crate) fn granted(&mut self, sent_at: Instant, now: Instant) -> bool {
        self.clock.renewed(sent_at);
        self.failed_in_a_row = 0;
        if !self.clock.is_valid(now) {
            // The answer took so long that it is worth nothing; the next attempt decides.
            return false;
        }
        std::mem::replace(&mut self.fenced, false)
    }

    /// A renewal failed or was not answered in time.
    pub(crate) fn failed(&mut self, now: Instant) -> Failure {
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        if self.fenced {
            return Failure::StillFenced;
        }
        if self.clock.is_valid(now) {
            return Failure::TryAgain;
        }
        self.fenced = true;
        Failure::Fence
    }

    /// Time until the next attempt; `random` is uniform in [0, 1).
    pub(crate) fn next_in(&self, now: Instant, random: f64) -> Duration {
        let period = self.period();
        // While renewals fail every moment counts.
        let wanted = if self.failed_in_a_row > 0 { period / 3 } else { period };
        let wanted = wanted.mul_f64(1.0 - JITTER * random);
        if self.fenced {
            wanted
        } else {
            self.clock.left(now).map_or(wanted, |left| wanted.min(left))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TTL: Duration = Duration::from_secs(15);

    fn renewed(now: Instant) -> Renewal {
        let mut renewal = Renewal::new(LeaseClock::with_ttl(TTL));
        renewal.granted(now, now);
        renewal
    }

    #[test]
    fn a_failure_is_forgiven_until_two_thirds_of_the_time_to_live() {
        let start = Instant::now();
        let mut renewal = renewed(start);
        assert_eq!(renewal.failed(start + Duration::from_secs(9)), Failure::TryAgain);
        assert_eq!(renewal.failed(start + Duration::from_secs(10)), Failure::Fence);
        assert_eq!(renewal.failed(start + Duration::from_secs(11)), Failure::StillFenced);
        let again = start + Duration::from_secs(12);
        assert!(renewal.granted(again, again), "it was fenced");
        assert!(!renewal.granted(again, again));
    }

    #[test]
    fn a_node_alone_is_never_fenced() {
        let mut renewal = Renewal::new(LeaseClock::alone());
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(renewal.failed(now), Failure::TryAgain);
        }
        assert!(renewal.next_in(now, 0.5) > Duration::ZERO);
    }

    #[test]
    fn an_answer_that_took_the_whole_lease_does_not_unfence() {
        let start = Instant::now();
        let mut renewal = renewed(start);
        let late = start + Duration::from_secs(20);
        renewal.failed(late);
        assert!(!renewal.granted(start + Duration::from_secs(1), late));
        assert!(renewal.is_fenced());
    }

    proptest! {
        #[test]
        fn no_attempt_outlives_the_right_to_run_shards(
            steps in proptest::collection::vec((0_u64..4_000, any::<bool>(), 0.0_f64..1.0), 1..60),
        ) {
            let mut now = Instant::now();
            let mut renewal = renewed(now);
            let mut granted_at = now;
            for (took, answered, random) in steps {
                let limit = renewal.attempt_limit(now);
                let sent = now;
                let took = Duration::from_millis(took);
                if answered && took < limit {
                    now += took;
                    renewal.granted(sent, now);
                    granted_at = sent;
                } else {
                    now += limit;
                    renewal.failed(now);
                }
                // Whoever is not fenced is within two thirds of the time-to-live.
                if !renewal.is_fenced() {
                    prop_assert!(now - granted_at < TTL * 2 / 3);
                }
                let wait = renewal.next_in(now, random);
                now += wait;
                if !renewal.is_fenced() {
                    prop_assert!(now - granted_at <= TTL * 2 / 3);
                }
            }
        }
    }
}
