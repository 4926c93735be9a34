//! What readers as a whole open: click rates that forget within hours, mergeable across nodes.
//!
//! Measured anchor of the whole design: a smoothed click rate alone orders news about as well as
//! trained neural rankers do (reference/recommendation.md, finding 1).

use crate::decay::{hours, remaining};
use autoglm_domain::{ArticleId, EventKind, Incarnation, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Half-life of a click and of an impression.
pub const POPULARITY_HALF_LIFE: Duration = hours(5);
/// Click rate assumed of an article nobody has seen.
pub const PRIOR_RATE: f32 = 0.05;
/// How many impressions that assumption is worth.
pub const PRIOR_IMPRESSIONS: f32 = 20.0;
/// Length of a bucket of counters.
const BUCKET_MILLIS: i64 = 3_600_000;
/// Buckets kept; a click this old weighs less than a thousandth.
const BUCKETS_KEPT: i64 = 48;
/// Articles counted per bucket and node; further ones are ignored.
const ARTICLES_PER_BUCKET: usize = 20_000;
/// Nodes whose counters are kept per bucket.
const NODES_MAX: usize = 256;

/// Decayed counts of one article.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PopularityValue {
    /// Decayed clicks.
    pub clicks: f32,
    /// Decayed impressions; a click without an impression counts as one.
    pub impressions: f32,
}

impl PopularityValue {
    /// The click rate, drawn towards [`PRIOR_RATE`] while little is known.
    #[must_use]
    pub fn rate(self) -> f32 {
        let seen = self.impressions.max(self.clicks);
        let rate = (self.clicks + PRIOR_IMPRESSIONS * PRIOR_RATE) / (seen + PRIOR_IMPRESSIONS);
        if rate.is_finite() { rate.clamp(1e-4, 1.0) } else { PRIOR_RATE }
    }
}

/// Counts of one node in one hour; they only grow, so merging takes the larger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    clicks: u32,
    impressions: u32,
}

/// One cell as it travels between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PopularityCell {
    /// Hours since 1970.
    pub bucket: i64,
    /// Who counted.
    pub node: Incarnation,
    /// What was counted.
    pub article_id: ArticleId,
    /// Opens so far.
    pub clicks: u32,
    /// Impressions so far.
    pub impressions: u32,
}

/// Grow-only counters per node and hour. Merging the same cells again, in any order, changes
/// nothing. Bounded: 48 hours, 256 nodes, 20,000 articles per node and hour.
#[derive(Debug, Clone, Default)]
pub struct PopularityCounters {
    cells: BTreeMap<(i64, Incarnation), HashMap<ArticleId, Counts>>,
}

impl PopularityCounters {
    /// No counters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a reader's event on this node; kinds other than impression and open count nothing.
    pub fn record(
        &mut self,
        node: Incarnation,
        article: ArticleId,
        kind: EventKind,
        at: Timestamp,
    ) {
        let (clicks, impressions) = match kind {
            EventKind::Open => (1, 0),
            EventKind::Impression => (0, 1),
            _ => return,
        };
        if let Some(counts) = self.cell(bucket_of(at), node, article) {
            counts.clicks = counts.clicks.saturating_add(clicks);
            counts.impressions = counts.impressions.saturating_add(impressions);
        }
    }

    /// Takes in what another node counted.
    pub fn merge(&mut self, cells: &[PopularityCell]) {
        for cell in cells {
            if let Some(counts) = self.cell(cell.bucket, cell.node, cell.article_id) {
                counts.clicks = counts.clicks.max(cell.clicks);
                counts.impressions = counts.impressions.max(cell.impressions);
            }
        }
    }

    /// What this node has counted since the start of the hour of `since`, for the others.
    #[must_use]
    pub fn export(&self, node: Incarnation, since: Timestamp) -> Vec<PopularityCell> {
        let mut cells: Vec<PopularityCell> = self
            .cells
            .range((bucket_of(since), Incarnation(i64::MIN))..)
            .filter(|((_, counted_by), _)| *counted_by == node)
            .flat_map(|((bucket, _), articles)| {
                articles.iter().map(|(article, counts)| PopularityCell {
                    bucket: *bucket,
                    node,
                    article_id: *article,
                    clicks: counts.clicks,
                    impressions: counts.impressions,
                })
            })
            .collect();
        cells.sort_unstable_by_key(|cell| (cell.bucket, cell.article_id));
        cells
    }

