//! The open stories and the words that lead to them.

use super::centroid::Centroid;
use crate::decay::hours;
use crate::text::words;
use autoglm_domain::{ArticleId, QuantizedEmbedding, SourceId, StoryId, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Cells of the table of document frequencies; words share cells rarely.
const FREQUENCY_CELLS: usize = 1 << 16;
/// Articles after which old frequencies are halved.
const FREQUENCY_ARTICLES_MAX: f32 = 50_000.0;
/// Stories looked up per word: a word of more stories says nothing.
const STORIES_PER_WORD: usize = 512;

/// Limits and weights of a [`StoryIndex`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoryLimits {
    /// Open stories; the quietest is closed for a new one. About 6 KB each.
    pub stories_max: usize,
    /// A story without a new article for so long is closed.
    pub open: Duration,
    /// Similarity from which an article belongs to a story. On Google News lists words alone are
    /// best at 0.15 (B-cubed F1 0.865); a little more where embeddings take part, whose cosine
    /// is never quite 0. To be tuned again with each encoder.
    pub similarity_min: f32,
    /// Share of the embedding's cosine in the similarity; the rest is that of words.
    pub embedding_share: f32,
    /// What a story loses of its similarity per day of quiet.
    pub quiet_penalty: f32,
}

impl Default for StoryLimits {
    fn default() -> Self {
        Self {
            stories_max: 5_000,
            open: hours(72),
            similarity_min: 0.19,
            embedding_share: 0.2,
            quiet_penalty: 0.1,
        }
    }
}

/// An article to be placed.
#[derive(Debug, Clone, Copy)]
pub struct StoryArticle<'a> {
    /// The article.
    pub article_id: ArticleId,
    /// Where it came from.
    pub source_id: SourceId,
    /// Title and lead; the first 600 characters count.
    pub text: &'a str,
    /// Of title and lead.
    pub embedding: &'a QuantizedEmbedding,
    /// When.
    pub published_at: Timestamp,
}

/// Where an article belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// To a story that is open.
    Existing(StoryId),
    /// To none: the caller makes a story and then calls [`StoryIndex::add`].
    New,
}

/// The open stories. Deterministic: the same calls give the same placements.
#[derive(Debug)]
pub struct StoryIndex {
    limits: StoryLimits,
    stories: HashMap<StoryId, Centroid>,
    by_word: HashMap<u64, Vec<StoryId>>,
    members: HashMap<ArticleId, StoryId>,
    frequencies: Vec<f32>,
    articles: f32,
    newest: Timestamp,
}

impl StoryIndex {
    /// No stories.
    #[must_use]
    pub fn new(limits: StoryLimits) -> Self {
        Self {
            limits,
            stories: HashMap::new(),
            by_word: HashMap::new(),
            members: HashMap::new(),
            frequencies: vec![0.0; FREQUENCY_CELLS],
            articles: 0.0,
            newest: Timestamp(i64::MIN),
        }
    }

