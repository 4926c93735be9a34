//! What articles name: kept for the newest reading of each, and counted for one reader.

use crate::dialect::Sql;
use crate::error::Result;
use crate::lane::Tx;
use crate::queries::articles::LIST_MAX;
use crate::queries::decode::{self, clean, get};
use crate::rows::{EntityFilter, EntityRow};
use crate::store::Store;
use autoglm_domain::{EntityKind, ReaderId};
use sea_orm::{QueryResult, Value};
use std::collections::BTreeMap;

/// Articles of a reader, the newest, among which entities are counted: bounds the cost of a list.
const ARTICLES_COUNTED_MAX: i64 = 5_000;
/// Newest articles of one entity that are looked through; bounds the cost of one that is everywhere.
pub(crate) const ARTICLES_FOUND_MAX: i64 = 20_000;

impl Store {
    /// What the newest 5,000 of the reader's articles name, most often named first; hidden
    /// articles do not count. `limit` is clipped to 1..=500.
    ///
    /// # Errors
    /// What the database says.
    pub async fn entities(&self, reader: ReaderId, filter: EntityFilter) -> Result<Vec<EntityRow>> {
        let sql = counted(
            self.sql("SELECT e.entity, e.kind, MIN(e.name) AS name, COUNT(*) AS articles"),
            reader,
            &filter,
        );
        let rows = self.all("counting what articles name", sql).await?;
        rows.iter().map(entity_row).collect()
    }
}

fn counted(mut sql: Sql, reader: ReaderId, filter: &EntityFilter) -> Sql {
    // The reader's own articles first, in the order of an index; only these are ever joined.
    sql.push(
        " FROM (SELECT a.id FROM article a \
         LEFT JOIN subscription sub ON sub.source_id = a.source_id AND sub.reader_id = ? \
         LEFT JOIN mark m ON m.article_id = a.id AND m.reader_id = ? \
         WHERE COALESCE(sub.reader_id, 0) <> 0 AND NOT COALESCE(m.is_hidden, FALSE)",
    );
    sql.bind(reader.0).bind(reader.0);
    sql.and(" AND a.sort_at >= ?", filter.since.0);
    sql.and(" ORDER BY a.sort_at DESC, a.id DESC LIMIT ?) mine", ARTICLES_COUNTED_MAX);
    sql.push(" JOIN article_entity e ON e.article_id = mine.id WHERE 1 = 1");
    if let Some(key) = &filter.key {
        sql.and(" AND e.entity = ?", clean(key));
    }
    if let Some(part) = &filter.part {
        let pattern = format!("%{}%", escaped(&part.to_lowercase()));
        sql.and(" AND (LOWER(e.name) LIKE ? ESCAPE '!'", pattern.clone());
        sql.and(" OR e.entity LIKE ? ESCAPE '!'", pattern);
        sql.and(" OR e.entity = ?)", clean(filter.part_key.as_deref().unwrap_or_default()));
    }
    sql.push(" GROUP BY e.entity, e.kind ORDER BY articles DESC, e.entity, e.kind LIMIT ?");
    sql.with(i64::from(filter.limit.clamp(1, LIST_MAX)))
}

/// What a person types is looked for as it is.
fn escaped(part: &str) -> String {
    clean(part).replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

fn entity_row(row: &QueryResult) -> Result<EntityRow> {
    Ok(EntityRow {
        key: get(row, "entity")?,
        kind: EntityKind::from_name(&get::<String>(row, "kind")?).unwrap_or_default(),
        name: get(row, "name")?,
        articles: get(row, "articles")?,
    })
}

/// Replaces what articles can be found by: `entities` are ids with the stored text of what they name.
pub(crate) async fn save_entities_of(tx: &Tx, entities: &[(i64, String)]) -> Result<()> {
    let mut sql = tx.sql("DELETE FROM article_entity WHERE article_id IN ");
    sql.list(entities.iter().map(|(id, _)| *id));
    tx.execute(sql).await?;
    let mut rows = BTreeMap::new();
    for (id, text) in entities {
        for one in decode::entities(Some(text)) {
            // Of two things with one key, such as a city and a state, the more spoken of stays.
            rows.entry((clean(&one.key), *id)).or_insert((one.kind, clean(&one.name)));
        }
    }
    let rows: Vec<_> = rows.into_iter().collect();
    for chunk in rows.chunks(ROWS_CHUNK) {
        let values = chunk.iter().flat_map(|((key, id), (kind, name))| {
            [Value::from(key.as_str()), (*id).into(), kind.name().into(), name.as_str().into()]
        });
        let mut sql = tx.sql("INSERT INTO article_entity (entity, article_id, kind, name) VALUES ");
        sql.rows(4, values.collect());
        tx.execute(sql).await?;
    }
    Ok(())
}

/// Rows of one statement: below what either database allows of values.
const ROWS_CHUNK: usize = 2_000;
