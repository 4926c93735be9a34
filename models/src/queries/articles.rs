//! Articles as readers see them: one, many by id, and lists.

use crate::dialect::Sql;
use crate::error::{Error, Result};
use crate::queries::article_entities::ARTICLES_FOUND_MAX;
use crate::queries::decode::{
    clean, entities, get, language, marks, names, stage, time, time_option, topics,
};
use crate::rows::{ArticleDetailRow, ArticleFilter, ArticleRow};
use crate::store::Store;
use autoglm_domain::{ArticleId, ReaderId, SourceId, StoryId};
use sea_orm::QueryResult;

mod insert;
mod known;
mod renaming;

/// Most articles in one answer.
pub(crate) const LIST_MAX: u32 = 500;
/// Most ids in one question.
pub(crate) const IDS_MAX: usize = 5_000;
/// Ids in one statement: far below what either database allows, and plans stay small.
pub(crate) const IDS_CHUNK: usize = 400;

/// Kind of understanding with embedding, topics and summary.
pub(crate) const READING: &str = "reading";

/// What [`article_row`] reads.
const COLUMNS: &str = "SELECT a.id, a.source_id, COALESCE(sub.title, s.title) AS source_title, \
     a.story_id, a.url, a.title, a.authors, a.language, a.published_at, a.fetched_at, a.sort_at, \
     a.placed_at, a.duplicate_of, a.stage, u.topics, u.summary, u.entities, u.keywords, \
     m.is_read, m.is_saved, m.is_hidden";

/// Where it comes from; binds the reader twice. All joins are outer ones, so that SQLite keeps the
/// article as the outermost table and walks it in the order of the answer.
const JOINS: &str = " FROM article a LEFT JOIN source s ON s.id = a.source_id \
     LEFT JOIN subscription sub ON sub.source_id = a.source_id AND sub.reader_id = ? \
     LEFT JOIN mark m ON m.article_id = a.id AND m.reader_id = ? \
     LEFT JOIN understanding u ON u.article_id = a.id AND u.kind = 'reading' \
     AND u.model_version = a.model_version";

/// No reader has this id.
const NOBODY: ReaderId = ReaderId(0);

/// The sources the reader reads. Written so that SQLite does not see through it: it would turn the
/// outer join into an inner one, start from the subscriptions and sort everything.
const SUBSCRIBED: &str = "COALESCE(sub.reader_id, 0) <> 0";

/// What a reader may see: the sources they read, and what they saved from others.
pub(crate) const VISIBLE: &str = "(COALESCE(sub.reader_id, 0) <> 0 OR COALESCE(m.is_saved, FALSE))";

impl Store {
    /// One article with its content; `None` when it does not exist or the reader may not see it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn article(
        &self,
        reader: ReaderId,
        id: ArticleId,
    ) -> Result<Option<ArticleDetailRow>> {
        let mut sql = self.sql(COLUMNS);
        sql.push(", c.content_html, c.content_text, a.model_version").push(JOINS);
        sql.push(" LEFT JOIN article_content c ON c.article_id = a.id WHERE a.id = ? AND ")
            .push(VISIBLE);
        sql.bind(reader.0).bind(reader.0).bind(id.0);
        let Some(row) = self.one("reading an article", sql).await? else { return Ok(None) };
        Ok(Some(ArticleDetailRow {
            article: article_row(&row)?,
            content_html: get::<Option<String>>(&row, "content_html")?.unwrap_or_default(),
            content_text: get::<Option<String>>(&row, "content_text")?.unwrap_or_default(),
            model_version: get(&row, "model_version")?,
        }))
    }

    /// The reader's articles, newest first; hidden ones only when asked for. `limit` is clipped to
    /// 1..=500.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 5,000 ids.
    pub async fn articles(
        &self,
        reader: ReaderId,
        filter: ArticleFilter,
    ) -> Result<Vec<ArticleRow>> {
        check_ids(filter.only.as_deref().unwrap_or_default())?;
        let rows = self.all("listing articles", list(self.sql(COLUMNS), reader, &filter)).await?;
        rows.iter().map(article_row).collect()
    }

    /// These articles in the order of `ids`, without those that do not exist or that the reader
    /// may not see. Without a reader there are no marks and no limits to what is seen.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 5,000 ids.
    pub async fn articles_by_ids(
        &self,
        reader: Option<ReaderId>,
        ids: &[ArticleId],
    ) -> Result<Vec<ArticleRow>> {
        check_ids(ids)?;
        let mut found = std::collections::HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_CHUNK) {
            let mut sql = self.sql(COLUMNS);
            let who = reader.unwrap_or(NOBODY);
            sql.push(JOINS).push(" WHERE ").bind(who.0).bind(who.0);
            if reader.is_some() {
                sql.push(VISIBLE).push(" AND ");
            }
            sql.push("a.id IN ").list(chunk.iter().map(|id| id.0));
            for row in self.all("reading articles", sql).await? {
                let row = article_row(&row)?;
                found.insert(row.id, row);
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }
}

fn list(mut sql: Sql, reader: ReaderId, filter: &ArticleFilter) -> Sql {
    sql.push(JOINS).push(" WHERE ").bind(reader.0).bind(reader.0);
    sql.push(if filter.marks.saved == Some(true) { VISIBLE } else { SUBSCRIBED });
    filter_by(&mut sql, reader, filter);
    sql.push(" ORDER BY a.sort_at DESC, a.id DESC LIMIT ?");
    sql.with(i64::from(filter.limit.clamp(1, LIST_MAX)))
}

