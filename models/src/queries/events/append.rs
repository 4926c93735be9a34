//! Appending events: numbering, marks, unread counters and rules in one transaction.

use super::{target_parts, unknown};
use crate::error::Result;
use crate::lane::Tx;
use crate::queries::articles::IDS_CHUNK;
use crate::queries::decode::{get, marks};
use crate::rows::Appended;
use autoglm_domain::{EventKind, EventTarget, Marks, ReaderEvent, ReaderId};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

pub(super) async fn append(tx: &Tx, reader: ReaderId, events: &[ReaderEvent]) -> Result<Appended> {
    // The reader's row comes first: under it no other transaction numbers this reader's events.
    let last = count_up(tx, reader, events.len() as i64).await? - events.len() as i64;
    let mut seen = stored_ids(tx, reader, events).await?;
    let new: Vec<&ReaderEvent> =
        events.iter().filter(|event| seen.insert(event.id.0.into_bytes().to_vec())).collect();
    if new.len() < events.len() {
        // Numbers have no gaps.
        count_up(tx, reader, new.len() as i64 - events.len() as i64).await?;
    }
    if new.is_empty() {
        return Ok(Appended { accepted: Vec::new(), duplicates: events.len() });
    }
    insert(tx, reader, last, &new).await?;
    change_marks(tx, reader, &new).await?;
    change_rules(tx, reader, &new).await?;
    let accepted = (last + 1..).zip(&new).map(|(seq, event)| (seq, event.id)).collect();
    Ok(Appended { accepted, duplicates: events.len() - new.len() })
}

/// Moves the number of the reader's last event and answers it.
async fn count_up(tx: &Tx, reader: ReaderId, by: i64) -> Result<i64> {
    let sql = tx.sql(
        "UPDATE reader SET last_event_seq = last_event_seq + ? WHERE id = ? RETURNING last_event_seq",
    );
    let row = tx.one(sql.with(by).with(reader.0)).await?.ok_or_else(|| unknown(reader))?;
    get(&row, "last_event_seq")
}

async fn stored_ids(tx: &Tx, reader: ReaderId, events: &[ReaderEvent]) -> Result<HashSet<Vec<u8>>> {
    let mut stored = HashSet::with_capacity(events.len());
    for chunk in events.chunks(IDS_CHUNK) {
        let mut sql = tx.sql("SELECT id FROM event WHERE reader_id = ? AND id IN ").with(reader.0);
        sql.list(chunk.iter().map(|event| event.id.0.into_bytes().to_vec()));
        for row in tx.all(sql).await? {
            stored.insert(get(&row, "id")?);
        }
    }
    Ok(stored)
}

async fn insert(tx: &Tx, reader: ReaderId, last: i64, events: &[&ReaderEvent]) -> Result<()> {
    let mut seq = last;
    for chunk in events.chunks(IDS_CHUNK) {
        let mut values = Vec::with_capacity(chunk.len() * 9);
        for event in chunk {
            seq += 1;
            let (kind, key) = target_parts(&event.target);
            values.extend([Value::from(reader.0), seq.into()]);
            values
                .extend([Value::from(event.id.0.into_bytes().to_vec()), event.kind.name().into()]);
            values.extend([Value::from(kind), key.into(), event.at.0.into()]);
            values.extend([Value::from(event.dwell_ms.map(i64::from)), tx.now.0.into()]);
        }
        let mut sql = tx.sql(
            "INSERT INTO event (reader_id, seq, id, kind, target_kind, target_key, at, dwell_ms, stored_at) VALUES ",
        );
        sql.rows(9, values);
        tx.execute(sql).await?;
    }
    Ok(())
}

/// One article's marks before and after the events.
struct Change {
    source: i64,
    before: Marks,
    after: Marks,
}

async fn change_marks(tx: &Tx, reader: ReaderId, events: &[&ReaderEvent]) -> Result<()> {
    let touched: BTreeSet<i64> = events
        .iter()
        .filter(|event| event.kind.apply_to(Marks::default()).is_some())
        .filter_map(|event| article(event))
        .collect();
    let mut changes = current(tx, reader, &touched.into_iter().collect::<Vec<_>>()).await?;
    for event in events {
        let change = article(event).and_then(|id| changes.get_mut(&id));
        if let Some(change) = change
            && let Some(after) = event.kind.apply_to(change.after)
        {
            change.after = after;
        }
    }
    save_marks(tx, reader, &changes).await?;
    let mut read = BTreeMap::<i64, i64>::new();
    for change in changes.values() {
        let delta = i64::from(change.after.read) - i64::from(change.before.read);
        *read.entry(change.source).or_default() += delta;
    }
    for (source, delta) in read.into_iter().filter(|(_, delta)| *delta != 0) {
        let mut sql = tx.sql(
            "UPDATE subscription SET read_count = read_count + ? WHERE reader_id = ? AND source_id = ?",
        );
        sql.bind(delta).bind(reader.0).bind(source);
        tx.execute(sql).await?;
    }
    Ok(())
}

