//! The recommendation as a whole: one call, one list.

use crate::filters::{Excluded, Muted, Unsubscribed};
use crate::hydrators::{Affinities, Exposure, Interest, Neighbours, Prior};
use crate::id_set::{IdMap, IdSet};
use crate::pipeline::{Pipeline, RankContext, Stage};
use crate::profile::Profile;
use crate::scorers::LinearScorer;
use crate::selectors::DiverseSelector;
use crate::sources::{ExplorationPool, WholeWindow};
use crate::window::WindowSnapshot;
use autoglm_domain::{ArticleId, Recommendation, SourceId, Timestamp};
use std::fmt;
use std::sync::Arc;

/// Places of a list at most.
pub const LIMIT_MAX: usize = 200;
/// Candidates that get the full score.
const FULL_SCORE: usize = 500;

/// Everything a recommendation depends on; the same request gives the same list.
#[derive(Clone, Copy)]
pub struct RankRequest<'a> {
    /// Of the reader.
    pub profile: &'a Profile,
    /// The articles there are.
    pub window: &'a WindowSnapshot,
    /// Whether the reader may see, and wants to see, articles of a source.
    pub subscribed: &'a dyn Fn(SourceId) -> bool,
    /// Articles read or hidden; near-duplicates whose group is named here are left out as well.
    pub excluded: &'a IdSet<ArticleId>,
    /// For reasons.
    pub source_titles: &'a IdMap<SourceId, Arc<str>>,
    /// The moment.
    pub now: Timestamp,
    /// Places wanted, at most [`LIMIT_MAX`].
    pub limit: usize,
    /// For Thompson sampling and exploration; another seed gives another list.
    pub seed: u64,
}

impl fmt::Debug for RankRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RankRequest")
            .field("window", &self.window.len())
            .field("excluded", &self.excluded.len())
            .field("now", &self.now)
            .field("limit", &self.limit)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// The best articles for a reader, best first, with reasons and propensities.
///
/// A cheap score (interests, popularity, freshness) over the whole window, the full score over the
/// best 500, then a choice that is diverse and explores.
#[must_use]
pub fn recommend(request: &RankRequest<'_>) -> Vec<Recommendation> {
    let context = RankContext::new(request);
    let pipeline = Pipeline {
        sources: &[&WholeWindow, &ExplorationPool],
        stages: &[
            Stage {
                filters: &[&Unsubscribed, &Excluded, &Muted],
                hydrators: &[&Interest, &Prior],
                scorer: &LinearScorer,
                keep: FULL_SCORE,
            },
            Stage {
                filters: &[],
                hydrators: &[&Neighbours, &Affinities, &Exposure],
                scorer: &LinearScorer,
                keep: FULL_SCORE,
            },
        ],
        selector: &DiverseSelector,
    };
    pipeline.run(&context)
}

#[cfg(test)]
mod tests;
