//! Exponential forgetting by elapsed time.

use autoglm_domain::Timestamp;
use std::time::Duration;

/// What is left of a quantity after `from` until `to`; 1 when no time passed or `to` is earlier.
#[must_use]
pub fn remaining(from: Timestamp, to: Timestamp, half_life: Duration) -> f32 {
    let elapsed = to.since(from).as_secs_f32();
    let half_life = half_life.as_secs_f32().max(1.0);
    (-elapsed / half_life).exp2()
}

/// Hours as a duration.
#[must_use]
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

/// Days as a duration.
#[must_use]
pub const fn days(count: u64) -> Duration {
    hours(count * 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_is_left_after_a_half_life_and_all_before_the_start() {
        let start = Timestamp(1_000_000);
        assert!((remaining(start, start.plus(hours(5)), hours(5)) - 0.5).abs() < 1e-6);
        assert!((remaining(start, Timestamp(0), hours(5)) - 1.0).abs() < 1e-6);
    }
}
