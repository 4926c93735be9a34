//! Maximal marginal relevance with caps, and one place in ten for exploration.
//!
//! MMR (Carbonell and Goldstein, 1998) because every step can be explained; a determinantal point
//! process costs the same and would not say why.

use super::caps::Caps;
use super::reasons::reasons;
use crate::candidate::Candidate;
use crate::kernel::dot_codes;
use crate::pipeline::{Draws, RankContext, Selector};
use crate::recommend::LIMIT_MAX;
use autoglm_domain::{Reason, ReasonKind, Recommendation};

/// Share of relevance against novelty.
const RELEVANCE: f32 = 0.75;
/// Candidates that take part: this many, or twice the places asked for.
const POOL: usize = 200;
/// One place of this many explores.
const EXPLORE_EVERY: usize = 10;
/// The first places are not given to exploration.
const EXPLORE_FROM: usize = 3;

/// Chooses one by one.
#[derive(Debug, Clone, Copy)]
pub struct DiverseSelector;

impl Selector for DiverseSelector {
    fn select(&self, context: &RankContext<'_>, candidates: Vec<Candidate>) -> Vec<Recommendation> {
        let limit = context.request.limit.min(LIMIT_MAX);
        let mut choice = Choice::new(context, candidates, limit);
        let mut draws = Draws::new(context.request.seed ^ 0x9E37_79B9_7F4A_7C15);
        let mut explore_at = 0;
        while choice.chosen.len() < limit {
            let place = choice.chosen.len();
            if place.is_multiple_of(EXPLORE_EVERY) {
                explore_at = place + EXPLORE_FROM + draws.below(EXPLORE_EVERY - EXPLORE_FROM);
            }
            let explored = place == explore_at && choice.explore(&mut draws);
            if !explored && !choice.exploit() {
                break;
            }
        }
        choice.chosen
    }
}

/// The list being made.
struct Choice<'a> {
    context: &'a RankContext<'a>,
    /// Best first; the first `pool` take part in MMR, the explorers in exploration.
    candidates: Vec<Candidate>,
    pool: usize,
    /// Relevance from 0 to 1.
    relevance: Vec<f32>,
    /// Similarity to the most similar article chosen.
    nearest: Vec<f32>,
    taken: Vec<bool>,
    caps: Caps,
    chosen: Vec<Recommendation>,
}

impl<'a> Choice<'a> {
    fn new(context: &'a RankContext<'a>, candidates: Vec<Candidate>, limit: usize) -> Self {
        let pool = candidates.len().min(POOL.max(2 * limit));
        let scores = || candidates.iter().map(|candidate| candidate.score);
        let highest = scores().fold(f32::MIN, f32::max);
        let lowest = scores().take(pool).fold(f32::MAX, f32::min);
        let spread = (highest - lowest).max(1e-3);
        let relevance = scores().map(|score| ((score - lowest) / spread).clamp(0.0, 1.0)).collect();
        Self {
            context,
            pool,
            relevance,
            nearest: vec![0.0; candidates.len()],
            taken: vec![false; candidates.len()],
            candidates,
            caps: Caps::default(),
            chosen: Vec::with_capacity(limit),
        }
    }

    fn allowed(&self, index: usize) -> bool {
        !self.taken[index] && self.caps.allow(self.context.row(&self.candidates[index]))
    }

    /// Takes the candidate with the best mixture of relevance and novelty.
    fn exploit(&mut self) -> bool {
        let best = (0..self.pool)
            .filter(|index| self.allowed(*index))
            .map(|index| {
                let share = self.caps.source_share(self.context.row(&self.candidates[index]));
                let relevant = RELEVANCE * self.relevance[index] * share;
                (relevant - (1.0 - RELEVANCE) * self.nearest[index], index)
            })
            .max_by(|(a, i), (b, j)| a.total_cmp(b).then(j.cmp(i)));
        let Some((_, index)) = best else { return false };
        let row = self.context.row(&self.candidates[index]);
        // Given the sampled interests the choice is certain but for exploration.
        let explorable = self.candidates.iter().any(|candidate| candidate.explores);
        let propensity = if explorable { 1.0 - 1.0 / EXPLORE_EVERY as f32 } else { 1.0 };
        let reasons = reasons(self.context, &self.candidates[index], row);
        self.take(index, propensity, reasons);
        true
    }

    /// Takes one of the pool of exploration at random.
    fn explore(&mut self, draws: &mut Draws) -> bool {
        let pool: Vec<usize> = (0..self.candidates.len())
            .filter(|index| self.candidates[*index].explores && self.allowed(*index))
            .collect();
        let Some(index) = pool.get(draws.below(pool.len())).copied() else { return false };
        let propensity = 1.0 / (EXPLORE_EVERY as f32 * pool.len() as f32);
        let row = self.context.row(&self.candidates[index]);
        let mut all = reasons(self.context, &self.candidates[index], row);
        all.truncate(2);
        all.insert(0, Reason { kind: ReasonKind::Exploration, text: String::new(), weight: 0.0 });
        self.take(index, propensity, all);
        true
    }

    fn take(&mut self, index: usize, propensity: f32, reasons: Vec<Reason>) {
        let row = self.context.row(&self.candidates[index]);
        self.taken[index] = true;
        self.caps.choose(row);
        self.chosen.push(Recommendation {
            article_id: row.article_id(),
            score: self.candidates[index].score,
            propensity,
            reasons,
        });
        for other in 0..self.pool {
            if !self.taken[other] {
                let row_other = self.context.row(&self.candidates[other]);
                let dot = dot_codes(row.codes(), row_other.codes());
                let similarity = (dot * row.scale() * row_other.scale()).clamp(0.0, 1.0);
                self.nearest[other] = self.nearest[other].max(similarity);
            }
        }
    }
}