pub(crate) fn check_ids(ids: &[ArticleId]) -> Result<()> {
    if ids.len() > IDS_MAX {
        return Err(Error::Invalid(format!(
            "{} articles in one call; at most {IDS_MAX}",
            ids.len()
        )));
    }
    Ok(())
}

/// A statement that reads [`article_row`]s for the reader; what follows begins with ` AND`.
pub(crate) fn readable(store: &Store, reader: ReaderId) -> Sql {
    let mut sql = store.sql(COLUMNS);
    sql.push(JOINS).push(" WHERE ").push(SUBSCRIBED).bind(reader.0).bind(reader.0);
    sql
}

/// [`readable`] for nobody in particular, with columns of its own; what follows begins with ` WHERE`.
pub(crate) fn unfiltered(store: &Store, columns: &str, joins: &str) -> Sql {
    let mut sql = store.sql(COLUMNS);
    sql.push(columns).push(JOINS).push(joins).bind(NOBODY.0).bind(NOBODY.0);
    sql
}

fn filter_by(sql: &mut Sql, reader: ReaderId, filter: &ArticleFilter) {
    if let Some(source) = filter.source {
        sql.and(" AND a.source_id = ?", source.0);
    }
    if let Some(story) = filter.story {
        sql.and(" AND a.id IN (SELECT article_id FROM story_member WHERE story_id = ?)", story.0);
    }
    match filter.only.as_deref() {
        None => {}
        Some([]) => {
            sql.push(" AND 1 = 0");
        }
        Some(ids) => {
            sql.push(" AND a.id IN ").list(ids.iter().map(|id| id.0));
        }
    }
    if let Some(topic) = &filter.topic {
        sql.and(
            " AND EXISTS (SELECT 1 FROM article_topic t WHERE t.article_id = a.id AND t.topic = ?)",
            topic.replace('\0', ""),
        );
    }
    if let Some(entity) = &filter.entity {
        // Bounded as a search is: its newest articles, whoever reads them; the list binds the reader.
        sql.and(
            " AND a.id IN (SELECT article_id FROM article_entity WHERE entity = ?",
            clean(entity),
        );
        sql.and(" ORDER BY article_id DESC LIMIT ?)", ARTICLES_FOUND_MAX);
    }
    if let Some(language) = filter.language {
        sql.and(" AND a.language = ?", language.as_str());
    }
    if let Some(folder) = &filter.folder {
        sql.and(" AND sub.folder_id IN (SELECT id FROM folder WHERE reader_id = ?", reader.0);
        sql.and(" AND name = ?)", folder.replace('\0', ""));
    }
    let hidden = Some(filter.marks.hidden.unwrap_or(false));
    let flags = [
        (" AND COALESCE(m.is_read, FALSE) = ?", filter.marks.read),
        (" AND COALESCE(m.is_saved, FALSE) = ?", filter.marks.saved),
        (" AND COALESCE(m.is_hidden, FALSE) = ?", hidden),
    ];
    for (text, wanted) in flags {
        if let Some(wanted) = wanted {
            sql.and(text, wanted);
        }
    }
    if let Some((at, id)) = filter.cursor {
        sql.and(" AND (a.sort_at, a.id) < (?", at.0).and(", ?)", id.0);
    }
}

pub(crate) fn article_row(row: &QueryResult) -> Result<ArticleRow> {
    Ok(ArticleRow {
        id: ArticleId(get(row, "id")?),
        source_id: SourceId(get(row, "source_id")?),
        source_title: get::<Option<String>>(row, "source_title")?.unwrap_or_default(),
        story_id: get::<Option<i64>>(row, "story_id")?.map(StoryId),
        url: get(row, "url")?,
        title: get(row, "title")?,
        authors: names(&get::<String>(row, "authors")?),
        language: language(row, "language")?,
        published_at: time_option(row, "published_at")?,
        fetched_at: time(row, "fetched_at")?,
        sort_at: time(row, "sort_at")?,
        placed_at: time_option(row, "placed_at")?,
        duplicate_of: get::<Option<i64>>(row, "duplicate_of")?.map(ArticleId),
        topics: topics(get::<Option<String>>(row, "topics")?.as_deref()),
        summary: get::<Option<String>>(row, "summary")?.unwrap_or_default(),
        entities: entities(get::<Option<String>>(row, "entities")?.as_deref()),
        keywords: names(&get::<Option<String>>(row, "keywords")?.unwrap_or_default()),
        stage: stage(row)?,
        marks: marks(row)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world;

    #[test]
    fn a_list_walks_an_index_instead_of_sorting_everything() {
        let world = world::sqlite();
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let cursor = Some((world::START, ArticleId(5)));
            for filter in [
                ArticleFilter::default(),
                ArticleFilter { cursor, topic: Some("x".into()), ..ArticleFilter::default() },
                ArticleFilter { source: Some(source), cursor, ..ArticleFilter::default() },
            ] {
                let mut columns = String::from("EXPLAIN QUERY PLAN ");
                columns.push_str(COLUMNS);
                let mut sql = world.store.sql("");
                sql.push(&columns);
                let plan = world.store.all("explaining", list(sql, reader, &filter)).await;
                let plan: Vec<String> = plan
                    .expect("explained")
                    .iter()
                    .map(|row| get(row, "detail").expect("text"))
                    .collect();
                assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:#?}");
                let first = if filter.source.is_some() { "article_source" } else { "article_time" };
                assert!(plan[0].contains(first), "{plan:#?}");
            }
        });
    }
}
