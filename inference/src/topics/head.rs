//! A trained head: multinomial logistic regression over words and the built-in encoder's vector.
//!
//! English gives words and pairs of words, Chinese characters and pairs of characters, hashed into
//! a fixed number of slots and weighed by tf-idf. Adagrad over the texts in a fixed order of
//! shuffles, so that the same texts give the same head on every machine.

use crate::encoder::StaticEncoder;
use crate::error::{Error, Result};
use crate::text::{TITLE_BYTES_MAX, prefix};
use crate::token::{TokenKind, Tokens};
use autoglm_domain::EMBEDDING_DIMENSIONS;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Slots that features are hashed into; the encoder's dimensions follow them.
const SLOTS: usize = 1 << 17;
/// Classes a head may have.
pub const CLASSES_MAX: usize = 200;
/// Texts it learns from at most.
pub const EXAMPLES_MAX: usize = 200_000;
/// The vector's share beside words, whose features have length one together.
const VECTOR_WEIGHT: f32 = 0.7;
const EPOCHS: usize = 12;
const RATE: f32 = 0.3;
/// Pull of every touched weight towards zero.
const SHRINKAGE: f32 = 1e-6;

type Feature = (usize, f32);

/// What was learnt. Serialised, it is all that is needed to judge texts again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicHead {
    labels: Vec<String>,
    /// `[slots and dimensions, labels]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
    idf: Vec<f32>,
}

impl TopicHead {
    /// Learns from texts and their labels.
    ///
    /// # Errors
    /// [`Error::InvalidTaxonomy`] for fewer than two or too many labels, or too many texts.
    pub fn train(encoder: &StaticEncoder, examples: &[(&str, &str)]) -> Result<Self> {
        let mut labels: Vec<String> = examples.iter().map(|(_, label)| (*label).into()).collect();
        labels.sort_unstable();
        labels.dedup();
        if !(2..=CLASSES_MAX).contains(&labels.len()) || examples.len() > EXAMPLES_MAX {
            let (texts, found) = (examples.len(), labels.len());
            return Err(Error::InvalidTaxonomy {
                reason: format!(
                    "a head cannot be trained on {texts} texts with {found} labels; give 2 to \
                     {CLASSES_MAX} labels and at most {EXAMPLES_MAX} texts"
                ),
            });
        }
        let counted: Vec<Vec<Feature>> = examples.iter().map(|(text, _)| counts(text)).collect();
        let mut head = Self {
            weights: vec![0.0; (SLOTS + EMBEDDING_DIMENSIONS) * labels.len()],
            bias: vec![0.0; labels.len()],
            idf: inverse_frequencies(&counted),
            labels,
        };
        let cases: Vec<(Vec<Feature>, usize)> = counted
            .into_iter()
            .zip(examples)
            .map(|(counts, (text, label))| {
                let class = head.labels.partition_point(|known| known.as_str() < *label);
                (head.weighed(encoder, text, counts), class)
            })
            .collect();
        head.learn(&cases);
        Ok(head)
    }

    /// The label of the highest probability, with it.
    #[must_use]
    pub fn best(&self, encoder: &StaticEncoder, text: &str) -> Option<(&str, f32)> {
        let probabilities = self.probabilities(&self.weighed(encoder, text, counts(text)));
        let best = probabilities.iter().enumerate();
        let best = best.max_by(|(i, a), (j, b)| a.total_cmp(b).then(j.cmp(i)))?;
        Some((self.labels.get(best.0)?.as_str(), *best.1))
    }

    fn weighed(
        &self,
        encoder: &StaticEncoder,
        text: &str,
        mut counts: Vec<Feature>,
    ) -> Vec<Feature> {
        for (slot, count) in &mut counts {
            *count = (1.0 + count.ln()) * self.idf.get(*slot).copied().unwrap_or(0.0);
        }
        let length = counts.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            counts.iter_mut().for_each(|(_, value)| *value /= length);
        }
        let vector = encoder.encode(prefix(text, TITLE_BYTES_MAX));
        let dimensions = vector.0.iter().enumerate();
        counts.extend(dimensions.map(|(at, value)| (SLOTS + at, value * VECTOR_WEIGHT)));
        counts
    }

    fn probabilities(&self, features: &[Feature]) -> Vec<f32> {
        let classes = self.labels.len();
        let mut totals = self.bias.clone();
        for (slot, value) in features {
            let row = self.weights.get(slot * classes..(slot + 1) * classes).unwrap_or_default();
            totals.iter_mut().zip(row).for_each(|(total, weight)| *total += value * weight);
        }
        super::prototype::softmax(&totals)
    }

    fn learn(&mut self, cases: &[(Vec<Feature>, usize)]) {
        let classes = self.labels.len();
        let mut squares = vec![1e-8_f32; self.weights.len()];
        let mut bias_squares = vec![1e-8_f32; classes];
        let mut order: Vec<usize> = (0..cases.len()).collect();
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _epoch in 0..EPOCHS {
            shuffle(&mut order, &mut state);
            for (features, class) in order.iter().filter_map(|at| cases.get(*at)) {
                let mut errors = self.probabilities(features);
                if let Some(own) = errors.get_mut(*class) {
                    *own -= 1.0;
                }
                step(&mut self.bias, &mut bias_squares, &errors, 1.0);
                for (slot, value) in features {
                    let range = slot * classes..(slot + 1) * classes;
                    let weights = self.weights.get_mut(range.clone()).unwrap_or_default();
                    let squares = squares.get_mut(range).unwrap_or_default();
                    step(weights, squares, &errors, *value);
                }
            }
        }
    }
}

