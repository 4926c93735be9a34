//! How much of its cores this process keeps busy, as the system counts it.

use std::time::Duration;
use tokio::time::Instant;

/// Where Linux says what a process has used.
const SAID_AT: &str = "/proc/self/stat";
/// Ticks a second in that file: the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: u64 = 100;

/// Measures from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Processor {
    before: Option<(Instant, Duration)>,
}

impl Processor {
    /// The share of all cores used since the last look, 0 to 1; `None` at the first one, and where
    /// the system does not say.
    pub(super) fn share(&mut self) -> Option<f64> {
        let used = used(&std::fs::read_to_string(SAID_AT).ok()?)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.since(Instant::now(), used, cores)
    }

    fn since(&mut self, now: Instant, used: Duration, cores: usize) -> Option<f64> {
        let (then, used_then) = self.before.replace((now, used))?;
        let passed = now.duration_since(then).as_secs_f64() * cores as f64;
        let worked = used.saturating_sub(used_then).as_secs_f64();
        (passed > 0.0).then(|| (worked / passed).min(1.0))
    }
}

/// Time of all threads in user and in system mode. The name before it may hold anything, also
/// spaces and brackets.
fn used(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()?.saturating_add(ticks()?);
    Some(Duration::from_millis(ticks.saturating_mul(1_000 / TICKS_PER_SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4242 (auto) glm) S 1 4242 4242 0 -1 4194304 900 0 0 0 150 50 0 0 20 0 9";

    #[test]
    fn both_modes_count_whatever_the_program_is_called() {
        assert_eq!(used(STAT), Some(Duration::from_secs(2)));
        assert_eq!(used("nothing like it"), None);
        assert_eq!(used("1 (x) S 1 2"), None);
    }

    #[test]
    fn the_share_is_of_all_cores_and_of_the_time_since_the_last_look() {
        let (mut processor, start) = (Processor::default(), Instant::now());
        assert_eq!(processor.since(start, Duration::from_secs(100), 4), None);
        let later = start + Duration::from_secs(10);
        assert_eq!(processor.since(later, Duration::from_secs(110), 4), Some(0.25));
        assert_eq!(processor.since(later, Duration::from_secs(111), 4), None, "no time passed");
    }
}
