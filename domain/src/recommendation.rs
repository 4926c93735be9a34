//! A recommended article with the reasons, in a form that every language can put into words.

use crate::ArticleId;
use serde::{Deserialize, Serialize};

/// Why an article is shown; the page words it in the reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// It resembles what the reader liked over weeks.
    LongInterest,
    /// It resembles what the reader just read.
    RecentInterest,
    /// It resembles one article the reader kept or read; `text` is its title.
    SimilarTo,
    /// The reader likes its source; `text` is the source's title.
    Source,
    /// The reader likes its topic; `text` is the topic's key.
    Topic,
    /// Other readers open it.
    Popular,
    /// Several sources report it; `text` is their number.
    Sources,
    /// It is new.
    Fresh,
    /// Shown to learn whether the reader likes such things.
    Exploration,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What kind.
    pub kind: ReasonKind,
    /// The thing it refers to (a topic key, a title, a number); empty when there is none.
    pub text: String,
    /// Its part of the score.
    pub weight: f32,
}

/// One place in a ranked list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// The article.
    pub article_id: ArticleId,
    /// Comparable within one list only.
    pub score: f32,
    /// The probability with which this place was chosen as it was, for off-policy estimates.
    pub propensity: f32,
    /// Strongest first, at most three.
    pub reasons: Vec<Reason>,
}
