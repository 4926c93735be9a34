//! Sorting articles again by another list of topics: only the topics of their readings change.

use crate::error::Result;
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::{IDS_CHUNK, READING, check_ids};
use crate::queries::decode::{clean, get, language, time, topics, topics_text};
use crate::queries::understandings::save_topics_of;
use crate::rows::{SortedArticle, UnsortedArticle};
use crate::store::Store;
use autoglm_domain::{ArticleId, Timestamp};
use sea_orm::{QueryResult, Value};
use std::sync::Arc;

/// Articles asked for at a time.
const UNSORTED_MAX: u32 = 1_000;
/// Sorted articles asked for at a time.
const SORTED_MAX: u32 = 20_000;

impl Store {
    /// Articles that show a reading of these models whose topics are from another list, the newest
    /// first, below an id; with as much of their text as classifiers look at.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unsorted_by(
        &self,
        version: &str,
        list: i64,
        below: Option<ArticleId>,
        limit: u32,
    ) -> Result<Vec<UnsortedArticle>> {
        let mut sql = self.sql(
            "SELECT a.id, a.title, a.language, u.topics, SUBSTR(c.content_text, 1, 2000) AS lead \
             FROM article a JOIN understanding u ON u.article_id = a.id AND u.kind = ? \
             AND u.model_version = a.model_version \
             JOIN article_content c ON c.article_id = a.id \
             WHERE a.stage >= 2 AND a.model_version = ? AND u.topic_list <> ?",
        );
        sql.bind(READING).bind(version).bind(list);
        if let Some(below) = below {
            sql.and(" AND a.id < ?", below.0);
        }
        sql.and(" ORDER BY a.id DESC LIMIT ?", i64::from(limit.clamp(1, UNSORTED_MAX)));
        let rows = self.all("looking for articles to sort again", sql).await?;
        rows.iter().map(unsorted).collect()
    }

    /// How many such articles there are.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_unsorted(&self, version: &str, list: i64) -> Result<u64> {
        let mut sql = self.sql(
            "SELECT COUNT(*) AS waiting FROM article a JOIN understanding u \
             ON u.article_id = a.id AND u.kind = ? AND u.model_version = a.model_version \
             WHERE a.stage >= 2 AND a.model_version = ? AND u.topic_list <> ?",
        );
        sql.bind(READING).bind(version).bind(list);
        let row = self.one("counting articles to sort again", sql).await?;
        let count = row.map_or(Ok(0), |row| get::<i64>(&row, "waiting"))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Saves topics by a list for articles that still show a reading of these models; the others
    /// and those that are gone are skipped. Answers how many were saved.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for more than 5,000 at once.
    pub async fn store_sorted(
        &self,
        version: &str,
        list: i64,
        articles: Vec<SortedArticle>,
    ) -> Result<u64> {
        let ids: Vec<ArticleId> = articles.iter().map(|one| one.id).collect();
        check_ids(&ids)?;
        let admission = Admission::new(WriteQueue::Maintenance, "saving topics").weight(ids.len());
        let (version, articles): (Arc<str>, _) = (version.into(), Arc::new(articles));
        self.write(admission, move |tx| {
            let (version, articles) = (Arc::clone(&version), Arc::clone(&articles));
            async move {
                let mut saved = 0;
                for chunk in articles.chunks(IDS_CHUNK) {
                    saved += save(&tx, &version, list, chunk).await?;
                }
                Ok(saved)
            }
        })
        .await
    }

    /// Articles whose topics another list changed at or after `since`, with the moment. Ask again
    /// with some overlap, as for [`Self::placed_since`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn sorted_since(&self, since: Timestamp) -> Result<Vec<(ArticleId, Timestamp)>> {
        let sql = self
            .sql(
                "SELECT article_id, sorted_at FROM understanding WHERE sorted_at >= ? \
                 ORDER BY sorted_at DESC, article_id LIMIT ?",
            )
            .with(since.0)
            .with(i64::from(SORTED_MAX));
        let rows = self.all("looking for sorted articles", sql).await?;
        rows.iter()
            .map(|row| Ok((ArticleId(get(row, "article_id")?), time(row, "sorted_at")?)))
            .collect()
    }
}

async fn save(tx: &Tx, version: &str, list: i64, chunk: &[SortedArticle]) -> Result<u64> {
    if chunk.is_empty() {
        return Ok(0);
    }
    let mut sql = tx.sql("SELECT id FROM article WHERE model_version = ?").with(version);
    sql.push(" AND id IN ").list(chunk.iter().map(|one| one.id.0));
    let mut there = std::collections::HashSet::new();
    for row in tx.all(sql).await? {
        there.insert(get::<i64>(&row, "id")?);
    }
    let kept: Vec<&SortedArticle> = chunk.iter().filter(|one| there.contains(&one.id.0)).collect();
    let same = kept.iter().filter(|one| !one.is_changed).map(|one| one.id.0);
    mark(tx, version, list, same.collect()).await?;
    let changed: Vec<_> = kept.iter().filter(|one| one.is_changed).collect();
    let mut filters = Vec::with_capacity(changed.len());
    for one in changed {
        let text = clean(&topics_text(&one.topics));
        let mut sql = tx.sql(
            "UPDATE understanding SET topics = ?, topic_list = ?, sorted_at = ? \
             WHERE article_id = ? AND kind = ? AND model_version = ?",
        );
        sql.bind(text.as_str()).bind(list).bind(tx.now.0);
        sql.bind(one.id.0).bind(READING).bind(version);
        tx.execute(sql).await?;
        filters.push((one.id.0, text));
    }
    if !filters.is_empty() {
        save_topics_of(tx, &filters).await?;
    }
    Ok(kept.len() as u64)
}

/// What has the same topics by the new list only gets its mark.
async fn mark(tx: &Tx, version: &str, list: i64, ids: Vec<i64>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut sql = tx.sql("UPDATE understanding SET topic_list = ? WHERE kind = ?");
    sql.bind(list).bind(READING);
    sql.and(" AND model_version = ?", version).push(" AND article_id IN ");
    sql.list(ids.into_iter().map(Value::from));
    tx.execute(sql).await?;
    Ok(())
}

fn unsorted(row: &QueryResult) -> Result<UnsortedArticle> {
    Ok(UnsortedArticle {
        id: ArticleId(get(row, "id")?),
        title: get(row, "title")?,
        language: language(row, "language")?,
        lead: get(row, "lead")?,
        topics: topics(get::<Option<String>>(row, "topics")?.as_deref()),
    })
}
