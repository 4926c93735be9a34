//! Eigenvalues and eigenvectors of a covariance matrix.
//!
//! One-sided Jacobi rotations (Hestenes 1958): the rows of the matrix are turned against each
//! other, pair by pair, until all are at right angles. Turning rows is a multiplication from the
//! left by an orthogonal matrix, so in the end every row is an eigenvector times its eigenvalue.
//! Works on whole rows only, needs no second matrix, and is exact to rounding.

/// Rounds over all pairs; a handful is usual, more would be a sign of numbers that are none.
const ROUNDS_MAX: usize = 40;
/// Two rows are at right angles when the cosine between them is below this.
const RIGHT_ANGLE: f64 = 1e-10;

/// Eigenvalue and unit eigenvector of the symmetric matrix `[width, width]` without negative
/// eigenvalues, largest first. Directions without any variance are left out.
pub(super) fn eigenvectors(matrix: Vec<f64>, width: usize) -> Vec<(f64, Vec<f64>)> {
    let mut rows: Vec<Vec<f64>> = matrix.chunks_exact(width.max(1)).map(<[f64]>::to_vec).collect();
    let largest = rows.iter().map(|row| dot(row, row)).fold(0.0, f64::max);
    // Rows this short are what rounding left of nothing.
    let nothing = largest * 1e-24;
    for _round in 0..ROUNDS_MAX {
        // Longest first: fewer rounds, and the order of the result.
        rows.sort_by(|a, b| dot(b, b).total_cmp(&dot(a, a)));
        if !turn_all(&mut rows, nothing) {
            break;
        }
    }
    rows.sort_by(|a, b| dot(b, b).total_cmp(&dot(a, a)));
    let unit = |row: Vec<f64>| {
        let length = dot(&row, &row).sqrt();
        let leading = row
            .iter()
            .copied()
            .fold(0.0_f64, |most, value| if value.abs() > most.abs() { value } else { most });
        // Of the two directions the one whose largest number is positive.
        let factor = length.copysign(leading).recip();
        (length, row.into_iter().map(|value| value * factor).collect())
    };
    rows.into_iter().filter(|row| dot(row, row) > nothing).map(unit).collect()
}

/// One round over all pairs of rows; whether any had to be turned.
fn turn_all(rows: &mut [Vec<f64>], nothing: f64) -> bool {
    let mut turned = false;
    let mut rest = rows;
    while let Some((first, after)) = rest.split_first_mut() {
        for second in after.iter_mut() {
            turned |= turn(first, second, nothing);
        }
        rest = after;
    }
    turned
}

/// Turns two rows in their plane until they are at right angles.
fn turn(first: &mut [f64], second: &mut [f64], nothing: f64) -> bool {
    let (a, b, across) = (dot(first, first), dot(second, second), dot(first, second));
    if a <= nothing || b <= nothing || across.abs() <= RIGHT_ANGLE * (a * b).sqrt() {
        return false;
    }
    let ratio = (b - a) / (2.0 * across);
    let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
    let cosine = tangent.hypot(1.0).recip();
    let sine = cosine * tangent;
    for (x, y) in first.iter_mut().zip(second) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
    true
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}
