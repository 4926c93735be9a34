//! One reader's profile in memory, learning events exactly once and in the order of the log.
//!
//! Pure but for the thread a ranking is computed on: the events, the features and the time come from
//! outside.

use autoglm_domain::{
    ArticleId, EventKind, EventTarget, Fault, Marks, ReaderEvent, Recommendation, SourceId,
    Timestamp,
};
use autoglm_ranking::{
    ArticleFeatures, IdMap, IdSet, Profile, RankRequest, WindowSnapshot, recommend,
};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Articles left out of rankings that are remembered; the window holds no more.
const EXCLUDED_MAX: usize = 20_000;

/// Sources of a reader with the titles under which they know them.
#[derive(Debug, Default)]
pub struct Followed {
    titles: IdMap<SourceId, Arc<str>>,
}

impl Followed {
    /// From pairs of source and title.
    #[must_use]
    pub fn new(titles: impl IntoIterator<Item = (SourceId, Arc<str>)>) -> Self {
        Self { titles: titles.into_iter().collect() }
    }
}

/// What became of a batch of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Learned {
    /// So many were new and are learned.
    New(usize),
    /// Numbers are missing between what was learned and these: read them from the store.
    Gap,
}

/// One reader's profile with its place in the log.
#[derive(Debug)]
pub struct ReaderProfile {
    profile: Arc<Profile>,
    excluded: Arc<IdSet<ArticleId>>,
    followed: Arc<Followed>,
    learned_seq: i64,
    saved_seq: i64,
    used: Timestamp,
    /// Events up to `learned_seq` are learned, and there are more in the store.
    pub behind: bool,
    /// The subscriptions changed and could not be read.
    pub followed_stale: bool,
}

/// A ranking that can be computed anywhere: it shares everything and waits for nothing.
#[derive(Debug)]
pub struct Ranking {
    profile: Arc<Profile>,
    excluded: Arc<IdSet<ArticleId>>,
    followed: Arc<Followed>,
    window: Arc<WindowSnapshot>,
    now: Timestamp,
    limit: usize,
    seed: u64,
}

impl Ranking {
    /// Computes it on a thread of its own; the permit is one of those that bound how many run at
    /// once.
    ///
    /// # Errors
    /// `Internal` when it panicked.
    pub async fn on_a_thread(
        self,
        permit: OwnedSemaphorePermit,
    ) -> Result<Vec<Recommendation>, Fault> {
        let computed = tokio::task::spawn_blocking(move || {
            let ranked = self.compute();
            drop(permit);
            ranked
        });
        let ranked = computed.await;
        ranked.map_err(|error| Fault::internal(format!("a ranking failed: {error}")))
    }

    /// Computes it. Takes milliseconds of processor time.
    #[must_use]
    pub fn compute(&self) -> Vec<Recommendation> {
        recommend(&RankRequest {
            profile: &self.profile,
            window: &self.window,
            subscribed: &|source| self.followed.titles.contains_key(&source),
            excluded: &self.excluded,
            source_titles: &self.followed.titles,
            now: self.now,
            limit: self.limit,
            seed: self.seed,
        })
    }
}

impl ReaderProfile {
    /// A profile as it was saved, with what the log says after it still to be learned.
    #[must_use]
    pub fn new(profile: Profile, saved_seq: i64, followed: Followed, now: Timestamp) -> Self {
        Self {
            profile: Arc::new(profile),
            excluded: Arc::default(),
            followed: Arc::new(followed),
            learned_seq: saved_seq,
            saved_seq,
            used: now,
            behind: true,
            followed_stale: false,
        }
    }

    /// Takes in marks from the store.
    pub fn exclude(&mut self, marks: &[(ArticleId, Marks)], window: &WindowSnapshot) {
        let excluded = Arc::make_mut(&mut self.excluded);
        for (article, marks) in marks {
            if (marks.read || marks.hidden) && excluded.len() < EXCLUDED_MAX {
                excluded.insert(*article);
                excluded.extend(window.features(*article).map(|features| features.group()));
            }
        }
    }

    /// Whether the reader follows a source.
    #[must_use]
    pub fn follows(&self, source: SourceId) -> bool {
        self.followed.titles.contains_key(&source)
    }

    /// Takes in changed subscriptions.
    pub fn follow(&mut self, followed: Followed) {
        self.followed = Arc::new(followed);
        self.followed_stale = false;
    }

    /// Learns what is new among these events. Learning the same again changes nothing.
    pub fn learn(
        &mut self,
        events: &[(i64, ReaderEvent)],
        features: &HashMap<ArticleId, ArticleFeatures>,
        now: Timestamp,
    ) -> Learned {
        let mut new = 0;
        for (seq, event) in events {
            if *seq <= self.learned_seq {
                continue;
            }
            if *seq != self.learned_seq + 1 {
                self.behind = true;
                return Learned::Gap;
            }
            let about = article_of(event).and_then(|id| features.get(&id));
            Arc::make_mut(&mut self.profile).apply_event(event, about, now);
            self.remember(event, about);
            self.learned_seq = *seq;
            new += 1;
        }
        Learned::New(new)
    }

    /// A ranking by what is known now.
    #[must_use]
    pub fn ranking(
        &mut self,
        window: Arc<WindowSnapshot>,
        now: Timestamp,
        limit: usize,
        seed: u64,
    ) -> Ranking {
        self.used = now;
        Ranking {
            profile: Arc::clone(&self.profile),
            excluded: Arc::clone(&self.excluded),
            followed: Arc::clone(&self.followed),
            window,
            now,
            limit,
            seed,
        }
    }

    /// The profile and the number of the last event in it.
    #[must_use]
    pub fn snapshot(&self) -> (Arc<Profile>, i64) {
        (Arc::clone(&self.profile), self.learned_seq)
    }

    /// Number of the last event learned.
    #[must_use]
    pub fn learned_seq(&self) -> i64 {
        self.learned_seq
    }

    /// Whether something was learned since it was saved.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        self.learned_seq > self.saved_seq
    }

    /// Notes that the profile up to an event is in the store.
    pub fn saved(&mut self, seq: i64) {
        self.saved_seq = self.saved_seq.max(seq);
    }

    /// When it was last asked for or taught.
    #[must_use]
    pub fn used(&self) -> Timestamp {
        self.used
    }

    /// Notes its use.
    pub fn touch(&mut self, now: Timestamp) {
        self.used = now;
    }

    /// What was read or hidden is not ranked again, nor are its near-duplicates.
    fn remember(&mut self, event: &ReaderEvent, features: Option<&ArticleFeatures>) {
        let Some(article) = article_of(event) else {
            return;
        };
        let group = features.map_or(article, ArticleFeatures::group);
        match event.kind {
            EventKind::Open | EventKind::Read | EventKind::Hide | EventKind::Less => {
                let excluded = Arc::make_mut(&mut self.excluded);
                if excluded.len() < EXCLUDED_MAX {
                    excluded.extend([article, group]);
                }
            }
            EventKind::Unread | EventKind::Unhide => {
                let excluded = Arc::make_mut(&mut self.excluded);
                excluded.remove(&article);
                excluded.remove(&group);
            }
            _ => {}
        }
    }
}

/// The article an event is about.
#[must_use]
pub fn article_of(event: &ReaderEvent) -> Option<ArticleId> {
    match event.target {
        EventTarget::Article(article) => Some(article),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