    /// Number of open stories.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stories.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stories.is_empty()
    }

    /// Says where an article belongs; remembers nothing. An article that was added before stays
    /// where it is.
    #[must_use]
    pub fn place(&self, article: &StoryArticle<'_>) -> Placement {
        if let Some(story) = self.members.get(&article.article_id) {
            return Placement::Existing(*story);
        }
        let weighed = self.weighed(&words(article.text));
        let vector = article.embedding.to_embedding().0;
        let mut best: Option<(f32, StoryId)> = None;
        for story in self.candidates(&weighed) {
            let Some(centroid) = self.stories.get(&story) else { continue };
            let similarity = self.similarity(centroid, &weighed, &vector, article.published_at);
            if best.is_none_or(|(most, _)| similarity > most) {
                best = Some((similarity, story));
            }
        }
        match best {
            Some((similarity, story)) if similarity >= self.limits.similarity_min => {
                Placement::Existing(story)
            }
            _ => Placement::New,
        }
    }

    /// Adds an article to a story, which is opened if it is not. Also rebuilds the index from the
    /// store after a take-over: call it for the members of the last 72 hours, oldest first.
    pub fn add(&mut self, story: StoryId, article: &StoryArticle<'_>) {
        if self.members.contains_key(&article.article_id) {
            return;
        }
        self.newest = self.newest.max(article.published_at);
        if !self.stories.contains_key(&story) {
            self.make_room();
        }
        let words = words(article.text);
        self.count(&words);
        let centroid = self.stories.entry(story).or_insert_with(Centroid::new);
        let known: HashSet<u64> = centroid.words.keys().copied().collect();
        centroid.add(
            article.article_id,
            article.source_id,
            &words,
            article.embedding,
            article.published_at,
        );
        self.renew_norm(story);
        for word in words.keys().filter(|word| !known.contains(word)) {
            let stories = self.by_word.entry(*word).or_default();
            if !stories.contains(&story) {
                if stories.len() >= STORIES_PER_WORD {
                    stories.remove(0);
                }
                stories.push(story);
            }
        }
        self.members.insert(article.article_id, story);
    }

    /// Closes stories that have been quiet; call it now and then.
    pub fn close_quiet(&mut self, now: Timestamp) {
        let limit = self.limits.open;
        let quiet: HashSet<StoryId> = self
            .stories
            .iter()
            .filter(|(_, centroid)| now.since(centroid.last_at) > limit)
            .map(|(story, _)| *story)
            .collect();
        self.close(&quiet);
    }

    /// The article that stands for a story: typical and among its first; `None` when not open.
    #[must_use]
    pub fn representative(&self, story: StoryId) -> Option<ArticleId> {
        self.stories.get(&story)?.representative()
    }

    /// Number of different sources of an open story.
    #[must_use]
    pub fn sources(&self, story: StoryId) -> usize {
        self.stories.get(&story).map_or(0, |centroid| centroid.sources.len())
    }

    fn similarity(
        &self,
        centroid: &Centroid,
        weighed: &BTreeMap<u64, f32>,
        vector: &[f32],
        at: Timestamp,
    ) -> f32 {
        let share = self.limits.embedding_share;
        let words = self.word_cosine(centroid, weighed);
        let quiet_days = at.since(centroid.last_at).as_secs_f32() / 86_400.0;
        let similarity = share * centroid.cosine(vector).max(0.0) + (1.0 - share) * words;
        if quiet_days * 86_400.0 > self.limits.open.as_secs_f32() {
            return 0.0;
        }
        similarity * (1.0 - self.limits.quiet_penalty * quiet_days).max(0.0)
    }

    /// Stories that share a word, in a fixed order.
    fn candidates(&self, weighed: &BTreeMap<u64, f32>) -> Vec<StoryId> {
        let mut found: Vec<StoryId> =
            weighed.keys().filter_map(|word| self.by_word.get(word)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// An article's words, weighed by rarity, as a unit vector.
    fn weighed(&self, words: &BTreeMap<u64, f32>) -> BTreeMap<u64, f32> {
        let mut weighed: BTreeMap<u64, f32> = words
            .iter()
            .map(|(word, count)| (*word, (1.0 + count.ln()) * self.rarity(*word)))
            .collect();
        let norm = weighed.values().map(|value| value * value).sum::<f32>().sqrt();
        for value in weighed.values_mut() {
            *value /= norm.max(f32::EPSILON);
        }
        weighed
    }

    fn word_cosine(&self, centroid: &Centroid, weighed: &BTreeMap<u64, f32>) -> f32 {
        let product: f32 = weighed
            .iter()
            .filter_map(|(word, value)| {
                centroid.words.get(word).map(|count| value * count * self.rarity(*word))
            })
            .sum();
        if centroid.words_norm > f32::EPSILON { product / centroid.words_norm } else { 0.0 }
    }

    /// Inverse document frequency, at least 1.
    fn rarity(&self, word: u64) -> f32 {
        1.0 + ((self.articles + 1.0) / (self.frequencies[cell(word)] + 1.0)).ln().max(0.0)
    }

    fn count(&mut self, words: &BTreeMap<u64, f32>) {
        if self.articles >= FREQUENCY_ARTICLES_MAX {
            self.articles /= 2.0;
            for frequency in &mut self.frequencies {
                *frequency /= 2.0;
            }
        }
        self.articles += 1.0;
        for word in words.keys() {
            self.frequencies[cell(*word)] += 1.0;
        }
    }

    fn renew_norm(&mut self, story: StoryId) {
        let Some(centroid) = self.stories.get(&story) else { return };
        let squares: f32 =
            centroid.words.iter().map(|(word, count)| (count * self.rarity(*word)).powi(2)).sum();
        if let Some(centroid) = self.stories.get_mut(&story) {
            centroid.words_norm = squares.sqrt();
        }
    }

    /// Closes quiet stories, or else the quietest sixteenth, so that this is rare.
    fn make_room(&mut self) {
        if self.stories.len() < self.limits.stories_max.max(1) {
            return;
        }
        self.close_quiet(self.newest);
        if self.stories.len() < self.limits.stories_max.max(1) {
            return;
        }
        let mut by_age: Vec<(Timestamp, StoryId)> =
            self.stories.iter().map(|(story, centroid)| (centroid.last_at, *story)).collect();
        by_age.sort_unstable();
        let quietest = by_age.len() / 16 + 1;
        let closed = by_age.into_iter().take(quietest).map(|(_, story)| story).collect();
        self.close(&closed);
    }

    fn close(&mut self, closed: &HashSet<StoryId>) {
        if closed.is_empty() {
            return;
        }
        self.stories.retain(|story, _| !closed.contains(story));
        self.members.retain(|_, story| !closed.contains(story));
        for stories in self.by_word.values_mut() {
            stories.retain(|story| !closed.contains(story));
        }
        self.by_word.retain(|_, stories| !stories.is_empty());
    }
}

fn cell(word: u64) -> usize {
    usize::try_from(word % FREQUENCY_CELLS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests;
