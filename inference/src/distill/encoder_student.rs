//! A transformer encoder with fewer layers that says nearly what its teacher says.
//!
//! The student begins as every so-manieth layer of the teacher and learns, text by text, the
//! teacher's vectors, its hidden states, and which texts it finds near each other. Words and
//! positions stay the teacher's: they are most of the parameters and the least of the time.

mod batches;
mod folder;
mod learning;
mod objective;
mod parameters;
mod stack;

#[cfg(test)]
mod tests;

pub use batches::read_texts;
pub use learning::distill_encoder;

use super::error::DistillError;
use super::pairs::ScoredPair;
use crate::encoder::TransformerEncoder;
use crate::error::Result;
use crate::evaluate::metrics::spearman;

/// What it learns from.
#[derive(Debug, Clone, Copy)]
pub struct EncoderLessons<'a> {
    /// Any texts of the kind it is to be used on.
    pub texts: &'a [String],
    /// Pairs that people scored; none, and only the teacher is followed.
    pub pairs: &'a [ScoredPair],
}

/// Size of the student, and how long and by what it learns.
#[derive(Debug, Clone, Copy)]
pub struct EncoderOptions {
    /// Layers of the student.
    pub layers: usize,
    /// Batches.
    pub steps: usize,
    /// Texts, and pairs, of a batch.
    pub batch: usize,
    /// Most tokens of a text; longer ones are cut.
    pub tokens_max: usize,
    /// The highest rate of learning.
    pub rate: f32,
    /// How much the people's scores count, 0 to 1; the rest is the teacher's.
    pub alpha: f32,
    /// How much the hidden states count beside the vectors.
    pub hidden: f32,
    /// How much it counts which texts are near each other.
    pub relational: f32,
    /// The temperature at which nearness is compared: lower looks at the nearest only.
    pub temperature: f32,
    /// Steps after which what was learned is kept.
    pub checkpoint_every: usize,
    /// For everything that is drawn.
    pub seed: u64,
}

impl Default for EncoderOptions {
    /// A few minutes of one core for a model of MiniLM's size.
    fn default() -> Self {
        Self {
            layers: 3,
            steps: 1_000,
            batch: 64,
            tokens_max: 64,
            rate: 3e-4,
            alpha: 0.2,
            hidden: 0.1,
            relational: 1.0,
            temperature: 0.1,
            checkpoint_every: 100,
            seed: 1,
        }
    }
}

impl EncoderOptions {
    fn check(&self, of_teacher: usize) -> Result<(), DistillError> {
        let wrong = |reason: String| Err(DistillError::TooLittle(reason));
        if !(1..=of_teacher).contains(&self.layers) {
            return wrong(format!(
                "a student of {} layers from a teacher of {of_teacher}; take 1 to {of_teacher}",
                self.layers
            ));
        }
        if !(0.0..=1.0).contains(&self.alpha) || self.temperature <= 0.0 {
            return wrong("alpha must be 0 to 1 and the temperature above 0".to_owned());
        }
        if self.batch < 2 || self.tokens_max < 3 || self.steps == 0 || self.checkpoint_every == 0 {
            return wrong(
                "a batch needs 2 texts, a text 3 tokens, and the training a step".to_owned(),
            );
        }
        Ok(())
    }
}

/// Spearman's correlation of an encoder's cosines with people's scores.
///
/// # Errors
/// When the encoder fails.
pub fn agreement(encoder: &TransformerEncoder, pairs: &[ScoredPair]) -> Result<f64> {
    /// Pairs encoded at a time.
    const BATCH: usize = 256;
    let mut cosines = Vec::with_capacity(pairs.len());
    for batch in pairs.chunks(BATCH) {
        let side = |side: usize| -> Vec<&str> {
            batch.iter().filter_map(|pair| pair.texts.get(side)).map(String::as_str).collect()
        };
        let (first, second) = (encoder.encode(&side(0))?, encoder.encode(&side(1))?);
        let both = first.iter().zip(&second);
        cosines.extend(both.map(|(a, b)| f64::from(super::matrix::dot(a, b))));
    }
    let scores: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.score)).collect();
    Ok(spearman(&cosines, &scores))
}
