//! Sliding windows over one stage: items per second over ten seconds, durations over a minute.

use super::histogram::DurationHistogram;
use autoglm_domain::Timestamp;
use std::time::Duration;

/// The rate looks so many whole seconds back.
const RATE_SECONDS: usize = 10;
/// Durations are forgotten in steps of so many milliseconds.
const SLICE_MS: i64 = 5_000;
/// So many slices make the minute.
const SLICES: usize = 12;

/// The figures of one stage in constant memory (about 12 KB).
#[derive(Debug)]
pub struct StageWindow {
    /// Items by second, at `second % length`; the running second is one more than is looked at.
    seconds: [u64; RATE_SECONDS + 1],
    second: i64,
    slices: Vec<DurationHistogram>,
    slice: i64,
    /// Durations since they were last taken.
    fresh: DurationHistogram,
    /// Waiting items as last told.
    pub queue: u64,
    /// Errors since the start.
    pub errors: u64,
    /// Items since the start.
    pub items: u64,
}

impl StageWindow {
    /// An empty window that begins now.
    #[must_use]
    pub fn starting(now: Timestamp) -> Self {
        Self {
            seconds: [0; RATE_SECONDS + 1],
            second: now.0.div_euclid(1_000),
            slices: vec![DurationHistogram::default(); SLICES],
            slice: now.0.div_euclid(SLICE_MS),
            fresh: DurationHistogram::default(),
            queue: 0,
            errors: 0,
            items: 0,
        }
    }

    /// Counts items that each took so long.
    pub fn record(&mut self, now: Timestamp, items: u64, took: Duration) {
        self.roll(now);
        self.items = self.items.saturating_add(items);
        self.seconds[place(self.second, RATE_SECONDS + 1)] += items;
        self.slices[place(self.slice, SLICES)].record(took, items);
        self.fresh.record(took, items);
    }

    /// Items per second over the last ten whole seconds.
    pub fn rate(&mut self, now: Timestamp) -> f64 {
        self.roll(now);
        let running = self.seconds[place(self.second, RATE_SECONDS + 1)];
        let whole = self.seconds.iter().sum::<u64>() - running;
        whole as f64 / RATE_SECONDS as f64
    }

    /// The durations of the last minute.
    pub fn durations(&mut self, now: Timestamp) -> DurationHistogram {
        self.roll(now);
        let mut minute = DurationHistogram::default();
        self.slices.iter().for_each(|slice| minute.add(slice));
        minute
    }

    /// The durations since this was last called: windows that neither overlap nor miss anything,
    /// as long as only one looks.
    pub fn take_fresh(&mut self) -> DurationHistogram {
        std::mem::take(&mut self.fresh)
    }

    /// Moves the windows up to now. A clock that is set back leaves them where they are.
    fn roll(&mut self, now: Timestamp) {
        let second = now.0.div_euclid(1_000);
        for passed in fresh(self.second, second, RATE_SECONDS + 1) {
            self.seconds[place(passed, RATE_SECONDS + 1)] = 0;
        }
        self.second = self.second.max(second);
        let slice = now.0.div_euclid(SLICE_MS);
        for passed in fresh(self.slice, slice, SLICES) {
            self.slices[place(passed, SLICES)].clear();
        }
        self.slice = self.slice.max(slice);
    }
}

/// The places to be emptied on the way from `last` to `next`, at most the whole ring.
fn fresh(last: i64, next: i64, length: usize) -> std::ops::RangeInclusive<i64> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    (last + 1).max(next.saturating_sub(length).saturating_add(1))..=next
}

fn place(number: i64, length: usize) -> usize {
    let length = i64::try_from(length).unwrap_or(1);
    usize::try_from(number.rem_euclid(length)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(1_790_000_000_000 + seconds * 1_000)
    }

    #[test]
    fn the_rate_is_that_of_the_last_ten_seconds() {
        let mut window = StageWindow::starting(at(0));
        for second in 0..30 {
            window.record(at(second), 50, Duration::from_millis(1));
        }
        assert!((window.rate(at(30)) - 50.0).abs() < f64::EPSILON);
        assert!((window.rate(at(35)) - 25.0).abs() < f64::EPSILON);
        assert!(window.rate(at(1_000)).abs() < f64::EPSILON);
    }

    #[test]
    fn durations_are_forgotten_after_a_minute() {
        let mut window = StageWindow::starting(at(0));
        window.record(at(0), 1, Duration::from_secs(9));
        window.record(at(50), 1, Duration::from_millis(1));
        assert_eq!(window.durations(at(54)).total(), 2);
        assert_eq!(window.durations(at(61)).total(), 1);
        assert!(window.durations(at(61)).quantile(1.0) < Duration::from_millis(2));
        assert_eq!(window.durations(at(10_000)).total(), 0);
    }

    #[test]
    fn every_duration_is_taken_once() {
        let mut window = StageWindow::starting(at(0));
        window.record(at(0), 3, Duration::from_millis(1));
        assert_eq!(window.take_fresh().total(), 3);
        window.record(at(0), 2, Duration::from_millis(9));
        let fresh = window.take_fresh();
        assert_eq!(fresh.total(), 2);
        assert!(fresh.quantile(0.5) > Duration::from_millis(8));
        assert_eq!(window.take_fresh().total(), 0);
    }

    #[test]
    fn a_clock_set_back_loses_no_counts_and_makes_none() {
        let mut window = StageWindow::starting(at(100));
        window.record(at(100), 7, Duration::from_millis(1));
        window.record(at(10), 3, Duration::from_millis(1));
        assert_eq!(window.items, 10);
        assert!((window.rate(at(101)) - 1.0).abs() < f64::EPSILON);
    }
}
