//! What was shown to a reader and what came of it: so that the same things are not shown for ever.

use crate::decay::days;
use autoglm_domain::{ArticleId, EventKind, StoryId, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// Articles remembered.
pub const SEEN_MAX: usize = 1024;
/// Stories remembered as read.
pub(super) const STORIES_MAX: usize = 256;
/// How long anything is remembered.
const REMEMBERED: Duration = days(7);
/// Times an article may be counted as passed over.
const SKIPS_MAX: u8 = 3;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) impressions: u8,
    pub(super) skips: u8,
    pub(super) opened: bool,
    /// What the article contributed to the states so far, in hundredths.
    pub(super) credit: i16,
    pub(super) at: Timestamp,
}

/// Articles and stories, bounded; the ones not touched for longest leave first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeenMemory {
    pub(super) articles: BTreeMap<ArticleId, Seen>,
    pub(super) stories: BTreeMap<StoryId, Timestamp>,
}

impl SeenMemory {
    /// Number of articles remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// How often an article was shown without being opened.
    #[must_use]
    pub fn unopened_impressions(&self, article: ArticleId) -> u8 {
        self.articles.get(&article).map_or(0, |seen| if seen.opened { 0 } else { seen.impressions })
    }

    /// Whether the article was opened.
    #[must_use]
    pub fn was_opened(&self, article: ArticleId) -> bool {
        self.articles.get(&article).is_some_and(|seen| seen.opened)
    }

    /// Whether an article of the story was opened within the last week.
    #[must_use]
    pub fn story_was_read(&self, story: StoryId, now: Timestamp) -> bool {
        self.stories.get(&story).is_some_and(|at| now.since(*at) < REMEMBERED)
    }

    pub(super) fn credit(&self, article: ArticleId) -> f32 {
        self.articles.get(&article).map_or(0.0, |seen| f32::from(seen.credit) / 100.0)
    }

    pub(super) fn set_credit(&mut self, article: ArticleId, credit: f32) {
        if let Some(seen) = self.articles.get_mut(&article) {
            seen.credit = (credit * 100.0).round().clamp(-1000.0, 1000.0) as i16;
        }
    }

    pub(super) fn impression(&mut self, article: ArticleId, at: Timestamp) {
        let seen = self.entry(article, at);
        seen.impressions = seen.impressions.saturating_add(1);
    }

    pub(super) fn touch(
        &mut self,
        article: ArticleId,
        story: Option<StoryId>,
        kind: EventKind,
        at: Timestamp,
    ) {
        let opened = matches!(kind, EventKind::Open | EventKind::Read | EventKind::Dwell);
        let seen = self.entry(article, at);
        seen.opened |= opened;
        if let (true, Some(story)) = (opened, story) {
            let known = self.stories.entry(story).or_insert(at);
            *known = (*known).max(at);
            if self.stories.len() > STORIES_MAX {
                let oldest = self.stories.iter().min_by_key(|(_, at)| **at).map(|(id, _)| *id);
                oldest.map(|story| self.stories.remove(&story));
            }
        }
    }

    /// Counts an article as passed over; false when that was counted often enough.
    pub(super) fn skip(&mut self, article: ArticleId) -> bool {
        match self.articles.get_mut(&article) {
            Some(seen) if seen.skips < SKIPS_MAX && !seen.opened => {
                seen.skips += 1;
                true
            }
            _ => false,
        }
    }

    fn entry(&mut self, article: ArticleId, at: Timestamp) -> &mut Seen {
        if self.articles.len() >= SEEN_MAX && !self.articles.contains_key(&article) {
            self.forget(at);
        }
        let seen = self.articles.entry(article).or_default();
        seen.at = seen.at.max(at);
        seen
    }

    /// Drops what is a week old, or else the oldest eighth, so that this is rare.
    fn forget(&mut self, now: Timestamp) {
        self.articles.retain(|_, seen| now.since(seen.at) < REMEMBERED);
        if self.articles.len() < SEEN_MAX {
            return;
        }
        let mut moments: Vec<(Timestamp, ArticleId)> =
            self.articles.iter().map(|(id, seen)| (seen.at, *id)).collect();
        moments.sort_unstable();
        for (_, article) in moments.into_iter().take(SEEN_MAX / 8) {
            self.articles.remove(&article);
        }
    }
}
