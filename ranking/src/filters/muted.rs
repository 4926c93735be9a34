//! What the reader's explicit rules forbid.

use crate::candidate::Candidate;
use crate::pipeline::{Filter, RankContext};

/// Drops hidden articles and muted sources, topics and stories.
#[derive(Debug, Clone, Copy)]
pub struct Muted;

impl Filter for Muted {
    fn keep(&self, context: &RankContext<'_>, candidate: &Candidate) -> bool {
        let row = context.row(candidate);
        let mutes = context.request.profile.mutes();
        !(mutes.has_article(row.article_id())
            || mutes.has_source(row.source_id())
            || row.story_id().is_some_and(|story| mutes.has_story(story))
            || row.topics().iter().any(|topic| mutes.has_topic(&topic.name)))
    }
}
