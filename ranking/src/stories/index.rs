//! The open stories and the words that lead to them.

use super::centroid::Centroid;
use super::frequencies::Frequencies;
use super::phrases::{Token, tokens};
use super::postings::Postings;
use crate::decay::hours;
use crate::text::{Word, words};
use autoglm_domain::{ArticleId, QuantizedEmbedding, SourceId, StoryId, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Stories compared exactly: those whose words are nearest.
const COMPARED_MAX: usize = 64;

/// Limits and weights of a [`StoryIndex`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoryLimits {
    /// Open stories; the quietest is closed for a new one. About 10 KB each.
    pub stories_max: usize,
    /// A story without a new article for so long is closed.
    pub open: Duration,
    /// Similarity from which an article belongs to a story. Measured with the built-in encoder on
    /// Google News lists (B-cubed F1 0.90 with title and snippet, 0.75 with titles alone) and on
    /// unrelated news, which a lower value throws together. To be tuned again with each encoder.
    pub similarity_min: f32,
    /// Share of the embedding's cosine in the similarity; the rest is that of words.
    pub embedding_share: f32,
    /// Cosine that texts on one subject have without being about one event; only what is above it
    /// counts, stretched to 0 to 1.
    pub embedding_floor: f32,
    /// What a story loses of its similarity per day between it and the article.
    pub quiet_penalty: f32,
}

