//! Copies of an article, found by MinHash signatures cut into bands.
//!
//! Locality-sensitive hashing (Broder, 1997): signatures that agree in a whole band are compared in
//! full. 42 bands of 3 rows name a pair of Jaccard similarity J with probability 1 − (1 − J³)^42:
//! 0.94 at 0.4, 0.996 at 0.5, 0.04 at 0.1.

use autoglm_domain::{ArticleId, MINHASH_PERMUTATIONS, MinHashSignature, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const BANDS: usize = 42;
const ROWS: usize = 3;
/// Candidates compared per insert: a band shared by more is boilerplate.
const COMPARED_MAX: usize = 400;

/// Limits of a [`NearDuplicateIndex`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearDuplicateLimits {
    /// Articles remembered; about 2 KB each.
    pub articles_max: usize,
    /// How long an article can be found again.
    pub remembered: Duration,
    /// Similarity from which an article is a copy. Measured on edited BBC articles: at 0.5 nine
    /// tenths of reworded copies are found but only two fifths of truncated ones, at 0.3 all, and
    /// no unrelated pair reaches 0.23; 0.4 keeps a margin on both sides until it is tuned on feeds.
    pub similarity_min: f32,
}

impl Default for NearDuplicateLimits {
    fn default() -> Self {
        Self {
            articles_max: 20_000,
            remembered: Duration::from_secs(72 * 3600),
            similarity_min: 0.4,
        }
    }
}

#[derive(Debug)]
struct Entry {
    article: ArticleId,
    group: ArticleId,
    at: Timestamp,
    signature: Vec<u32>,
    bands: [u64; BANDS],
    /// Number of the entry inserted before with the same band; chains run from new to old.
    earlier: [u64; BANDS],
}

/// No entry.
const NONE: u64 = u64::MAX;

/// The articles of the last days by signature. Entries leave in the order they came.
#[derive(Debug)]
pub struct NearDuplicateIndex {
    limits: NearDuplicateLimits,
    entries: VecDeque<Entry>,
    /// Number of the first entry: entry `n` lies at `n - first`.
    first: u64,
    newest: Timestamp,
    /// Last entry of each band's chain.
    heads: HashMap<u64, u64>,
    known: HashMap<ArticleId, ArticleId>,
}

