//! A small histogram of durations in buckets that grow by a constant factor, so that a percentile
//! costs no memory per observation.

use std::time::Duration;

/// Shortest duration that is told apart, in microseconds (2⁴).
const FLOOR_BITS: u32 = 4;
/// Longest duration that is told apart, in microseconds: 2³² is 71 minutes.
const CEILING_BITS: u32 = 32;
/// Linear steps within one doubling: a percentile errs by at most half a step, 6 %.
const STEP_BITS: u32 = 3;
const BUCKETS: usize = (((CEILING_BITS - FLOOR_BITS) << STEP_BITS) + 1) as usize;

/// Counts of durations from 16 µs to 71 minutes in 225 buckets; anything outside counts as the
/// nearest end. 900 bytes.
#[derive(Debug, Clone)]
pub struct DurationHistogram {
    counts: Box<[u32; BUCKETS]>,
    total: u64,
}

impl Default for DurationHistogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), total: 0 }
    }
}

impl DurationHistogram {
    /// Counts `items` observations of the same duration. Counts saturate.
    pub fn record(&mut self, took: Duration, items: u64) {
        let count = &mut self.counts[bucket_of(took)];
        *count = count.saturating_add(u32::try_from(items).unwrap_or(u32::MAX));
        self.total = self.total.saturating_add(items);
    }

    /// Adds the observations of another histogram.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts.iter()) {
            *mine = mine.saturating_add(*theirs);
        }
        self.total = self.total.saturating_add(other.total);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// Observations held.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The duration below which the share `quantile` (0 to 1) of the observations lie, as the
    /// middle of its bucket; zero without observations.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Duration {
        if self.total == 0 {
            return Duration::ZERO;
        }
        let rank = (quantile.clamp(0.0, 1.0) * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0_u64;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return middle_of(bucket);
            }
        }
        middle_of(BUCKETS - 1)
    }
}

fn bucket_of(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if micros < 1 << FLOOR_BITS {
        return 0;
    }
    if micros >= 1 << CEILING_BITS {
        return BUCKETS - 1;
    }
    let octave = micros.ilog2();
    let step = (micros >> (octave - STEP_BITS)) & ((1 << STEP_BITS) - 1);
    // The octave is below CEILING_BITS here, so the index is below BUCKETS.
    ((octave - FLOOR_BITS) << STEP_BITS) as usize + step as usize
}

fn middle_of(bucket: usize) -> Duration {
    let octave = (bucket >> STEP_BITS) as u32 + FLOOR_BITS;
    let step = (bucket & ((1 << STEP_BITS) - 1)) as u64;
    let width = 1_u64 << (octave - STEP_BITS);
    Duration::from_micros((1 << octave) + step * width + width / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_histogram_says_zero() {
        assert_eq!(DurationHistogram::default().quantile(0.99), Duration::ZERO);
    }

    #[test]
    fn the_slow_hundredth_shows_in_the_99th_percentile_and_not_in_the_median() {
        let mut histogram = DurationHistogram::default();
        histogram.record(Duration::from_millis(10), 980);
        histogram.record(Duration::from_secs(2), 20);
        let median = histogram.quantile(0.5).as_secs_f64();
        let slow = histogram.quantile(0.99).as_secs_f64();
        assert!((median - 0.010).abs() < 0.001, "{median}");
        assert!((slow - 2.0).abs() < 0.2, "{slow}");
        histogram.clear();
        assert_eq!(histogram.total(), 0);
    }

    #[test]
    fn durations_outside_the_range_count_at_its_ends() {
        let mut histogram = DurationHistogram::default();
        histogram.record(Duration::ZERO, 1);
        assert!(histogram.quantile(1.0) < Duration::from_micros(20));
        histogram.record(Duration::MAX, 1);
        assert!(histogram.quantile(1.0) >= Duration::from_secs(4_000));
    }

    proptest! {
        #[test]
        fn a_percentile_of_one_observation_errs_by_at_most_a_tenth(micros in 16_u64..(1 << 32)) {
            let mut histogram = DurationHistogram::default();
            histogram.record(Duration::from_micros(micros), 1);
            let said = histogram.quantile(0.5).as_micros() as f64;
            prop_assert!((said - micros as f64).abs() <= micros as f64 * 0.1 + 1.0);
        }

        #[test]
        fn percentiles_never_fall_as_the_share_grows(times in prop::collection::vec(0_u64..10_000_000, 1..50)) {
            let mut histogram = DurationHistogram::default();
            for time in times {
                histogram.record(Duration::from_micros(time), 1);
            }
            let mut before = Duration::ZERO;
            for share in 0..=100 {
                let now = histogram.quantile(f64::from(share) / 100.0);
                prop_assert!(now >= before);
                before = now;
            }
        }
    }
}
