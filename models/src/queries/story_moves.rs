//! Merging and splitting stories: the articles move and the decision is noted in one transaction.

mod copies;

use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::IDS_CHUNK;
use crate::queries::decode::{clean, get};
use crate::queries::operated_stories::SHARED;
use crate::queries::placement::{crown, recount};
use crate::rows::{Rearranged, StoryRelation};
use crate::store::Store;
use autoglm_domain::{ArticleId, Fence, StoryId};
use copies::{Copy, regrouped};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Most stories in one merge.
const STORIES_MAX: usize = 20;
/// Most articles in one split.
const SPLIT_MAX: usize = 200;
/// Most articles of the stories that are rearranged: what one transaction may hold up others for.
const ARTICLES_MAX: i64 = 20_000;
/// Statements kept; of more the earliest are forgotten. They name articles that have long left the
/// window, and where their articles are stays as it is.
pub(crate) const STATEMENTS_MAX: i64 = 10_000;

impl Store {
    /// Makes one story of several: the first one named keeps its number, its title and its
    /// representative, the others end.
    ///
    /// # Errors
    /// [`Error::NotFound`] when one of them does not exist, [`Error::Invalid`] for less than two or
    /// more than 20 stories or more than 20,000 articles, [`Error::Fenced`].
    pub async fn merge_stories(
        &self,
        stories: &[StoryId],
        decided_by: &str,
        fence: Option<Fence>,
    ) -> Result<Rearranged> {
        let mut seen = HashSet::new();
        let stories: Vec<i64> =
            stories.iter().map(|story| story.0).filter(|story| seen.insert(*story)).collect();
        if !(2..=STORIES_MAX).contains(&stories.len()) {
            return Err(Error::Invalid(format!(
                "a merge takes 2 to {STORIES_MAX} different stories, not {}",
                stories.len()
            )));
        }
        let decided_by = clean(decided_by);
        let admission = Admission::new(WriteQueue::Understanding, "merging stories");
        self.write(admission.weight(IDS_CHUNK).fence(fence), move |tx| {
            let (stories, decided_by) = (stories.clone(), decided_by.clone());
            async move { merge(&tx, &stories, &decided_by).await }
        })
        .await
    }

    /// Takes articles out of a story into a new one of their own.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the story does not exist; [`Error::Invalid`] for an article that is
    /// not in it, for all of its articles, for none or more than 200, or when the story has more
    /// than 20,000; [`Error::Fenced`].
    pub async fn split_story(
        &self,
        story: StoryId,
        articles: &[ArticleId],
        decided_by: &str,
        fence: Option<Fence>,
    ) -> Result<Rearranged> {
        let taken: HashSet<i64> = articles.iter().map(|article| article.0).collect();
        if !(1..=SPLIT_MAX).contains(&taken.len()) {
            return Err(Error::Invalid(format!(
                "a split takes 1 to {SPLIT_MAX} articles out of a story, not {}",
                taken.len()
            )));
        }
        let decided_by = clean(decided_by);
        let admission = Admission::new(WriteQueue::Understanding, "splitting a story");
        self.write(admission.weight(IDS_CHUNK).fence(fence), move |tx| {
            let (taken, decided_by) = (taken.clone(), decided_by.clone());
            async move { split(&tx, story.0, &taken, &decided_by).await }
        })
        .await
    }
}

