//! From an engine's vectors to those the product stores.

use crate::error::{Error, Result};
use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding};
use std::fmt;

/// Brings vectors of an engine into the product's space.
pub trait Project: Send + Sync + fmt::Debug {
    /// A unit vector of [`EMBEDDING_DIMENSIONS`].
    ///
    /// # Errors
    /// [`Error::WrongDimensions`] for a width it does not know.
    fn project(&self, model: &str, vector: &[f32]) -> Result<Embedding>;
}

/// Takes vectors that have the product's width already, such as those of a model that was trained
/// to be shortened and is asked for that width.
#[derive(Debug, Clone, Copy, Default)]
pub struct SameWidth;

impl Project for SameWidth {
    fn project(&self, model: &str, vector: &[f32]) -> Result<Embedding> {
        if vector.len() != EMBEDDING_DIMENSIONS {
            let (model, got, expected) = (model.to_owned(), vector.len(), EMBEDDING_DIMENSIONS);
            return Err(Error::WrongDimensions { model, got, expected });
        }
        let length = vector.iter().map(|part| f64::from(*part).powi(2)).sum::<f64>().sqrt();
        if length == 0.0 {
            return Ok(Embedding::zero());
        }
        Ok(Embedding(vector.iter().map(|part| (f64::from(*part) / length) as f32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_of_the_right_width_becomes_a_unit_vector_and_another_is_refused() {
        let unit = SameWidth.project("m", &[3.0; EMBEDDING_DIMENSIONS]).unwrap();
        let length: f32 = unit.0.iter().map(|part| part * part).sum();
        assert!((length - 1.0).abs() < 1e-4);
        assert_eq!(
            SameWidth.project("m", &[0.0; EMBEDDING_DIMENSIONS]).unwrap(),
            Embedding::zero()
        );
        let error = SameWidth.project("bge", &[1.0; 384]).unwrap_err().to_string();
        assert!(error.contains("bge") && error.contains("384"), "{error}");
    }
}
