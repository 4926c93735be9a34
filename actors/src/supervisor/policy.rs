//! When a child that has ended is started again: pure, on given moments.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Which ends of a child call for a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Every end: it should always run.
    Permanent,
    /// Failures only: it may finish by itself.
    Transient,
    /// None.
    Temporary,
}

/// How a child has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, without an error.
    Finished,
    /// By an error, a panic, a kill, or because it could not start.
    Failed,
}

/// How often and how soon children are started again.
#[derive(Debug, Clone, PartialEq)]
pub struct RestartConfig {
    /// Wait before the first restart; doubles with every failure within the window.
    pub backoff_min: Duration,
    /// Longest wait.
    pub backoff_max: Duration,
    /// Waits are shortened by up to this share, so that children do not restart in step.
    pub jitter: f64,
    /// Restarts of one child within the window that are still forgiven.
    pub restarts_max: usize,
    /// The window.
    pub window: Duration,
    /// What happens past it: the child is parked for the operator, or the supervisor fails (and the
    /// root's failure ends the process).
    pub park_on_exceed: bool,
}

impl Default for RestartConfig {
    fn default() -> Self {
        Self {
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_secs(30),
            jitter: 0.2,
            restarts_max: 5,
            window: Duration::from_secs(60),
            park_on_exceed: false,
        }
    }
}

/// What is to be done about a child that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it was meant to end.
    LetGo,
    /// Start it again after this wait.
    RestartIn(Duration),
    /// Too many failures: park it.
    Park,
    /// Too many failures: the supervisor fails too.
    GiveUp,
}

/// The failures of one child.
#[derive(Debug, Clone)]
pub struct RestartPolicy {
    config: RestartConfig,
    failures: VecDeque<Instant>,
}

impl RestartPolicy {
    /// A child that has not failed yet.
    #[must_use]
    pub fn new(config: RestartConfig) -> Self {
        Self { config, failures: VecDeque::new() }
    }

    /// Forgives everything: a person has started the child.
    pub fn reset(&mut self) {
        self.failures.clear();
    }

    /// Decides about an end at `now`; `random` is uniform in [0, 1).
    pub fn ended(&mut self, restart: Restart, exit: Exit, now: Instant, random: f64) -> Verdict {
        let wanted = match restart {
            Restart::Permanent => true,
            Restart::Transient => exit == Exit::Failed,
            Restart::Temporary => false,
        };
        if !wanted {
            return Verdict::LetGo;
        }
        let window = self.config.window;
        self.failures.retain(|at| now.saturating_duration_since(*at) < window);
        if self.failures.len() >= self.config.restarts_max {
            return if self.config.park_on_exceed { Verdict::Park } else { Verdict::GiveUp };
        }
        self.failures.push_back(now);
        Verdict::RestartIn(self.backoff(random))
    }

    fn backoff(&self, random: f64) -> Duration {
        let doublings = u32::try_from(self.failures.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 2_u32.saturating_pow(doublings.min(20));
        let wait = self.config.backoff_min.saturating_mul(factor).min(self.config.backoff_max);
        wait.mul_f64(1.0 - self.config.jitter.clamp(0.0, 1.0) * random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(park: bool) -> RestartPolicy {
        RestartPolicy::new(RestartConfig { park_on_exceed: park, ..RestartConfig::default() })
    }

    #[test]
    fn only_a_permanent_child_is_restarted_after_it_has_finished() {
        let now = Instant::now();
        let ended = |restart, exit| policy(true).ended(restart, exit, now, 0.0);
        let again = Verdict::RestartIn(Duration::from_millis(200));
        assert_eq!(ended(Restart::Permanent, Exit::Finished), again);
        assert_eq!(ended(Restart::Transient, Exit::Finished), Verdict::LetGo);
        assert_eq!(ended(Restart::Transient, Exit::Failed), again);
        assert_eq!(ended(Restart::Temporary, Exit::Failed), Verdict::LetGo);
    }

    #[test]
    fn the_sixth_failure_in_a_minute_is_one_too_many() {
        for (park, verdict) in [(true, Verdict::Park), (false, Verdict::GiveUp)] {
            let (mut policy, now) = (policy(park), Instant::now());
            for _ in 0..5 {
                let verdict = policy.ended(Restart::Permanent, Exit::Failed, now, 0.5);
                assert!(matches!(verdict, Verdict::RestartIn(_)));
            }
            assert_eq!(policy.ended(Restart::Permanent, Exit::Failed, now, 0.5), verdict);
            policy.reset();
            let verdict = policy.ended(Restart::Permanent, Exit::Failed, now, 0.5);
            assert!(matches!(verdict, Verdict::RestartIn(_)));
        }
    }

    #[test]
    fn waits_double_and_a_calm_minute_forgives_all() {
        let (mut policy, start) = (policy(true), Instant::now());
        let mut wait = |after| policy.ended(Restart::Permanent, Exit::Failed, start + after, 0.0);
        let millis = |millis| Verdict::RestartIn(Duration::from_millis(millis));
        assert_eq!(wait(Duration::ZERO), millis(200));
        assert_eq!(wait(Duration::from_secs(1)), millis(400));
        assert_eq!(wait(Duration::from_secs(2)), millis(800));
        assert_eq!(wait(Duration::from_secs(90)), millis(200));
    }

    proptest! {
        #[test]
        fn restarts_never_exceed_the_window_and_waits_keep_their_bounds(
            gaps in proptest::collection::vec((0_u64..30_000, 0.0_f64..1.0), 1..100),
        ) {
            let config = RestartConfig { park_on_exceed: true, ..RestartConfig::default() };
            let mut policy = RestartPolicy::new(config.clone());
            let mut now = Instant::now();
            let mut restarts = Vec::new();
            for (gap, random) in gaps {
                now += Duration::from_millis(gap);
                match policy.ended(Restart::Permanent, Exit::Failed, now, random) {
                    Verdict::RestartIn(wait) => {
                        prop_assert!(wait <= config.backoff_max);
                        prop_assert!(wait >= config.backoff_min.mul_f64(1.0 - config.jitter));
                        restarts.push(now);
                    }
                    verdict => prop_assert_eq!(verdict, Verdict::Park),
                }
                let recent = restarts.iter().filter(|at| now - **at < config.window).count();
                prop_assert!(recent <= config.restarts_max);
            }
        }
    }
}
