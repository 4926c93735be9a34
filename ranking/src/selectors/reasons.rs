//! Why an article is shown: the parts of its score that spoke most for it.

use crate::candidate::Candidate;
use crate::feature::Feature;
use crate::pipeline::RankContext;
use crate::window::Row;
use autoglm_domain::{Reason, ReasonKind};

/// Reasons given at most.
const REASONS_MAX: usize = 3;
/// A weaker contribution is no reason.
const WEIGHT_MIN: f32 = 0.05;

/// Strongest first; at most three, each kind once.
pub(super) fn reasons(
    context: &RankContext<'_>,
    candidate: &Candidate,
    row: Row<'_>,
) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    let mut strongest: Vec<(f32, Feature)> = Feature::ALL
        .into_iter()
        .map(|feature| (candidate.contribution(feature), feature))
        .filter(|(weight, _)| *weight >= WEIGHT_MIN)
        .collect();
    strongest.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    for (weight, feature) in strongest {
        let Some(kind) = feature.reason() else { continue };
        if reasons.iter().any(|reason| reason.kind == kind) {
            continue;
        }
        let Some(text) = text(context, candidate, row, kind) else { continue };
        reasons.push(Reason { kind, text, weight });
        if reasons.len() == REASONS_MAX {
            break;
        }
    }
    reasons
}

/// What the reason refers to; `None` when it turns out to refer to nothing.
fn text(
    context: &RankContext<'_>,
    candidate: &Candidate,
    row: Row<'_>,
    kind: ReasonKind,
) -> Option<String> {
    let request = context.request;
    match kind {
        ReasonKind::SimilarTo => {
            let positive = request.profile.positives().get(candidate.similar_to?)?;
            Some(positive.title.to_string())
        }
        ReasonKind::Source => Some(request.source_titles.get(&row.source_id())?.to_string()),
        ReasonKind::Topic => row
            .topics()
            .iter()
            .max_by(|a, b| {
                let liked = |name: &str| request.profile.topics().value(name, request.now);
                (a.score * liked(&a.name)).total_cmp(&(b.score * liked(&b.name)))
            })
            .map(|topic| topic.name.clone()),
        ReasonKind::Sources => Some(row.sources_in_story().to_string()),
        ReasonKind::LongInterest
        | ReasonKind::RecentInterest
        | ReasonKind::Popular
        | ReasonKind::Fresh
        | ReasonKind::Exploration => Some(String::new()),
    }
}
