//! How near articles are to what the reader likes, for the whole window.

use super::standardise::standard_scores_by_language;
use crate::candidate::Candidate;
use crate::feature::Feature;
use crate::kernel::Direction;
use crate::pipeline::{Hydrator, RankContext};

/// Cosines of unrelated texts spread about this much (1/√256); less is noise.
const SPREAD_MIN: f32 = 1.0 / 16.0;

/// Fills in [`Feature::Long`] and [`Feature::Short`], times how much taste counts.
#[derive(Debug, Clone, Copy)]
pub struct Interest;

impl Hydrator for Interest {
    fn hydrate(&self, context: &RankContext<'_>, candidates: &mut [Candidate]) {
        let taste = context.confidence;
        if taste <= 0.0 {
            return;
        }
        fill(context, candidates, &context.long, Feature::Long, taste);
        let recent = taste * context.recent_confidence;
        fill(context, candidates, &context.short, Feature::Short, recent);
    }
}

fn fill(
    context: &RankContext<'_>,
    candidates: &mut [Candidate],
    direction: &Direction,
    feature: Feature,
    weight: f32,
) {
    let rows = || candidates.iter().map(|candidate| context.row(candidate));
    let cosines: Vec<f32> = rows().map(|row| direction.cosine(row.codes(), row.scale())).collect();
    let languages: Vec<_> = rows().map(|row| row.language()).collect();
    let scores = standard_scores_by_language(&cosines, &languages, SPREAD_MIN);
    for (candidate, score) in candidates.iter_mut().zip(scores) {
        candidate.set(feature, weight * score);
    }
}
