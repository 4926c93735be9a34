//! Articles worth showing just to learn: new, and never shown to this reader.

use crate::candidate::Candidate;
use crate::decay::hours;
use crate::pipeline::{RankContext, Source};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Articles drawn per request.
const POOL: usize = 100;

/// Marks a random sample of articles that may take the places reserved for exploration. Runs
/// after a source that names them.
#[derive(Debug, Clone, Copy)]
pub struct ExplorationPool;

impl Source for ExplorationPool {
    fn collect(&self, context: &RankContext<'_>, candidates: &mut Vec<Candidate>) {
        let request = context.request;
        let mut drawn: Vec<(u64, usize)> = candidates
            .iter()
            .enumerate()
            .filter_map(|(index, candidate)| {
                let row = context.row(candidate);
                let is_new = request.now.since(row.published_at()) < hours(48);
                let ticket = xxh3_64_with_seed(&row.article_id().0.to_le_bytes(), request.seed);
                is_new.then_some((ticket, index))
            })
            .collect();
        // Whether an article was shown is too dear to ask for all: enough are drawn for the pool
        // to be full even if every article the reader ever saw is among them.
        let seen = request.profile.seen();
        let enough = POOL + seen.len();
        if drawn.len() > enough {
            drawn.select_nth_unstable(enough);
            drawn.truncate(enough);
        }
        drawn.sort_unstable();
        let unseen = drawn.into_iter().filter(|(_, index)| {
            seen.unopened_impressions(context.row(&candidates[*index]).article_id()) == 0
        });
        let explorers: Vec<usize> = unseen.take(POOL).map(|(_, index)| index).collect();
        for index in explorers {
            candidates[index].explores = true;
        }
    }
}
