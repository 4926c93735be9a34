//! The marks and unread counters that follow from new events.

use super::append::Numbered;
use crate::error::Result;
use crate::lane::Tx;
use crate::queries::decode::{get, marks};
use autoglm_domain::{EventTarget, Marks, ReaderEvent, ReaderId};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One article's marks before and after the events.
#[derive(Debug)]
struct Change {
    source: i64,
    before: Marks,
    after: Marks,
}

/// By reader and article.
type Changes = BTreeMap<(ReaderId, i64), Change>;

pub(super) async fn change_marks(tx: &Tx, new: &[Numbered<'_>]) -> Result<()> {
    let marks = |one: &&Numbered<'_>| one.event.kind.apply_to(Marks::default()).is_some();
    let touched: BTreeSet<(ReaderId, i64)> = new
        .iter()
        .filter(marks)
        .filter_map(|one| Some((one.reader, article(one.event)?)))
        .collect();
    if touched.is_empty() {
        return Ok(());
    }
    let mut changes = current(tx, &touched).await?;
    for Numbered { reader, event, .. } in new {
        let change = article(event).and_then(|id| changes.get_mut(&(*reader, id)));
        if let Some(change) = change
            && let Some(after) = event.kind.apply_to(change.after)
        {
            change.after = after;
        }
    }
    changes.retain(|_, change| change.before != change.after);
    if changes.is_empty() {
        return Ok(());
    }
    save_marks(tx, &changes).await?;
    count_read(tx, &changes).await
}

fn article(event: &ReaderEvent) -> Option<i64> {
    match event.target {
        EventTarget::Article(id) => Some(id.0),
        _ => None,
    }
}

/// The present marks on those of these articles that their reader may see. Without that limit,
/// saving an article by its number would open the sources of others.
async fn current(tx: &Tx, touched: &BTreeSet<(ReaderId, i64)>) -> Result<Changes> {
    let readers = touched.iter().map(|(reader, _)| reader.0.into()).collect();
    let articles = touched.iter().map(|(_, article)| (*article).into()).collect();
    let mut sql = tx.sql("WITH ");
    sql.table("touched(reader_id, article_id)", vec![readers, articles]);
    sql.push(
        " SELECT touched.reader_id, a.id, a.source_id, m.is_read, m.is_saved, m.is_hidden \
         FROM touched JOIN article a ON a.id = touched.article_id \
         LEFT JOIN mark m ON m.article_id = a.id AND m.reader_id = touched.reader_id \
         LEFT JOIN subscription sub \
         ON sub.source_id = a.source_id AND sub.reader_id = touched.reader_id \
         WHERE sub.reader_id IS NOT NULL OR m.reader_id IS NOT NULL",
    );
    let mut changes = Changes::new();
    for row in tx.all(sql).await? {
        let before = marks(&row)?;
        let change = Change { source: get(&row, "source_id")?, before, after: before };
        changes.insert((ReaderId(get(&row, "reader_id")?), get(&row, "id")?), change);
    }
    Ok(changes)
}

async fn save_marks(tx: &Tx, changes: &Changes) -> Result<()> {
    let mut columns: Vec<Vec<Value>> = vec![Vec::new(); 6];
    for ((reader, article), Change { source, after, .. }) in changes {
        let values = [
            Value::from(reader.0),
            (*article).into(),
            (*source).into(),
            after.read.into(),
            after.saved.into(),
            after.hidden.into(),
        ];
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let mut sql = tx.sql("WITH ");
    sql.table("changed(reader_id, article_id, source_id, is_read, is_saved, is_hidden)", columns);
    // SQLite takes ON CONFLICT for a join's condition unless there is a WHERE before it.
    sql.push(
        " INSERT INTO mark \
         (reader_id, article_id, source_id, is_read, is_saved, is_hidden, updated_at) \
         SELECT reader_id, article_id, source_id, is_read, is_saved, is_hidden, ? \
         FROM changed WHERE TRUE \
         ON CONFLICT (reader_id, article_id) DO UPDATE SET is_read = excluded.is_read, \
         is_saved = excluded.is_saved, is_hidden = excluded.is_hidden, \
         updated_at = excluded.updated_at",
    );
    sql.bind(tx.now.0);
    tx.execute(sql).await.map(drop)
}

/// Counts what has become read or unread where readers follow the source.
async fn count_read(tx: &Tx, changes: &Changes) -> Result<()> {
    let mut read = BTreeMap::<(ReaderId, i64), i64>::new();
    for ((reader, _), change) in changes {
        let delta = i64::from(change.after.read) - i64::from(change.before.read);
        *read.entry((*reader, change.source)).or_default() += delta;
    }
    read.retain(|_, delta| *delta != 0);
    if read.is_empty() {
        return Ok(());
    }
    let readers = read.keys().map(|(reader, _)| reader.0.into()).collect();
    let sources = read.keys().map(|(_, source)| (*source).into()).collect();
    let deltas = read.values().map(|delta| (*delta).into()).collect();
    let mut sql = tx.sql("WITH ");
    sql.table("counted(reader_id, source_id, delta)", vec![readers, sources, deltas]);
    sql.push(
        " UPDATE subscription SET read_count = read_count + counted.delta FROM counted \
         WHERE subscription.reader_id = counted.reader_id \
         AND subscription.source_id = counted.source_id",
    );
    tx.execute(sql).await.map(drop)
}
