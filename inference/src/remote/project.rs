//! From an engine's vectors to those the product stores.

use crate::encoder::sample_texts;
use crate::error::{Error, Result};
use crate::projection::{Projection, make_unit};
use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding};

/// Texts an engine is asked for once to learn how its vectors are shortened: some thousand tokens.
const SAMPLE_TEXTS: usize = 768;

/// How vectors of one engine become the product's.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineSpace {
    /// They have the product's width, such as those of a model that was trained to be shortened
    /// and is asked for that width.
    SameWidth,
    /// They are wider or narrower, and a projection was learned from a sample.
    Projected(Projection),
}

impl EngineSpace {
    /// The texts to learn from, always the same.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when the program was built with broken model files.
    pub fn sample() -> Result<Vec<String>> {
        sample_texts(SAMPLE_TEXTS)
    }

    /// Learns from the vectors of [`Self::sample`]. Takes seconds: not for a thread that must
    /// answer.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when their widths differ or cannot be taken.
    pub fn learn(vectors: &[Vec<f32>]) -> Result<Self> {
        let vectors = vectors.iter().map(Vec::as_slice);
        Ok(Self::Projected(Projection::fit(vectors, EMBEDDING_DIMENSIONS)?))
    }

    /// A unit vector of [`EMBEDDING_DIMENSIONS`]; zero for a vector that is zero.
    ///
    /// # Errors
    /// [`Error::WrongDimensions`] for another width than it was made for.
    pub fn bring(&self, model: &str, vector: &[f32]) -> Result<Embedding> {
        let expected = match self {
            Self::SameWidth => EMBEDDING_DIMENSIONS,
            Self::Projected(projection) => projection.width(),
        };
        if vector.len() != expected {
            let (model, got) = (model.to_owned(), vector.len());
            return Err(Error::WrongDimensions { model, got, expected });
        }
        if vector.iter().all(|part| *part == 0.0) {
            return Ok(Embedding::zero());
        }
        Ok(Embedding(match self {
            Self::SameWidth => unit(vector),
            Self::Projected(projection) => projection.apply(&unit(vector)),
        }))
    }
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let mut unit = vector.to_vec();
    make_unit(&mut unit);
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(embedding: &Embedding) -> f32 {
        embedding.0.iter().map(|part| part * part).sum::<f32>().sqrt()
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let (a, b) = (unit(a), unit(b));
        a.iter().zip(&b).map(|(a, b)| a * b).sum()
    }

    /// Vectors of a model whose meanings lie in a few directions of many.
    fn vectors(width: usize, count: usize) -> Vec<Vec<f32>> {
        let part = |at: usize, dimension: usize| -> f32 {
            (0..40_usize)
                .map(|meaning| {
                    let amount = ((at * (meaning + 3)) as f32 * 0.37).sin();
                    amount * ((dimension * (meaning + 1)) as f32 * 0.11).cos()
                })
                .sum()
        };
        (0..count)
            .map(|at| unit(&(0..width).map(|dimension| part(at, dimension)).collect::<Vec<_>>()))
            .collect()
    }

    #[test]
    fn a_vector_of_the_right_width_becomes_a_unit_vector_and_another_is_refused() {
        let same = EngineSpace::SameWidth;
        let found = same.bring("m", &[3.0; EMBEDDING_DIMENSIONS]).unwrap();
        assert!((length(&found) - 1.0).abs() < 1e-4);
        let nothing = same.bring("m", &[0.0; EMBEDDING_DIMENSIONS]).unwrap();
        assert_eq!(nothing, Embedding::zero());
        let error = same.bring("bge", &[1.0; 384]).unwrap_err().to_string();
        assert!(error.contains("bge") && error.contains("384"), "{error}");
    }

    #[test]
    fn what_was_alike_at_the_engines_width_is_alike_at_ours() {
        for (width, count) in [(300, 400), (400, 120)] {
            let vectors = vectors(width, count);
            let space = EngineSpace::learn(&vectors).unwrap();
            let brought: Vec<Embedding> =
                vectors.iter().map(|vector| space.bring("m", vector).unwrap()).collect();
            for (a, b) in [(0, 1), (5, 60), (17, 90), (30, 31)] {
                let before = cosine(&vectors[a], &vectors[b]);
                let after = cosine(&brought[a].0, &brought[b].0);
                assert!((before - after).abs() < 0.15, "{width}: {before} became {after}");
            }
        }
    }

    #[test]
    fn a_width_that_changed_later_is_refused_by_name() {
        let space = EngineSpace::learn(&vectors(300, 40)).unwrap();
        let error = space.bring("bge", &[1.0; 384]).unwrap_err().to_string();
        assert!(error.contains("bge") && error.contains("300"), "{error}");
    }
}