async fn merge(tx: &Tx, stories: &[i64], decided_by: &str) -> Result<Rearranged> {
    let mut sql = tx.sql("SELECT st.id, st.representative, st.article_count FROM story st WHERE ");
    sql.push(SHARED).push(" AND st.id IN ").list(stories.iter().copied());
    let mut known = BTreeMap::new();
    for row in tx.all(sql).await? {
        let facts: (i64, i64) = (get(&row, "representative")?, get(&row, "article_count")?);
        known.insert(get::<i64>(&row, "id")?, facts);
    }
    if let Some(missing) = stories.iter().find(|story| !known.contains_key(story)) {
        return Err(Error::NotFound(format!("story {missing}")));
    }
    check_size(known.values().map(|(_, articles)| articles).sum())?;
    let Some((first, others)) = stories.split_first() else {
        return Err(Error::Invalid("a merge takes at least two stories".to_owned()));
    };
    let mut sql = tx.sql("UPDATE article SET story_id = ?").with(*first);
    sql.push(" WHERE id IN (SELECT article_id FROM story_member WHERE story_id IN ");
    sql.list(others.iter().copied()).push(")");
    tx.execute(sql).await?;
    let mut sql = moved(tx, "UPDATE story_member SET strand = COALESCE(strand, story_id)");
    sql.and(", story_id = ?", *first).push(" WHERE story_id IN ").list(others.iter().copied());
    let moved = tx.execute(sql).await?;
    recount(tx, &stories.iter().copied().collect()).await?;
    let anchor = |story: &i64| known.get(story).map_or(0, |(representative, _)| *representative);
    let statements: Vec<Statement> = others
        .iter()
        .map(|other| Statement {
            relation: StoryRelation::Together,
            article: anchor(first),
            other: anchor(other),
            merged: Some(*other),
        })
        .collect();
    let decision = note(tx, &statements, false, decided_by).await?;
    let changed = stories.iter().copied().map(StoryId).collect();
    Ok(Rearranged { decision, story: StoryId(*first), changed, moved })
}

async fn split(tx: &Tx, story: i64, taken: &HashSet<i64>, decided_by: &str) -> Result<Rearranged> {
    let members = members(tx, story).await?;
    check_split(story, &members, taken)?;
    // Oldest first, as the members are.
    let ids = members.iter().map(|member| member.article);
    let (leaving, staying): (Vec<i64>, Vec<i64>) = ids.partition(|id| taken.contains(id));
    let (Some(first), Some(oldest_staying)) = (leaving.first(), staying.first()) else {
        return Err(Error::Invalid("a split leaves articles on both sides".to_owned()));
    };
    let new = open(tx, *first).await?;
    let mut sql = moved(tx, "UPDATE story_member SET strand = NULL");
    sql.and(", story_id = ?", new).push(" WHERE article_id IN ").list(leaving.iter().copied());
    let moved = tx.execute(sql).await?;
    let mut sql = tx.sql("UPDATE article SET story_id = ?").with(new);
    sql.push(" WHERE id IN ").list(leaving.iter().copied());
    tx.execute(sql).await?;
    regroup(tx, &members, taken).await?;
    let both = BTreeSet::from([story, new]);
    recount(tx, &both).await?;
    crown(tx, &both).await?;
    let sql = tx.sql("SELECT representative FROM story WHERE id = ?").with(story);
    let rest = tx.one(sql).await?.map(|row| get(&row, "representative")).transpose()?;
    let say = |relation, other| Statement { relation, article: *first, other, merged: None };
    let apart = say(StoryRelation::Apart, rest.unwrap_or(*oldest_staying));
    let group = leaving.iter().skip(1).map(|article| say(StoryRelation::Together, *article));
    let statements: Vec<Statement> = std::iter::once(apart).chain(group).collect();
    let decision = note(tx, &statements, true, decided_by).await?;
    let changed = vec![StoryId(story), StoryId(new)];
    Ok(Rearranged { decision, story: StoryId(new), changed, moved })
}

/// A statement that sets the moment of the move, never twice the same for one article: whoever
/// follows moves tells them apart by it.
fn moved(tx: &Tx, update: &'static str) -> crate::dialect::Sql {
    let mut sql = tx.sql(update);
    sql.and(", moved_at = CASE WHEN moved_at >= ?", tx.now.0);
    sql.and(" THEN moved_at + 1 ELSE ? END", tx.now.0);
    sql
}

fn check_size(articles: i64) -> Result<()> {
    if articles <= ARTICLES_MAX {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "these stories have {articles} articles together; at most {ARTICLES_MAX} can be rearranged"
    )))
}

