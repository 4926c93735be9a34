//! What the reader's explicit rules forbid.

use crate::candidate::Candidate;
use crate::pipeline::{Filter, RankContext};

/// Drops hidden articles and muted sources, topics and stories.
#[derive(Debug, Clone, Copy)]
pub struct Muted;

impl Filter for Muted {
    fn keep(&self, context: &RankContext<'_>, candidate: &Candidate) -> bool {
        !context.muted.forbid(context.row(candidate))
    }
}
