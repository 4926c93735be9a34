//! Which models read articles, and the change-over of stored readings from one to the next.
//!
//! Table `model_version` has a row for each set of models that has ever read here; `notes` says what
//! part it has in the rollout. A reading beside the current one is a row of `understanding` that
//! `article.model_version` does not name yet.

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::article_entities::save_entities_of;
use crate::queries::articles::{IDS_CHUNK, READING, check_ids};
use crate::queries::decode::{get, language};
use crate::queries::understandings::{existing, insert_readings, save_topics_of};
use crate::rows::UnreadArticle;
use crate::store::Store;
use autoglm_domain::{ArticleId, Candidate, ModelChoice, Rollout, RolloutRefusal, Understanding};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `kind` of the rows that make up the rollout.
const KIND: &str = "reading";
/// Articles asked for at a time.
const UNREAD_MAX: u32 = 1_000;

/// What part a set of models has.
#[derive(Serialize, Deserialize)]
struct Part {
    role: Role,
    models: ModelChoice,
    #[serde(default)]
    is_promoted: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Role {
    Active,
    Candidate,
    Previous,
    Past,
}

impl Store {
    /// The rollout, or `None` before any was saved.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rollout(&self) -> Result<Option<Rollout>> {
        let sql =
            self.sql("SELECT name, weight, notes FROM model_version WHERE kind = ?").with(KIND);
        rollout_of(&self.all("reading the rollout", sql).await?)
    }

    /// Changes the rollout, beginning with `initial` when none was saved. Two nodes that change it
    /// at a time do so one after the other.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the change refuses.
    pub async fn change_rollout(
        &self,
        initial: Rollout,
        change: impl Fn(Rollout) -> Result<Rollout, RolloutRefusal> + Send + Sync + 'static,
    ) -> Result<Rollout> {
        let admission = Admission::new(WriteQueue::Control, "changing the rollout");
        let change = Arc::new(change);
        self.write(admission, move |tx| {
            let (initial, change) = (initial.clone(), Arc::clone(&change));
            async move {
                let mut sql =
                    tx.sql("SELECT name, weight, notes FROM model_version WHERE kind = ?");
                sql.bind(KIND);
                if tx.dialect == Dialect::Postgres {
                    sql.push(" FOR UPDATE");
                }
                let known = rollout_of(&tx.all(sql).await?)?;
                let next = change(known.unwrap_or(initial))
                    .map_err(|refusal| Error::Conflict(refusal.to_string()))?;
                save(&tx, &next).await?;
                Ok(next)
            }
        })
        .await
    }

    /// Articles past indexing without a reading by these models, the newest first, below an id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unread_by(
        &self,
        version: &str,
        below: Option<ArticleId>,
        limit: u32,
    ) -> Result<Vec<UnreadArticle>> {
        let mut sql = self.sql(
            "SELECT a.id, a.title, a.language, c.content_text FROM article a \
             JOIN article_content c ON c.article_id = a.id \
             LEFT JOIN understanding u ON u.article_id = a.id AND u.kind = ? AND u.model_version = ? \
             WHERE a.stage >= 2 AND u.article_id IS NULL",
        );
        sql.bind(READING).bind(version);
        if let Some(below) = below {
            sql.and(" AND a.id < ?", below.0);
        }
        sql.and(" ORDER BY a.id DESC LIMIT ?", i64::from(limit.clamp(1, UNREAD_MAX)));
        let rows = self.all("looking for articles to read again", sql).await?;
        rows.iter().map(unread).collect()
    }

    /// Saves readings beside the current ones; what readers see stays as it is. Articles that are
    /// gone are skipped; answers how many were saved.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 5,000 at once.
    pub async fn store_readings_beside(&self, readings: Vec<Understanding>) -> Result<u64> {
        let ids: Vec<ArticleId> = readings.iter().map(|one| one.article_id).collect();
        check_ids(&ids)?;
        let admission =
            Admission::new(WriteQueue::Maintenance, "saving readings beside").weight(ids.len());
        let batch = Arc::new(readings);
        self.write(admission, move |tx| {
            let batch = Arc::clone(&batch);
            async move {
                let mut saved = 0;
                for chunk in batch.chunks(IDS_CHUNK) {
                    let there = existing(&tx, chunk.iter().map(|one| one.article_id.0)).await?;
                    let kept: Vec<&Understanding> =
                        chunk.iter().filter(|one| there.contains(&one.article_id.0)).collect();
                    saved += insert_readings(&tx, &kept).await?;
                }
                Ok(saved)
            }
        })
        .await
    }

    /// Makes readings by `version` the current ones of up to `limit` articles, with their topics
    /// and what they name;
    /// answers how many. 0 means that every article that has such a reading shows it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change_over(&self, version: &str, limit: u32) -> Result<u64> {
        let version: Arc<str> = version.into();
        let limit = i64::from(limit.clamp(1, UNREAD_MAX));
        let admission = Admission::new(WriteQueue::Maintenance, "changing readings over");
        self.write(admission, move |tx| {
            let version = Arc::clone(&version);
            async move {
                let mut sql = tx.sql(
                    "SELECT a.id, u.topics, u.entities FROM article a JOIN understanding u \
                     ON u.article_id = a.id AND u.kind = ? AND u.model_version = ? \
                     WHERE a.stage >= 2 AND (a.model_version IS NULL OR a.model_version <> ?) \
                     ORDER BY a.id DESC LIMIT ?",
                );
                sql.bind(READING).bind(&*version).bind(&*version).bind(limit);
                let rows = tx.all(sql).await?;
                let (mut topics, mut entities) = (Vec::new(), Vec::new());
                for row in &rows {
                    let id = get::<i64>(row, "id")?;
                    topics.push((id, get::<String>(row, "topics")?));
                    entities.push((id, get::<String>(row, "entities")?));
                }
                for chunk in entities.chunks(IDS_CHUNK) {
                    save_entities_of(&tx, chunk).await?;
                }
                for chunk in topics.chunks(IDS_CHUNK) {
                    let mut sql = tx.sql("UPDATE article SET model_version = ?").with(&*version);
                    sql.push(" WHERE id IN ").list(chunk.iter().map(|(id, _)| *id));
                    tx.execute(sql).await?;
                    save_topics_of(&tx, chunk).await?;
                }
                Ok(topics.len() as u64)
            }
        })
        .await
    }

    /// Deletes the readings of a version that is no article's current one; at most `limit`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_readings(&self, version: &str, limit: u32) -> Result<u64> {
        let version: Arc<str> = version.into();
        let admission = Admission::new(WriteQueue::Maintenance, "forgetting readings");
        self.write(admission, move |tx| {
            let version = Arc::clone(&version);
            async move {
                let mut sql = tx.sql(
                    "DELETE FROM understanding WHERE kind = ? AND model_version = ? AND article_id IN \
                     (SELECT u.article_id FROM understanding u JOIN article a ON a.id = u.article_id \
                     WHERE u.kind = ? AND u.model_version = ? AND (a.model_version IS NULL OR \
                     a.model_version <> ?) LIMIT ?)",
                );
                sql.bind(READING).bind(&*version).bind(READING).bind(&*version).bind(&*version);
                sql.bind(i64::from(limit.clamp(1, UNREAD_MAX)));
                tx.execute(sql).await
            }
        })
        .await
    }
}

