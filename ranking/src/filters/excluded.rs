//! Articles the reader has read or hidden, and copies of them.

use crate::candidate::Candidate;
use crate::pipeline::{Filter, RankContext};

/// Drops excluded articles and members of an excluded near-duplicate group.
#[derive(Debug, Clone, Copy)]
pub struct Excluded;

impl Filter for Excluded {
    fn keep(&self, context: &RankContext<'_>, candidate: &Candidate) -> bool {
        let row = context.row(candidate);
        let excluded = context.request.excluded;
        !excluded.contains(&row.article_id()) && !excluded.contains(&row.group())
    }
}
