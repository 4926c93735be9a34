//! How a source's health follows from its fetches, and when it is fetched next: pure.

use autoglm_domain::{FailureCause, Health, HealthClass, Timestamp};
use std::time::Duration;

/// Nothing keeps us away from a source longer than this.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest time a source's own quiet hours and days keep us away: a weekend and a day.
pub const QUIET_MAX: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How often sources are fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleConfig {
    /// Shortest time between two fetches of one source, whatever was wished.
    pub interval_min: Duration,
    /// Times between fetches differ by up to this share, so that sources do not march in step.
    pub jitter: f64,
    /// Wait after the first failure, unless the source's interval is longer; doubles with each.
    pub backoff_min: Duration,
    /// Longest wait after failures.
    pub backoff_max: Duration,
    /// A good answer that took longer than this makes the source slow.
    pub slow_after: Duration,
    /// Wait when our own store could not take the articles: no fault of the source.
    pub store_retry: Duration,
    /// The interval of a source for which none was chosen; only such a source follows its rhythm.
    pub interval_default: Duration,
    /// Longest interval that a source's rhythm may lead to.
    pub adaptive_max: Duration,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            interval_min: Duration::from_secs(1),
            jitter: 0.1,
            backoff_min: Duration::from_secs(60),
            backoff_max: WAIT_MAX,
            slow_after: Duration::from_secs(10),
            store_retry: Duration::from_secs(5),
            interval_default: Duration::from_secs(900),
            adaptive_max: Duration::from_secs(7_200),
        }
    }
}

/// What one fetch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A good answer, "nothing new" included.
    Good {
        /// Request to last byte.
        took: Duration,
        /// The source asks to be left alone for so long.
        floor: Option<Duration>,
        /// A readable feed without any article.
        empty: bool,
    },
    /// The fetch or the reading failed.
    Failed {
        /// Why, for programs.
        cause: FailureCause,
        /// Why and what to do, for people.
        problem: String,
        /// The server asks to be left alone for so long.
        retry_after: Option<Duration>,
        /// It answered 410: it asks not to be fetched again.
        gone: bool,
    },
    /// Our own store is away; the source did nothing wrong.
    StoreAway {
        /// When the store asks to be tried again.
        retry_after: Option<Duration>,
    },
}

/// The health after a fetch that ended at `now`, with `next_fetch_at` set; `random` is uniform in
/// [0, 1).
#[must_use]
pub fn after_fetch(
    config: &ScheduleConfig,
    interval: Duration,
    before: &Health,
    outcome: &Outcome,
    now: Timestamp,
    random: f64,
) -> Health {
    let mut health = Health { last_attempt_at: Some(now), ..before.clone() };
    let interval = interval.clamp(config.interval_min, WAIT_MAX);
    let wait = match outcome {
        Outcome::Good { took, floor, empty } => {
            good(config, &mut health, *took, *empty, now);
            let floor = (*floor).max(health.wishes.floor).unwrap_or_default().min(WAIT_MAX);
            spread(interval.max(floor), floor.max(config.interval_min), config.jitter, random)
        }
        Outcome::Failed { cause, problem, retry_after, gone } => {
            health.class = if *gone { HealthClass::Gone } else { HealthClass::Failing };
            health.cause = Some(cause.name().to_owned());
            health.problem = Some(problem.clone());
            health.consecutive_failures = before.consecutive_failures.saturating_add(1);
            health.next_fetch_at = None;
            if *gone {
                return health;
            }
            let backoff = backoff(config, interval, health.consecutive_failures);
            let asked = retry_after.unwrap_or_default().min(WAIT_MAX);
            spread(backoff.max(asked), asked, config.jitter, random)
        }
        Outcome::StoreAway { retry_after } => {
            health.last_attempt_at = before.last_attempt_at;
            let wait = retry_after.unwrap_or(config.store_retry).max(config.store_retry);
            // Never shorter: a store that comes back must not meet all sources at once.
            wait.mul_f64(1.0 + random.clamp(0.0, 1.0)).min(WAIT_MAX)
        }
    };
    health.next_fetch_at = Some(now.plus(wait));
    health
}

fn good(config: &ScheduleConfig, health: &mut Health, took: Duration, empty: bool, now: Timestamp) {
    health.consecutive_failures = 0;
    health.last_fetch_ms = Some(i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
    if empty && health.last_success_at.is_none() {
        health.class = HealthClass::Failing;
        health.cause = Some(FailureCause::Empty.name().to_owned());
        health.problem =
            Some("the feed has never had an article; wait for the first one".to_owned());
        return;
    }
    let slow = took > config.slow_after;
    health.class = if slow { HealthClass::Slow } else { HealthClass::Healthy };
    health.cause = None;
    health.problem = None;
    health.last_success_at = Some(now);
    health.offered_url = None;
}

/// Doubles with every failure after the first.
fn backoff(config: &ScheduleConfig, interval: Duration, failures: i32) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(20);
    let first = interval.max(config.backoff_min);
    first.saturating_mul(2_u32.saturating_pow(doublings)).min(config.backoff_max.min(WAIT_MAX))
}

/// Varies a wait by the jitter both ways, but never below what was asked of us.
fn spread(wait: Duration, floor: Duration, jitter: f64, random: f64) -> Duration {
    let jitter = jitter.clamp(0.0, 0.5);
    let factor = 1.0 - jitter + 2.0 * jitter * random.clamp(0.0, 1.0);
    wait.mul_f64(factor).max(floor).min(WAIT_MAX)
}

