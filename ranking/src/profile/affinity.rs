//! How a reader takes to sources, topics and languages: Beta counts that fade.

use super::EVIDENCE_HALF_LIFE;
use crate::decay::remaining;
use autoglm_domain::Timestamp;
use std::collections::BTreeMap;

/// Keys kept per table; the one with the least evidence leaves first.
pub(super) const KEYS_MAX: usize = 200;
/// Bytes of a topic's key that count.
pub(super) const KEY_BYTES: usize = 64;

/// Fading counts for and against.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) liked: f32,
    pub(super) disliked: f32,
    pub(super) at: Timestamp,
}

impl Counts {
    fn mass_at(&self, now: Timestamp) -> f32 {
        (self.liked + self.disliked) * remaining(self.at, now, EVIDENCE_HALF_LIFE)
    }
}

/// Counts by key, at most 200 of them.
#[derive(Debug, Clone, PartialEq)]
pub struct AffinityTable<K: Ord>(pub(super) BTreeMap<K, Counts>);

impl<K: Ord> Default for AffinityTable<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> AffinityTable<K> {
    /// Between −1 and 1; 0 for a key nothing is known of.
    #[must_use]
    pub fn value<Q>(&self, key: &Q, now: Timestamp) -> f32
    where
        K: std::borrow::Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let Some(counts) = self.0.get(key) else { return 0.0 };
        let left = remaining(counts.at, now, EVIDENCE_HALF_LIFE);
        let (liked, disliked) = (counts.liked * left, counts.disliked * left);
        // The mean of Beta(1 + liked, 1 + disliked), moved from 0..1 to −1..1.
        2.0 * (liked + 1.0) / (liked + disliked + 2.0) - 1.0
    }

    pub(super) fn add(&mut self, key: K, weight: f32, at: Timestamp) {
        if !weight.is_finite() || weight == 0.0 {
            return;
        }
        if self.0.len() >= KEYS_MAX && !self.0.contains_key(&key) {
            self.evict(at);
        }
        let counts = self.0.entry(key).or_default();
        let left = remaining(counts.at, at, EVIDENCE_HALF_LIFE);
        counts.liked = (counts.liked * left + weight.max(0.0)).min(1e6);
        counts.disliked = (counts.disliked * left + (-weight).max(0.0)).min(1e6);
        counts.at = counts.at.max(at);
    }

    fn evict(&mut self, now: Timestamp) {
        let weakest = self
            .0
            .iter()
            .min_by(|(_, a), (_, b)| a.mass_at(now).total_cmp(&b.mass_at(now)))
            .map(|(key, _)| key.clone());
        if let Some(key) = weakest {
            self.0.remove(&key);
        }
    }
}

/// A topic's key, cut to what is kept.
pub(super) fn bounded(key: &str) -> String {
    key.get(..key.floor_char_boundary(KEY_BYTES)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    #[test]
    fn liking_fades_back_to_indifference() {
        let mut table = AffinityTable::default();
        for _ in 0..5 {
            table.add(1, 1.0, NOW);
        }
        let fresh = table.value(&1, NOW);
        let old = table.value(&1, NOW.plus(crate::decay::days(90)));
        assert!(fresh > 0.5 && old < fresh && old > 0.0);
        assert_eq!(table.value(&2, NOW), 0.0);
    }

    #[test]
    fn the_table_never_grows_past_its_bound() {
        let mut table = AffinityTable::default();
        for key in 0..1000 {
            table.add(key, 1.0, NOW);
        }
        assert_eq!(table.0.len(), KEYS_MAX);
    }
}
