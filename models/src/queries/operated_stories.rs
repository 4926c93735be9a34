//! Stories as the operator sees them: of every source, whoever reads it.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::queries::decode::{get, time};
use crate::rows::{OperatedArticleRow, OperatedStoryRow};
use crate::segmentation;
use crate::store::Store;
use autoglm_domain::{ArticleId, SourceId, Story, StoryId, Timestamp};
use sea_orm::QueryResult;

/// Most stories in one answer.
const LIST_MAX: u32 = 201;
/// Most articles of a story that are shown.
const ARTICLES_MAX: i64 = 200;
/// Newest articles with the words that are looked through.
const MATCHES_MAX: i64 = 2_000;

const COLUMNS: &str = "SELECT st.id, st.title, st.representative, st.article_count, \
     st.source_count, st.first_at, st.last_at FROM story st WHERE ";

/// An article of a private source is alone in its story, and only its reader may know of it.
pub(crate) const SHARED: &str = "NOT EXISTS (SELECT 1 FROM article a JOIN source s \
     ON s.id = a.source_id WHERE a.id = st.representative AND s.owner_reader IS NOT NULL)";

impl Store {
    /// Stories, those of one article too, by their latest article, newest first; with `words` only
    /// those with an article in which all of them occur, among the newest 2,000. Continues after
    /// `cursor`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn operated_stories(
        &self,
        words: &str,
        cursor: Option<(Timestamp, StoryId)>,
        limit: u32,
    ) -> Result<Vec<Story>> {
        let mut sql = self.sql(COLUMNS);
        sql.push(SHARED).push(" AND ");
        match self.matching(words) {
            None => sql.push("st.article_count > 0"),
            Some((matching, query)) => sql
                .push("st.id IN (SELECT story_id FROM story_member WHERE article_id IN (")
                .and(matching, query)
                .and(" LIMIT ?))", MATCHES_MAX),
        };
        if let Some((at, id)) = cursor {
            sql.and(" AND (st.last_at, st.id) < (?", at.0).and(", ?)", id.0);
        }
        sql.push(" ORDER BY st.last_at DESC, st.id DESC LIMIT ?");
        let sql = sql.with(i64::from(limit.clamp(1, LIST_MAX)));
        self.all("listing stories", sql).await?.iter().map(story).collect()
    }

    /// One story with its articles; `None` when it does not exist.
    ///
    /// # Errors
    /// What the database says.
    pub async fn operated_story(&self, id: StoryId) -> Result<Option<OperatedStoryRow>> {
        let mut sql = self.sql(COLUMNS);
        sql.push(SHARED).and(" AND st.id = ?", id.0);
        let Some(row) = self.one("reading a story", sql).await? else { return Ok(None) };
        let sql = self
            .sql(
                "SELECT a.id, a.source_id, s.title AS source_title, a.title, a.url, m.sort_at, \
                 a.duplicate_of FROM story_member m JOIN article a ON a.id = m.article_id \
                 JOIN source s ON s.id = a.source_id WHERE m.story_id = ? \
                 ORDER BY m.sort_at DESC, m.article_id DESC LIMIT ?",
            )
            .with(id.0)
            .with(ARTICLES_MAX);
        let rows = self.all("reading the articles of a story", sql).await?;
        let articles = rows.iter().map(article).collect::<Result<_>>()?;
        Ok(Some(OperatedStoryRow { story: story(&row)?, articles }))
    }

    /// The statement that finds articles with all of these words, and what it binds.
    fn matching(&self, words: &str) -> Option<(&'static str, String)> {
        let words = segmentation::query_words(words);
        if words.is_empty() {
            return None;
        }
        // Every word is quoted, as in a reader's search: there are no operators inside quotes.
        let quoted = |quote: &str| -> Vec<String> {
            words.iter().map(|word| format!("{quote}{word}{quote}")).collect()
        };
        Some(match self.dialect() {
            Dialect::Sqlite => (
                "SELECT rowid FROM article_search WHERE article_search MATCH ? ORDER BY rowid DESC",
                quoted("\"").join(" "),
            ),
            Dialect::Postgres => (
                "SELECT article_id FROM article_search WHERE tokens @@ CAST(? AS TSQUERY) \
                 ORDER BY article_id DESC",
                quoted("'").join(" & "),
            ),
        })
    }
}

fn story(row: &QueryResult) -> Result<Story> {
    let count =
        |column| -> Result<i32> { Ok(i32::try_from(get::<i64>(row, column)?).unwrap_or(i32::MAX)) };
    Ok(Story {
        id: StoryId(get(row, "id")?),
        title: get(row, "title")?,
        representative: ArticleId(get(row, "representative")?),
        article_count: count("article_count")?,
        source_count: count("source_count")?,
        first_at: time(row, "first_at")?,
        last_at: time(row, "last_at")?,
    })
}

fn article(row: &QueryResult) -> Result<OperatedArticleRow> {
    Ok(OperatedArticleRow {
        id: ArticleId(get(row, "id")?),
        source_id: SourceId(get(row, "source_id")?),
        source_title: get(row, "source_title")?,
        title: get(row, "title")?,
        url: get(row, "url")?,
        sort_at: time(row, "sort_at")?,
        duplicate_of: get::<Option<i64>>(row, "duplicate_of")?.map(ArticleId),
    })
}
