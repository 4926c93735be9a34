//! How new an article is, on the scale of its topic.

use crate::decay::{hours, remaining};
use autoglm_domain::Timestamp;
use std::time::Duration;

/// Half-life for topics of no special pace.
pub const FRESHNESS_HALF_LIFE: Duration = hours(18);

/// How fast a topic's articles grow old. Starting values by the pace of the subject: results and
/// markets are old tomorrow, research and recipes are not.
#[must_use]
pub fn half_life_of(topic: &str) -> Duration {
    match topic {
        "sports" | "finance" => hours(10),
        "world" | "politics" | "society" | "business" => hours(14),
        "science" | "education" | "health" | "environment" => hours(36),
        "artificial_intelligence" | "lifestyle" => hours(30),
        _ => FRESHNESS_HALF_LIFE,
    }
}

/// 1 for an article of this moment, halved with each half-life.
#[must_use]
pub fn freshness(published_at: Timestamp, now: Timestamp, half_life: Duration) -> f32 {
    remaining(published_at, now, half_life)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sport_grows_old_faster_than_science() {
        let now = Timestamp(0).plus(hours(20));
        let at = |topic| freshness(Timestamp(0), now, half_life_of(topic));
        assert!(at("sports") < at("science"));
    }

    #[test]
    fn an_article_from_the_future_is_merely_new() {
        assert!((freshness(Timestamp(500), Timestamp(0), hours(1)) - 1.0).abs() < 1e-6);
    }
}
