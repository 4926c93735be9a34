//! Claims: who works on which article's next stage, and until when.

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::IDS_CHUNK;
use crate::queries::decode::{embedding, get, language, time, time_option};
use crate::rows::ClaimedArticle;
use crate::store::Store;
use autoglm_domain::{
    ArticleId, ArticleStage, Incarnation, MinHashSignature, SourceId, StoryId, Timestamp,
};
use sea_orm::QueryResult;
use std::time::Duration;

/// Most articles in one claim.
const CLAIM_MAX: u32 = 2_000;

impl Store {
    /// Claims up to `limit` articles that are at `stage` and that nobody has claimed, or whose claim
    /// ran out; oldest first. Two claimants never get the same article while a claim lasts.
    /// [`ArticleStage::Stored`] finds work for the index, `Indexed` for understanding,
    /// `Understood` for stories.
    ///
    /// # Errors
    /// [`Error::Invalid`] for [`ArticleStage::Placed`], after which there is no work.
    pub async fn claim_articles(
        &self,
        stage: ArticleStage,
        limit: u32,
        lease: Duration,
        claimant: Incarnation,
    ) -> Result<Vec<ClaimedArticle>> {
        let pick = pick(stage)?;
        let limit = limit.clamp(1, CLAIM_MAX);
        let admission = Admission::new(WriteQueue::Understanding, "claiming articles")
            .weight(limit as usize / 4);
        self.write(admission, move |tx| async move {
            let until = tx.now.plus(lease);
            claim(&tx, pick, limit, until, claimant).await
        })
        .await
    }

    /// Frees everything this incarnation has claimed; answers how many articles.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_claims(&self, claimant: Incarnation) -> Result<u64> {
        let admission = Admission::new(WriteQueue::Control, "releasing claims");
        self.write(admission, move |tx| async move {
            let sql = tx.sql(
                "UPDATE article SET claimed_by = NULL, claimed_until = 0 WHERE claimed_by = ?",
            );
            tx.execute(sql.with(claimant.0)).await
        })
        .await
    }
}

/// Articles freed at a time; the rest is freed by their claims' own end.
const FREED_MAX: i64 = 20_000;

impl Store {
    /// Frees what nodes that are down had claimed: articles, and summaries they were writing. Rows
    /// that somebody is changing are left out, so that this never waits. Answers how much.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_claims_of_the_gone(&self) -> Result<u64> {
        let admission =
            Admission::new(WriteQueue::Control, "freeing claims of nodes that are down");
        self.write(admission, move |tx| async move {
            let skip = match tx.dialect {
                Dialect::Sqlite => "",
                Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
            };
            const GONE: &str = "claimed_by IS NOT NULL AND claimed_by IN \
                (SELECT incarnation FROM node WHERE state = 'down')";
            let mut sql = tx.sql(
                "UPDATE article SET claimed_by = NULL, claimed_until = 0 WHERE id IN \
                 (SELECT id FROM article WHERE ",
            );
            sql.push(GONE).and(" LIMIT ?", FREED_MAX);
            sql.push(skip).push(")");
            let articles = tx.execute(sql).await?;
            let mut sql = tx.sql(
                "DELETE FROM written_summary WHERE (article_id, language, writer) IN \
                 (SELECT article_id, language, writer FROM written_summary WHERE ",
            );
            sql.push(GONE).and(" LIMIT ?", FREED_MAX);
            sql.push(skip).push(")");
            Ok(articles + tx.execute(sql).await?)
        })
        .await
    }
}

/// The stage is part of the text, so that the planner can use the stage's partial index.
fn pick(stage: ArticleStage) -> Result<&'static str> {
    Ok(match stage {
        ArticleStage::Stored => {
            "WITH picked AS MATERIALIZED (SELECT id FROM article WHERE stage = 0"
        }
        ArticleStage::Indexed => {
            "WITH picked AS MATERIALIZED (SELECT id FROM article WHERE stage = 1"
        }
        ArticleStage::Understood => {
            "WITH picked AS MATERIALIZED (SELECT id FROM article WHERE stage = 2"
        }
        ArticleStage::Placed => {
            return Err(Error::Invalid(
                "placed articles cannot be claimed: nothing is left to do".into(),
            ));
        }
    })
}

async fn claim(
    tx: &Tx,
    pick: &'static str,
    limit: u32,
    until: Timestamp,
    claimant: Incarnation,
) -> Result<Vec<ClaimedArticle>> {
    let mut sql = tx.sql(pick);
    sql.and(" AND claimed_until <= ?", tx.now.0).and(" ORDER BY id LIMIT ?", i64::from(limit));
    if tx.dialect == Dialect::Postgres {
        sql.push(" FOR UPDATE SKIP LOCKED");
    }
    sql.push(") UPDATE article SET ")
        .and("claimed_until = ?", until.0)
        .and(", claimed_by = ?", claimant.0);
    sql.push(" WHERE id IN (SELECT id FROM picked) RETURNING id");
    let rows = tx.all(sql).await?;
    let mut ids: Vec<i64> = rows.iter().map(|row| get(row, "id")).collect::<Result<_>>()?;
    ids.sort_unstable();
    let mut claimed = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_CHUNK) {
        let mut sql = tx.sql(
            "SELECT a.id, a.source_id, a.url, a.canonical_url, a.title, a.language, a.published_at, \
             a.fetched_at, a.sort_at, a.minhash, a.trace_parent, a.story_id, c.content_text, \
             u.embedding, s.owner_reader FROM article a JOIN source s ON s.id = a.source_id \
             JOIN article_content c ON c.article_id = a.id \
             LEFT JOIN understanding u ON u.article_id = a.id AND u.kind = 'reading' \
             AND u.model_version = a.model_version WHERE a.id IN ",
        );
        sql.list(chunk.iter().copied()).push(" ORDER BY a.id");
        for row in tx.all(sql).await? {
            claimed.push(claimed_article(&row)?);
        }
    }
    Ok(claimed)
}

fn claimed_article(row: &QueryResult) -> Result<ClaimedArticle> {
    Ok(ClaimedArticle {
        id: ArticleId(get(row, "id")?),
        source_id: SourceId(get(row, "source_id")?),
        url: get(row, "url")?,
        canonical_url: get(row, "canonical_url")?,
        title: get(row, "title")?,
        content_text: get(row, "content_text")?,
        language: language(row, "language")?,
        published_at: time_option(row, "published_at")?,
        fetched_at: time(row, "fetched_at")?,
        sort_at: time(row, "sort_at")?,
        minhash: MinHashSignature::from_bytes(&get::<Vec<u8>>(row, "minhash")?),
        embedding: embedding(row)?,
        trace_parent: get(row, "trace_parent")?,
        story_id: get::<Option<i64>>(row, "story_id")?.map(StoryId),
        is_private: get::<Option<i64>>(row, "owner_reader")?.is_some(),
    })
}
