//! One vector of a text from those of its tokens.

use super::configuration::Pooling;

/// From the rows of one text to a vector of length one; zero for no rows.
pub(super) fn pool(rows: &[f32], width: usize, pooling: Pooling) -> Vec<f32> {
    let mut vector = vec![0.0; width];
    let taken = match pooling {
        Pooling::Mean => rows,
        Pooling::First => rows.get(..width).unwrap_or_default(),
    };
    for row in taken.chunks_exact(width) {
        for (sum, value) in vector.iter_mut().zip(row) {
            *sum += value;
        }
    }
    make_unit(&mut vector);
    vector
}

/// The division by the number of rows falls out with the length.
fn make_unit(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        for value in vector {
            *value /= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_has_length_one_and_the_direction_of_the_mean_or_of_the_first_token() {
        let rows = [3.0, 0.0, 0.0, 3.0];
        let half = 0.5_f32.sqrt();
        assert_eq!(pool(&rows, 2, Pooling::First), [1.0, 0.0]);
        for (got, expected) in pool(&rows, 2, Pooling::Mean).iter().zip([half, half]) {
            assert!((got - expected).abs() < 1e-6);
        }
        assert_eq!(pool(&[], 2, Pooling::Mean), [0.0, 0.0]);
    }
}
