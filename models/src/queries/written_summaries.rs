//! Summaries in a writer's own words: who writes which, what came of it, and what a reader may see.
//!
//! A row is claimed before it is written, so that several nodes never write the same. What is about
//! an earlier content of its article is as good as absent.

use crate::dialect::Sql;
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::VISIBLE;
use crate::queries::decode::{clean, get, language, time};
use crate::rows::{
    Claim, SummaryOutcome, SummaryWork, Unasked, UnwrittenArticle, WrittenSummaryRow,
};
use crate::store::Store;
use autoglm_domain::{ArticleId, Incarnation, ReaderId, Timestamp};
use sea_orm::QueryResult;
use std::sync::Arc;
use std::time::Duration;

/// Most summaries of one article that are shown.
const SHOWN_MAX: i64 = 20;
const HOUR: Duration = Duration::from_hours(1);

impl Store {
    /// The written summaries of an article, the latest first; none when there is no such article or
    /// the reader may not see it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn written_summaries(
        &self,
        reader: ReaderId,
        article: ArticleId,
    ) -> Result<Vec<WrittenSummaryRow>> {
        let mut sql = self.sql(
            "SELECT w.language, w.writer, w.text, w.created_at FROM written_summary w \
             JOIN article a ON a.id = w.article_id AND a.content_hash = w.content_hash \
             LEFT JOIN subscription sub ON sub.source_id = a.source_id AND sub.reader_id = ? \
             LEFT JOIN mark m ON m.article_id = a.id AND m.reader_id = ? \
             WHERE w.article_id = ? AND w.text IS NOT NULL AND ",
        );
        sql.push(VISIBLE).push(" ORDER BY w.created_at DESC, w.writer LIMIT ?");
        sql.bind(reader.0).bind(reader.0).bind(article.0).bind(SHOWN_MAX);
        let rows = self.all("reading written summaries", sql).await?;
        rows.iter().map(written).collect()
    }

    /// Claims a piece of work that a reader asked for.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_summary(
        &self,
        work: SummaryWork,
        lease: Duration,
        claimant: Incarnation,
    ) -> Result<Claim> {
        let work = Arc::new(work);
        let admission = Admission::new(WriteQueue::Control, "claiming a summary");
        self.write(admission, move |tx| {
            let work = Arc::clone(&work);
            async move {
                let now = tx.lease_now().await?;
                claim(&tx, &work, now, now.plus(lease), claimant, true).await
            }
        })
        .await
    }

    /// Claims the newest article that stands for its story and that `writer` has not written about
    /// in the article's own language; `None` when there is none or the hour's share is used up.
    /// Articles of a reader's own sources are nobody's business until that reader asks.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_unasked_summary(
        &self,
        writer: &str,
        which: Unasked,
        lease: Duration,
        claimant: Incarnation,
    ) -> Result<Option<UnwrittenArticle>> {
        let writer: Arc<str> = writer.into();
        let admission = Admission::new(WriteQueue::Maintenance, "claiming a summary to write");
        self.write(admission, move |tx| {
            let writer = Arc::clone(&writer);
            async move {
                let now = tx.lease_now().await?;
                if written_within_the_hour(&tx, now).await? >= i64::from(which.hourly_max) {
                    return Ok(None);
                }
                let Some(article) = newest_unwritten(&tx, &writer, which, now).await? else {
                    return Ok(None);
                };
                let (article_id, language) = (article.id, article.language);
                let work = SummaryWork { article_id, language, writer: writer.to_string() };
                let won = claim(&tx, &work, now, now.plus(lease), claimant, false).await?;
                Ok((won == Claim::Won).then_some(article))
            }
        })
        .await
    }

    /// Ends a piece of work. False when the claim was lost in the meantime or the article is gone:
    /// then nothing is kept.
    ///
    /// # Errors
    /// What the database says.
    pub async fn finish_summary(
        &self,
        work: SummaryWork,
        outcome: SummaryOutcome,
        claimant: Incarnation,
    ) -> Result<bool> {
        let facts = Arc::new((work, outcome));
        let admission = Admission::new(WriteQueue::Understanding, "keeping a summary");
        self.write(admission, move |tx| {
            let facts = Arc::clone(&facts);
            async move {
                let (work, outcome) = &*facts;
                let (text, refused) = match outcome {
                    SummaryOutcome::Written(text) => (Some(clean(text)), None),
                    SummaryOutcome::Refused(reason) => (None, Some(clean(reason))),
                };
                let mut sql = tx.sql(
                    "UPDATE written_summary SET text = ?, refused = ?, claimed_by = NULL, \
                     claimed_until = 0, created_at = ?",
                );
                sql.bind(text).bind(refused).bind(tx.lease_now().await?.0);
                Ok(tx.execute(mine(sql, work, claimant)).await? > 0)
            }
        })
        .await
    }

    /// Gives a piece of work back, as if it had not been claimed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_summary(&self, work: SummaryWork, claimant: Incarnation) -> Result<()> {
        let work = Arc::new(work);
        let admission = Admission::new(WriteQueue::Control, "giving a summary back");
        self.write(admission, move |tx| {
            let work = Arc::clone(&work);
            async move {
                tx.execute(mine(tx.sql("DELETE FROM written_summary"), &work, claimant)).await?;
                Ok(())
            }
        })
        .await
    }

    /// Gives everything back that this incarnation has claimed; answers how much.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_summaries(&self, claimant: Incarnation) -> Result<u64> {
        let admission = Admission::new(WriteQueue::Control, "giving summaries back");
        self.write(admission, move |tx| async move {
            let sql = tx.sql("DELETE FROM written_summary WHERE claimed_by = ?").with(claimant.0);
            tx.execute(sql).await
        })
        .await
    }
}

