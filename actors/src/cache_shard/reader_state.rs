//! The hot state of one reader: what they follow, mute and have marked, who watches, what was pushed.
//!
//! Pure: no store, no actor, no time of its own. Everything in it can be read again from the store
//! except the push numbering, whose loss is a `Reset` for the terminals.

use super::recent::Recent;
use super::ring::Ring;
use autoglm_domain::{
    ArticleId, EventKind, EventTarget, Incarnation, Marks, ReaderEvent, ReaderId, SourceId,
    StoryId, Timestamp,
};
use autoglm_protocol::push::{Delivery, PushItem};
use autoglm_protocol::reader_request::Watching;
use autoglm_protocol::view::ArticleView;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Recent marks kept to decorate pushed articles.
const MARKS_MAX: usize = 2_000;
/// Muted things obeyed per reader.
const MUTED_MAX: usize = 2_000;
/// Stories remembered to tell "a story grew" from "a new story".
const STORIES_MAX: usize = 1_000;

/// What is read from the store about one reader.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Subscribed sources, each with the reader's own title for it if there is one.
    pub sources: HashMap<SourceId, Option<String>>,
    /// Muted sources, topics and stories.
    pub muted: Vec<EventTarget>,
    /// Recent marks, latest first.
    pub marks: Vec<(ArticleId, Marks)>,
}

/// One reader in memory.
#[derive(Debug)]
pub struct ReaderState {
    id: ReaderId,
    sources: HashMap<SourceId, Option<String>>,
    muted: HashSet<EventTarget>,
    marks: Recent<ArticleId, Marks>,
    stories: Recent<StoryId, ()>,
    watchers: HashMap<Incarnation, Timestamp>,
    last_watched: Timestamp,
    ring: Ring,
}

impl ReaderState {
    /// A reader just loaded, with a numbering of their own.
    #[must_use]
    pub fn new(id: ReaderId, loaded: Loaded, ring: Ring, now: Timestamp) -> Self {
        let mut marks = Recent::new(MARKS_MAX);
        for (article, set) in loaded.marks.into_iter().take(MARKS_MAX).rev() {
            marks.insert(article, set);
        }
        Self {
            id,
            sources: loaded.sources,
            muted: loaded.muted.into_iter().take(MUTED_MAX).collect(),
            marks,
            stories: Recent::new(STORIES_MAX),
            watchers: HashMap::new(),
            last_watched: now,
            ring,
        }
    }

    /// Takes in changed subscriptions.
    pub fn set_sources(&mut self, sources: HashMap<SourceId, Option<String>>) {
        self.sources = sources;
    }

    /// Notes that a gateway watches, and tells where the numbering stands.
    pub fn watch(&mut self, gateway: Incarnation, seen: Option<u64>, now: Timestamp) -> Watching {
        self.watchers.insert(gateway, now);
        self.last_watched = now;
        self.ring.watching(seen)
    }

    /// Notes that a gateway has no terminal of the reader any more.
    pub fn unwatch(&mut self, gateway: Incarnation, now: Timestamp) {
        if self.watchers.remove(&gateway).is_some() {
            self.last_watched = now;
        }
    }

    /// Forgets gateways that did not renew within `ttl`.
    pub fn expire_watchers(&mut self, ttl: Duration, now: Timestamp) {
        self.watchers.retain(|_, renewed| now.since(*renewed) < ttl);
    }

    /// Whether a gateway watches.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// The gateways that watch.
    pub fn watchers(&self) -> impl Iterator<Item = Incarnation> + '_ {
        self.watchers.keys().copied()
    }

    /// When a gateway last watched.
    #[must_use]
    pub fn last_watched(&self) -> Timestamp {
        self.last_watched
    }

    /// Numbers the articles this reader follows; `None` when there is none among them.
    pub fn place(&mut self, articles: &[Arc<ArticleView>]) -> Option<Delivery> {
        let mut items = Vec::new();
        for article in articles {
            let Some(title) = self.sources.get(&article.source_id) else {
                continue;
            };
            if self.mutes(article) {
                continue;
            }
            let marks = self.marks.get(&article.id).copied().unwrap_or(article.marks);
            let view = if title.is_some() || marks != article.marks {
                let source_title = title.clone().unwrap_or_else(|| article.source_title.clone());
                Arc::new(ArticleView { source_title, marks, ..ArticleView::clone(article) })
            } else {
                Arc::clone(article)
            };
            items.push(PushItem::Article(view));
            if let Some(story_id) = article.story_id
                && !self.stories.insert(story_id, ())
            {
                items.push(PushItem::Story { story_id, article_id: article.id });
            }
        }
        self.push(items)
    }

    /// Numbers the articles of this reader that are in other stories now.
    pub fn moved(&mut self, articles: &[Arc<ArticleView>]) -> Option<Delivery> {
        let mut items = Vec::new();
        for article in articles {
            let Some(story_id) = article.story_id else { continue };
            if self.sources.contains_key(&article.source_id) && !self.mutes(article) {
                self.stories.insert(story_id, ());
                items.push(PushItem::Story { story_id, article_id: article.id });
            }
        }
        self.push(items)
    }

    /// Takes in durable events that mute or unmute.
    pub fn apply_rules(&mut self, events: &[ReaderEvent]) {
        for event in events {
            match event.kind {
                EventKind::Mute if self.muted.len() < MUTED_MAX => {
                    self.muted.insert(event.target.clone());
                }
                EventKind::Unmute => {
                    self.muted.remove(&event.target);
                }
                _ => {}
            }
        }
    }

    /// What the marks become after durable events, as far as they are known here.
    #[must_use]
    pub fn marks_after(&self, events: &[ReaderEvent]) -> Vec<(ArticleId, Marks)> {
        let mut changed: Vec<(ArticleId, Marks)> = Vec::new();
        for event in events {
            let EventTarget::Article(id) = event.target else {
                continue;
            };
            let place = changed.iter().position(|(article, _)| *article == id);
            let before = place.and_then(|place| changed.get(place)).map(|(_, marks)| *marks);
            let before = before.or_else(|| self.marks.get(&id).copied()).unwrap_or_default();
            let Some(after) = event.kind.apply_to(before) else {
                continue;
            };
            match place {
                Some(place) => changed[place].1 = after,
                None => changed.push((id, after)),
            }
        }
        changed
    }

    /// Numbers the marks that are news to the terminals.
    pub fn set_marks(&mut self, marks: &[(ArticleId, Marks)]) -> Option<Delivery> {
        let mut items = Vec::new();
        for (article_id, marks) in marks {
            if self.marks.get(article_id) != Some(marks) {
                self.marks.insert(*article_id, *marks);
                items.push(PushItem::Mark { article_id: *article_id, marks: *marks });
            }
        }
        self.push(items)
    }

    fn mutes(&self, article: &ArticleView) -> bool {
        !self.muted.is_empty()
            && (self.muted.contains(&EventTarget::Source(article.source_id))
                || self.muted.contains(&EventTarget::Article(article.id))
                || article.story_id.is_some_and(|id| self.muted.contains(&EventTarget::Story(id)))
                || article
                    .topics
                    .iter()
                    .any(|topic| self.muted.contains(&EventTarget::Topic(topic.name.clone()))))
    }

    fn push(&mut self, items: Vec<PushItem>) -> Option<Delivery> {
        if items.is_empty() {
            return None;
        }
        for item in &items {
            self.ring.push(item.clone());
        }
        Some(Delivery {
            reader_id: self.id,
            stream: self.ring.stream(),
            seq: self.ring.seq(),
            items: items.into(),
        })
    }
}

#[cfg(test)]
mod tests;