fn unread(row: &QueryResult) -> Result<UnreadArticle> {
    Ok(UnreadArticle {
        id: ArticleId(get(row, "id")?),
        title: get(row, "title")?,
        language: language(row, "language")?,
        content_text: get(row, "content_text")?,
    })
}

fn rollout_of(rows: &[QueryResult]) -> Result<Option<Rollout>> {
    let (mut active, mut previous, mut candidate) = (None, None, None);
    for row in rows {
        let notes: String = get(row, "notes")?;
        let part: Part = serde_json::from_str(&notes).map_err(|error| {
            Error::Invalid(format!("the row {notes:?} of model_version is unreadable: {error}"))
        })?;
        let share = get::<i64>(row, "weight")?.clamp(1, 100);
        match part.role {
            Role::Active => active = Some(part.models),
            Role::Previous => previous = Some(part.models),
            Role::Candidate => {
                candidate = Some(Candidate {
                    models: part.models,
                    share: u8::try_from(share).unwrap_or(100),
                    is_promoted: part.is_promoted,
                });
            }
            Role::Past => {}
        }
    }
    Ok(active.map(|active| Rollout { active, previous, candidate }))
}

async fn save(tx: &Tx, rollout: &Rollout) -> Result<()> {
    let sql = tx.sql("SELECT name, weight, notes FROM model_version WHERE kind = ?").with(KIND);
    let named = [Some(&rollout.active), rollout.previous.as_ref()].into_iter().flatten();
    let named = named.chain(rollout.candidate.as_ref().map(|candidate| &candidate.models));
    let kept: Vec<String> = named.map(ModelChoice::version).collect();
    for row in tx.all(sql).await? {
        let (name, notes) = (get::<String>(&row, "name")?, get::<String>(&row, "notes")?);
        if !kept.contains(&name)
            && let Ok(part) = serde_json::from_str::<Part>(&notes)
        {
            upsert(tx, &part.models, (Role::Past, 0, false)).await?;
        }
    }
    if let Some(previous) = &rollout.previous {
        upsert(tx, previous, (Role::Previous, 0, false)).await?;
    }
    let share = rollout.candidate.as_ref().map_or(0, |candidate| i64::from(candidate.share));
    upsert(tx, &rollout.active, (Role::Active, 100 - share, false)).await?;
    if let Some(candidate) = &rollout.candidate {
        upsert(tx, &candidate.models, (Role::Candidate, share, candidate.is_promoted)).await?;
    }
    Ok(())
}

async fn upsert(tx: &Tx, models: &ModelChoice, part: (Role, i64, bool)) -> Result<()> {
    let (role, weight, is_promoted) = part;
    let notes = serde_json::to_string(&Part { role, models: models.clone(), is_promoted })
        .map_err(|error| Error::Invalid(error.to_string()))?;
    let mut sql = tx.sql(
        "INSERT INTO model_version (name, kind, weight, created_at, notes) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (name) DO UPDATE SET weight = excluded.weight, notes = excluded.notes",
    );
    sql.bind(models.version()).bind(KIND).bind(weight).bind(tx.now.0).bind(notes);
    tx.execute(sql).await?;
    Ok(())
}
