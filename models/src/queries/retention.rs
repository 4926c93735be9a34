//! Retention: removing old articles in bounded steps.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::get;
use crate::queries::placement::{crown, recount};
use crate::store::Store;
use autoglm_domain::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Most articles removed in one call, so that nobody waits long behind it.
const REMOVE_MAX: u32 = 400;
/// How long the identity of a removed article is remembered, so that a source that still lists it
/// does not bring it back as new.
const TOMBSTONE_AGE: Duration = Duration::from_hours(24 * 365);

impl Store {
    /// Removes up to `limit` (at most 400) articles fetched before `before`, oldest first, with
    /// everything about them; those that somebody saved or tagged stay. Call again until it answers 0.
    ///
    /// # Errors
    /// What the database says.
    pub async fn remove_articles_older_than(&self, before: Timestamp, limit: u32) -> Result<u64> {
        let limit = limit.clamp(1, REMOVE_MAX);
        let admission = Admission::new(WriteQueue::Maintenance, "removing old articles");
        self.write(admission.weight(limit as usize), move |tx| async move {
            remove(&tx, before, limit).await
        })
        .await
    }
}

async fn remove(tx: &Tx, before: Timestamp, limit: u32) -> Result<u64> {
    let sql = tx
        .sql(
            "SELECT a.id, a.source_id, a.story_id FROM article a WHERE a.sort_at < ? AND a.fetched_at < ? \
             AND NOT EXISTS (SELECT 1 FROM mark m WHERE m.article_id = a.id AND m.is_saved) \
             AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.article_id = a.id) \
             ORDER BY a.sort_at, a.id LIMIT ?",
        )
        .with(before.0)
        .with(before.0)
        .with(i64::from(limit));
    let (mut ids, mut stories) = (Vec::new(), BTreeSet::new());
    let mut per_source = BTreeMap::<i64, i64>::new();
    for row in tx.all(sql).await? {
        ids.push(get::<i64>(&row, "id")?);
        stories.extend(get::<Option<i64>>(&row, "story_id")?);
        *per_source.entry(get(&row, "source_id")?).or_default() += 1;
    }
    if ids.is_empty() {
        return Ok(0);
    }
    lower_counters(tx, &ids, &per_source).await?;
    bury(tx, &ids).await?;
    if tx.dialect == Dialect::Sqlite {
        let mut sql = tx.sql("DELETE FROM article_search WHERE rowid IN ");
        sql.list(ids.iter().copied());
        tx.execute(sql).await?;
    }
    let mut sql = tx.sql("DELETE FROM article WHERE id IN ");
    sql.list(ids.iter().copied());
    tx.execute(sql).await?;
    recount(tx, &stories).await?;
    crown(tx, &stories).await?;
    Ok(ids.len() as u64)
}

async fn lower_counters(tx: &Tx, ids: &[i64], per_source: &BTreeMap<i64, i64>) -> Result<()> {
    let mut sql = tx.sql(
        "SELECT reader_id, source_id, COUNT(*) AS articles FROM mark WHERE is_read AND article_id IN ",
    );
    sql.list(ids.iter().copied()).push(" GROUP BY reader_id, source_id");
    for row in tx.all(sql).await? {
        let mut sql = tx.sql(
            "UPDATE subscription SET read_count = read_count - ? WHERE reader_id = ? AND source_id = ?",
        );
        sql.bind(get::<i64>(&row, "articles")?).bind(get::<i64>(&row, "reader_id")?);
        tx.execute(sql.with(get::<i64>(&row, "source_id")?)).await?;
    }
    for (source, count) in per_source {
        let sql = tx.sql("UPDATE source SET article_count = article_count - ? WHERE id = ?");
        tx.execute(sql.with(*count).with(*source)).await?;
    }
    Ok(())
}

async fn bury(tx: &Tx, ids: &[i64]) -> Result<()> {
    let mut sql = tx.sql(
        "INSERT INTO article_tombstone (identity, source_id, article_id, removed_at) \
         SELECT identity, source_id, id, ",
    );
    // PostgreSQL cannot tell the type of a bare placeholder in a select list.
    sql.and("CAST(? AS BIGINT)", tx.now.0).push(" FROM article WHERE id IN ");
    sql.list(ids.iter().copied());
    tx.execute(sql).await?;
    let sql = tx.sql("DELETE FROM article_tombstone WHERE removed_at < ?");
    tx.execute(sql.with(tx.now.minus(TOMBSTONE_AGE).0)).await?;
    Ok(())
}
