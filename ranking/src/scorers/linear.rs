//! The sum of weight times value: every part of it can be shown as a reason.

use crate::candidate::Candidate;
use crate::feature::Feature;
use crate::pipeline::{RankContext, Scorer};

/// Sums the contributions of the features known so far.
#[derive(Debug, Clone, Copy)]
pub struct LinearScorer;

impl Scorer for LinearScorer {
    fn score(&self, _context: &RankContext<'_>, candidate: &Candidate) -> f32 {
        Feature::ALL.into_iter().map(|feature| candidate.contribution(feature)).sum()
    }
}
