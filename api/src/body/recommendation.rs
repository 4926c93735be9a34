//! The ranked list.

use crate::body::article::Article;
use autoglm_protocol::domain::{Reason, ReasonKind};
use autoglm_protocol::view::{RankedList, RecommendedArticle};
use serde::Serialize;
use utoipa::ToSchema;

/// The ranked list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ranked<'a> {
    /// Best first.
    items: Vec<Recommendation<'a>>,
    /// True while the cluster cannot reach whoever keeps this reader's profile: the list is made by
    /// the profile that was saved last, and the reader's latest events may be missing from it.
    stale: bool,
}

impl<'a> From<&'a RankedList> for Ranked<'a> {
    fn from(list: &'a RankedList) -> Self {
        Self { items: list.items.iter().map(Recommendation::from).collect(), stale: list.stale }
    }
}

/// One place in the ranked list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recommendation<'a> {
    /// The article.
    article: Article<'a>,
    /// Comparable within one list only.
    score: f32,
    /// Strongest first, at most three.
    reasons: Vec<RankingReason<'a>>,
}

/// Why an article is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RankingReason<'a> {
    /// `long_interest`, `recent_interest`, `similar_to`, `source`, `topic`, `popular`, `sources`,
    /// `fresh` or `exploration`.
    #[schema(value_type = String, example = "topic")]
    kind: ReasonKind,
    /// What it refers to: a topic's key, a title, a number; or empty.
    text: &'a str,
    /// Its part of the score.
    weight: f32,
}

impl<'a> From<&'a RecommendedArticle> for Recommendation<'a> {
    fn from(place: &'a RecommendedArticle) -> Self {
        Self {
            article: (&place.article).into(),
            score: place.recommendation.score,
            reasons: place.recommendation.reasons.iter().map(RankingReason::from).collect(),
        }
    }
}

impl<'a> From<&'a Reason> for RankingReason<'a> {
    fn from(reason: &'a Reason) -> Self {
        Self { kind: reason.kind, text: &reason.text, weight: reason.weight }
    }
}
