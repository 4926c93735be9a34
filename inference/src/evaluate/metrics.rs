//! Figures that say how good an answer is: rank correlation and overlap with a reference.

use crate::token::{TokenKind, Tokens};
use std::collections::HashMap;

/// Spearman's rank correlation, equal values sharing their mean rank; 0 for fewer than two pairs
/// or a constant side.
#[must_use]
pub fn spearman(left: &[f64], right: &[f64]) -> f64 {
    if left.len() != right.len() || left.len() < 2 {
        return 0.0;
    }
    pearson(&ranks(left), &ranks(right))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        let rank = (start + end - 1) as f64 / 2.0;
        for position in start..end {
            ranks[order[position]] = rank;
        }
        start = end;
    }
    ranks
}

fn pearson(left: &[f64], right: &[f64]) -> f64 {
    let count = left.len() as f64;
    let (mean_left, mean_right) =
        (left.iter().sum::<f64>() / count, right.iter().sum::<f64>() / count);
    let (mut product, mut square_left, mut square_right) = (0.0, 0.0, 0.0);
    for (a, b) in left.iter().zip(right) {
        product += (a - mean_left) * (b - mean_right);
        square_left += (a - mean_left).powi(2);
        square_right += (b - mean_right).powi(2);
    }
    let norm = (square_left * square_right).sqrt();
    if norm > 0.0 { product / norm } else { 0.0 }
}

/// ROUGE F1 of one text against one reference, 0 to 1. English by lower-case words without
/// stemming, Chinese by characters.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rouge {
    /// Single units.
    pub one: f64,
    /// Pairs.
    pub two: f64,
    /// Longest common subsequence.
    pub longest: f64,
}

impl Rouge {
    /// Compares a text with a reference; both are cut after 4,000 units.
    #[must_use]
    pub fn of(text: &str, reference: &str) -> Self {
        let (text, reference) = (units(text), units(reference));
        Self {
            one: overlap(&text, &reference, 1),
            two: overlap(&text, &reference, 2),
            longest: f1(common_subsequence(&text, &reference), text.len(), reference.len()),
        }
    }
}

fn units(text: &str) -> Vec<String> {
    let cut = Tokens::of(text);
    let mut units = Vec::new();
    for (kind, token) in cut.iter() {
        match kind {
            TokenKind::Ideographs => units.extend(token.chars().map(String::from)),
            TokenKind::Word | TokenKind::Number => units.push(token.to_owned()),
        }
    }
    units.truncate(4000);
    units
}

fn overlap(text: &[String], reference: &[String], length: usize) -> f64 {
    let mut wanted: HashMap<&[String], usize> = HashMap::new();
    for gram in reference.windows(length) {
        *wanted.entry(gram).or_default() += 1;
    }
    let mut common = 0;
    for gram in text.windows(length) {
        if let Some(left) = wanted.get_mut(gram).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    let grams = |units: &[String]| (units.len() + 1).saturating_sub(length);
    f1(common, grams(text), grams(reference))
}

fn common_subsequence(text: &[String], reference: &[String]) -> usize {
    let mut row = vec![0_usize; reference.len() + 1];
    for unit in text {
        let mut diagonal = 0;
        for (index, other) in reference.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if unit == other { diagonal + 1 } else { above.max(row[index]) };
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn f1(common: usize, text: usize, reference: usize) -> f64 {
    if common == 0 {
        return 0.0;
    }
    let (precision, recall) = (common as f64 / text as f64, common as f64 / reference as f64);
    2.0 * precision * recall / (precision + recall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlation_of_known_lists_is_right() {
        assert!((spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]) - 1.0).abs() < 1e-9);
        assert!((spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-9);
        // By hand: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
        let tied = spearman(&[1.0, 2.0, 2.0, 4.0], &[1.0, 2.0, 3.0, 4.0]);
        assert!((tied - 0.948_683).abs() < 1e-5, "{tied}");
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }

    #[test]
    fn overlap_with_a_reference_is_counted_by_hand() {
        let rouge = Rouge::of("the cat sat", "the cat lay down");
        assert!((rouge.one - 2.0 * (2.0 / 3.0) * 0.5 / (2.0 / 3.0 + 0.5)).abs() < 1e-9);
        assert!((rouge.two - 2.0 * 0.5 * (1.0 / 3.0) / (0.5 + 1.0 / 3.0)).abs() < 1e-9);
        assert!((Rouge::of("新闻", "新闻").longest - 1.0).abs() < 1e-9);
        assert_eq!(Rouge::of("", "x"), Rouge::default());
    }
}
