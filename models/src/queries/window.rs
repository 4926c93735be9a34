//! What windows and indexes in memory are built from: placed articles, and members of stories.

use crate::dialect::Sql;
use crate::error::Result;
use crate::queries::articles::{IDS_CHUNK, article_row, check_ids, unfiltered};
use crate::queries::decode::{embedding, get, language, time, time_option};
use crate::rows::{PlacedArticleRow, StoryMemberRow};
use crate::store::Store;
use autoglm_domain::{ArticleId, MinHashSignature, SourceId, StoryId, Timestamp};
use sea_orm::QueryResult;

/// Most rows in one answer; a window is read in one piece at start.
const WINDOW_MAX: u32 = 200_000;

const COLUMNS: &str = ", a.minhash, a.trace_parent, u.embedding, \
     COALESCE(st.source_count, 1) AS source_count";
const JOINS: &str = " LEFT JOIN story st ON st.id = a.story_id";
/// What [`story_member`] reads.
const MEMBERS: &str = "SELECT m.article_id, m.story_id, m.strand, m.source_id, m.sort_at, a.title, \
     a.language, a.published_at, a.minhash, a.duplicate_of, u.embedding, \
     SUBSTR(c.content_text, 1, 500) AS lead \
     FROM story_member m LEFT JOIN article a ON a.id = m.article_id \
     LEFT JOIN article_content c ON c.article_id = m.article_id \
     LEFT JOIN understanding u ON u.article_id = m.article_id AND u.kind = 'reading' \
     AND u.model_version = a.model_version \
     JOIN source s ON s.id = m.source_id AND s.owner_reader IS NULL WHERE ";

impl Store {
    /// These articles with what ranking needs, in the order of `ids`, without those that are gone.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for more than 5,000 ids.
    pub async fn placed_articles(&self, ids: &[ArticleId]) -> Result<Vec<PlacedArticleRow>> {
        check_ids(ids)?;
        let mut found = std::collections::HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_CHUNK) {
            let mut sql = unfiltered(self, COLUMNS, JOINS);
            sql.push(" WHERE a.id IN ").list(chunk.iter().map(|id| id.0));
            for row in self.all("reading placed articles", sql).await? {
                let row = placed(&row)?;
                found.insert(row.article.id, row);
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Ids of articles placed at or after `since`, in the order of placing. Ask again with some
    /// overlap: transactions become visible out of order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn placed_since(&self, since: Timestamp, limit: u32) -> Result<Vec<ArticleId>> {
        let sql = self
            .sql("SELECT id FROM article WHERE stage = 3 AND placed_at >= ? ORDER BY placed_at, id LIMIT ?")
            .with(since.0)
            .with(i64::from(limit.clamp(1, WINDOW_MAX)));
        let rows = self.all("looking for placed articles", sql).await?;
        rows.iter().map(|row| get(row, "id").map(ArticleId)).collect()
    }

    /// The articles placed last, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn newest_placed(&self, limit: u32) -> Result<Vec<PlacedArticleRow>> {
        let mut sql = unfiltered(self, COLUMNS, JOINS);
        sql.push(" WHERE a.stage = 3 ORDER BY a.placed_at DESC, a.id DESC LIMIT ?");
        let sql = sql.with(i64::from(limit.clamp(1, WINDOW_MAX)));
        let rows = self.all("reading the newest articles", sql).await?;
        rows.iter().map(placed).collect()
    }

    /// Members of stories at or after `since`, newest first, to build the story index again.
    /// Articles of private sources are left out: nothing is ever compared with them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn recent_story_members(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoryMemberRow>> {
        self.members_since(self.sql(MEMBERS), since, limit).await
    }

    /// The same of these stories only.
    ///
    /// # Errors
    /// What the database says.
    pub async fn recent_members_of(
        &self,
        stories: &[StoryId],
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoryMemberRow>> {
        if stories.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(MEMBERS);
        sql.push("m.story_id IN ").list(stories.iter().map(|id| id.0)).push(" AND ");
        self.members_since(sql, since, limit).await
    }

    async fn members_since(
        &self,
        mut sql: Sql,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoryMemberRow>> {
        sql.and("m.sort_at >= ?", since.0);
        sql.and(
            " ORDER BY m.sort_at DESC, m.article_id DESC LIMIT ?",
            i64::from(limit.clamp(1, WINDOW_MAX)),
        );
        let rows = self.all("reading recent stories", sql).await?;
        rows.iter().map(story_member).collect()
    }

    /// Articles that an operator moved to another story at or after `since`, with the moment. Ask
    /// again with some overlap, as for [`Self::placed_since`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn moved_since(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<(ArticleId, Timestamp)>> {
        let sql = self
            .sql(
                "SELECT article_id, moved_at FROM story_member WHERE moved_at >= ? \
                 ORDER BY moved_at DESC, article_id LIMIT ?",
            )
            .with(since.0)
            .with(i64::from(limit.clamp(1, WINDOW_MAX)));
        let rows = self.all("looking for moved articles", sql).await?;
        rows.iter()
            .map(|row| Ok((ArticleId(get(row, "article_id")?), time(row, "moved_at")?)))
            .collect()
    }
}

fn minhash(row: &QueryResult) -> Result<MinHashSignature> {
    Ok(MinHashSignature::from_bytes(&get::<Vec<u8>>(row, "minhash")?))
}

fn placed(row: &QueryResult) -> Result<PlacedArticleRow> {
    let source_count: i64 = get(row, "source_count")?;
    Ok(PlacedArticleRow {
        article: article_row(row)?,
        embedding: embedding(row)?,
        minhash: minhash(row)?,
        source_count: i32::try_from(source_count).unwrap_or(i32::MAX),
        trace_parent: get(row, "trace_parent")?,
    })
}

fn story_member(row: &QueryResult) -> Result<StoryMemberRow> {
    Ok(StoryMemberRow {
        article_id: ArticleId(get(row, "article_id")?),
        story_id: StoryId(get(row, "story_id")?),
        strand: get::<Option<i64>>(row, "strand")?.map(StoryId),
        source_id: SourceId(get(row, "source_id")?),
        title: get(row, "title")?,
        lead: get::<Option<String>>(row, "lead")?.unwrap_or_default(),
        language: language(row, "language")?,
        published_at: time_option(row, "published_at")?,
        sort_at: time(row, "sort_at")?,
        embedding: embedding(row)?,
        minhash: minhash(row)?,
        duplicate_of: get::<Option<i64>>(row, "duplicate_of")?.map(ArticleId),
    })
}