    /// Every article's decayed counts. One pass over all cells; make it once in a while and give
    /// it to [`crate::WindowSnapshot::with_popularity`].
    #[must_use]
    pub fn totals(&self, now: Timestamp) -> HashMap<ArticleId, PopularityValue> {
        let mut totals: HashMap<ArticleId, PopularityValue> = HashMap::new();
        for ((bucket, _), articles) in &self.cells {
            let middle = Timestamp(bucket.saturating_mul(BUCKET_MILLIS) + BUCKET_MILLIS / 2);
            let left = remaining(middle, now, POPULARITY_HALF_LIFE);
            for (article, counts) in articles {
                let total = totals.entry(*article).or_default();
                total.clicks += counts.clicks as f32 * left;
                total.impressions += counts.impressions as f32 * left;
            }
        }
        totals
    }

    /// Forgets hours that no longer count.
    pub fn forget_before(&mut self, now: Timestamp) {
        let first = bucket_of(now) - BUCKETS_KEPT;
        self.cells.retain(|(bucket, _), _| *bucket >= first);
    }

    fn cell(&mut self, bucket: i64, node: Incarnation, article: ArticleId) -> Option<&mut Counts> {
        let newest = self.cells.last_key_value().map_or(bucket, |((newest, _), _)| *newest);
        if bucket < newest - BUCKETS_KEPT {
            return None;
        }
        if bucket > newest {
            self.cells.retain(|(kept, _), _| *kept >= bucket - BUCKETS_KEPT);
        }
        if !self.cells.contains_key(&(bucket, node)) {
            let everyone = (bucket, Incarnation(i64::MIN))..=(bucket, Incarnation(i64::MAX));
            if self.cells.range(everyone).count() >= NODES_MAX {
                return None;
            }
        }
        let articles = self.cells.entry((bucket, node)).or_default();
        if articles.len() >= ARTICLES_PER_BUCKET && !articles.contains_key(&article) {
            return None;
        }
        Some(articles.entry(article).or_default())
    }
}

fn bucket_of(at: Timestamp) -> i64 {
    at.0.div_euclid(BUCKET_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NODE: Incarnation = Incarnation(1);

    #[test]
    fn a_click_counts_half_after_five_hours() {
        let mut counters = PopularityCounters::new();
        counters.record(NODE, ArticleId(1), EventKind::Open, Timestamp(BUCKET_MILLIS / 2));
        let later = Timestamp(BUCKET_MILLIS / 2).plus(POPULARITY_HALF_LIFE);
        let value = counters.totals(later)[&ArticleId(1)];
        assert!((value.clicks - 0.5).abs() < 1e-3);
    }

    #[test]
    fn few_impressions_hardly_move_the_rate() {
        let lucky = PopularityValue { clicks: 1.0, impressions: 1.0 };
        let proven = PopularityValue { clicks: 100.0, impressions: 300.0 };
        assert!(lucky.rate() < proven.rate());
        assert!((PopularityValue::default().rate() - PRIOR_RATE).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn merging_twice_or_in_another_order_changes_nothing(
            events in prop::collection::vec((1_i64..4, 1_i64..6, any::<bool>(), 0_i64..20), 0..60)
        ) {
            let mut nodes = [PopularityCounters::new(), PopularityCounters::new(), PopularityCounters::new()];
            for (node, article, click, hour) in events {
                let kind = if click { EventKind::Open } else { EventKind::Impression };
                nodes[(node - 1) as usize].record(
                    Incarnation(node), ArticleId(article), kind, Timestamp(hour * BUCKET_MILLIS),
                );
            }
            let parts: Vec<Vec<PopularityCell>> = nodes.iter().enumerate()
                .map(|(i, n)| n.export(Incarnation(i as i64 + 1), Timestamp(0))).collect();
            let (mut forwards, mut backwards) = (PopularityCounters::new(), PopularityCounters::new());
            for part in parts.iter().chain(&parts) { forwards.merge(part); }
            for part in parts.iter().rev() { backwards.merge(part); }
            prop_assert_eq!(&forwards.cells, &backwards.cells);
        }
    }
}
