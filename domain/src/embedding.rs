//! Vectors that stand for texts, in full and in eight bits.

use serde::{Deserialize, Serialize};

/// Number of dimensions of every embedding the product stores.
pub const EMBEDDING_DIMENSIONS: usize = 256;

/// A text's vector, `[EMBEDDING_DIMENSIONS]`, of unit length (or all zero for a text that says nothing).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding(pub Vec<f32>);

impl Embedding {
    /// The zero vector: a text that says nothing.
    #[must_use]
    pub fn zero() -> Self {
        Self(vec![0.0; EMBEDDING_DIMENSIONS])
    }

    /// Scales to unit length; a zero vector stays zero.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        let norm = self.0.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > f32::EPSILON {
            for value in &mut self.0 {
                *value /= norm;
            }
        }
        self
    }

    /// Dot product, which for unit vectors is the cosine. Simple loop: hot paths use the
    /// ranking room's SIMD kernels on [`QuantizedEmbedding`].
    #[must_use]
    pub fn dot(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }
}

/// An embedding in eight bits per dimension: `value ≈ scale · code`. 4 bytes of scale and one
/// byte per dimension, a quarter of the memory, and the form that is stored and scanned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantizedEmbedding {
    /// `[EMBEDDING_DIMENSIONS]` codes in −127..=127.
    pub codes: Vec<i8>,
    /// What one code step is worth.
    pub scale: f32,
}

impl QuantizedEmbedding {
    /// Quantises symmetrically by the largest absolute value.
    #[must_use]
    pub fn from_embedding(embedding: &Embedding) -> Self {
        let largest = embedding.0.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        if largest <= f32::EPSILON {
            return Self { codes: vec![0; embedding.0.len()], scale: 0.0 };
        }
        let scale = largest / 127.0;
        let codes = embedding.0.iter().map(|value| (value / scale).round() as i8).collect();
        Self { codes, scale }
    }

    /// Back to floating point, with at most half a step of error per dimension.
    #[must_use]
    pub fn to_embedding(&self) -> Embedding {
        Embedding(self.codes.iter().map(|code| f32::from(*code) * self.scale).collect())
    }

    /// Little-endian scale followed by the codes: the stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.codes.len());
        bytes.extend_from_slice(&self.scale.to_le_bytes());
        bytes.extend(self.codes.iter().map(|code| code.cast_unsigned()));
        bytes
    }

    /// Reads [`Self::to_bytes`]; `None` when the length is not that of a stored embedding or the
    /// scale is not a finite number.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (scale, codes) = bytes.split_first_chunk::<4>()?;
        let scale = f32::from_le_bytes(*scale);
        if codes.len() != EMBEDDING_DIMENSIONS || !scale.is_finite() {
            return None;
        }
        Some(Self { codes: codes.iter().map(|code| code.cast_signed()).collect(), scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quantising_errs_by_at_most_half_a_step(values in prop::collection::vec(-1.0_f32..1.0, EMBEDDING_DIMENSIONS)) {
            let embedding = Embedding(values).normalized();
            let quantized = QuantizedEmbedding::from_embedding(&embedding);
            let back = QuantizedEmbedding::from_bytes(&quantized.to_bytes()).expect("own bytes");
            prop_assert_eq!(&back, &quantized);
            for (a, b) in embedding.0.iter().zip(&back.to_embedding().0) {
                prop_assert!((a - b).abs() <= quantized.scale * 0.5001 + f32::EPSILON);
            }
        }

        #[test]
        fn strange_bytes_never_become_an_embedding_of_another_size(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Some(embedding) = QuantizedEmbedding::from_bytes(&bytes) {
                prop_assert_eq!(embedding.codes.len(), EMBEDDING_DIMENSIONS);
            }
        }
    }
}
