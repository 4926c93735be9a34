//! The way of a recommendation: sources, then per stage filters, hydrators, a scorer and a cut,
//! then a selector. The stages are traits, so that one can be added or measured alone.

use crate::candidate::Candidate;
use crate::kernel::Direction;
use crate::profile::{MuteSets, Pace};
use crate::recommend::RankRequest;
use crate::window::Row;
use autoglm_domain::Recommendation;
use std::fmt::Debug;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Noise of Thompson sampling in posterior standard deviations. At 0.03 it turns the direction of a
/// reader with one open by about 14 degrees and that of one with thirty by less than one.
const THOMPSON_NOISE: f32 = 0.03;

/// What every stage may look at: the request and what is derived from it once.
#[derive(Debug)]
pub struct RankContext<'a> {
    /// The request.
    pub request: &'a RankRequest<'a>,
    /// The window's articles by position.
    pub rows: Vec<Row<'a>>,
    /// Sampled interests of weeks.
    pub long: Direction,
    /// Sampled interests of the hour.
    pub short: Direction,
    /// How much taste counts, 0 to 1.
    pub confidence: f32,
    /// How much the taste of the hour counts, 0 to 1.
    pub recent_confidence: f32,
    /// The reader's explicit rules.
    pub muted: MuteSets<'a>,
}

impl<'a> RankContext<'a> {
    /// Derives it. O(d + n).
    #[must_use]
    pub fn new(request: &'a RankRequest<'a>) -> Self {
        let mut draws = Draws::new(request.seed);
        let (profile, now) = (request.profile, request.now);
        let mut sample = |state: &crate::profile::InterestState, pace| {
            Direction::of(&state.sample(now, pace, || THOMPSON_NOISE * draws.normal()))
        };
        Self {
            long: sample(profile.long(), Pace::LONG),
            short: sample(profile.short(), Pace::SHORT),
            confidence: profile.confidence(now),
            recent_confidence: profile.recent_confidence(now),
            muted: MuteSets::new(profile.mutes()),
            rows: request.window.rows().collect(),
            request,
        }
    }

    /// The article of a candidate.
    #[must_use]
    pub fn row(&self, candidate: &Candidate) -> Row<'a> {
        self.rows[candidate.position]
    }
}

/// Random numbers that depend on the seed alone, the same in every version of the product.
#[derive(Debug, Clone)]
pub struct Draws {
    seed: u64,
    count: u64,
}

impl Draws {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.count += 1;
        xxh3_64_with_seed(&self.count.to_le_bytes(), self.seed)
    }

    /// Evenly below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.bits() % (bound.max(1) as u64)).unwrap_or(0)
    }

    /// Normal with mean 0 and deviation 1: the sum of eight even 8-bit numbers, which is near
    /// enough and cheap. Within ±4.9.
    pub fn normal(&mut self) -> f32 {
        let sum: u32 = self.bits().to_le_bytes().iter().map(|byte| u32::from(*byte)).sum();
        // Mean 8·127.5, variance 8·(256²−1)/12.
        (sum as f32 - 1020.0) / 209.02
    }
}

/// Names positions of the window worth a look.
pub trait Source: Debug + Sync {
    /// Adds its candidates; every position at most once.
    fn collect(&self, context: &RankContext<'_>, candidates: &mut Vec<Candidate>);
}

/// Says whether a candidate may be shown at all.
pub trait Filter: Debug + Sync {
    /// Whether to keep it.
    fn keep(&self, context: &RankContext<'_>, candidate: &Candidate) -> bool;
}

/// Fills in features.
pub trait Hydrator: Debug + Sync {
    /// Fills them in for all candidates.
    fn hydrate(&self, context: &RankContext<'_>, candidates: &mut [Candidate]);
}

/// Makes one number of the features.
pub trait Scorer: Debug + Sync {
    /// The score; higher is better.
    fn score(&self, context: &RankContext<'_>, candidate: &Candidate) -> f32;
}

/// Chooses and orders what is shown.
pub trait Selector: Debug + Sync {
    /// At most the request's limit, best first.
    fn select(&self, context: &RankContext<'_>, candidates: Vec<Candidate>) -> Vec<Recommendation>;
}

/// One round: filter, hydrate, score, keep the best. Candidates that explore are always kept.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Applied first.
    pub filters: &'a [&'a dyn Filter],
    /// Applied to what is left.
    pub hydrators: &'a [&'a dyn Hydrator],
    /// Sets the score.
    pub scorer: &'a dyn Scorer,
    /// Number kept.
    pub keep: usize,
}

/// Sources, stages, selector.
#[derive(Debug)]
pub struct Pipeline<'a> {
    /// Where candidates come from.
    pub sources: &'a [&'a dyn Source],
    /// From cheap to dear.
    pub stages: &'a [Stage<'a>],
    /// The last word.
    pub selector: &'a dyn Selector,
}

impl Pipeline<'_> {
    /// Runs it.
    #[must_use]
    pub fn run(&self, context: &RankContext<'_>) -> Vec<Recommendation> {
        let mut candidates = Vec::new();
        for source in self.sources {
            source.collect(context, &mut candidates);
        }
        for stage in self.stages {
            candidates.retain(|candidate| stage.filters.iter().all(|f| f.keep(context, candidate)));
            for hydrator in stage.hydrators {
                hydrator.hydrate(context, &mut candidates);
            }
            for candidate in &mut candidates {
                let score = stage.scorer.score(context, candidate);
                candidate.score = if score.is_finite() { score } else { 0.0 };
            }
            keep_best(&mut candidates, stage.keep);
        }
        self.selector.select(context, candidates)
    }
}

/// Best first; equal scores by position, newest added first, so that the order is always the same.
fn keep_best(candidates: &mut Vec<Candidate>, keep: usize) {
    let best = |a: &Candidate, b: &Candidate| {
        b.score.total_cmp(&a.score).then(b.position.cmp(&a.position))
    };
    if candidates.len() > keep && keep > 0 {
        candidates.select_nth_unstable_by(keep - 1, best);
        let explorers = candidates.split_off(keep);
        candidates.extend(explorers.into_iter().filter(|candidate| candidate.explores));
    }
    candidates.sort_unstable_by(best);
}
