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
                let unseen = request.profile.seen().unopened_impressions(row.article_id()) == 0;
                let ticket = xxh3_64_with_seed(&row.article_id().0.to_le_bytes(), request.seed);
                (is_new && unseen).then_some((ticket, index))
            })
            .collect();
        if drawn.len() > POOL {
            drawn.select_nth_unstable(POOL);
            drawn.truncate(POOL);
        }
        for (_, index) in drawn {
            candidates[index].explores = true;
        }
    }
}
