//! A diagonal Bayesian linear model: what direction of the embedding space a reader likes.
//!
//! `b` sums rewards times vectors, `a` sums their squares; the posterior mean is b/(λ+a) and its
//! variance 1/(λ+a), both elementwise. Measured to equal or beat the full covariance model
//! (reference/recommendation.md, finding 3).

use crate::decay::{days, hours, remaining};
use autoglm_domain::{EMBEDDING_DIMENSIONS, QuantizedEmbedding, Timestamp};
use std::time::Duration;

/// λ: the precision before any event, worth sixteen opens of a unit vector spread evenly: below
/// that the model is nearly the mean, which is stronger while little is known (finding 4).
const PRIOR_PRECISION: f32 = 16.0 / EMBEDDING_DIMENSIONS as f32;
/// Bound of every sum; reached only by a million clicks within minutes.
const SUM_MAX: f32 = 1e6;

/// How fast a state forgets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// By time.
    pub half_life: Duration,
    /// By each new click: what is left of the old ones.
    pub kept_per_click: f32,
}

impl Pace {
    /// Weeks: half-life 30 days and a thirtieth per click.
    pub const LONG: Self = Self { half_life: days(30), kept_per_click: 1.0 - 1.0 / 30.0 };
    /// Hours: half-life 6 hours and 4 clicks (2^(−1/4)).
    pub const SHORT: Self = Self { half_life: hours(6), kept_per_click: 0.840_896_4 };
}

/// One of a reader's two states. 2 KB.
#[derive(Debug, Clone, PartialEq)]
pub struct InterestState {
    pub(super) sums: Vec<f32>,
    pub(super) precision: Vec<f32>,
    /// Effective number of events that said something, for or against.
    pub(super) evidence: f32,
    pub(super) updated_at: Timestamp,
}

impl Default for InterestState {
    fn default() -> Self {
        Self {
            sums: vec![0.0; EMBEDDING_DIMENSIONS],
            precision: vec![0.0; EMBEDDING_DIMENSIONS],
            evidence: 0.0,
            updated_at: Timestamp(0),
        }
    }
}

impl InterestState {
    /// Replaces an article's reward `before` (0 when new) by `after`. O(d).
    pub(super) fn correct(
        &mut self,
        embedding: &QuantizedEmbedding,
        before: f32,
        after: f32,
        at: Timestamp,
        pace: Pace,
    ) {
        let mut kept = remaining(self.updated_at, at, pace.half_life);
        // Only a new article is a click that pushes older ones back.
        if before == 0.0 && after > 0.0 {
            kept *= pace.kept_per_click;
        }
        self.updated_at = self.updated_at.max(at);
        let (reward, weight) = (after - before, after.abs() - before.abs());
        let scale = if embedding.scale.is_finite() { embedding.scale } else { 0.0 };
        let rows = self.sums.iter_mut().zip(&mut self.precision).zip(&embedding.codes);
        for ((sum, precision), code) in rows {
            // A component of a unit vector; anything else is damage.
            let value = (f32::from(*code) * scale).clamp(-1.0, 1.0);
            *sum = (*sum * kept + reward * value).clamp(-SUM_MAX, SUM_MAX);
            *precision = (*precision * kept + weight * value * value).clamp(0.0, SUM_MAX);
        }
        let gained = after.abs().min(1.0) - before.abs().min(1.0);
        self.evidence = (self.evidence * kept + gained).clamp(0.0, SUM_MAX);
    }

    /// Effective number of events that said something, at a moment.
    #[must_use]
    pub fn evidence_at(&self, now: Timestamp, pace: Pace) -> f32 {
        self.evidence * remaining(self.updated_at, now, pace.half_life)
    }

    /// Posterior mean at a moment, `[EMBEDDING_DIMENSIONS]`, plus `noise(i)` standard deviations.
    /// Thompson sampling draws the noise; zero noise gives the mean.
    #[must_use]
    pub fn sample(&self, now: Timestamp, pace: Pace, mut noise: impl FnMut() -> f32) -> Vec<f32> {
        let kept = remaining(self.updated_at, now, pace.half_life);
        self.sums
            .iter()
            .zip(&self.precision)
            .map(|(sum, precision)| {
                let precision = PRIOR_PRECISION + precision * kept;
                sum * kept / precision + noise() / precision.sqrt()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, axis};

    fn code(dimension: usize) -> QuantizedEmbedding {
        QuantizedEmbedding::from_embedding(&axis(dimension))
    }

    #[test]
    fn a_reward_taken_back_leaves_nothing() {
        let mut state = InterestState::default();
        state.correct(&code(3), 0.0, 2.0, NOW, Pace::LONG);
        state.correct(&code(3), 2.0, 0.0, NOW, Pace::LONG);
        assert!(state.sample(NOW, Pace::LONG, || 0.0).iter().all(|value| value.abs() < 1e-5));
        assert!(state.evidence.abs() < 1e-6);
    }

    #[test]
    fn the_short_state_turns_to_a_new_interest_faster_than_the_long_one() {
        let (mut long, mut short) = (InterestState::default(), InterestState::default());
        for click in 0..25 {
            let dimension = usize::from(click >= 20);
            long.correct(&code(dimension), 0.0, 1.0, NOW, Pace::LONG);
            short.correct(&code(dimension), 0.0, 1.0, NOW, Pace::SHORT);
        }
        let share = |state: &InterestState| state.sums[1] / (state.sums[0] + state.sums[1]);
        assert!(share(&short) > 0.5 && share(&long) < 0.35);
    }
}