/// Of a story, oldest first.
async fn members(tx: &Tx, story: i64) -> Result<Vec<Copy>> {
    let sql = tx
        .sql(
            "SELECT m.article_id, a.duplicate_of FROM story_member m \
             JOIN article a ON a.id = m.article_id WHERE m.story_id = ? \
             ORDER BY m.sort_at, m.article_id LIMIT ?",
        )
        .with(story)
        .with(ARTICLES_MAX + 1);
    let rows = tx.all(sql).await?;
    check_size(rows.len() as i64)?;
    rows.iter()
        .map(|row| Ok(Copy { article: get(row, "article_id")?, of: get(row, "duplicate_of")? }))
        .collect()
}

fn check_split(story: i64, members: &[Copy], taken: &HashSet<i64>) -> Result<()> {
    if members.is_empty() {
        return Err(Error::NotFound(format!("story {story}")));
    }
    let known: HashSet<i64> = members.iter().map(|member| member.article).collect();
    if let Some(stranger) = taken.iter().filter(|article| !known.contains(article)).min() {
        return Err(Error::Invalid(format!(
            "article {stranger} is not in story {story}; look at the story again"
        )));
    }
    if taken.len() == known.len() {
        return Err(Error::Invalid(format!(
            "these are all {} articles of story {story}; leave at least one in it",
            known.len()
        )));
    }
    Ok(())
}

/// A new story that this article stands for; its numbers are counted later.
async fn open(tx: &Tx, representative: i64) -> Result<i64> {
    let id = tx.take_numbers("story", 1).await?;
    let mut sql = tx.sql(
        "INSERT INTO story (id, title, representative, article_count, source_count, first_at, last_at) \
         SELECT CAST(? AS BIGINT), title, id, 0, 0, sort_at, sort_at FROM article WHERE id = ?",
    );
    sql.bind(id).bind(representative);
    tx.execute(sql).await?;
    Ok(id)
}

async fn regroup(tx: &Tx, members: &[Copy], taken: &HashSet<i64>) -> Result<()> {
    let mut by_first = BTreeMap::<Option<i64>, Vec<i64>>::new();
    for (article, first) in regrouped(members, taken) {
        by_first.entry(first).or_default().push(article);
    }
    for (first, articles) in by_first {
        for chunk in articles.chunks(IDS_CHUNK) {
            let mut sql = tx.sql("UPDATE article SET duplicate_of = ?").with(first);
            sql.push(" WHERE id IN ").list(chunk.iter().copied());
            tx.execute(sql).await?;
        }
    }
    Ok(())
}

/// What a decision says of two articles.
struct Statement {
    relation: StoryRelation,
    article: i64,
    other: i64,
    /// The story that ended.
    merged: Option<i64>,
}

/// Writes the statements of one decision and answers its number.
async fn note(tx: &Tx, statements: &[Statement], is_split: bool, by: &str) -> Result<i64> {
    let first = tx.take_numbers("story_decision", statements.len() as i64).await?;
    let mut values = Vec::with_capacity(statements.len() * 9);
    for (id, statement) in (first..).zip(statements) {
        let is_apart = statement.relation == StoryRelation::Apart;
        values.extend([Value::from(id), first.into(), is_split.into(), is_apart.into()]);
        values.extend([Value::from(statement.article), statement.other.into()]);
        values.extend([statement.merged.into(), by.into(), tx.now.0.into()]);
    }
    let mut sql = tx.sql(
        "INSERT INTO story_decision (id, decision, is_split, is_apart, article_id, other_id, merged, \
         decided_by, decided_at) VALUES ",
    );
    sql.rows(9, values);
    tx.execute(sql).await?;
    let last = first + statements.len() as i64 - 1;
    let sql = tx.sql("DELETE FROM story_decision WHERE id <= ?").with(last - STATEMENTS_MAX);
    tx.execute(sql).await?;
    Ok(first)
}