impl Default for StoryLimits {
    fn default() -> Self {
        Self {
            stories_max: 5_000,
            open: hours(72),
            similarity_min: 0.24,
            embedding_share: 0.05,
            embedding_floor: 0.3,
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
    /// Places of stories; those of closed ones are used again.
    slots: Vec<Option<(StoryId, Centroid)>>,
    /// By place, what makes a product with the words comparable: size over length.
    scales: Vec<f32>,
    free: Vec<u32>,
    by_story: HashMap<StoryId, u32>,
    /// From the quietest.
    by_age: BTreeSet<(Timestamp, StoryId)>,
    postings: Postings,
    members: HashMap<ArticleId, StoryId>,
    frequencies: Frequencies,
}

impl StoryIndex {
    /// No stories.
    #[must_use]
    pub fn new(limits: StoryLimits) -> Self {
        Self {
            limits,
            slots: Vec::new(),
            scales: Vec::new(),
            free: Vec::new(),
            by_story: HashMap::new(),
            by_age: BTreeSet::new(),
            postings: Postings::default(),
            members: HashMap::new(),
            frequencies: Frequencies::new(),
        }
    }

    /// Number of open stories.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_story.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_story.is_empty()
    }

    /// Says where an article belongs; remembers nothing. An article that was added before stays
    /// where it is.
    #[must_use]
    pub fn place(&self, article: &StoryArticle<'_>) -> Placement {
        self.place_between(article, |_, _| false)
    }

    /// The same; `are_apart` tells of two stories that somebody took one out of the other. Between
    /// those the nearer one counts and not, as usual, also the larger one.
    #[must_use]
    pub fn place_between(
        &self,
        article: &StoryArticle<'_>,
        are_apart: impl Fn(StoryId, StoryId) -> bool,
    ) -> Placement {
        if let Some(story) = self.members.get(&article.article_id) {
            return Placement::Existing(*story);
        }
        let weights = self.weights(&words(article.text));
        let vector = article.embedding.to_embedding().0;
        let mut near: Vec<(f32, StoryId, &Centroid)> = self
            .nearest_by_words(&weights)
            .into_iter()
            .map(|(words, story, centroid)| {
                let at = article.published_at;
                (self.similarity(centroid, words, &vector, at), story, centroid)
            })
            .filter(|(similarity, ..)| *similarity >= self.limits.similarity_min)
            .collect();
        near.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let tokens = if near.is_empty() { Vec::new() } else { tokens(article.text) };
        let fits = |centroid: &Centroid| !self.is_filled_otherwise(centroid, &tokens);
        let mut near = near.into_iter();
        let Some((similarity, best, centroid)) = near.find(|(.., centroid)| fits(centroid)) else {
            return Placement::New;
        };
        let nearness = similarity / centroid.size_gain();
        let nearer = near
            .filter(|(_, story, centroid)| are_apart(best, *story) && fits(centroid))
            .map(|(similarity, story, centroid)| (similarity / centroid.size_gain(), story))
            .filter(|(other, _)| *other > nearness)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        Placement::Existing(nearer.map_or(best, |(_, story)| story))
    }

    /// Whether an article says with the sentences of another's story something else: then it is no
    /// copy of the other, however many words they share. `false` when the other is not remembered.
    #[must_use]
    pub fn tells_otherwise(&self, article: &StoryArticle<'_>, other: ArticleId) -> bool {
        let story = self.members.get(&other).and_then(|story| self.centroid(*story));
        story.is_some_and(|centroid| self.is_filled_otherwise(centroid, &tokens(article.text)))
    }

    fn is_filled_otherwise(&self, centroid: &Centroid, tokens: &[Token]) -> bool {
        let rarity = |hash, is_common| self.frequencies.rarity(hash, is_common);
        centroid.phrases.is_filled_otherwise(tokens, rarity)
    }

    /// Adds an article to a story, which is opened if it is not. Also rebuilds the index from the
    /// store after a take-over: call it for the members of the last 72 hours, oldest first.
    pub fn add(&mut self, story: StoryId, article: &StoryArticle<'_>) {
        if !self.members.contains_key(&article.article_id) {
            let words = words(article.text);
            self.frequencies.count(&words);
            self.join(story, article, &words);
        }
    }

    /// Adds an article again whose story was closed only to be told anew: its words count once.
    pub fn add_again(&mut self, story: StoryId, article: &StoryArticle<'_>) {
        if !self.members.contains_key(&article.article_id) {
            self.join(story, article, &words(article.text));
        }
    }

    fn join(&mut self, story: StoryId, article: &StoryArticle<'_>, words: &[Word]) {
        let slot = self.opened(story);
        let Some(Some((_, centroid))) = self.slots.get_mut(slot as usize) else { return };
        self.by_age.remove(&(centroid.last_at, story));
        let dropped = centroid.add(article, words, &self.frequencies);
        self.by_age.insert((centroid.last_at, story));
        for word in dropped {
            self.postings.remove(word, slot);
        }
        for word in words {
            if let Ok(at) = centroid.words.binary_search_by_key(&word.hash, |known| known.hash) {
                self.postings.set(word.hash, slot, centroid.words[at].count);
            }
        }
        if let Some(scale) = self.scales.get_mut(slot as usize) {
            *scale = centroid.size_gain() * centroid.words_scale();
        }
        if let Some(forgotten) = centroid.remember(article.article_id) {
            self.members.remove(&forgotten);
        }
        self.members.insert(article.article_id, story);
    }

    /// Closes stories that have been quiet; call it now and then.
    pub fn close_quiet(&mut self, now: Timestamp) {
        while let Some((last_at, story)) = self.by_age.first().copied() {
            if now.since(last_at) <= self.limits.open {
                return;
            }
            self.close(story);
        }
    }

    /// The article that stands for a story: typical and among its first; `None` when not open.
    #[must_use]
    pub fn representative(&self, story: StoryId) -> Option<ArticleId> {
        self.centroid(story)?.representative()
    }

    /// Whether an article is known to belong to an open story.
    #[must_use]
    pub fn knows(&self, article: ArticleId) -> bool {
        self.members.contains_key(&article)
    }

    /// The open stories, in no order.
    pub fn stories(&self) -> impl Iterator<Item = StoryId> + '_ {
        self.by_story.keys().copied()
    }

    /// Number of different sources of an open story.
    #[must_use]
    pub fn sources(&self, story: StoryId) -> usize {
        self.centroid(story).map_or(0, |centroid| centroid.sources.len())
    }

