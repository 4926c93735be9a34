//! What the operator decided about stories: reading it, and forgetting it.

use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::{get, time};
use crate::queries::story_moves::STATEMENTS_MAX;
use crate::rows::{DecisionKind, NamedArticle, StatementRow, StoryDecisionRow, StoryRelation};
use crate::store::Store;
use autoglm_domain::{ArticleId, Fence, StoryId};
use sea_orm::QueryResult;

/// Most decisions in one answer; each has up to 200 statements.
const LIST_MAX: u32 = 51;

impl Store {
    /// Decisions, the latest first, each with what it says; continues after the decision `cursor`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story_decisions(
        &self,
        cursor: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StoryDecisionRow>> {
        let mut sql = self.sql(
            "SELECT d.decision, d.is_split, d.is_apart, d.article_id, d.other_id, d.decided_by, \
             d.decided_at, a.title, a.story_id, o.title AS other_title, o.story_id AS other_story \
             FROM story_decision d JOIN article a ON a.id = d.article_id \
             JOIN article o ON o.id = d.other_id WHERE d.decision IN \
             (SELECT DISTINCT decision FROM story_decision",
        );
        if let Some(decision) = cursor {
            sql.and(" WHERE decision < ?", decision);
        }
        sql.push(" ORDER BY decision DESC LIMIT ?) ORDER BY d.decision DESC, d.id");
        let sql = sql.with(i64::from(limit.clamp(1, LIST_MAX)));
        let mut decisions: Vec<StoryDecisionRow> = Vec::new();
        for row in self.all("reading decisions about stories", sql).await? {
            let id: i64 = get(&row, "decision")?;
            if decisions.last().is_none_or(|last| last.id != id) {
                decisions.push(decision(&row)?);
            }
            let statement = statement(&row, get(&row, "title")?, get(&row, "other_title")?)?;
            if let Some(last) = decisions.last_mut() {
                last.statements.push(statement);
            }
        }
        Ok(decisions)
    }

    /// Everything that was said and is remembered, without titles: what new articles heed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story_statements(&self) -> Result<Vec<StatementRow>> {
        let sql = self
            .sql(
                "SELECT d.is_apart, d.article_id, d.other_id, a.story_id, o.story_id AS other_story \
                 FROM story_decision d JOIN article a ON a.id = d.article_id \
                 JOIN article o ON o.id = d.other_id ORDER BY d.id DESC LIMIT ?",
            )
            .with(STATEMENTS_MAX);
        let rows = self.all("reading decisions about stories", sql).await?;
        rows.iter().map(|row| statement(row, String::new(), String::new())).collect()
    }

    /// Forgets a decision. Articles stay where they are; what would have been a story of its own
    /// before a merge is then told apart from it no longer. Answers the stories that concerns.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such decision, [`Error::Fenced`].
    pub async fn forget_story_decision(
        &self,
        decision: i64,
        fence: Option<Fence>,
    ) -> Result<Vec<StoryId>> {
        let admission = Admission::new(WriteQueue::Understanding, "forgetting a decision");
        self.write(admission.fence(fence), move |tx| async move { forget(&tx, decision).await })
            .await
    }
}

async fn forget(tx: &Tx, decision: i64) -> Result<Vec<StoryId>> {
    let sql = tx.sql("SELECT merged FROM story_decision WHERE decision = ?").with(decision);
    let rows = tx.all(sql).await?;
    if rows.is_empty() {
        return Err(Error::NotFound(format!("decision {decision} about stories")));
    }
    let merged: Vec<Option<i64>> =
        rows.iter().map(|row| get(row, "merged")).collect::<Result<_>>()?;
    let merged: Vec<i64> = merged.into_iter().flatten().collect();
    tx.execute(tx.sql("DELETE FROM story_decision WHERE decision = ?").with(decision)).await?;
    if merged.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = tx.sql("SELECT DISTINCT story_id FROM story_member WHERE strand IN ");
    sql.list(merged.iter().copied());
    let rows = tx.all(sql).await?;
    let changed = rows.iter().map(|row| get(row, "story_id").map(StoryId)).collect();
    let mut sql = tx.sql("UPDATE story_member SET strand = NULL WHERE strand IN ");
    sql.list(merged);
    tx.execute(sql).await?;
    changed
}

fn decision(row: &QueryResult) -> Result<StoryDecisionRow> {
    let is_split: bool = get(row, "is_split")?;
    Ok(StoryDecisionRow {
        id: get(row, "decision")?,
        kind: if is_split { DecisionKind::Split } else { DecisionKind::Merge },
        decided_by: get(row, "decided_by")?,
        decided_at: time(row, "decided_at")?,
        statements: Vec::new(),
    })
}

fn statement(row: &QueryResult, title: String, other_title: String) -> Result<StatementRow> {
    let is_apart: bool = get(row, "is_apart")?;
    let named = |id, title, story| -> Result<NamedArticle> {
        let story = get::<Option<i64>>(row, story)?.map(StoryId);
        Ok(NamedArticle { id: ArticleId(get(row, id)?), title, story })
    };
    Ok(StatementRow {
        relation: if is_apart { StoryRelation::Apart } else { StoryRelation::Together },
        article: named("article_id", title, "story_id")?,
        other: named("other_id", other_title, "other_story")?,
    })
}
