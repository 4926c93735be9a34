//! The search index: filling it, and asking it.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::{IDS_CHUNK, LIST_MAX, article_row, check_ids, readable};
use crate::queries::understandings::existing;
use crate::rows::{ArticleRow, IndexEntry};
use crate::segmentation;
use crate::store::Store;
use autoglm_domain::{ArticleId, ReaderId, Timestamp};
use sea_orm::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most newest matches a search looks through; bounds the cost of a word that is everywhere.
const MATCHES_MAX: i64 = 20_000;

impl Store {
    /// Puts articles into the search index, replacing what it had of them, and moves them on from
    /// stored to indexed. Articles that are gone are skipped; answers how many were indexed.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for more than 5,000 entries.
    pub async fn finish_index(&self, entries: Vec<IndexEntry>) -> Result<u64> {
        let ids: Vec<ArticleId> = entries.iter().map(|entry| entry.article_id).collect();
        check_ids(&ids)?;
        let admission =
            Admission::new(WriteQueue::Understanding, "indexing articles").weight(ids.len());
        let batch = Arc::new(entries);
        self.write(admission, move |tx| {
            let batch = Arc::clone(&batch);
            async move {
                let mut indexed = 0;
                for chunk in batch.chunks(IDS_CHUNK) {
                    indexed += index(&tx, chunk).await?;
                }
                Ok(indexed)
            }
        })
        .await
    }

    /// The reader's articles in which every word of `query` occurs, newest first, among the newest
    /// 20,000 matches. A query without any word finds nothing. `limit` is clipped to 1..=500.
    ///
    /// # Errors
    /// What the database says.
    pub async fn search(
        &self,
        reader: ReaderId,
        query: &str,
        cursor: Option<(Timestamp, ArticleId)>,
        limit: u32,
    ) -> Result<Vec<ArticleRow>> {
        let words = segmentation::query_words(query);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = readable(self, reader);
        match self.dialect() {
            Dialect::Sqlite => {
                // Every word is a quoted string: FTS5 has no operators inside one.
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                sql.and(
                    " AND a.id IN (SELECT rowid FROM article_search WHERE article_search MATCH ?",
                    quoted.join(" "),
                );
                sql.and(" ORDER BY rowid DESC LIMIT ?)", MATCHES_MAX);
            }
            Dialect::Postgres => {
                // Every word is a quoted lexeme as it is stored: no parser cuts it otherwise.
                let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                sql.and(
                    " AND a.id IN (SELECT article_id FROM article_search WHERE tokens @@ CAST(? AS TSQUERY)",
                    quoted.join(" & "),
                );
                sql.and(" ORDER BY article_id DESC LIMIT ?)", MATCHES_MAX);
            }
        }
        if let Some((at, id)) = cursor {
            sql.and(" AND (a.sort_at, a.id) < (?", at.0).and(", ?)", id.0);
        }
        sql.push(" ORDER BY a.sort_at DESC, a.id DESC LIMIT ?");
        let sql = sql.with(i64::from(limit.clamp(1, LIST_MAX)));
        let rows = self.all("searching", sql).await?;
        rows.iter().map(article_row).collect()
    }
}

async fn index(tx: &Tx, entries: &[IndexEntry]) -> Result<u64> {
    let existing = existing(tx, entries.iter().map(|entry| entry.article_id.0)).await?;
    let wanted: BTreeMap<i64, &str> = entries
        .iter()
        .filter(|entry| existing.contains(&entry.article_id.0))
        .map(|entry| (entry.article_id.0, entry.tokens.as_str()))
        .collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    match tx.dialect {
        Dialect::Sqlite => {
            let values =
                wanted.iter().flat_map(|(id, tokens)| [Value::from(*id), (*tokens).into()]);
            let mut sql = tx.sql("INSERT OR REPLACE INTO article_search (rowid, tokens) VALUES ");
            sql.rows(2, values.collect());
            tx.execute(sql).await?;
        }
        Dialect::Postgres => {
            // Our tokens are lexemes already: the server's parser would only cost time.
            let (ids, tokens): (Vec<i64>, Vec<String>) =
                wanted.iter().map(|(id, tokens)| (*id, tokens.replace('\0', " "))).unzip();
            let sql = tx.sql(
                "INSERT INTO article_search (article_id, tokens) \
                 SELECT v.id, array_to_tsvector(array_remove(string_to_array(v.tokens, ' '), '')) \
                 FROM UNNEST(CAST(? AS BIGINT[]), CAST(? AS TEXT[])) AS v (id, tokens) \
                 ON CONFLICT (article_id) DO UPDATE SET tokens = excluded.tokens",
            );
            let sql = sql.with(ids).with(tokens);
            tx.execute(sql).await?;
        }
    }
    // A claim below zero marks an article that changed while its old text was being indexed.
    let mut sql = tx.sql(
        "UPDATE article SET stage = 1, claimed_until = 0, claimed_by = NULL \
         WHERE stage = 0 AND claimed_until >= 0 AND id IN ",
    );
    sql.list(wanted.keys().copied());
    tx.execute(sql).await?;
    Ok(wanted.len() as u64)
}