/// How long to wait for the first fetch after a start; `None` for never. `slot` is the place in the
/// queue of those who are due at once.
#[must_use]
pub fn first_wait(health: &Health, now: Timestamp, slot: Duration) -> Option<Duration> {
    match (health.class, health.next_fetch_at) {
        (HealthClass::Gone | HealthClass::Paused, None) => None,
        (HealthClass::Paused, Some(_)) => None,
        // A clock that was set back must not silence a source for years.
        (_, Some(next)) if next > now => Some(next.since(now).min(QUIET_MAX).max(slot)),
        _ => Some(slot),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn fetched(before: &Health, outcome: &Outcome) -> Health {
        after_fetch(&ScheduleConfig::default(), HOUR, before, outcome, NOW, 0.5)
    }

    fn good() -> Outcome {
        Outcome::Good { took: Duration::from_millis(80), floor: None, empty: false }
    }

    fn failed(retry_after: Option<Duration>, gone: bool) -> Outcome {
        let problem = "could not fetch it".to_owned();
        Outcome::Failed { cause: FailureCause::Status, problem, retry_after, gone }
    }

    fn wait(health: &Health) -> Duration {
        health.next_fetch_at.expect("scheduled").since(NOW)
    }

    #[test]
    fn a_good_fetch_makes_healthy_and_waits_for_the_interval() {
        let health = fetched(&fetched(&Health::default(), &failed(None, false)), &good());
        assert_eq!(health.class, HealthClass::Healthy);
        assert_eq!((health.consecutive_failures, health.problem.clone()), (0, None));
        assert_eq!(wait(&health), HOUR);
    }

    #[test]
    fn a_source_that_asks_for_rest_gets_it_to_the_second() {
        let floor = Some(HOUR * 3);
        let outcome = Outcome::Good { took: Duration::ZERO, floor, empty: false };
        for random in [0.0, 0.3, 1.0] {
            let config = ScheduleConfig::default();
            let health = after_fetch(&config, HOUR, &Health::default(), &outcome, NOW, random);
            assert!(wait(&health) >= HOUR * 3);
        }
    }

    #[test]
    fn failures_double_the_wait_up_to_a_day() {
        let mut health = Health::default();
        let mut waits = Vec::new();
        for _ in 0..8 {
            health = fetched(&health, &failed(None, false));
            waits.push(wait(&health).as_secs() / 3_600);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 24, 24, 24]);
        assert_eq!(health.class, HealthClass::Failing);
    }

    #[test]
    fn retry_after_is_honoured_when_it_is_longer() {
        let health = fetched(&Health::default(), &failed(Some(HOUR * 5), false));
        assert_eq!(wait(&health), HOUR * 5);
    }

    #[test]
    fn a_source_that_is_gone_is_not_fetched_again() {
        let health = fetched(&Health::default(), &failed(None, true));
        assert_eq!((health.class, health.next_fetch_at), (HealthClass::Gone, None));
        assert_eq!(first_wait(&health, NOW, Duration::ZERO), None);
    }

    #[test]
    fn our_own_store_being_away_is_no_failure_of_the_source() {
        let before = fetched(&Health::default(), &good());
        let health = fetched(&before, &Outcome::StoreAway { retry_after: None });
        assert_eq!((health.class, health.consecutive_failures), (HealthClass::Healthy, 0));
        assert!(wait(&health) < Duration::from_secs(11));
    }

    #[test]
    fn a_feed_without_articles_from_the_start_is_a_problem_and_a_quiet_one_is_not() {
        let empty = Outcome::Good { took: Duration::ZERO, floor: None, empty: true };
        let health = fetched(&Health::default(), &empty);
        assert_eq!(health.cause.as_deref(), Some("empty"));
        assert_eq!((health.consecutive_failures, wait(&health)), (0, HOUR));
        let health = fetched(&fetched(&health, &good()), &empty);
        assert_eq!(health.class, HealthClass::Healthy);
    }

    #[test]
    fn more_than_ten_seconds_is_slow() {
        let took = Duration::from_secs(11);
        let health =
            fetched(&Health::default(), &Outcome::Good { took, floor: None, empty: false });
        assert_eq!(health.class, HealthClass::Slow);
    }

    #[test]
    fn a_restart_waits_for_what_was_scheduled_and_takes_its_turn_when_it_is_due() {
        let slot = Duration::from_millis(30);
        let health = fetched(&Health::default(), &good());
        assert_eq!(first_wait(&health, NOW, slot), Some(HOUR));
        assert_eq!(first_wait(&health, NOW.plus(HOUR * 2), slot), Some(slot));
        assert_eq!(first_wait(&Health::default(), NOW, slot), Some(slot));
    }

    proptest! {
        #[test]
        fn no_history_makes_us_hammer_or_forget_a_source(
            steps in proptest::collection::vec((0_u8..4, 0_u64..200_000, 0.0_f64..1.0), 1..50),
            interval in 0_u64..100_000,
        ) {
            let config = ScheduleConfig::default();
            let mut health = Health::default();
            for (kind, seconds, random) in steps {
                let asked = Duration::from_secs(seconds);
                let outcome = match kind {
                    0 => good(),
                    1 => failed(Some(asked), false),
                    2 => Outcome::Good { took: asked, floor: Some(asked), empty: true },
                    _ => Outcome::StoreAway { retry_after: None },
                };
                let interval = Duration::from_secs(interval);
                health = after_fetch(&config, interval, &health, &outcome, NOW, random);
                prop_assert!(wait(&health) >= Duration::from_millis(900));
                prop_assert!(wait(&health) <= WAIT_MAX);
                if kind == 1 || kind == 2 {
                    prop_assert!(wait(&health) >= asked.min(WAIT_MAX));
                }
            }
        }
    }
}
