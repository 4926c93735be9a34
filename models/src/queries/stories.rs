//! Stories as a reader sees them: only their articles from the reader's own sources count.

use crate::dialect::Sql;
use crate::error::Result;
use crate::queries::decode::get;
use crate::rows::StoryRow;
use crate::store::Store;
use autoglm_domain::{ArticleId, ReaderId, Story, StoryId, Timestamp};
use std::collections::{HashMap, HashSet};

/// Most stories in one answer.
const LIST_MAX: u32 = 200;
/// Most articles of a story that are listed.
const MEMBERS_MAX: i64 = 100;

impl Store {
    /// Stories of two articles or more that have one in the reader's sources, by their latest
    /// article, newest first. (An article nobody else reports is a story of its own, and only
    /// reached from the article.)
    /// `cursor` is `last_at` of the whole story, as [`StoryRow::cursor`] says, and its id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stories(
        &self,
        reader: ReaderId,
        cursor: Option<(Timestamp, StoryId)>,
        limit: u32,
    ) -> Result<Vec<StoryRow>> {
        let mut sql = visible_stories(self, reader);
        sql.push(" AND st.article_count > 1");
        if let Some((at, id)) = cursor {
            sql.and(" AND (st.last_at, st.id) < (?", at.0).and(", ?)", id.0);
        }
        sql.push(" ORDER BY st.last_at DESC, st.id DESC LIMIT ?");
        sql.bind(i64::from(limit.clamp(1, LIST_MAX)));
        self.read_stories(reader, sql).await
    }

    /// One story; `None` when it does not exist or has no article in the reader's sources.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story(&self, reader: ReaderId, id: StoryId) -> Result<Option<StoryRow>> {
        let mut sql = visible_stories(self, reader);
        sql.and(" AND st.id = ?", id.0);
        Ok(self.read_stories(reader, sql).await?.pop())
    }

    async fn read_stories(&self, reader: ReaderId, sql: Sql) -> Result<Vec<StoryRow>> {
        let rows = self.all("reading stories", sql).await?;
        let mut heads = Vec::with_capacity(rows.len());
        for row in &rows {
            heads.push((
                get::<i64>(row, "id")?,
                get::<i64>(row, "representative")?,
                get::<i64>(row, "last_at")?,
            ));
        }
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let mut members = self.members(reader, heads.iter().map(|head| head.0)).await?;
        let story = |(id, representative, cursor_at): (i64, i64, i64)| {
            let members = members.remove(&id)?;
            story_of(id, representative, Timestamp(cursor_at), &members)
        };
        Ok(heads.into_iter().filter_map(story).collect())
    }

    async fn members(
        &self,
        reader: ReaderId,
        stories: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, Vec<MemberFacts>>> {
        let mut sql = self.sql(
            "SELECT story_id, article_id, source_id, sort_at, title, total FROM (\
             SELECT m.story_id, m.article_id, m.source_id, m.sort_at, a.title, \
             ROW_NUMBER() OVER (PARTITION BY m.story_id ORDER BY m.sort_at, m.article_id) AS place, \
             COUNT(*) OVER (PARTITION BY m.story_id) AS total \
             FROM story_member m JOIN article a ON a.id = m.article_id \
             WHERE m.source_id IN (SELECT source_id FROM subscription WHERE reader_id = ?) AND m.story_id IN ",
        );
        sql.bind(reader.0).list(stories);
        sql.and(") members WHERE place <= ?", MEMBERS_MAX).push(" ORDER BY story_id, place");
        let mut members = HashMap::<i64, Vec<MemberFacts>>::new();
        for row in self.all("reading the articles of stories", sql).await? {
            let member = MemberFacts {
                article: get(&row, "article_id")?,
                source: get(&row, "source_id")?,
                sort_at: get(&row, "sort_at")?,
                title: get(&row, "title")?,
                total: get(&row, "total")?,
            };
            members.entry(get(&row, "story_id")?).or_default().push(member);
        }
        Ok(members)
    }
}

struct MemberFacts {
    article: i64,
    source: i64,
    sort_at: i64,
    title: String,
    total: i64,
}

fn visible_stories(store: &Store, reader: ReaderId) -> Sql {
    store
        .sql(
            "SELECT st.id, st.representative, st.last_at FROM story st WHERE EXISTS (\
             SELECT 1 FROM story_member m WHERE m.story_id = st.id AND m.source_id IN \
             (SELECT source_id FROM subscription WHERE reader_id = ?))",
        )
        .with(reader.0)
}

/// The story made of the members a reader sees; its representative is another one when the story's
/// own lies in a source the reader does not read.
fn story_of(
    id: i64,
    representative: i64,
    cursor_at: Timestamp,
    members: &[MemberFacts],
) -> Option<StoryRow> {
    let (first, last) = (members.first()?, members.last()?);
    let chosen = members.iter().find(|member| member.article == representative).unwrap_or(first);
    let sources: HashSet<i64> = members.iter().map(|member| member.source).collect();
    let story = Story {
        id: StoryId(id),
        title: chosen.title.clone(),
        representative: ArticleId(chosen.article),
        article_count: i32::try_from(first.total).unwrap_or(i32::MAX),
        source_count: i32::try_from(sources.len()).unwrap_or(i32::MAX),
        first_at: Timestamp(first.sort_at),
        last_at: Timestamp(last.sort_at),
    };
    let articles = members.iter().map(|member| ArticleId(member.article)).collect();
    Some(StoryRow { story, articles, cursor: (cursor_at, StoryId(id)) })
}
