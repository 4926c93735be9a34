//! Readers' events: reading them strictly, all or none.

use crate::error::Problem;
use autoglm_protocol::domain::{
    ArticleId, EventId, EventKind, EventTarget, ReaderEvent, ReaderId, ReaderTopicId, SourceId,
    StoryId, Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Most events in one request.
pub(crate) const EVENTS_MAX: usize = 500;
/// Longest key of a topic, in bytes.
const TOPIC_BYTES_MAX: usize = 64;

/// Things the reader did.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvents {
    /// 1 to 500. One wrong event refuses all of them.
    #[schema(value_type = Vec<NewEvent>)]
    pub(crate) events: Vec<serde_json::Value>,
}

/// One thing the reader did.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvent {
    /// Made by the terminal; sending it twice counts once.
    id: Uuid,
    /// `impression`, `open`, `dwell`, `read`, `unread`, `save`, `unsave`, `hide`, `unhide`, `less`,
    /// `share`, `mute` or `unmute`.
    #[schema(example = "save")]
    kind: String,
    /// The article; exactly one of `article_id` and `target` is given.
    article_id: Option<i64>,
    /// Something else than an article.
    target: Option<NewEventTarget>,
    /// When, RFC 3339; a later moment than the server's now counts as now.
    #[schema(format = DateTime)]
    at: String,
    /// Milliseconds, for `dwell`.
    dwell_ms: Option<u32>,
}

/// A whole source, a topic or a story; exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEventTarget {
    /// Id of a source.
    source: Option<i64>,
    /// Key of a topic.
    topic: Option<String>,
    /// Id of a story.
    story: Option<i64>,
}

/// The events are durable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// New ones.
    pub(crate) accepted: usize,
    /// Ones that were there already.
    pub(crate) duplicates: usize,
}

impl NewEvents {
    /// Reads all events.
    ///
    /// # Errors
    /// `Invalid` with the index of the first wrong one.
    pub(crate) fn read(
        self,
        reader: ReaderId,
        now: Timestamp,
    ) -> Result<Vec<ReaderEvent>, Problem> {
        if self.events.is_empty() {
            return Err(Problem::invalid("events is empty; send at least one"));
        }
        if self.events.len() > EVENTS_MAX {
            return Err(Problem::invalid(format!(
                "there are {} events; send at most {EVENTS_MAX} at once",
                self.events.len()
            ))
            .at_index(EVENTS_MAX));
        }
        let read = |(index, value)| {
            NewEvent::from_value(value)
                .and_then(|event| event.read(reader, now))
                .map_err(|problem| problem.at_index(index))
        };
        self.events.into_iter().enumerate().map(read).collect()
    }
}

impl NewEvent {
    fn from_value(value: serde_json::Value) -> Result<Self, Problem> {
        // serde would also take arrays with the values in order.
        let target_is_wrong = value.get("target").is_some_and(|t| !t.is_object() && !t.is_null());
        if !value.is_object() || target_is_wrong {
            return Err(Problem::invalid("an event and its target are JSON objects"));
        }
        serde_json::from_value(value).map_err(|error| Problem::invalid(error.to_string()))
    }

    fn read(self, reader_id: ReaderId, now: Timestamp) -> Result<ReaderEvent, Problem> {
        let kind = EventKind::from_name(&self.kind).ok_or_else(|| {
            let known = EventKind::ALL.map(EventKind::name).join(", ");
            let shown: String = self.kind.chars().take(40).collect();
            Problem::invalid(format!("kind {shown:?} is not known; choose one of {known}"))
        })?;
        let at = Timestamp::from_rfc3339(&self.at).ok_or_else(|| {
            Problem::invalid("at is not a moment such as 2026-11-22T08:00:00Z (RFC 3339)")
        })?;
        let target = target(self.article_id, self.target)?;
        check_target(kind, &target)?;
        if kind == EventKind::Dwell && self.dwell_ms.is_none() {
            return Err(Problem::invalid("a dwell needs dwell_ms, the milliseconds spent"));
        }
        Ok(ReaderEvent {
            id: EventId(self.id),
            reader_id,
            kind,
            target,
            at: at.min(now),
            dwell_ms: self.dwell_ms,
        })
    }
}

fn target(article: Option<i64>, other: Option<NewEventTarget>) -> Result<EventTarget, Problem> {
    let target = match (article, other) {
        (Some(id), None) => EventTarget::Article(ArticleId(positive("article_id", id)?)),
        (None, Some(NewEventTarget { source: Some(id), topic: None, story: None })) => {
            EventTarget::Source(SourceId(positive("target.source", id)?))
        }
        (None, Some(NewEventTarget { source: None, topic: Some(key), story: None })) => {
            if key.is_empty() || key.len() > TOPIC_BYTES_MAX {
                return Err(Problem::invalid("target.topic is no topic's key; see /api/v1/topics"));
            }
            // What a muted topic leaves out is told by articles' stored topics, which have no own.
            if ReaderTopicId::from_key(&key).is_some() {
                return Err(Problem::invalid("target.topic is of your own, which is only a list"));
            }
            EventTarget::Topic(key)
        }
        (None, Some(NewEventTarget { source: None, topic: None, story: Some(id) })) => {
            EventTarget::Story(StoryId(positive("target.story", id)?))
        }
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("article_id and target are both given; give one of them"));
        }
        (None, None) => {
            return Err(Problem::invalid(
                "neither article_id nor target is given; give one of them",
            ));
        }
        (None, Some(_)) => {
            return Err(Problem::invalid("target needs exactly one of source, topic and story"));
        }
    };
    Ok(target)
}

fn positive(name: &str, id: i64) -> Result<i64, Problem> {
    if id > 0 {
        return Ok(id);
    }
    Err(Problem::invalid(format!("{name} is {id}; ids are whole numbers from 1")))
}

/// A rule is about something larger than an article; a mark is about one.
fn check_target(kind: EventKind, target: &EventTarget) -> Result<(), Problem> {
    let is_article = matches!(target, EventTarget::Article(_));
    let wants_article = match kind {
        EventKind::Mute | EventKind::Unmute => false,
        EventKind::Impression | EventKind::Less | EventKind::Share => return Ok(()),
        _ => true,
    };
    match (wants_article, is_article) {
        (true, false) => Err(Problem::invalid(format!(
            "{} is about one article; give article_id instead of target",
            kind.name()
        ))),
        (false, true) => Err(Problem::invalid(format!(
            "{} is about a source, a topic or a story; give target instead of article_id",
            kind.name()
        ))),
        _ => Ok(()),
    }
}
