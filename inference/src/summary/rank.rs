//! How much each sentence of a text says about the whole of it.
//!
//! TextRank (Mihalcea and Tarau, 2004) over vectors of the words that are not mere grammar.

use crate::encoder::{is_function_character, word_weight};
use crate::token::{TokenKind, Tokens};
use xxhash_rust::xxh3::xxh3_64;

/// Damping of the random walk.
const DAMPING: f32 = 0.85;
/// Words that weigh no more than this serve grammar.
pub(super) const GRAMMAR_WEIGHT: f32 = 0.05;
/// Steps of the random walk; it has settled long before.
const STEPS: usize = 20;

/// A sentence as a sparse vector of unit length, sorted by feature.
#[derive(Debug, Clone, Default)]
pub(super) struct SentenceVector(Vec<(u64, f32)>);

impl SentenceVector {
    /// Cosine of two sentences, 0 to 1.
    pub(super) fn cosine(&self, other: &Self) -> f32 {
        let (mut sum, mut left, mut right) = (0.0, 0, 0);
        while let (Some((a, x)), Some((b, y))) = (self.0.get(left), other.0.get(right)) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => left += 1,
                std::cmp::Ordering::Greater => right += 1,
                std::cmp::Ordering::Equal => {
                    sum += x * y;
                    left += 1;
                    right += 1;
                }
            }
        }
        sum
    }
}

/// Vectors of all sentences by how often a word occurs in each. A word that many sentences share
/// is not weighed down: it is what the text speaks about.
pub(super) fn vectors(sentences: &[&str]) -> Vec<SentenceVector> {
    sentences.iter().map(|each| normalized(features(each))).collect()
}

/// Words of a text, each ideograph counted as one.
pub(crate) fn unit_count(text: &str) -> usize {
    let count = |(kind, token): (TokenKind, &str)| match kind {
        TokenKind::Ideographs => token.chars().count(),
        TokenKind::Word | TokenKind::Number => 1,
    };
    Tokens::of(text).iter().map(count).sum()
}

fn normalized(mut features: Vec<(u64, f32)>) -> SentenceVector {
    let norm = features.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    if norm > f32::EPSILON {
        for (_, weight) in &mut features {
            *weight /= norm;
        }
    }
    SentenceVector(features)
}

/// The weight of each feature, once, by ascending feature.
fn features(sentence: &str) -> Vec<(u64, f32)> {
    let mut features = Vec::new();
    let cut = Tokens::of(sentence);
    for (kind, token) in cut.iter() {
        match kind {
            TokenKind::Ideographs => pairs(token, &mut features),
            TokenKind::Word | TokenKind::Number => {
                if word_weight(token) > GRAMMAR_WEIGHT {
                    let root = token.strip_suffix('s').filter(|_| token.len() > 3);
                    features.push((xxh3_64(root.unwrap_or(token).as_bytes()), 1.0));
                }
            }
        }
    }
    features.sort_by_key(|(feature, _)| *feature);
    features.dedup_by(|(next, weight), (kept, sum)| {
        let same = next == kept;
        if same {
            *sum += *weight;
        }
        same
    });
    features
}

/// Every two neighbouring ideographs.
fn pairs(run: &str, features: &mut Vec<(u64, f32)>) {
    let mut before: Option<(usize, char)> = None;
    for (position, character) in run.char_indices() {
        if let Some((start, first)) = before {
            let grammar = is_function_character(first) || is_function_character(character);
            let pair = run.get(start..position + character.len_utf8()).unwrap_or_default();
            features.push((xxh3_64(pair.as_bytes()), if grammar { 0.2 } else { 1.0 }));
        }
        before = Some((position, character));
    }
}

/// Centrality of each sentence: the random walk's share times the number of sentences, so that
/// 1 is average.
#[expect(clippy::needless_range_loop, reason = "a symmetric matrix is filled by both indices")]
pub(super) fn centrality(vectors: &[SentenceVector]) -> Vec<f32> {
    let count = vectors.len();
    let mut weights = vec![vec![0.0_f32; count]; count];
    for row in 0..count {
        for column in 0..row {
            let similarity = match (vectors.get(row), vectors.get(column)) {
                (Some(a), Some(b)) => a.cosine(b),
                _ => 0.0,
            };
            weights[row][column] = similarity;
            weights[column][row] = similarity;
        }
    }
    let totals: Vec<f32> = weights.iter().map(|row| row.iter().sum()).collect();
    let mut ranks = vec![1.0_f32; count];
    for _ in 0..STEPS {
        let mut next = vec![1.0 - DAMPING; count];
        for (row, total) in weights.iter().zip(&totals).enumerate().map(|(i, (r, t))| ((i, r), *t))
        {
            let (index, row) = row;
            if total <= f32::EPSILON {
                continue;
            }
            let outgoing = DAMPING * ranks[index] / total;
            for (target, weight) in next.iter_mut().zip(row) {
                *target += outgoing * weight;
            }
        }
        ranks = next;
    }
    ranks
}