    fn centroid(&self, story: StoryId) -> Option<&Centroid> {
        let slot = self.by_story.get(&story)?;
        self.slots.get(*slot as usize)?.as_ref().map(|(_, centroid)| centroid)
    }

    /// An article's words by ascending hash with what a story gains by having them: the unit vector
    /// of counts and rarities, times the rarity once more for the story's side.
    fn weights(&self, words: &[Word]) -> Vec<(u64, f32)> {
        let mut squares = 0.0;
        let mut weights: Vec<(u64, f32)> = words
            .iter()
            .map(|word| {
                let rarity = self.frequencies.rarity(word.hash, word.is_common);
                let value = (1.0 + word.count.ln()) * rarity;
                squares += value * value;
                (word.hash, value * rarity)
            })
            .collect();
        let norm = f32::sqrt(squares).max(f32::EPSILON);
        for (_, weight) in &mut weights {
            *weight /= norm;
        }
        weights
    }

    /// The stories whose words are nearest, with the cosine of those, in no order.
    fn nearest_by_words(&self, weights: &[(u64, f32)]) -> Vec<(f32, StoryId, &Centroid)> {
        let (products, are_exact) = self.postings.products(weights, self.slots.len());
        let mut near: Vec<(f32, u32)> = (0_u32..)
            .zip(products.iter().zip(&self.scales))
            .map(|(slot, (product, scale))| (product * scale, slot))
            .filter(|(similarity, _)| *similarity > 0.0)
            .collect();
        if near.len() > COMPARED_MAX {
            near.select_nth_unstable_by(COMPARED_MAX, |a, b| {
                b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
            });
            near.truncate(COMPARED_MAX);
        }
        near.into_iter()
            .filter_map(|(_, slot)| {
                let (story, centroid) = self.slots.get(slot as usize)?.as_ref()?;
                let product = match products.get(slot as usize) {
                    Some(product) if are_exact => *product,
                    _ => centroid.product(weights),
                };
                Some((product * centroid.words_scale(), *story, centroid))
            })
            .collect()
    }

    /// Of an article with a story, given the cosine of their words.
    fn similarity(&self, centroid: &Centroid, words: f32, vector: &[f32], at: Timestamp) -> f32 {
        let days = centroid.days_apart(at);
        if days * 86_400.0 > self.limits.open.as_secs_f32() {
            return 0.0;
        }
        let share = self.limits.embedding_share;
        let floor = self.limits.embedding_floor;
        let event = ((centroid.cosine(vector) - floor) / (1.0 - floor).max(f32::EPSILON)).max(0.0);
        let similarity = share * event + (1.0 - share) * words;
        similarity * centroid.size_gain() * (1.0 - self.limits.quiet_penalty * days).max(0.0)
    }

    /// The place of a story, which is opened if it is not; the quietest is closed for it.
    fn opened(&mut self, story: StoryId) -> u32 {
        if let Some(slot) = self.by_story.get(&story) {
            return *slot;
        }
        while self.by_story.len() >= self.limits.stories_max.max(1) {
            let Some((_, quietest)) = self.by_age.first().copied() else { break };
            self.close(quietest);
        }
        let opened = Some((story, Centroid::new()));
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = opened;
            slot
        } else {
            self.slots.push(opened);
            self.scales.push(0.0);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        };
        self.by_story.insert(story, slot);
        slot
    }

    /// Closes a story and forgets its articles; nothing when it is not open.
    pub fn close(&mut self, story: StoryId) {
        let Some(slot) = self.by_story.remove(&story) else { return };
        let Some((_, centroid)) = self.slots.get_mut(slot as usize).and_then(Option::take) else {
            return;
        };
        self.by_age.remove(&(centroid.last_at, story));
        for word in &centroid.words {
            self.postings.remove(word.hash, slot);
        }
        for article in &centroid.members {
            self.members.remove(article);
        }
        self.scales[slot as usize] = 0.0;
        self.free.push(slot);
    }
}

#[cfg(test)]
mod tests;
