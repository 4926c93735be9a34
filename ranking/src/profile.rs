//! What we learned about a reader from their events.
//!
//! Two diagonal Bayesian linear models over embeddings (weeks and hours), recent positives,
//! medoids, decayed counts by source, topic and language, what was seen, and explicit rules.
//! An event costs O(d). Replaying the same events in the same order gives the same profile.

mod affinity;
mod codec;
mod dwell;
mod medoids;
mod mutes;
mod positives;
mod reward;
mod seen;
mod skipped;
mod state;

pub use affinity::AffinityTable;
pub use codec::{PROFILE_BYTES_MAX, PROFILE_VERSION, ProfileError};
pub use dwell::DwellHabit;
pub use medoids::{MEDOIDS_MAX, Medoids};
pub use mutes::{MUTES_MAX, MuteSets, Mutes};
pub use positives::{POSITIVES_MAX, Positive, Positives};
pub use seen::{SEEN_MAX, SeenMemory};
pub use state::{InterestState, Pace};

use crate::decay::days;
use crate::features::ArticleFeatures;
use autoglm_domain::{
    EventKind, EventTarget, Language, ReaderEvent, SourceId, Timestamp, TopicScore,
};
use serde::{Deserialize, Serialize};
use skipped::Skipped;

/// Half-life of the effective number of positives and of the affinities.
const EVIDENCE_HALF_LIFE: std::time::Duration = days(30);

/// One reader's profile. About 10 KB at first and at most [`PROFILE_BYTES_MAX`] when encoded; its
/// serde form is the encoded one, so that what is read back is always checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Profile {
    long: InterestState,
    short: InterestState,
    positives: Positives,
    medoids: Medoids,
    sources: AffinityTable<SourceId>,
    topics: AffinityTable<String>,
    languages: AffinityTable<Language>,
    seen: SeenMemory,
    skipped: Skipped,
    mutes: Mutes,
    dwell: DwellHabit,
    events: u64,
}

impl Profile {
    /// A reader of whom nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of events applied.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The interests of weeks.
    #[must_use]
    pub fn long(&self) -> &InterestState {
        &self.long
    }

    /// The interests of the hour.
    #[must_use]
    pub fn short(&self) -> &InterestState {
        &self.short
    }

    /// The last articles liked.
    #[must_use]
    pub fn positives(&self) -> &Positives {
        &self.positives
    }

    /// Typical articles of the reader's different interests.
    #[must_use]
    pub fn medoids(&self) -> &Medoids {
        &self.medoids
    }

    /// How the reader takes to sources.
    #[must_use]
    pub fn sources(&self) -> &AffinityTable<SourceId> {
        &self.sources
    }

    /// How the reader takes to topics.
    #[must_use]
    pub fn topics(&self) -> &AffinityTable<String> {
        &self.topics
    }

    /// How the reader takes to languages.
    #[must_use]
    pub fn languages(&self) -> &AffinityTable<Language> {
        &self.languages
    }

    /// What was shown and read.
    #[must_use]
    pub fn seen(&self) -> &SeenMemory {
        &self.seen
    }

    /// What the reader does not want, whatever was learned.
    #[must_use]
    pub fn mutes(&self) -> &Mutes {
        &self.mutes
    }

    /// Learns from one event. `features` are those of the article it is about, if still known;
    /// without them an event about an article changes rules and memory only. `now` only bounds the
    /// event's own time, so that a later replay gives the same profile.
    pub fn apply_event(
        &mut self,
        event: &ReaderEvent,
        features: Option<&ArticleFeatures>,
        now: Timestamp,
    ) {
        let at = event.at.min(now);
        self.events = self.events.saturating_add(1);
        match &event.target {
            EventTarget::Article(article) => {
                let features = features.filter(|known| known.article_id == *article);
                self.mutes.apply_to_article(event.kind, *article, features);
                self.apply_to_article(event, features, at);
            }
            EventTarget::Source(source) => {
                self.mutes.apply_to_source(event.kind, *source);
                if event.kind == EventKind::Less {
                    self.sources.add(*source, -1.0, at);
                }
            }
            EventTarget::Topic(topic) => {
                self.mutes.apply_to_topic(event.kind, topic);
                if event.kind == EventKind::Less {
                    self.topics.add(affinity::bounded(topic), -1.0, at);
                }
            }
            EventTarget::Story(story) => self.mutes.apply_to_story(event.kind, *story),
        }
    }

