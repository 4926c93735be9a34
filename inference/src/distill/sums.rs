//! The forward and backward pass of a static embedding: a text is the sum of its words' rows,
//! made unit length.

use super::matrix::{Matrix, add_scaled, dot};

/// Shorter sums have no direction to speak of.
const LENGTH_MIN: f32 = 1e-6;

/// Texts as rows of the table, one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    tokens: Vec<u32>,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
        self.ends.push(self.tokens.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Empty for a text that is not there.
    pub(super) fn text(&self, index: usize) -> &[u32] {
        let end = self.ends.get(index).copied().unwrap_or_default();
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.tokens.get(start.unwrap_or_default()..end).unwrap_or_default()
    }
}

/// Some texts with their vectors, and what the backward pass needs to know.
#[derive(Debug)]
pub(super) struct Encoded<'a> {
    texts: &'a Texts,
    chosen: Vec<usize>,
    /// Lengths before they were made one.
    lengths: Vec<f32>,
    pub(super) units: Matrix,
}

impl<'a> Encoded<'a> {
    pub(super) fn new(table: &Matrix, texts: &'a Texts, chosen: Vec<usize>) -> Self {
        let mut units = Matrix::zeros(chosen.len(), table.width());
        let mut lengths = Vec::with_capacity(chosen.len());
        for (index, sum) in chosen.iter().zip(units.rows_mut()) {
            for row in texts.text(*index) {
                add_scaled(sum, table.row(*row as usize), 1.0);
            }
            let length = dot(sum, sum).sqrt().max(LENGTH_MIN);
            sum.iter_mut().for_each(|value| *value /= length);
            lengths.push(length);
        }
        Self { texts, chosen, lengths, units }
    }

    /// Adds to the gradient of the table what `of_units`, the gradient of the vectors, makes it.
    pub(super) fn backward(&self, of_units: &Matrix, gradient: &mut Gradient) {
        let mut of_sum = vec![0.0; of_units.width()];
        let vectors = self.units.rows().zip(of_units.rows());
        for ((index, length), (unit, of_unit)) in self.chosen.iter().zip(&self.lengths).zip(vectors)
        {
            // Only what is at right angles to a unit vector can change it.
            let along = dot(unit, of_unit);
            for ((target, value), unit) in of_sum.iter_mut().zip(of_unit).zip(unit) {
                *target = (value - along * unit) / length;
            }
            for row in self.texts.text(*index) {
                gradient.add(*row, &of_sum);
            }
        }
    }
}

/// The gradient of the rows that were used; the others' is zero.
#[derive(Debug)]
pub(super) struct Gradient {
    /// Where a row's gradient is, by row; [`UNUSED`] for none.
    places: Vec<u32>,
    rows: Vec<u32>,
    values: Matrix,
}

const UNUSED: u32 = u32::MAX;

impl Gradient {
    pub(super) fn new(rows: usize, width: usize) -> Self {
        Self { places: vec![UNUSED; rows], rows: Vec::new(), values: Matrix::new(width) }
    }

    pub(super) fn add(&mut self, row: u32, values: &[f32]) {
        let Some(place) = self.places.get_mut(row as usize) else { return };
        if *place == UNUSED {
            *place = self.rows.len() as u32;
            self.rows.push(row);
            self.values.push(values);
        } else {
            add_scaled(self.values.row_mut(*place as usize), values, 1.0);
        }
    }

    /// Rows and their gradients, in the order they were first used.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.rows.iter().map(|row| *row as usize).zip(self.values.rows())
    }

    pub(super) fn clear(&mut self) {
        for row in self.rows.drain(..) {
            if let Some(place) = self.places.get_mut(row as usize) {
                *place = UNUSED;
            }
        }
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::losses;
    use super::super::random::Random;
    use super::*;

    fn table(rows: usize, width: usize) -> Matrix {
        let mut random = Random::new(3);
        let mut table = Matrix::new(width);
        for _row in 0..rows {
            let row: Vec<f32> = (0..width).map(|_| random.unit() as f32 - 0.5).collect();
            table.push(&row);
        }
        table
    }

    fn texts() -> Texts {
        let mut texts = Texts::default();
        for tokens in [&[0, 1][..], &[2, 2, 1], &[], &[3]] {
            texts.push(tokens);
        }
        texts
    }

    /// Compares the gradient with what happens when single numbers are moved a little.
    fn check(loss: impl Fn(&Encoded<'_>) -> (f32, Matrix)) {
        const STEP: f32 = 1e-2;
        let (table, texts) = (table(5, 6), texts());
        let value = |table: &Matrix| loss(&Encoded::new(table, &texts, vec![0, 1, 2, 3])).0;
        let encoded = Encoded::new(&table, &texts, vec![0, 1, 2, 3]);
        let mut gradient = Gradient::new(5, 6);
        encoded.backward(&loss(&encoded).1, &mut gradient);
        let mut expected = Matrix::zeros(5, 6);
        for (row, values) in gradient.rows() {
            add_scaled(expected.row_mut(row), values, 1.0);
        }
        for row in 0..5 {
            for column in 0..6 {
                let (mut more, mut less) = (table.clone(), table.clone());
                more.row_mut(row)[column] += STEP;
                less.row_mut(row)[column] -= STEP;
                let numeric = (value(&more) - value(&less)) / (2.0 * STEP);
                let found = expected.row(row)[column];
                assert!((numeric - found).abs() < 3e-3, "{row} {column}: {numeric} {found}");
            }
        }
    }

    #[test]
    fn the_gradient_of_the_cosine_is_what_moving_the_rows_does() {
        let targets = {
            let mut targets = table(4, 6);
            targets.rows_mut().for_each(crate::projection::make_unit);
            targets
        };
        check(|encoded| losses::cosine(&encoded.units, |index| targets.row(index), 1.0));
    }

    #[test]
    fn the_gradient_of_the_ranking_is_what_moving_the_rows_does() {
        let pairs = [(0, 1), (1, 3), (0, 3)];
        check(|encoded| {
            let unit = |index| encoded.units.row(index);
            let cosines: Vec<f32> = pairs.iter().map(|(a, b)| dot(unit(*a), unit(*b))).collect();
            let (loss, slopes) = losses::ranking(&cosines, &[0.0, 1.0, 0.5], 2.0);
            let mut gradient = Matrix::zeros(4, 6);
            for ((a, b), slope) in pairs.iter().zip(slopes) {
                add_scaled(gradient.row_mut(*a), unit(*b), slope);
                add_scaled(gradient.row_mut(*b), unit(*a), slope);
            }
            (loss, gradient)
        });
    }

    #[test]
    fn a_text_without_words_is_zero_and_moves_nothing() {
        let (table, texts) = (table(5, 6), texts());
        let encoded = Encoded::new(&table, &texts, vec![2]);
        assert!(encoded.units.row(0).iter().all(|value| *value == 0.0));
        let mut gradient = Gradient::new(5, 6);
        encoded.backward(&table, &mut gradient);
        assert_eq!(gradient.rows().count(), 0);
    }

    #[test]
    fn a_cleared_gradient_begins_anew() {
        let mut gradient = Gradient::new(5, 2);
        gradient.add(3, &[1.0, 2.0]);
        gradient.add(3, &[1.0, 2.0]);
        gradient.add(9, &[1.0, 2.0]);
        assert_eq!(gradient.rows().collect::<Vec<_>>(), [(3, &[2.0, 4.0][..])]);
        gradient.clear();
        gradient.add(1, &[1.0, 1.0]);
        assert_eq!(gradient.rows().collect::<Vec<_>>(), [(1, &[1.0, 1.0][..])]);
    }
}
