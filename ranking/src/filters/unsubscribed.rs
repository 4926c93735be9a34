//! Sources the reader does not follow: they may be another reader's private ones.

use crate::candidate::Candidate;
use crate::pipeline::{Filter, RankContext};

/// Drops articles of sources that are not subscribed.
#[derive(Debug, Clone, Copy)]
pub struct Unsubscribed;

impl Filter for Unsubscribed {
    fn keep(&self, context: &RankContext<'_>, candidate: &Candidate) -> bool {
        (context.request.subscribed)(context.row(candidate).source_id())
    }
}
