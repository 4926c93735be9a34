//! Adam (Kingma and Ba 2015), lazily: a row moves, and counts a step, only when it was used.
//!
//! Rare words are used in few steps; with moments that fade at every step, used or not, they would
//! hardly move.

use super::matrix::Matrix;
use super::sums::Gradient;

/// The usual constants.
const FIRST_DECAY: f32 = 0.9;
const SECOND_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;

#[derive(Debug)]
pub(super) struct Adam {
    first: Matrix,
    second: Matrix,
    steps: Vec<i32>,
}

impl Adam {
    pub(super) fn new(rows: usize, width: usize) -> Self {
        Self {
            first: Matrix::zeros(rows, width),
            second: Matrix::zeros(rows, width),
            steps: vec![0; rows],
        }
    }

    pub(super) fn step(&mut self, table: &mut Matrix, gradient: &Gradient, rate: f32) {
        for (row, gradient) in gradient.rows() {
            let Some(steps) = self.steps.get_mut(row) else { continue };
            *steps = steps.saturating_add(1);
            let first_scale = (1.0 - FIRST_DECAY.powi(*steps)).recip();
            let second_scale = (1.0 - SECOND_DECAY.powi(*steps)).recip();
            let moments = self.first.row_mut(row).iter_mut().zip(self.second.row_mut(row));
            let values = table.row_mut(row).iter_mut().zip(gradient);
            for ((first, second), (value, gradient)) in moments.zip(values) {
                *first += (1.0 - FIRST_DECAY) * (gradient - *first);
                *second += (1.0 - SECOND_DECAY) * (gradient * gradient - *second);
                let size = (*second * second_scale).sqrt() + EPSILON;
                *value -= rate * *first * first_scale / size;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(row: u32, values: &[f32]) -> Gradient {
        let mut gradient = Gradient::new(3, 2);
        gradient.add(row, values);
        gradient
    }

    #[test]
    fn the_first_step_of_a_row_is_the_rate_whatever_the_gradient_and_whenever_it_comes() {
        let (mut adam, mut table) = (Adam::new(3, 2), Matrix::zeros(3, 2));
        for _step in 0..5 {
            adam.step(&mut table, &gradient(0, &[3.0, -0.001]), 0.1);
        }
        adam.step(&mut table, &gradient(1, &[3.0, -0.001]), 0.1);
        assert!((table.row(1)[0] + 0.1).abs() < 1e-4 && (table.row(1)[1] - 0.1).abs() < 1e-4);
        assert!((table.row(0)[0] + 0.5).abs() < 1e-3);
        assert_eq!(table.row(2), [0.0, 0.0]);
    }

    #[test]
    fn it_finds_the_bottom_of_a_bowl() {
        let (mut adam, mut table) = (Adam::new(3, 2), Matrix::zeros(3, 2));
        for _step in 0..400 {
            let at = table.row(2);
            let slope = [2.0 * (at[0] - 1.0), 20.0 * (at[1] + 2.0)];
            adam.step(&mut table, &gradient(2, &slope), 0.05);
        }
        assert!((table.row(2)[0] - 1.0).abs() < 0.02 && (table.row(2)[1] + 2.0).abs() < 0.02);
    }
}
