//! Articles of a source by what recognises them under another identity, and giving them that one.

use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::insert::identity_number;
use crate::queries::decode::{clean, get, time_option};
use crate::rows::{RecentArticleRow, RenamedArticle};
use crate::store::Store;
use autoglm_domain::SourceId;
use std::sync::Arc;

/// Most articles in one call, in either direction.
const RENAMED_MAX: usize = 2_000;

impl Store {
    /// The newest articles of a source, at most `limit` and never more than 2,000.
    ///
    /// # Errors
    /// What the database says.
    pub async fn recent_articles(
        &self,
        source: SourceId,
        limit: usize,
    ) -> Result<Vec<RecentArticleRow>> {
        let mut sql =
            self.sql("SELECT identity, canonical_url, title, published_at FROM article WHERE ");
        sql.and("source_id = ?", source.0).push(" ORDER BY sort_at DESC, id DESC LIMIT ?");
        let rows = self
            .all("recalling a source's articles", sql.with(limit.min(RENAMED_MAX) as i64))
            .await?;
        let mut recent = Vec::with_capacity(rows.len());
        for row in &rows {
            let Ok(identity) = <[u8; 16]>::try_from(get::<Vec<u8>>(row, "identity")?) else {
                continue;
            };
            recent.push(RecentArticleRow {
                identity,
                canonical_url: get(row, "canonical_url")?,
                title: get(row, "title")?,
                published_at: time_option(row, "published_at")?,
            });
        }
        Ok(recent)
    }

    /// Gives articles of a source another identity and address; ids, marks, stories and places in
    /// time stay. An article whose new identity another one has or had keeps the old one. Answers
    /// how many were renamed; saying it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 2,000 articles; [`Error::Overloaded`], [`Error::Unavailable`].
    pub async fn rename_articles(
        &self,
        source: SourceId,
        articles: Vec<RenamedArticle>,
    ) -> Result<u64> {
        if articles.len() > RENAMED_MAX {
            return Err(Error::Invalid(format!(
                "{} articles to rename in one call; at most {RENAMED_MAX}",
                articles.len()
            )));
        }
        if articles.is_empty() {
            return Ok(0);
        }
        let admission =
            Admission::new(WriteQueue::Ingest, "renaming articles").weight(articles.len());
        let articles = Arc::new(articles);
        self.write(admission, move |tx| {
            let articles = Arc::clone(&articles);
            async move {
                let mut renamed = 0;
                for article in articles.iter() {
                    renamed += rename(&tx, source, article).await?;
                }
                Ok(renamed)
            }
        })
        .await
    }
}

async fn rename(tx: &Tx, source: SourceId, article: &RenamedArticle) -> Result<u64> {
    let new = article.identity.hash.to_vec();
    let mut sql = tx.sql("UPDATE article SET identity = ?, identity_kind = ?");
    sql.bind(new.clone()).bind(identity_number(article.identity.kind));
    if !article.url.is_empty() {
        sql.and(", url = ?", clean(&article.url));
        sql.and(", canonical_url = ?", clean(&article.canonical_url));
    }
    sql.and(", updated_at = ?", tx.now.0).and(" WHERE identity = ?", article.old.to_vec());
    sql.and(" AND source_id = ?", source.0);
    for table in ["article", "article_tombstone"] {
        sql.push(" AND NOT EXISTS (SELECT 1 FROM ").push(table);
        sql.and(" other WHERE other.identity = ?", new.clone());
        sql.and(" AND other.source_id = ?)", source.0);
    }
    tx.execute(sql).await
}
