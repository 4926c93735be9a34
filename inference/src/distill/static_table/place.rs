//! Where every word lies before training: its meaning as direction, its rarity as length.

use super::{AllSaid, Answers, Material};
use crate::distill::matrix::{Matrix, add_scaled};
use crate::error::Result;
use crate::projection::{Projection, make_unit};
use autoglm_domain::EMBEDDING_DIMENSIONS;

/// A word used with the chance p has the weight a/(a + p).
const RARITY: f64 = 1e-3;
/// Of the senses a part is enough to find the directions in which texts differ.
const EVERY_SENSE: usize = 3;

#[derive(Debug)]
pub(super) struct Placed {
    pub(super) projection: Projection,
    pub(super) table: Matrix,
}

pub(super) fn place(material: &Material<'_>, answers: &Answers) -> Result<Placed> {
    let sample: Vec<Vec<f32>> =
        answers.said.senses.rows().step_by(EVERY_SENSE).chain(answers.said.pairs.rows()).collect();
    let projection = Projection::fit(sample.iter().map(Vec::as_slice), EMBEDDING_DIMENSIONS)?;
    drop(sample);
    let pieces = answers.pieces.rows().map(unit);
    let whole = material.words.whole.iter().map(|word| answers.said.whole.vector(word));
    let chinese =
        material.words.chinese.iter().map(|(word, _)| meaning(material, &answers.said, word));
    let mut table = Matrix::new(EMBEDDING_DIMENSIONS);
    for vector in pieces.chain(whole).chain(chinese) {
        table.push(&projection.project(&vector));
    }
    let english = material.words.english();
    for (rows, skipped) in [(english, 0), (usize::MAX, english)] {
        remove_mean(&mut table, skipped, rows);
    }
    for (row, chance) in table.rows_mut().zip(material.words.chances()) {
        make_unit(row);
        let weight = (RARITY / (RARITY + chance)) as f32;
        row.iter_mut().for_each(|value| *value *= weight);
    }
    Ok(Placed { projection, table })
}

/// The teacher's vector of a Chinese word: the weighted mean of those of its senses.
pub(super) fn meaning(material: &Material<'_>, said: &AllSaid, word: &str) -> Vec<f32> {
    let mut sum = Vec::new();
    for (sense, weight) in material.glosses.senses(word) {
        let vector = said.senses.vector(sense);
        sum.resize(vector.len(), 0.0);
        add_scaled(&mut sum, &vector, *weight);
    }
    unit(sum)
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    make_unit(&mut vector);
    vector
}

/// What all words of a language have in common says nothing about any of them.
fn remove_mean(table: &mut Matrix, skipped: usize, rows: usize) {
    let mut mean = vec![0.0; table.width()];
    let mut count = 0.0_f32;
    for row in table.rows().skip(skipped).take(rows) {
        add_scaled(&mut mean, row, 1.0);
        count += 1.0;
    }
    for row in table.rows_mut().skip(skipped).take(rows) {
        add_scaled(row, &mean, -1.0 / count);
    }
}