/// Only the row that the claimant still holds.
fn mine(mut sql: Sql, work: &SummaryWork, claimant: Incarnation) -> Sql {
    sql.and(" WHERE article_id = ?", work.article_id.0)
        .and(" AND language = ?", work.language.as_str())
        .and(" AND writer = ?", clean(&work.writer))
        .and(" AND claimed_by = ?", claimant.0);
    sql
}

async fn claim(
    tx: &Tx,
    work: &SummaryWork,
    now: Timestamp,
    until: Timestamp,
    claimant: Incarnation,
    is_asked: bool,
) -> Result<Claim> {
    let sql = tx.sql("SELECT content_hash FROM article WHERE id = ?").with(work.article_id.0);
    let Some(row) = tx.one(sql).await? else { return Ok(Claim::Gone) };
    let content_hash: i64 = get(&row, "content_hash")?;
    let sql = tx.sql(
        "INSERT INTO written_summary (article_id, language, writer, content_hash, text, refused, \
         is_asked, claimed_by, claimed_until, created_at) VALUES (?, ?, ?, ?, NULL, NULL, ?, ?, ?, ?) \
         ON CONFLICT (article_id, language, writer) DO UPDATE SET \
         content_hash = excluded.content_hash, text = NULL, refused = NULL, \
         is_asked = excluded.is_asked, claimed_by = excluded.claimed_by, \
         claimed_until = excluded.claimed_until, created_at = excluded.created_at \
         WHERE written_summary.claimed_until <= ? \
         AND (written_summary.text IS NULL OR written_summary.content_hash <> ?)",
    );
    let sql = sql
        .with(work.article_id.0)
        .with(work.language.as_str())
        .with(clean(&work.writer))
        .with(content_hash)
        .with(is_asked)
        .with(claimant.0)
        .with(until.0)
        .with(now.0)
        .with(now.0)
        .with(content_hash);
    if tx.execute(sql).await? > 0 {
        return Ok(Claim::Won);
    }
    held(tx, work).await
}

/// Who has the row that could not be claimed.
async fn held(tx: &Tx, work: &SummaryWork) -> Result<Claim> {
    let sql = tx
        .sql(
            "SELECT language, writer, text, created_at, claimed_until FROM written_summary \
             WHERE article_id = ? AND language = ? AND writer = ?",
        )
        .with(work.article_id.0)
        .with(work.language.as_str())
        .with(clean(&work.writer));
    // Gone between the two statements: whoever had it gave it back.
    let Some(row) = tx.one(sql).await? else { return Ok(Claim::Taken(tx.now)) };
    match get::<Option<String>>(&row, "text")? {
        Some(_) => Ok(Claim::Done(written(&row)?)),
        None => Ok(Claim::Taken(time(&row, "claimed_until")?)),
    }
}

async fn written_within_the_hour(tx: &Tx, now: Timestamp) -> Result<i64> {
    let sql =
        tx.sql("SELECT COUNT(*) AS n FROM written_summary WHERE NOT is_asked AND created_at > ?");
    let row = tx.one(sql.with(now.minus(HOUR).0)).await?;
    row.map_or(Ok(0), |row| get(&row, "n"))
}

async fn newest_unwritten(
    tx: &Tx,
    writer: &str,
    which: Unasked,
    now: Timestamp,
) -> Result<Option<UnwrittenArticle>> {
    let mut sql = tx.sql(
        "SELECT a.id, a.title, a.language, c.content_text, u.summary FROM article a \
         JOIN story s ON s.id = a.story_id AND s.representative = a.id \
         JOIN source o ON o.id = a.source_id AND o.owner_reader IS NULL \
         JOIN article_content c ON c.article_id = a.id \
         LEFT JOIN understanding u ON u.article_id = a.id AND u.kind = 'reading' \
         AND u.model_version = a.model_version \
         WHERE a.stage = 3 AND a.sort_at >= ? AND a.language IS NOT NULL \
         AND LENGTH(c.content_text) >= ? AND NOT EXISTS (SELECT 1 FROM written_summary w \
         WHERE w.article_id = a.id AND w.language = a.language AND w.writer = ? \
         AND w.content_hash = a.content_hash AND (w.text IS NOT NULL OR w.refused IS NOT NULL \
         OR w.claimed_until > ?)) ORDER BY a.sort_at DESC, a.id DESC LIMIT 1",
    );
    sql.bind(which.since.0).bind(i64::from(which.characters_min)).bind(clean(writer));
    let Some(row) = tx.one(sql.with(now.0)).await? else { return Ok(None) };
    let language = language(&row, "language")?;
    Ok(Some(UnwrittenArticle {
        id: ArticleId(get(&row, "id")?),
        title: get(&row, "title")?,
        language: language.ok_or_else(|| Error::unreadable("an article's language"))?,
        content_text: get(&row, "content_text")?,
        summary: get::<Option<String>>(&row, "summary")?.unwrap_or_default(),
    }))
}

fn written(row: &QueryResult) -> Result<WrittenSummaryRow> {
    let language = language(row, "language")?;
    Ok(WrittenSummaryRow {
        language: language.ok_or_else(|| Error::unreadable("a summary's language"))?,
        writer: get(row, "writer")?,
        text: get(row, "text")?,
        written_at: time(row, "created_at")?,
    })
}
