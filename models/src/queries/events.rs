//! Events: what readers did, append-only, with the marks and rules that follow from them.

use crate::error::{Error, Result};
use crate::queries::decode::{get, marks, time};
use crate::rows::{Appended, SequencedEvent};
use crate::store::Store;
use append::Append;
use autoglm_domain::{
    ArticleId, EventId, EventKind, EventTarget, Fence, Marks, ReaderEvent, ReaderId, SourceId,
    StoryId, Timestamp,
};
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) mod append;
mod marks;
mod rules;

/// Most events in one call.
const EVENTS_MAX: usize = 1_000;
/// Most events or marks in one answer.
const LIST_MAX: u32 = 10_000;
/// Longest topic key, in bytes.
const TOPIC_BYTES_MAX: usize = 200;
/// Most muted things a reader may have; more than anybody sets by hand.
const RULES_MAX: i64 = 10_000;

impl Store {
    /// Appends the reader's events in one transaction with the marks and rules that follow from
    /// them; those of other readers who wait at the same moment share it. Idempotent by event id; sequence numbers are dense per reader. Whatever `reader_id`
    /// the events carry, they are `reader`'s. Marks change only on articles the reader may see.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the fence no longer holds, [`Error::NotFound`] for an unknown reader,
    /// [`Error::Invalid`] for more than 1,000 events or an overlong topic.
    pub async fn append_events(
        &self,
        reader: ReaderId,
        events: Vec<ReaderEvent>,
        fence: Option<Fence>,
    ) -> Result<Appended> {
        check(&events)?;
        if events.is_empty() {
            return Ok(Appended::default());
        }
        self.events().append(Append { reader, events: events.into(), fence }).await
    }

    /// The reader's events with a larger sequence number than `seq`, in order. `limit` is clipped
    /// to 1..=10,000.
    ///
    /// # Errors
    /// What the database says.
    pub async fn events_after(
        &self,
        reader: ReaderId,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<SequencedEvent>> {
        let sql = self
            .sql(
                "SELECT seq, id, kind, target_kind, target_key, at, dwell_ms FROM event \
                 WHERE reader_id = ? AND seq > ? ORDER BY seq LIMIT ?",
            )
            .with(reader.0)
            .with(seq)
            .with(i64::from(limit.clamp(1, LIST_MAX)));
        let rows = self.all("reading events", sql).await?;
        rows.iter().map(|row| event_of(row, reader)).collect()
    }

    /// The number of the reader's last event; 0 when there is none.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown reader.
    pub async fn last_event_seq(&self, reader: ReaderId) -> Result<i64> {
        let sql = self.sql("SELECT last_event_seq FROM reader WHERE id = ?").with(reader.0);
        let row = self.one("reading the last event's number", sql).await?;
        get(&row.ok_or_else(|| unknown(reader))?, "last_event_seq")
    }

    /// The reader's marks that changed at or after `since`, the 10,000 latest, latest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn marks_of(
        &self,
        reader: ReaderId,
        since: Timestamp,
    ) -> Result<Vec<(ArticleId, Marks)>> {
        let sql = self
            .sql(
                "SELECT article_id, is_read, is_saved, is_hidden FROM mark \
                 WHERE reader_id = ? AND updated_at >= ? ORDER BY updated_at DESC, article_id DESC LIMIT ?",
            )
            .with(reader.0)
            .with(since.0)
            .with(i64::from(LIST_MAX));
        let rows = self.all("reading marks", sql).await?;
        rows.iter().map(|row| Ok((ArticleId(get(row, "article_id")?), marks(row)?))).collect()
    }

    /// What the reader has muted.
    ///
    /// # Errors
    /// What the database says.
    pub async fn muted(&self, reader: ReaderId) -> Result<Vec<EventTarget>> {
        let sql = self
            .sql(
                "SELECT target_kind, target_key FROM rule WHERE reader_id = ? AND kind = 'mute' \
                 ORDER BY id LIMIT ?",
            )
            .with(reader.0)
            .with(RULES_MAX);
        let rows = self.all("reading rules", sql).await?;
        rows.iter().map(target_of).collect()
    }
}

fn unknown(reader: ReaderId) -> Error {
    Error::NotFound(format!("reader {reader}"))
}

fn check(events: &[ReaderEvent]) -> Result<()> {
    if events.len() > EVENTS_MAX {
        return Err(Error::Invalid(format!(
            "{} events in one call; at most {EVENTS_MAX}",
            events.len()
        )));
    }
    let bad = |event: &ReaderEvent| match &event.target {
        EventTarget::Topic(key) => key.len() > TOPIC_BYTES_MAX || key.contains('\0'),
        _ => false,
    };
    if events.iter().any(bad) {
        return Err(Error::Invalid(format!("a topic is longer than {TOPIC_BYTES_MAX} bytes")));
    }
    Ok(())
}

/// The stored form of a target: its kind and its key.
fn target_parts(target: &EventTarget) -> (&'static str, String) {
    match target {
        EventTarget::Article(id) => ("article", id.to_string()),
        EventTarget::Source(id) => ("source", id.to_string()),
        EventTarget::Topic(key) => ("topic", key.clone()),
        EventTarget::Story(id) => ("story", id.to_string()),
    }
}

fn target_of(row: &QueryResult) -> Result<EventTarget> {
    let (kind, key): (String, String) = (get(row, "target_kind")?, get(row, "target_key")?);
    let number = key.parse::<i64>();
    match (kind.as_str(), number) {
        ("topic", _) => Ok(EventTarget::Topic(key)),
        ("article", Ok(id)) => Ok(EventTarget::Article(ArticleId(id))),
        ("source", Ok(id)) => Ok(EventTarget::Source(SourceId(id))),
        ("story", Ok(id)) => Ok(EventTarget::Story(StoryId(id))),
        _ => Err(Error::unreadable(format!("unknown target {kind} {key} of an event"))),
    }
}

fn event_of(row: &QueryResult, reader: ReaderId) -> Result<SequencedEvent> {
    let kind: String = get(row, "kind")?;
    let id: Vec<u8> = get(row, "id")?;
    let dwell: Option<i64> = get(row, "dwell_ms")?;
    let event = ReaderEvent {
        id: EventId(Uuid::from_slice(&id).unwrap_or_default()),
        reader_id: reader,
        kind: EventKind::from_name(&kind)
            .ok_or_else(|| Error::unreadable(format!("unknown kind of event {kind:?}")))?,
        target: target_of(row)?,
        at: time(row, "at")?,
        dwell_ms: dwell.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX)),
    };
    Ok(SequencedEvent { seq: get(row, "seq")?, event })
}
