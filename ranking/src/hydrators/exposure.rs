//! What the reader was shown before, so that a list does not repeat itself.

use crate::candidate::Candidate;
use crate::feature::Feature;
use crate::pipeline::{Hydrator, RankContext};

/// Impressions that count.
const IMPRESSIONS_MAX: u8 = 6;

/// Fills in [`Feature::Seen`] and [`Feature::StoryRead`], both negative.
#[derive(Debug, Clone, Copy)]
pub struct Exposure;

impl Hydrator for Exposure {
    fn hydrate(&self, context: &RankContext<'_>, candidates: &mut [Candidate]) {
        let seen = context.request.profile.seen();
        for candidate in candidates {
            let row = context.row(candidate);
            let shown = seen.unopened_impressions(row.article_id()).min(IMPRESSIONS_MAX);
            let opened = seen.was_opened(row.article_id());
            let story_read = opened
                || row
                    .story_id()
                    .is_some_and(|story| seen.story_was_read(story, context.request.now));
            candidate.set(Feature::Seen, -f32::from(shown));
            candidate.set(Feature::StoryRead, if story_read { -1.0 } else { 0.0 });
        }
    }
}
