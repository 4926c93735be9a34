//! Understandings: what models say about articles, beside them and never inside them.

use crate::error::Result;
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::article_entities::save_entities_of;
use crate::queries::articles::{IDS_CHUNK, READING, check_ids};
use crate::queries::decode::{self, clean, entities_text, get, names_text, topics_text};
use crate::store::Store;
use autoglm_domain::{ArticleId, KEYWORDS_MAX, Understanding};
use sea_orm::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Topics of one article that can be filtered by; the best ones.
const TOPICS_MAX: usize = 8;

impl Store {
    /// Saves understandings, replacing those of the same article and model, makes them the newest of
    /// their articles and moves articles on from indexed to understood. Articles that are gone are
    /// skipped; answers how many were saved.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for more than 5,000 at once.
    pub async fn store_understandings(&self, understandings: Vec<Understanding>) -> Result<u64> {
        let ids: Vec<ArticleId> = understandings.iter().map(|one| one.article_id).collect();
        check_ids(&ids)?;
        let admission =
            Admission::new(WriteQueue::Understanding, "saving understandings").weight(ids.len());
        let batch = Arc::new(understandings);
        self.write(admission, move |tx| {
            let batch = Arc::clone(&batch);
            async move {
                let mut saved = 0;
                for chunk in batch.chunks(IDS_CHUNK) {
                    saved += save(&tx, chunk).await?;
                }
                Ok(saved)
            }
        })
        .await
    }
}

/// Which of these articles exist.
pub(crate) async fn existing(tx: &Tx, ids: impl Iterator<Item = i64>) -> Result<HashSet<i64>> {
    let ids: Vec<i64> = ids.collect();
    let mut found = HashSet::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_CHUNK) {
        let mut sql = tx.sql("SELECT id FROM article WHERE id IN ");
        sql.list(chunk.iter().copied());
        for row in tx.all(sql).await? {
            found.insert(get(&row, "id")?);
        }
    }
    Ok(found)
}

async fn save(tx: &Tx, batch: &[Understanding]) -> Result<u64> {
    let existing = existing(tx, batch.iter().map(|one| one.article_id.0)).await?;
    // The last one wins when an article comes twice; one statement cannot change a row twice.
    let wanted: BTreeMap<i64, &Understanding> = batch
        .iter()
        .filter(|one| existing.contains(&one.article_id.0))
        .map(|one| (one.article_id.0, one))
        .collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let readings: Vec<&Understanding> = wanted.values().copied().collect();
    insert_readings(tx, &readings).await?;
    let topics: Vec<(i64, String)> =
        wanted.iter().map(|(id, one)| (*id, topics_text(&one.topics))).collect();
    save_topics_of(tx, &topics).await?;
    let entities: Vec<(i64, String)> =
        wanted.iter().map(|(id, one)| (*id, entities_text(&one.entities))).collect();
    save_entities_of(tx, &entities).await?;
    advance(tx, &wanted).await?;
    Ok(wanted.len() as u64)
}

/// Saves readings of articles that exist, replacing those of the same article and models.
pub(crate) async fn insert_readings(tx: &Tx, readings: &[&Understanding]) -> Result<u64> {
    // The last one wins when an article comes twice; one statement cannot change a row twice.
    let once: BTreeMap<(i64, &str), &Understanding> =
        readings.iter().map(|one| ((one.article_id.0, one.model_version.as_str()), *one)).collect();
    if once.is_empty() {
        return Ok(0);
    }
    let values = once.values().flat_map(|one| reading_values(one, tx.now.0)).collect();
    let mut sql = tx.sql(
        "INSERT INTO understanding (article_id, kind, model_version, embedding, topics, topic_list, summary, created_at, \
         entities, keywords) VALUES ",
    );
    sql.rows(10, values).push(
        " ON CONFLICT (article_id, kind, model_version) DO UPDATE SET embedding = excluded.embedding, \
         topics = excluded.topics, topic_list = excluded.topic_list, summary = excluded.summary, \
         created_at = excluded.created_at, entities = excluded.entities, keywords = excluded.keywords",
    );
    tx.execute(sql).await?;
    Ok(once.len() as u64)
}

fn reading_values(one: &Understanding, now: i64) -> [Value; 10] {
    let keywords = one.keywords.get(..KEYWORDS_MAX).unwrap_or(&one.keywords);
    [
        one.article_id.0.into(),
        READING.into(),
        one.model_version.as_str().into(),
        one.embedding.to_bytes().into(),
        clean(&topics_text(&one.topics)).into(),
        one.topic_list.into(),
        clean(&one.summary).into(),
        now.into(),
        entities_text(&one.entities).into(),
        names_text(keywords).into(),
    ]
}

/// Replaces what articles can be found by: `topics` are ids with the stored text of their topics.
pub(crate) async fn save_topics_of(tx: &Tx, topics: &[(i64, String)]) -> Result<()> {
    let mut sql = tx.sql("DELETE FROM article_topic WHERE article_id IN ");
    sql.list(topics.iter().map(|(id, _)| *id));
    tx.execute(sql).await?;
    let mut pairs = std::collections::BTreeSet::new();
    for (id, text) in topics {
        let best = decode::topics(Some(text)).into_iter().take(TOPICS_MAX);
        pairs.extend(best.map(|topic| (clean(&topic.name), *id)));
    }
    if pairs.is_empty() {
        return Ok(());
    }
    let values =
        pairs.into_iter().flat_map(|(topic, id)| [Value::from(topic), id.into()]).collect();
    let mut sql = tx.sql("INSERT INTO article_topic (topic, article_id) VALUES ");
    sql.rows(2, values);
    tx.execute(sql).await?;
    Ok(())
}

/// Points the articles to their newest understanding; only those waiting for it move on.
async fn advance(tx: &Tx, wanted: &BTreeMap<i64, &Understanding>) -> Result<()> {
    let mut by_model = BTreeMap::<&str, Vec<i64>>::new();
    for (id, one) in wanted {
        by_model.entry(one.model_version.as_str()).or_default().push(*id);
    }
    for (model, ids) in by_model {
        let mut sql = tx.sql("UPDATE article SET model_version = ?").with(model);
        sql.push(
            ", claimed_by = CASE WHEN stage = 1 AND claimed_until >= 0 THEN NULL ELSE claimed_by END, \
             claimed_until = CASE WHEN stage = 1 AND claimed_until >= 0 THEN 0 ELSE claimed_until END, \
             stage = CASE WHEN stage = 1 AND claimed_until >= 0 THEN 2 ELSE stage END WHERE id IN ",
        );
        sql.list(ids);
        tx.execute(sql).await?;
    }
    Ok(())
}