impl NearDuplicateIndex {
    /// An empty index.
    #[must_use]
    pub fn new(limits: NearDuplicateLimits) -> Self {
        Self {
            limits,
            entries: VecDeque::new(),
            first: 0,
            newest: Timestamp(i64::MIN),
            heads: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// Number of articles remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Remembers an article and says of which earlier one it is a copy: the first of its group.
    /// An empty signature is a copy of nothing. Inserting an article again changes nothing and
    /// gives the same answer.
    pub fn insert(
        &mut self,
        article: ArticleId,
        signature: &MinHashSignature,
        at: Timestamp,
    ) -> Option<ArticleId> {
        self.insert_unless(article, signature, at, |_| false)
    }

    /// The same; `is_other` may say of an article, the first of its group, that this one is no copy
    /// of it although it resembles its group.
    pub fn insert_unless(
        &mut self,
        article: ArticleId,
        signature: &MinHashSignature,
        at: Timestamp,
        is_other: impl Fn(ArticleId) -> bool,
    ) -> Option<ArticleId> {
        if let Some(group) = self.known.get(&article) {
            return (*group != article).then_some(*group);
        }
        if signature.0.len() != MINHASH_PERMUTATIONS {
            return None;
        }
        let bands = bands_of(&signature.0);
        let original = self.find(&signature.0, &bands, at, is_other);
        self.add(article, original.unwrap_or(article), signature.0.clone(), bands, at);
        original
    }

    /// Remembers an article with the group it was given before, after a restart or take-over.
    /// Call in the order of insertion.
    pub fn restore(
        &mut self,
        article: ArticleId,
        group: Option<ArticleId>,
        signature: &MinHashSignature,
        at: Timestamp,
    ) {
        if self.known.contains_key(&article) || signature.0.len() != MINHASH_PERMUTATIONS {
            return;
        }
        let bands = bands_of(&signature.0);
        self.add(article, group.unwrap_or(article), signature.0.clone(), bands, at);
    }

    /// Gives articles that are remembered another group, of which each names the first article:
    /// somebody has decided that they are copies of another one than was thought.
    pub fn regroup(&mut self, groups: &HashMap<ArticleId, ArticleId>) {
        if groups.is_empty() {
            return;
        }
        for entry in &mut self.entries {
            if let Some(group) = groups.get(&entry.article) {
                entry.group = *group;
                self.known.insert(entry.article, *group);
            }
        }
    }

    /// The group of the most similar article remembered, if it is similar enough.
    fn find(
        &self,
        signature: &[u32],
        bands: &[u64; BANDS],
        at: Timestamp,
        is_other: impl Fn(ArticleId) -> bool,
    ) -> Option<ArticleId> {
        let mut compared: Vec<u64> = Vec::new();
        let mut best: Option<(f32, ArticleId)> = None;
        for (band, hash) in bands.iter().enumerate() {
            let mut number = self.heads.get(hash).copied().unwrap_or(NONE);
            while let Some(entry) = self.entry(number) {
                if compared.len() >= COMPARED_MAX {
                    return best.map(|(_, group)| group);
                }
                if !compared.contains(&number) {
                    compared.push(number);
                    let similarity = similarity(signature, &entry.signature);
                    let in_time = at.since(entry.at) <= self.limits.remembered;
                    if in_time
                        && similarity >= self.limits.similarity_min
                        && best.is_none_or(|(most, _)| similarity > most)
                        && !is_other(entry.group)
                    {
                        best = Some((similarity, entry.group));
                    }
                }
                number = entry.earlier[band];
            }
        }
        best.map(|(_, group)| group)
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        let offset = number.checked_sub(self.first)?;
        self.entries.get(usize::try_from(offset).ok()?)
    }

    fn add(
        &mut self,
        article: ArticleId,
        group: ArticleId,
        signature: Vec<u32>,
        bands: [u64; BANDS],
        at: Timestamp,
    ) {
        self.newest = self.newest.max(at);
        let number = self.first + self.entries.len() as u64;
        let mut earlier = [NONE; BANDS];
        for (band, hash) in bands.iter().enumerate() {
            earlier[band] = self.heads.insert(*hash, number).unwrap_or(NONE);
        }
        self.known.insert(article, group);
        self.entries.push_back(Entry { article, group, at, signature, bands, earlier });
        self.forget();
    }

    fn forget(&mut self) {
        while let Some(oldest) = self.entries.front() {
            let is_old = self.newest.since(oldest.at) > self.limits.remembered;
            if !is_old && self.entries.len() <= self.limits.articles_max.max(1) {
                break;
            }
            let Some(gone) = self.entries.pop_front() else { break };
            for hash in gone.bands {
                if self.heads.get(&hash) == Some(&self.first) {
                    self.heads.remove(&hash);
                }
            }
            self.known.remove(&gone.article);
            self.first += 1;
        }
    }
}

fn bands_of(signature: &[u32]) -> [u64; BANDS] {
    let mut bands = [0; BANDS];
    for (band, (hash, rows)) in bands.iter_mut().zip(signature.chunks_exact(ROWS)).enumerate() {
        let mut bytes = [0_u8; ROWS * 4];
        for (target, row) in bytes.chunks_exact_mut(4).zip(rows) {
            target.copy_from_slice(&row.to_le_bytes());
        }
        *hash = xxh3_64_with_seed(&bytes, band as u64);
    }
    bands
}

/// Share of equal positions: an estimate of the Jaccard similarity with deviation 0.04.
#[must_use]
pub fn similarity(left: &[u32], right: &[u32]) -> f32 {
    let equal = left.iter().zip(right).filter(|(a, b)| a == b).count();
    equal as f32 / left.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A signature that agrees with that of `seed` 0 in this many positions.
    fn signature(agreeing: usize, seed: u32) -> MinHashSignature {
        let word = |position: usize| {
            let salt = if position < agreeing { 0 } else { seed };
            xxh3_64_with_seed(&position.to_le_bytes(), u64::from(salt)) as u32
        };
        MinHashSignature((0..MINHASH_PERMUTATIONS).map(word).collect())
    }

    #[test]
    fn a_copy_is_found_and_joins_the_first_articles_group() {
        let mut index = NearDuplicateIndex::new(NearDuplicateLimits::default());
        assert_eq!(index.insert(ArticleId(1), &signature(128, 0), Timestamp(0)), None);
        let first = Some(ArticleId(1));
        assert_eq!(index.insert(ArticleId(2), &signature(90, 1), Timestamp(1)), first);
        assert_eq!(index.insert(ArticleId(3), &signature(90, 2), Timestamp(2)), first);
        assert_eq!(index.insert(ArticleId(3), &signature(90, 2), Timestamp(2)), first);
        assert_eq!(index.insert(ArticleId(4), &signature(20, 3), Timestamp(3)), None);
    }

    #[test]
    fn after_three_days_an_article_is_forgotten() {
        let mut index = NearDuplicateIndex::new(NearDuplicateLimits::default());
        index.insert(ArticleId(1), &signature(128, 0), Timestamp(0));
        let later = Timestamp(0).plus(Duration::from_secs(73 * 3600));
        assert_eq!(index.insert(ArticleId(2), &signature(128, 0), later), None);
        assert_eq!(index.len(), 1);
    }

    #[test]
    fn texts_too_short_for_a_signature_are_never_copies() {
        let mut index = NearDuplicateIndex::new(NearDuplicateLimits::default());
        let empty = MinHashSignature::default();
        assert_eq!(index.insert(ArticleId(1), &empty, Timestamp(0)), None);
        assert_eq!(index.insert(ArticleId(2), &empty, Timestamp(0)), None);
    }

    #[test]
    fn a_restored_index_gives_the_same_answers() {
        let mut index = NearDuplicateIndex::new(NearDuplicateLimits::default());
        index.restore(ArticleId(2), Some(ArticleId(1)), &signature(128, 0), Timestamp(0));
        assert_eq!(
            index.insert(ArticleId(3), &signature(100, 5), Timestamp(1)),
            Some(ArticleId(1))
        );
    }

    #[test]
    fn the_next_copy_goes_to_the_group_of_the_article_it_resembles_most_after_regrouping() {
        let mut index = NearDuplicateIndex::new(NearDuplicateLimits::default());
        index.insert(ArticleId(1), &signature(128, 0), Timestamp(0));
        index.insert(ArticleId(2), &signature(90, 1), Timestamp(1));
        index.regroup(&HashMap::from([(ArticleId(2), ArticleId(2)), (ArticleId(7), ArticleId(2))]));
        assert_eq!(index.insert(ArticleId(3), &signature(90, 1), Timestamp(2)), Some(ArticleId(2)));
        assert_eq!(
            index.insert(ArticleId(4), &signature(126, 9), Timestamp(3)),
            Some(ArticleId(1))
        );
        assert_eq!(index.insert(ArticleId(2), &signature(90, 1), Timestamp(4)), None);
        assert_eq!(index.len(), 4);
    }

    proptest! {
        #[test]
        fn the_index_never_grows_past_its_limit_and_a_group_is_its_first_article(
            arrivals in prop::collection::vec((0_usize..128, 0_u32..4, 0_i64..500_000_000), 0..80)
        ) {
            let limits = NearDuplicateLimits { articles_max: 16, ..NearDuplicateLimits::default() };
            let mut index = NearDuplicateIndex::new(limits);
            for (id, (agreeing, seed, at)) in arrivals.into_iter().enumerate() {
                let article = ArticleId(id as i64);
                let group = index.insert(article, &signature(agreeing, seed), Timestamp(at));
                prop_assert!(group.is_none_or(|group| group.0 < article.0));
                prop_assert!(index.len() <= 16 && index.known.len() == index.len());
                prop_assert!(index.heads.len() <= 16 * BANDS);
            }
        }
    }
}
