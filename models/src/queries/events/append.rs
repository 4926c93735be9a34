//! Appending the events of many readers in one transaction: ownership, numbering, marks, unread
//! counters and rules, in a handful of statements whatever the number of readers.

use super::marks::change_marks;
use super::rules::change_rules;
use super::{target_parts, unknown};
use crate::error::{Error, Result};
use crate::lane::Tx;
use crate::queries::decode::get;
use crate::rows::Appended;
use autoglm_domain::{Fence, ReaderEvent, ReaderId};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// What stands for an event without a duration in a column of numbers.
const NO_DWELL: i64 = -1;

/// Events of one reader that are to be appended together.
#[derive(Debug, Clone)]
pub(crate) struct Append {
    pub(crate) reader: ReaderId,
    pub(crate) events: Arc<[ReaderEvent]>,
    pub(crate) fence: Option<Fence>,
}

/// A new event with its place in its reader's log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered<'a> {
    pub(super) reader: ReaderId,
    pub(super) seq: i64,
    pub(super) event: &'a ReaderEvent,
}

/// Appends what may be appended and answers each in its place; one that is refused is as if it had
/// not been there.
pub(crate) async fn append_all(tx: &Tx, appends: &[Append]) -> Result<Vec<Result<Appended>>> {
    let fences: HashSet<Fence> = appends.iter().filter_map(|append| append.fence).collect();
    // Before anything else: on PostgreSQL it keeps others from taking the shards until the commit.
    let held = tx.held(&fences).await?;
    // Under their readers' rows no other transaction numbers these readers' events.
    let mut log = Log::locked(tx, appends).await?;
    let mut new = Vec::new();
    let outcomes = appends.iter().map(|append| match append.fence {
        Some(fence) if !held.contains(&fence) => {
            Err(Error::Fenced { shard: fence.shard, epoch: fence.epoch.0 })
        }
        _ => log.append(append, &mut new),
    });
    let outcomes = outcomes.collect();
    if !new.is_empty() {
        log.save(tx).await?;
        insert(tx, &new).await?;
        change_marks(tx, &new).await?;
        change_rules(tx, &new).await?;
    }
    Ok(outcomes)
}

/// Where the logs of some readers stand, and which of the events to come they have already.
#[derive(Debug)]
struct Log {
    last: BTreeMap<ReaderId, i64>,
    stored: HashSet<(ReaderId, [u8; 16])>,
    changed: BTreeSet<ReaderId>,
}

impl Log {
    async fn locked(tx: &Tx, appends: &[Append]) -> Result<Self> {
        let last = last_numbers(tx, appends).await?;
        let stored = stored_ids(tx, appends).await?;
        Ok(Self { last, stored, changed: BTreeSet::new() })
    }

    /// Numbers what is new.
    fn append<'a>(&mut self, append: &'a Append, new: &mut Vec<Numbered<'a>>) -> Result<Appended> {
        let reader = append.reader;
        let last = self.last.get_mut(&reader).ok_or_else(|| unknown(reader))?;
        let mut appended = Appended::default();
        for event in append.events.iter() {
            if !self.stored.insert((reader, event.id.0.into_bytes())) {
                appended.duplicates += 1;
                continue;
            }
            *last += 1;
            appended.accepted.push((*last, event.id));
            new.push(Numbered { reader, seq: *last, event });
        }
        if !appended.accepted.is_empty() {
            self.changed.insert(reader);
        }
        Ok(appended)
    }

    async fn save(&self, tx: &Tx) -> Result<()> {
        let readers: Vec<Value> = self.changed.iter().map(|reader| reader.0.into()).collect();
        let last = self.changed.iter().map(|reader| self.last.get(reader).copied().into());
        let mut sql = tx.sql("WITH ");
        sql.table("counted(id, seq)", vec![readers, last.collect()]);
        sql.push(
            " UPDATE reader SET last_event_seq = counted.seq FROM counted \
             WHERE reader.id = counted.id",
        );
        tx.execute(sql).await.map(drop)
    }
}

/// The number of each reader's last event, by a row that is theirs alone until the end.
async fn last_numbers(tx: &Tx, appends: &[Append]) -> Result<BTreeMap<ReaderId, i64>> {
    let readers: BTreeSet<i64> = appends.iter().map(|append| append.reader.0).collect();
    let mut sql = tx.sql("SELECT id, last_event_seq FROM reader WHERE id IN ");
    sql.list(readers);
    // In one order everywhere, so that two transactions never wait for each other.
    sql.push(" ORDER BY id").push(tx.for_update());
    let rows = tx.all(sql).await?;
    rows.iter().map(|row| Ok((ReaderId(get(row, "id")?), get(row, "last_event_seq")?))).collect()
}

async fn stored_ids(tx: &Tx, appends: &[Append]) -> Result<HashSet<(ReaderId, [u8; 16])>> {
    let (mut readers, mut ids) = (Vec::<Value>::new(), Vec::<Value>::new());
    for append in appends {
        for event in append.events.iter() {
            readers.push(append.reader.0.into());
            ids.push(event.id.0.into_bytes().to_vec().into());
        }
    }
    let mut sql = tx.sql("WITH ");
    sql.table("wanted(reader_id, id)", vec![readers, ids]);
    sql.push(
        " SELECT event.reader_id, event.id FROM wanted \
         JOIN event ON event.reader_id = wanted.reader_id AND event.id = wanted.id",
    );
    let rows = tx.all(sql).await?;
    let mut stored = HashSet::with_capacity(rows.len());
    for row in &rows {
        let id: Vec<u8> = get(row, "id")?;
        let id = id.try_into().map_err(|_| Error::unreadable("the id of an event is no UUID"))?;
        stored.insert((ReaderId(get(row, "reader_id")?), id));
    }
    Ok(stored)
}

async fn insert(tx: &Tx, new: &[Numbered<'_>]) -> Result<()> {
    let mut columns: Vec<Vec<Value>> = vec![Vec::new(); 8];
    for Numbered { reader, seq, event } in new {
        let (kind, key) = target_parts(&event.target);
        let values = [
            Value::from(reader.0),
            (*seq).into(),
            event.id.0.into_bytes().to_vec().into(),
            event.kind.name().into(),
            kind.into(),
            key.into(),
            event.at.0.into(),
            event.dwell_ms.map_or(NO_DWELL, i64::from).into(),
        ];
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let mut sql = tx.sql("WITH ");
    sql.table("fresh(reader_id, seq, id, kind, target_kind, target_key, at, dwell_ms)", columns);
    sql.push(
        " INSERT INTO event \
         (reader_id, seq, id, kind, target_kind, target_key, at, dwell_ms, stored_at) \
         SELECT reader_id, seq, id, kind, target_kind, target_key, at, NULLIF(dwell_ms, ?), ? \
         FROM fresh",
    );
    sql.bind(NO_DWELL).bind(tx.now.0);
    tx.execute(sql).await.map(drop)
}
