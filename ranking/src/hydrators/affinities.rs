//! How the reader takes to an article's source, topics and language.

use crate::candidate::Candidate;
use crate::feature::Feature;
use crate::pipeline::{Hydrator, RankContext};

/// Fills in [`Feature::Source`], [`Feature::Topic`], [`Feature::Language`] and
/// [`Feature::Corroboration`].
#[derive(Debug, Clone, Copy)]
pub struct Affinities;

impl Hydrator for Affinities {
    fn hydrate(&self, context: &RankContext<'_>, candidates: &mut [Candidate]) {
        let (profile, now) = (context.request.profile, context.request.now);
        for candidate in candidates {
            let row = context.row(candidate);
            let topics: f32 = row
                .topics()
                .iter()
                .map(|topic| {
                    topic.score.clamp(0.0, 1.0) * profile.topics().value(topic.name.as_str(), now)
                })
                .sum();
            let language =
                row.language().map_or(0.0, |language| profile.languages().value(&language, now));
            let sources = f32::from(row.sources_in_story().max(1)).ln().min(3.0);
            candidate.set(Feature::Source, profile.sources().value(&row.source_id(), now));
            candidate.set(Feature::Topic, topics.clamp(-1.0, 1.0));
            candidate.set(Feature::Language, language);
            candidate.set(Feature::Corroboration, sources);
        }
    }
}
