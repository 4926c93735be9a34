//! The encoder that needs no weights: hashed words and character n-grams with fixed frequencies.
//!
//! Words, character n-grams within words, and single and double ideographs are hashed
//! into 256 dimensions with signs (Weinberger et al., "Feature Hashing", 2009), four dimensions
//! each, which makes the error of a collision smaller and more even. It knows spelling, not meaning:
//! English and Chinese share the space but a text and its translation are not near.

use super::frequency::{is_function_character, word_weight};
use crate::error::Result;
use crate::model::{Embed, Model, ModelId};
use crate::text::{LEAD_BYTES_MAX, TITLE_BYTES_MAX, prefix};
use crate::token::{TokenKind, Tokens};
use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Dimensions each feature is spread over: 16 bits of its hash for each.
const SPREAD: usize = 4;
/// Texts are cut here.
const TEXT_BYTES_MAX: usize = TITLE_BYTES_MAX + LEAD_BYTES_MAX;
/// Words longer than this are hashed whole but give no more n-grams.
const WORD_CHARACTERS_MAX: usize = 24;

/// Weights of the kinds of features, found on the visible similarity sets.
const WORD: f32 = 1.0;
const NUMBER: f32 = 0.8;
const GRAM: f32 = 0.35;
const IDEOGRAPH: f32 = 1.0;
const IDEOGRAPH_PAIR: f32 = 0.4;
/// What is left of the weight of ideographs that all serve grammar, and that partly do.
const FUNCTION_SHARE: f32 = 0.15;
const HALF_FUNCTION_SHARE: f32 = 0.4;

/// `baseline-1`: deterministic, stateless, a few microseconds a title.
#[derive(Debug, Clone, Copy, Default)]
pub struct BaselineEncoder;

impl BaselineEncoder {
    /// The encoder; it has no settings, because every node must give the same vectors.
    #[must_use]
    pub fn new() -> Self {
        Self
    }

    /// The vector of one text; longer texts than title and lead together are cut.
    #[must_use]
    pub fn encode(&self, text: &str) -> Embedding {
        let cut = Tokens::of(prefix(text, TEXT_BYTES_MAX));
        let mut features = Features::default();
        for (kind, token) in cut.iter() {
            match kind {
                TokenKind::Word => features.word(token),
                TokenKind::Number => features.push(Kind::Word, token, NUMBER),
                TokenKind::Ideographs => features.ideographs(token),
            }
        }
        features.into_embedding()
    }
}

impl Model for BaselineEncoder {
    fn id(&self) -> ModelId {
        ModelId::new("baseline", 1)
    }
}

impl Embed for BaselineEncoder {
    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        Ok(texts.iter().map(|text| self.encode(text)).collect())
    }
}

/// Seeds of the hash, so that a word and an n-gram of the same letters are different features.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Word = 1,
    Gram = 2,
    Ideographs = 3,
}

/// Features of one text: hash and weight, with repetitions.
#[derive(Debug, Default)]
struct Features(Vec<(u64, f32)>);

impl Features {
    fn push(&mut self, kind: Kind, text: &str, weight: f32) {
        self.0.push((xxh3_64_with_seed(text.as_bytes(), kind as u64), weight));
    }

    fn word(&mut self, word: &str) {
        let weight = word_weight(word);
        self.push(Kind::Word, word, WORD * weight);
        // Framed by blanks, so that the start and end of a word are features too.
        let mut framed = String::with_capacity(word.len() + 2);
        framed.push(' ');
        framed.extend(word.chars().take(WORD_CHARACTERS_MAX));
        framed.push(' ');
        let ends = boundaries(&framed);
        for length in [3, 4] {
            for window in ends.windows(length + 1) {
                let (Some(start), Some(end)) = (window.first(), window.last()) else { continue };
                let gram = framed.get(*start..*end).unwrap_or_default();
                self.push(Kind::Gram, gram, GRAM * weight);
            }
        }
    }