    fn apply_to_article(
        &mut self,
        event: &ReaderEvent,
        features: Option<&ArticleFeatures>,
        at: Timestamp,
    ) {
        let EventTarget::Article(article) = event.target else { return };
        if event.kind == EventKind::Impression {
            self.seen.impression(article, at);
            if let Some(features) = features {
                self.skipped.shown(features, at);
                self.add_affinities(features, -0.05, at);
            }
            return;
        }
        let before = self.seen.credit(article);
        let after = reward::credit_after(event, before, &mut self.dwell);
        self.seen.touch(article, features.and_then(|known| known.story_id), event.kind, at);
        if let Some(features) = features {
            if event.kind == EventKind::Open {
                self.learn_skipped(features, at);
            }
            self.learn(features, before, after, at);
            self.seen.set_credit(article, after);
        }
    }

    /// Replaces what an article contributed so far: opening, dwelling and saving the same article
    /// add up to the strongest signal, not to their sum.
    fn learn(&mut self, features: &ArticleFeatures, before: f32, after: f32, at: Timestamp) {
        if (after - before).abs() < f32::EPSILON {
            return;
        }
        self.long.correct(&features.embedding, before, after, at, Pace::LONG);
        self.short.correct(&features.embedding, before, after, at, Pace::SHORT);
        self.add_affinities(features, (after - before).clamp(-1.0, 1.0), at);
        if after > 0.0 {
            self.positives.add(features, after, at);
            self.medoids.add(features, after, at);
        } else {
            self.positives.remove(features.article_id);
            self.medoids.remove(features.article_id);
        }
    }

    fn learn_skipped(&mut self, opened: &ArticleFeatures, at: Timestamp) {
        for skipped in self.skipped.above(opened.article_id, at) {
            if self.seen.credit(skipped.article_id) == 0.0 && self.seen.skip(skipped.article_id) {
                let weight = reward::SKIPPED;
                self.long.correct(&skipped.embedding, 0.0, weight, at, Pace::LONG);
                self.short.correct(&skipped.embedding, 0.0, weight, at, Pace::SHORT);
            }
        }
    }

    fn add_affinities(&mut self, features: &ArticleFeatures, weight: f32, at: Timestamp) {
        self.sources.add(features.source_id, weight, at);
        for TopicScore { name, score } in features.topics.iter().take(3) {
            self.topics.add(affinity::bounded(name), weight * score.clamp(0.0, 1.0), at);
        }
        if let Some(language) = features.language {
            self.languages.add(language, weight, at);
        }
    }

    /// How much the reader's own taste counts against popularity and freshness: n/(n+5) with n
    /// the effective number of events that said something.
    #[must_use]
    pub fn confidence(&self, now: Timestamp) -> f32 {
        let count = self.long.evidence_at(now, Pace::LONG);
        count / (count + 5.0)
    }

    /// How much the interests of the hour count beside those of weeks: n/(n+½).
    #[must_use]
    pub fn recent_confidence(&self, now: Timestamp) -> f32 {
        let count = self.short.evidence_at(now, Pace::SHORT);
        count / (count + 0.5)
    }

    /// The bytes to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads [`Self::encode`].
    ///
    /// # Errors
    /// [`ProfileError`] for bytes of another version, cut off, too long or not finite.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProfileError> {
        codec::decode(bytes)
    }
}

impl TryFrom<Vec<u8>> for Profile {
    type Error = ProfileError;
    fn try_from(bytes: Vec<u8>) -> Result<Self, ProfileError> {
        Self::decode(&bytes)
    }
}

impl From<Profile> for Vec<u8> {
    fn from(profile: Profile) -> Self {
        profile.encode()
    }
}

#[cfg(test)]
mod tests;
