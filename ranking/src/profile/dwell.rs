//! How long this reader usually stays, so that a slow reader's minutes are not taken for liking.

/// Reads before the habit counts.
const READS_MIN: f32 = 5.0;
/// Weight of the past at each new read.
const KEPT: f32 = 0.98;

/// Running mean and variance of the logarithm of seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DwellHabit {
    pub(super) count: f32,
    pub(super) mean: f32,
    pub(super) variance: f32,
}

impl DwellHabit {
    /// How unusual a stay is, in standard deviations of the log, within ±2; `None` while too
    /// little is known.
    #[must_use]
    pub fn standardised(&self, seconds: f32) -> Option<f32> {
        if self.count < READS_MIN {
            return None;
        }
        let deviation = self.variance.sqrt().max(0.1);
        Some(((log_seconds(seconds) - self.mean) / deviation).clamp(-2.0, 2.0))
    }

    /// Takes in one stay.
    pub(super) fn learn(&mut self, seconds: f32) {
        let value = log_seconds(seconds);
        self.count = self.count * KEPT + 1.0;
        let step = (value - self.mean) / self.count;
        let before = value - self.mean;
        self.mean += step;
        self.variance += (before * (value - self.mean) - self.variance) / self.count;
        self.variance = self.variance.clamp(0.0, 100.0);
    }
}

fn log_seconds(seconds: f32) -> f32 {
    seconds.clamp(0.1, 3600.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_stay_is_not_unusual() {
        let mut habit = DwellHabit::default();
        assert_eq!(habit.standardised(30.0), None);
        for seconds in [28.0, 30.0, 33.0, 29.0, 31.0, 30.0] {
            habit.learn(seconds);
        }
        assert!(habit.standardised(30.0).unwrap().abs() < 0.5);
        assert!(habit.standardised(300.0).unwrap() > 1.5);
    }
}