    fn ideographs(&mut self, run: &str) {
        let ends = boundaries(run);
        for (length, weight) in [(1, IDEOGRAPH), (2, IDEOGRAPH_PAIR)] {
            for window in ends.windows(length + 1) {
                let (Some(start), Some(end)) = (window.first(), window.last()) else { continue };
                let gram = run.get(*start..*end).unwrap_or_default();
                let functions = gram.chars().filter(|each| is_function_character(*each)).count();
                let share = if functions == length {
                    FUNCTION_SHARE
                } else if functions > 0 {
                    HALF_FUNCTION_SHARE
                } else {
                    1.0
                };
                self.push(Kind::Ideographs, gram, weight * share);
            }
        }
    }

    /// Repetitions count logarithmically; the sum is spread over the dimensions and normalised.
    fn into_embedding(mut self) -> Embedding {
        self.0.sort_unstable_by_key(|(hash, _)| *hash);
        let mut sums = [0.0_f32; EMBEDDING_DIMENSIONS];
        for repeated in self.0.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((hash, weight)) = repeated.first() else { continue };
            let count = repeated.len() as f32;
            spread(&mut sums, *hash, weight * (1.0 + count.ln()));
        }
        Embedding(sums.to_vec()).normalized()
    }
}

/// Adds a feature to its dimensions: of every 16 bits the low 8 choose one, the ninth its sign.
fn spread(sums: &mut [f32; EMBEDDING_DIMENSIONS], hash: u64, weight: f32) {
    for part in 0..SPREAD {
        let bits = hash >> (16 * part);
        let dimension = usize::try_from(bits % EMBEDDING_DIMENSIONS as u64).unwrap_or(0);
        let signed = if (bits >> 8) & 1 == 0 { weight } else { -weight };
        if let Some(sum) = sums.get_mut(dimension) {
            *sum += signed;
        }
    }
}

/// Byte positions between characters, both ends included.
fn boundaries(text: &str) -> Vec<usize> {
    text.char_indices().map(|(position, _)| position).chain([text.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn similarity(a: &str, b: &str) -> f32 {
        let encoder = BaselineEncoder::new();
        encoder.encode(a).dot(&encoder.encode(b))
    }

    #[test]
    fn texts_about_the_same_are_nearer_than_others() {
        let near = similarity("Chip maker opens a plant in Dresden", "New chip plant for Dresden");
        let far = similarity("Chip maker opens a plant in Dresden", "Rain delays the tennis final");
        assert!(near > far + 0.2, "{near} {far}");
        let near = similarity("芯片厂商在德累斯顿建厂", "德累斯顿将有新的芯片工厂");
        let far = similarity("芯片厂商在德累斯顿建厂", "网球决赛因雨推迟举行");
        assert!(near > far + 0.2, "{near} {far}");
    }

    #[test]
    fn inflection_and_case_hardly_matter() {
        assert!(similarity("Floods in the villages", "FLOOD in a village") > 0.4);
    }

    #[test]
    fn a_vector_of_this_version_never_changes() {
        // Frozen: stored vectors of every installation were made by this version.
        let vector = BaselineEncoder::new().encode("Open 新闻 2026");
        let sum: f32 = vector.0.iter().enumerate().map(|(i, v)| v * i as f32).sum();
        assert!((sum - FROZEN).abs() < 1e-2, "{sum}");
    }
    const FROZEN: f32 = -241.178_45;

    proptest! {
        #[test]
        fn every_vector_is_zero_or_of_unit_length(text in ".{0,300}") {
            let vector = BaselineEncoder::new().encode(&text);
            let norm: f32 = vector.0.iter().map(|value| value * value).sum();
            prop_assert_eq!(vector.0.len(), EMBEDDING_DIMENSIONS);
            prop_assert!(norm == 0.0 || (norm - 1.0).abs() < 1e-3);
        }
    }
}
