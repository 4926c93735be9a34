//! What training makes smaller.

use super::matrix::{Matrix, add_scaled, dot};

/// The mean of 1 − cosine of unit vectors to their unit targets, times `weight`, and its gradient.
pub(super) fn cosine<'a>(
    units: &Matrix,
    target: impl Fn(usize) -> &'a [f32],
    weight: f32,
) -> (f32, Matrix) {
    let mut gradient = Matrix::zeros(units.len(), units.width());
    let factor = weight / units.len().max(1) as f32;
    let mut loss = 0.0;
    for (index, (unit, gradient)) in units.rows().zip(gradient.rows_mut()).enumerate() {
        let target = target(index);
        loss += factor * (1.0 - dot(unit, target));
        add_scaled(gradient, target, -factor);
    }
    (loss, gradient)
}

/// The ranking loss `ln(1 + Σ exp(τ (cosine of the pair that should be lower − of the higher)))`
/// over all two pairs with different scores (CoSENT), and its gradient by the cosines.
///
/// The sum over all two pairs is one over sorted scores: `exp(τ(l − h)) = exp(τl) · exp(−τh)`.
pub(super) fn ranking(cosines: &[f32], scores: &[f32], sharpness: f32) -> (f32, Vec<f32>) {
    let sharpness = f64::from(sharpness);
    let power = |sign: f64| -> Vec<f64> {
        cosines.iter().map(|cosine| (sign * sharpness * f64::from(*cosine)).exp()).collect()
    };
    let (as_lower, as_higher) = (power(1.0), power(-1.0));
    let mut order: Vec<usize> = (0..cosines.len().min(scores.len())).collect();
    let score = |index: &usize| scores.get(*index).copied().unwrap_or_default();
    order.sort_by(|a, b| score(a).total_cmp(&score(b)));
    let below = sums_before(order.iter().copied(), score, &as_lower);
    let above = sums_before(order.iter().rev().copied(), score, &as_higher);
    let at = |values: &[f64], index: usize| values.get(index).copied().unwrap_or_default();
    let total = order.iter().map(|i| at(&as_higher, *i) * at(&below, *i)).sum::<f64>() + 1.0;
    let slope = |index: usize| {
        let pulled_down = at(&as_lower, index) * at(&above, index);
        let pushed_up = at(&as_higher, index) * at(&below, index);
        (sharpness * (pulled_down - pushed_up) / total) as f32
    };
    (total.ln() as f32, (0..cosines.len()).map(slope).collect())
}

/// For each index the sum of the values of those before it in `order` whose score differs.
fn sums_before(
    order: impl Iterator<Item = usize>,
    score: impl Fn(&usize) -> f32,
    values: &[f64],
) -> Vec<f64> {
    let mut sums = vec![0.0; values.len()];
    let (mut before, mut equal, mut last) = (0.0, 0.0, None);
    for index in order {
        if last != Some(score(&index)) {
            before += equal;
            equal = 0.0;
            last = Some(score(&index));
        }
        equal += values.get(index).copied().unwrap_or_default();
        if let Some(sum) = sums.get_mut(index) {
            *sum = before;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By its definition, over all two pairs.
    fn plainly(cosines: &[f32], scores: &[f32], sharpness: f32) -> (f64, Vec<f64>) {
        let mut total = 1.0;
        let mut slopes = vec![0.0; cosines.len()];
        for (high, high_score) in scores.iter().enumerate() {
            for (low, low_score) in scores.iter().enumerate() {
                if high_score > low_score {
                    let gap = f64::from(cosines[low]) - f64::from(cosines[high]);
                    let term = (f64::from(sharpness) * gap).exp();
                    total += term;
                    slopes[low] += f64::from(sharpness) * term;
                    slopes[high] -= f64::from(sharpness) * term;
                }
            }
        }
        (total.ln(), slopes.into_iter().map(|slope| slope / total).collect())
    }

    #[test]
    fn pairs_in_the_right_order_cost_nearly_nothing() {
        let (loss, _) = ranking(&[0.9, 0.1], &[5.0, 1.0], 20.0);
        assert!(loss < 1e-6, "{loss}");
        let (loss, slopes) = ranking(&[0.1, 0.9], &[5.0, 1.0], 20.0);
        assert!(loss > 15.0 && slopes[0] < 0.0 && slopes[1] > 0.0, "{loss} {slopes:?}");
        assert_eq!(ranking(&[0.1, 0.9], &[2.0, 2.0], 20.0), (0.0, vec![0.0, 0.0]));
        assert_eq!(ranking(&[], &[], 20.0).0, 0.0);
    }

    #[test]
    fn a_vector_on_its_target_costs_nothing() {
        let mut units = Matrix::new(2);
        units.push(&[1.0, 0.0]);
        units.push(&[0.0, 1.0]);
        let (loss, gradient) = cosine(&units, |_| &[1.0, 0.0], 1.0);
        assert_eq!(loss, 0.5);
        assert_eq!(gradient.row(1), [-0.5, 0.0]);
    }

    proptest! {
        #[test]
        fn the_sorted_sums_are_those_over_all_pairs(
            pairs in prop::collection::vec((-1.0_f32..1.0, 0_u8..5), 0..30),
        ) {
            let cosines: Vec<f32> = pairs.iter().map(|pair| pair.0).collect();
            let scores: Vec<f32> = pairs.iter().map(|pair| f32::from(pair.1)).collect();
            let (loss, slopes) = ranking(&cosines, &scores, 5.0);
            let (expected, expected_slopes) = plainly(&cosines, &scores, 5.0);
            prop_assert!((f64::from(loss) - expected).abs() < 1e-4);
            for (slope, expected) in slopes.iter().zip(expected_slopes) {
                prop_assert!((f64::from(*slope) - expected).abs() < 1e-4);
            }
        }
    }
}
