//! Popularity and freshness: what counts for everybody.

use super::standardise::standard_scores;
use crate::candidate::Candidate;
use crate::feature::Feature;
use crate::freshness::freshness;
use crate::pipeline::{Hydrator, RankContext};

/// Logarithms of click rates that differ by less than this hardly differ.
const SPREAD_MIN: f32 = 0.3;

/// Fills in [`Feature::Popularity`] and [`Feature::Freshness`].
#[derive(Debug, Clone, Copy)]
pub struct Prior;

impl Hydrator for Prior {
    fn hydrate(&self, context: &RankContext<'_>, candidates: &mut [Candidate]) {
        let rates = context.request.window.log_rates();
        let values: Vec<f32> = candidates
            .iter()
            .map(|candidate| rates.get(candidate.position).copied().unwrap_or_default())
            .collect();
        let popularity = standard_scores(&values, SPREAD_MIN);
        for (candidate, popular) in candidates.iter_mut().zip(popularity) {
            let row = context.row(candidate);
            candidate.set(Feature::Popularity, popular);
            candidate.set(
                Feature::Freshness,
                freshness(row.published_at(), context.request.now, row.half_life()),
            );
        }
    }
}
