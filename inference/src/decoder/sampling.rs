//! Which token comes next, given the scores of all: the best, or one drawn by chance.

use crate::generate::Sampling;
use std::collections::HashSet;

/// Chooses tokens for one request.
#[derive(Debug)]
pub(super) struct Sampler {
    sampling: Sampling,
    chance: SplitMix,
}

impl Sampler {
    /// For one request, from the beginning of its chance.
    #[must_use]
    pub(super) fn new(sampling: Sampling) -> Self {
        Self { sampling, chance: SplitMix(sampling.seed) }
    }

    /// The next token by the scores of all tokens; `None` when there is no finite score.
    pub(super) fn choose(&mut self, scores: &[f32], written: &[u32]) -> Option<u32> {
        let mut scores = scores.to_vec();
        self.penalise(&mut scores, written);
        // A temperature that is no number is the plain choice, too.
        if self.sampling.temperature.is_nan() || self.sampling.temperature <= 0.0 {
            return best(&scores);
        }
        let mut candidates = self.candidates(&scores);
        let total: f32 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut left = self.chance.share() * total;
        let last = candidates.pop()?;
        for (token, weight) in candidates {
            left -= weight;
            if left < 0.0 {
                return Some(token);
            }
        }
        Some(last.0)
    }

    fn penalise(&self, scores: &mut [f32], written: &[u32]) {
        let penalty = self.sampling.repetition_penalty;
        if !penalty.is_finite() || penalty <= 0.0 || (penalty - 1.0).abs() < f32::EPSILON {
            return;
        }
        for token in written.iter().collect::<HashSet<_>>() {
            if let Some(score) = scores.get_mut(*token as usize) {
                *score = if *score > 0.0 { *score / penalty } else { *score * penalty };
            }
        }
    }

    /// Tokens that take part and their weights, best first.
    fn candidates(&self, scores: &[f32]) -> Vec<(u32, f32)> {
        let mut ranked: Vec<(u32, f32)> = (0..).zip(scores.iter().copied()).collect();
        ranked.retain(|(_, score)| score.is_finite());
        let by_score = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        let kept = self.sampling.top_k;
        if kept > 0 && kept < ranked.len() {
            ranked.select_nth_unstable_by(kept, by_score);
            ranked.truncate(kept);
        }
        ranked.sort_unstable_by(by_score);
        let top = ranked.first().map_or(0.0, |(_, score)| *score);
        for (_, score) in &mut ranked {
            *score = ((*score - top) / self.sampling.temperature).exp();
        }
        ranked.truncate(nucleus(&ranked, self.sampling.top_p));
        ranked
    }
}

/// How many of the best are needed for a share of the whole weight; one at least.
fn nucleus(ranked: &[(u32, f32)], share: f32) -> usize {
    if share >= 1.0 {
        return ranked.len();
    }
    let wanted = ranked.iter().map(|(_, weight)| weight).sum::<f32>() * share.max(0.0);
    let mut sum = 0.0;
    let short = ranked
        .iter()
        .take_while(|(_, weight)| {
            sum += weight;
            sum < wanted
        })
        .count();
    (short + 1).min(ranked.len())
}

/// The first of the highest scores.
fn best(scores: &[f32]) -> Option<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (token, score) in (0..).zip(scores.iter().copied()) {
        if score.is_finite() && best.is_none_or(|(_, highest)| score > highest) {
            best = Some((token, score));
        }
    }
    best.map(|(token, _)| token)
}

/// Chance that is the same on every machine: SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to just below 1.
    fn share(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }
}

#[cfg(test)]
mod tests;
