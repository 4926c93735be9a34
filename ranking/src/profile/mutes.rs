//! Explicit rules of a reader: they always win over what was learned.

use super::affinity::bounded;
use crate::features::ArticleFeatures;
use crate::id_set::IdSet;
use crate::window::Row;
use autoglm_domain::{ArticleId, EventKind, SourceId, StoryId};
use std::collections::VecDeque;

/// Rules kept of each kind; past it the oldest is dropped.
pub const MUTES_MAX: usize = 512;

/// A set in order of insertion: at most [`MUTES_MAX`], usually a handful.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BoundedSet<T>(pub(super) VecDeque<T>);

impl<T> Default for BoundedSet<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: PartialEq> BoundedSet<T> {
    fn set(&mut self, value: T, present: bool) {
        self.0.retain(|known| *known != value);
        if present {
            if self.0.len() >= MUTES_MAX {
                self.0.pop_front();
            }
            self.0.push_back(value);
        }
    }
}

/// What a reader does not want to be shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mutes {
    pub(super) sources: BoundedSet<SourceId>,
    pub(super) topics: BoundedSet<String>,
    pub(super) stories: BoundedSet<StoryId>,
    pub(super) articles: BoundedSet<ArticleId>,
}

impl Mutes {
    /// Whether an article is hidden.
    #[must_use]
    pub fn has_article(&self, article: ArticleId) -> bool {
        self.articles.0.contains(&article)
    }

    /// Whether a source is muted.
    #[must_use]
    pub fn has_source(&self, source: SourceId) -> bool {
        self.sources.0.contains(&source)
    }

    /// Whether a story is muted.
    #[must_use]
    pub fn has_story(&self, story: StoryId) -> bool {
        self.stories.0.contains(&story)
    }

    /// Whether a topic is muted.
    #[must_use]
    pub fn has_topic(&self, topic: &str) -> bool {
        self.topics.0.iter().any(|known| known == topic)
    }

    /// Muted sources.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> + '_ {
        self.sources.0.iter().copied()
    }

    /// Muted topics, by key.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.0.iter().map(String::as_str)
    }

    /// Muted stories, and those of which the reader wants less.
    pub fn stories(&self) -> impl Iterator<Item = StoryId> + '_ {
        self.stories.0.iter().copied()
    }

    /// Hidden articles.
    pub fn articles(&self) -> impl Iterator<Item = ArticleId> + '_ {
        self.articles.0.iter().copied()
    }

    pub(super) fn apply_to_article(
        &mut self,
        kind: EventKind,
        article: ArticleId,
        features: Option<&ArticleFeatures>,
    ) {
        let hidden = match kind {
            EventKind::Hide | EventKind::Less | EventKind::Mute => true,
            EventKind::Unhide | EventKind::Unmute => false,
            _ => return,
        };
        self.articles.set(article, hidden);
        if let Some(story) = features.and_then(|known| known.story_id) {
            self.stories.set(story, hidden);
        }
    }

    pub(super) fn apply_to_source(&mut self, kind: EventKind, source: SourceId) {
        if let Some(muted) = muted_by(kind) {
            self.sources.set(source, muted);
        }
    }

    pub(super) fn apply_to_topic(&mut self, kind: EventKind, topic: &str) {
        if let Some(muted) = muted_by(kind) {
            self.topics.set(bounded(topic), muted);
        }
    }

    pub(super) fn apply_to_story(&mut self, kind: EventKind, story: StoryId) {
        let muted = match kind {
            EventKind::Less => Some(true),
            _ => muted_by(kind),
        };
        if let Some(muted) = muted {
            self.stories.set(story, muted);
        }
    }
}

/// The same rules, to be asked about every article of a window.
#[derive(Debug)]
pub struct MuteSets<'a> {
    sources: IdSet<SourceId>,
    topics: Vec<&'a str>,
    stories: IdSet<StoryId>,
    articles: IdSet<ArticleId>,
}

impl<'a> MuteSets<'a> {
    /// Of a reader's rules.
    #[must_use]
    pub fn new(mutes: &'a Mutes) -> Self {
        Self {
            sources: mutes.sources().collect(),
            topics: mutes.topics().collect(),
            stories: mutes.stories().collect(),
            articles: mutes.articles().collect(),
        }
    }

    /// Whether a rule is against an article.
    #[must_use]
    pub fn forbid(&self, row: Row<'_>) -> bool {
        self.articles.contains(&row.article_id())
            || self.sources.contains(&row.source_id())
            || row.story_id().is_some_and(|story| self.stories.contains(&story))
            || (!self.topics.is_empty() && self.forbid_topic(row))
    }

    fn forbid_topic(&self, row: Row<'_>) -> bool {
        row.topics().iter().any(|topic| self.topics.contains(&topic.name.as_str()))
    }
}

fn muted_by(kind: EventKind) -> Option<bool> {
    match kind {
        EventKind::Mute | EventKind::Hide => Some(true),
        EventKind::Unmute | EventKind::Unhide => Some(false),
        _ => None,
    }
}