/// One step of Adagrad for the weights of one feature.
fn step(weights: &mut [f32], squares: &mut [f32], errors: &[f32], value: f32) {
    for ((weight, square), error) in weights.iter_mut().zip(squares).zip(errors) {
        let slope = error * value + SHRINKAGE * *weight;
        *square += slope * slope;
        *weight -= RATE * slope / square.sqrt();
    }
}

/// Slots of a text with how often each occurs, in order.
fn counts(text: &str) -> Vec<Feature> {
    let cut = Tokens::of(prefix(text, TITLE_BYTES_MAX));
    let mut slots: Vec<usize> = Vec::new();
    let mut before: Option<&str> = None;
    for (kind, token) in cut.iter() {
        match kind {
            TokenKind::Ideographs => {
                ideographs(token, &mut slots);
                before = None;
            }
            TokenKind::Word | TokenKind::Number => {
                slots.push(slot(token));
                slots.extend(before.map(|before| slot(&format!("{before} {token}"))));
                before = Some(token);
            }
        }
    }
    slots.sort_unstable();
    slots
        .chunk_by(|a, b| a == b)
        .filter_map(|run| Some((*run.first()?, run.len() as f32)))
        .collect()
}

fn ideographs(run: &str, slots: &mut Vec<usize>) {
    let ends = run.char_indices().map(|(start, character)| start + character.len_utf8());
    let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
    for length in [1, 2] {
        let pieces = starts.iter().zip(starts.iter().skip(length));
        slots.extend(pieces.filter_map(|(from, to)| run.get(*from..*to)).map(slot));
    }
}

fn slot(feature: &str) -> usize {
    (xxh3_64(feature.as_bytes()) as usize) & (SLOTS - 1)
}

fn inverse_frequencies(texts: &[Vec<Feature>]) -> Vec<f32> {
    let mut found = vec![0_u32; SLOTS];
    for (slot, _) in texts.iter().flatten() {
        if let Some(count) = found.get_mut(*slot) {
            *count += 1;
        }
    }
    let total = texts.len() as f32;
    found.into_iter().map(|count| ((1.0 + total) / (1.0 + count as f32)).ln() + 1.0).collect()
}

/// Fisher and Yates with a fixed sequence of numbers.
fn shuffle(order: &mut [usize], state: &mut u64) {
    for at in (1..order.len()).rev() {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        order.swap(at, (*state % (at as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: [(&str, &str); 6] = [
        ("The striker scored in the final", "sports"),
        ("前锋在决赛中进球", "sports"),
        ("Coach praises his team", "sports"),
        ("The bank lifts interest rates", "money"),
        ("央行宣布降息", "money"),
        ("Shares fall on Wall Street", "money"),
    ];

    #[test]
    fn a_head_tells_new_texts_apart_in_both_languages_and_is_the_same_each_time() {
        let encoder = StaticEncoder::built_in().unwrap();
        let head = TopicHead::train(&encoder, &EXAMPLES).unwrap();
        assert_eq!(head.best(&encoder, "The team won the final").unwrap().0, "sports");
        assert_eq!(head.best(&encoder, "银行下调利率").unwrap().0, "money");
        assert_eq!(TopicHead::train(&encoder, &EXAMPLES).unwrap(), head);
    }

    #[test]
    fn one_label_alone_is_refused() {
        let encoder = StaticEncoder::built_in().unwrap();
        let error = TopicHead::train(&encoder, &[("text", "only")]).unwrap_err();
        assert!(error.to_string().contains("1 labels"), "{error}");
    }
}
