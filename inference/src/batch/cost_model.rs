//! How long a device takes for a batch, learned from the batches it has done.
//!
//! t = c0 + c1 · tokens + c2 · Σ length², fitted by recursive least squares with forgetting. Errors
//! are weighed relative to the time taken, so that small batches teach as much as large ones.

use super::ladder::Padding;
use super::shape::Shape;
use std::time::Duration;

/// Weight of the past: a batch counts half after about 35 more.
const FORGETTING: f64 = 0.98;
/// Weight of the past while predictions are wrong in one direction: the device has changed.
const FORGETTING_QUICKLY: f64 = 0.8;
/// From this mean relative error on they are.
const SURPRISE: f64 = 0.25;
/// Weight of the latest error in that mean.
const SURPRISE_WEIGHT: f64 = 0.25;
/// Variance of a coefficient nothing is known about, in the units of [`features`], relative.
const VARIANCE_MAX: f64 = 1.0;
/// Batches after which a measurement far from the prediction is taken for an outlier.
const WARM_AFTER: u64 = 8;
/// Such a measurement counts as this many times the prediction at most.
const OUTLIER_FACTOR: f64 = 8.0;
/// No prediction is shorter.
const SHORTEST_SECONDS: f64 = 1e-6;
/// No prediction and no coefficient is longer.
const LONGEST_SECONDS: f64 = 3_600.0;

/// Coefficients before anything was measured, in seconds for each of [`features`]: 1 ms a batch
/// and 10 µs a token, a processor at a small encoder.
const GUESS: [f64; 3] = [1e-3, 1e-2, 0.0];

/// Learns one device's times.
#[derive(Debug, Clone, PartialEq)]
pub struct CostModel {
    coefficients: [f64; 3],
    covariance: [[f64; 3]; 3],
    measured: u64,
    /// Mean relative error of late: positive when batches take longer than predicted.
    surprise: f64,
}

impl Default for CostModel {
    fn default() -> Self {
        Self { coefficients: GUESS, covariance: unknown(), measured: 0, surprise: 0.0 }
    }
}

impl CostModel {
    /// A model that knows these times already: of an empty batch and of one token.
    #[must_use]
    pub fn starting_at(batch: Duration, token: Duration) -> Self {
        let coefficients = [batch.as_secs_f64(), token.as_secs_f64() * 1e3, 0.0]
            .map(|value: f64| value.min(LONGEST_SECONDS));
        Self { coefficients, measured: WARM_AFTER, ..Self::default() }
    }

    /// How long this batch will take. Always positive and finite.
    #[must_use]
    pub fn predict(&self, shape: Shape, padding: Padding) -> Duration {
        let seconds = dot(&self.coefficients, &features(shape, padding));
        Duration::from_secs_f64(seconds.clamp(SHORTEST_SECONDS, LONGEST_SECONDS))
    }

    /// The time of a batch that does not depend on what is in it.
    #[must_use]
    pub fn overhead(&self) -> Duration {
        Duration::from_secs_f64(self.coefficients[0])
    }

    /// Seconds of so many batches with so many tokens, and squared lengths, in all.
    pub(super) fn seconds(&self, batches: f64, tokens: f64, squares: f64) -> f64 {
        dot(&self.coefficients, &[batches, tokens / 1e3, squares / 1e6])
    }

    /// Batches it has learned from.
    #[must_use]
    pub fn measured(&self) -> u64 {
        self.measured
    }

    /// Learns from a batch that took this long.
    pub fn learn(&mut self, shape: Shape, padding: Padding, took: Duration) {
        let predicted = self.predict(shape, padding).as_secs_f64();
        let mut seconds = took.as_secs_f64().clamp(SHORTEST_SECONDS, LONGEST_SECONDS);
        if self.measured >= WARM_AFTER {
            seconds = seconds.clamp(predicted / OUTLIER_FACTOR, predicted * OUTLIER_FACTOR);
        }
        let error = (seconds - predicted) / seconds.max(predicted);
        self.surprise += SURPRISE_WEIGHT * (error - self.surprise);
        // Relative: the target is 1.
        let features = features(shape, padding).map(|feature| feature / seconds);
        let changed = self.surprise.abs() > SURPRISE;
        self.update(&features, if changed { FORGETTING_QUICKLY } else { FORGETTING });
        self.measured += 1;
        self.keep_sane();
    }

    fn update(&mut self, features: &[f64; 3], forgetting: f64) {
        let spread = self.covariance.map(|row| dot(&row, features));
        let scale = forgetting + dot(&spread, features);
        let gain = spread.map(|value| value / scale);
        let error = 1.0 - dot(&self.coefficients, features);
        for (coefficient, gain) in self.coefficients.iter_mut().zip(gain) {
            *coefficient += gain * error;
        }
        for (row, gain) in self.covariance.iter_mut().zip(gain) {
            for (value, spread) in row.iter_mut().zip(spread) {
                *value = (*value - gain * spread) / forgetting;
            }
        }
    }