fn article(event: &ReaderEvent) -> Option<i64> {
    match event.target {
        EventTarget::Article(id) => Some(id.0),
        _ => None,
    }
}

/// The present marks on those of these articles that the reader may see. Without that limit, saving
/// an article by its number would open the sources of others.
async fn current(tx: &Tx, reader: ReaderId, ids: &[i64]) -> Result<BTreeMap<i64, Change>> {
    let mut changes = BTreeMap::new();
    for chunk in ids.chunks(IDS_CHUNK) {
        let mut sql = tx.sql(
            "SELECT a.id, a.source_id, m.is_read, m.is_saved, m.is_hidden FROM article a \
             LEFT JOIN mark m ON m.article_id = a.id AND m.reader_id = ? \
             LEFT JOIN subscription sub ON sub.source_id = a.source_id AND sub.reader_id = ? \
             WHERE (sub.reader_id IS NOT NULL OR m.reader_id IS NOT NULL) AND a.id IN ",
        );
        sql.bind(reader.0).bind(reader.0).list(chunk.iter().copied());
        for row in tx.all(sql).await? {
            let before = marks(&row)?;
            let change = Change { source: get(&row, "source_id")?, before, after: before };
            changes.insert(get(&row, "id")?, change);
        }
    }
    Ok(changes)
}

async fn save_marks(tx: &Tx, reader: ReaderId, changes: &BTreeMap<i64, Change>) -> Result<()> {
    let changed: Vec<(&i64, &Change)> =
        changes.iter().filter(|(_, change)| change.before != change.after).collect();
    for chunk in changed.chunks(IDS_CHUNK) {
        let values = chunk.iter().flat_map(|(id, change)| {
            [
                Value::from(reader.0),
                (**id).into(),
                change.source.into(),
                change.after.read.into(),
                change.after.saved.into(),
                change.after.hidden.into(),
                tx.now.0.into(),
            ]
        });
        let values = values.collect();
        let mut sql = tx.sql(
            "INSERT INTO mark (reader_id, article_id, source_id, is_read, is_saved, is_hidden, updated_at) VALUES ",
        );
        sql.rows(7, values).push(
            " ON CONFLICT (reader_id, article_id) DO UPDATE SET is_read = excluded.is_read, \
             is_saved = excluded.is_saved, is_hidden = excluded.is_hidden, updated_at = excluded.updated_at",
        );
        tx.execute(sql).await?;
    }
    Ok(())
}

async fn change_rules(tx: &Tx, reader: ReaderId, events: &[&ReaderEvent]) -> Result<()> {
    for event in events {
        // One article is hidden, not muted: a rule is about something that comes again.
        if matches!(event.target, EventTarget::Article(_)) {
            continue;
        }
        let (kind, key) = target_parts(&event.target);
        match event.kind {
            EventKind::Mute => mute(tx, reader, kind, &key).await?,
            EventKind::Unmute => {
                let sql = tx.sql(
                    "DELETE FROM rule WHERE reader_id = ? AND kind = 'mute' AND target_kind = ? AND target_key = ?",
                );
                tx.execute(sql.with(reader.0).with(kind).with(key)).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn mute(tx: &Tx, reader: ReaderId, kind: &'static str, key: &str) -> Result<()> {
    let known = tx.sql(
        "SELECT id FROM rule WHERE reader_id = ? AND kind = 'mute' AND target_kind = ? AND target_key = ?",
    );
    if tx.one(known.with(reader.0).with(kind).with(key)).await?.is_some() {
        return Ok(());
    }
    let id = tx.take_numbers("rule", 1).await?;
    let mut sql = tx.sql(
        "INSERT INTO rule (id, reader_id, kind, target_kind, target_key, created_at) VALUES (?, ?, 'mute', ?, ?, ?)",
    );
    sql.bind(id).bind(reader.0).bind(kind).bind(key).bind(tx.now.0);
    tx.execute(sql).await?;
    Ok(())
}
