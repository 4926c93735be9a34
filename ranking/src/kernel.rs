//! Dot products with the widest instructions this machine has, chosen at run time by `simsimd`.
//!
//! Eight-bit rows keep the window small enough for the cache: 10,000 articles are 2.5 MB.

use autoglm_domain::{Embedding, QuantizedEmbedding};
use simsimd::SpatialSimilarity;

/// Dot product of codes; 0 when the lengths differ.
#[must_use]
pub fn dot_codes(left: &[i8], right: &[i8]) -> f32 {
    if left.is_empty() {
        return 0.0;
    }
    <i8 as SpatialSimilarity>::dot(left, right).map_or(0.0, |sum| sum as f32)
}

/// Dot product in floating point; 0 when the lengths differ or the sum is not finite.
#[must_use]
pub fn dot_floats(left: &[f32], right: &[f32]) -> f32 {
    if left.is_empty() {
        return 0.0;
    }
    let sum = <f32 as SpatialSimilarity>::dot(left, right).map_or(0.0, |sum| sum as f32);
    if sum.is_finite() { sum } else { 0.0 }
}

/// Cosine of two stored unit vectors; 0 for a text that says nothing.
#[must_use]
pub fn cosine(left: &QuantizedEmbedding, right: &QuantizedEmbedding) -> f32 {
    let sum = dot_codes(&left.codes, &right.codes) * left.scale * right.scale;
    if sum.is_finite() { sum.clamp(-1.0, 1.0) } else { 0.0 }
}

/// A direction to compare a whole window with.
#[derive(Debug, Clone)]
pub struct Direction(Option<QuantizedEmbedding>);

impl Direction {
    /// The direction of a vector; a zero or broken vector has none.
    #[must_use]
    pub fn of(vector: &[f32]) -> Self {
        let unit = Embedding(vector.to_vec()).normalized();
        if !unit.0.iter().all(|value| value.is_finite()) {
            return Self(None);
        }
        let quantized = QuantizedEmbedding::from_embedding(&unit);
        Self((quantized.scale > 0.0).then_some(quantized))
    }

    /// Cosine with a row of codes; 0 without a direction.
    #[must_use]
    pub fn cosine(&self, codes: &[i8], scale: f32) -> f32 {
        self.0.as_ref().map_or(0.0, |direction| {
            let sum = dot_codes(&direction.codes, codes) * direction.scale * scale;
            if sum.is_finite() { sum.clamp(-1.0, 1.0) } else { 0.0 }
        })
    }

    /// Whether there is a direction at all.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_of_different_length_have_nothing_in_common() {
        assert_eq!(dot_codes(&[1, 2], &[1]), 0.0);
        assert_eq!(dot_floats(&[], &[]), 0.0);
    }

    proptest! {
        #[test]
        fn the_kernel_agrees_with_the_plain_loop(
            pairs in prop::collection::vec((-127_i8..=127, -127_i8..=127), 256)
        ) {
            let (left, right): (Vec<i8>, Vec<i8>) = pairs.into_iter().unzip();
            let plain: i32 = left.iter().zip(&right).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            prop_assert!((dot_codes(&left, &right) - plain as f32).abs() < 1.0);
        }
    }
}