    /// Time is never negative, and what is never seen must not become infinitely uncertain.
    fn keep_sane(&mut self) {
        let finite = self.coefficients.iter().chain(self.covariance.iter().flatten());
        if !finite.copied().all(f64::is_finite) {
            *self = Self { measured: self.measured, ..Self::default() };
            return;
        }
        for coefficient in &mut self.coefficients {
            *coefficient = coefficient.clamp(0.0, LONGEST_SECONDS);
        }
        for index in 0..3 {
            let variance = self.covariance[index][index];
            if variance <= 0.0 {
                self.covariance = unknown();
                return;
            }
            // Rows and columns alike, so that it stays a covariance.
            let shrink = (VARIANCE_MAX / variance).sqrt().min(1.0);
            for other in 0..3 {
                self.covariance[index][other] *= shrink;
                self.covariance[other][index] *= shrink;
            }
        }
    }
}

fn unknown() -> [[f64; 3]; 3] {
    [[VARIANCE_MAX, 0.0, 0.0], [0.0, VARIANCE_MAX, 0.0], [0.0, 0.0, VARIANCE_MAX]]
}

/// One, thousands of tokens, millions of squared tokens: numbers of similar size.
fn features(shape: Shape, padding: Padding) -> [f64; 3] {
    [1.0, shape.padded_tokens(padding) as f64 / 1e3, shape.padded_squares(padding) as f64 / 1e6]
}

fn dot(left: &[f64; 3], right: &[f64; 3]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(entries: usize, tokens: usize) -> Shape {
        std::iter::repeat_n(tokens, entries).collect()
    }

    /// A GPU at MiniLM, roughly.
    fn truth(shape: Shape) -> Duration {
        let squares = shape.padded_squares(Padding::Longest) as f64;
        Duration::from_secs_f64(0.8e-3 + 1.2e-6 * shape.tokens as f64 + 1e-10 * squares)
    }

    fn trained(batches: usize, truth: impl Fn(Shape) -> Duration) -> CostModel {
        let mut model = CostModel::default();
        for batch in 0..batches {
            let shape = shape(1 + (batch * 7) % 40, 10 + (batch * 37) % 240);
            model.learn(shape, Padding::Longest, truth(shape));
        }
        model
    }

    fn error(model: &CostModel, shape: Shape, truth: Duration) -> f64 {
        let predicted = model.predict(shape, Padding::Longest).as_secs_f64();
        (predicted / truth.as_secs_f64() - 1.0).abs()
    }

    #[test]
    fn it_knows_a_device_after_a_few_batches() {
        let model = trained(12, truth);
        for (entries, tokens) in [(1, 16), (4, 60), (64, 128), (200, 40)] {
            let shape = shape(entries, tokens);
            let error = error(&model, shape, truth(shape));
            assert!(error < 0.15, "{entries} of {tokens}: {error}");
        }
        assert!((model.overhead().as_secs_f64() - 0.8e-3).abs() < 0.1e-3, "{model:?}");
    }

    #[test]
    fn one_batch_teaches_the_order_of_magnitude() {
        let slow = |shape: Shape| truth(shape) * 100;
        let model = trained(1, slow);
        let shape = shape(1, 10);
        assert!(error(&model, shape, slow(shape)) < 0.2, "{model:?}");
    }

    #[test]
    fn a_device_that_becomes_slower_is_noticed() {
        let mut model = trained(200, truth);
        for batch in 0..60 {
            let shape = shape(1 + batch % 20, 100);
            model.learn(shape, Padding::Longest, truth(shape) * 3);
        }
        let shape = shape(10, 100);
        assert!(error(&model, shape, truth(shape) * 3) < 0.1, "{model:?}");
    }

    #[test]
    fn one_batch_that_was_interrupted_does_not_spoil_what_is_known() {
        let mut model = trained(100, truth);
        model.learn(shape(4, 60), Padding::Longest, Duration::from_secs(60));
        for batch in 0..10 {
            let shape = shape(1 + batch, 60);
            model.learn(shape, Padding::Longest, truth(shape));
        }
        let shape = shape(4, 60);
        assert!(error(&model, shape, truth(shape)) < 0.35, "{model:?}");
    }

    proptest! {
        #[test]
        fn whatever_is_measured_a_prediction_is_a_time_and_more_never_takes_less(
            batches in prop::collection::vec((1_usize..300, 1_usize..2000, 0_u64..10_000_000), 0..80)
        ) {
            let mut model = CostModel::default();
            for (entries, tokens, micros) in batches {
                model.learn(shape(entries, tokens), Padding::Longest, Duration::from_micros(micros));
            }
            let one = model.predict(shape(1, 20), Padding::Longest);
            let many = model.predict(shape(50, 20), Padding::Longest);
            prop_assert!(one > Duration::ZERO && one <= many);
            prop_assert!(model.predict(Shape::of(usize::MAX), Padding::Ladder).as_secs() <= 3_600);
            prop_assert!(model.coefficients.iter().all(|value| value.is_finite() && *value >= 0.0));
        }
    }
}
