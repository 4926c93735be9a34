//! Reading columns back into domain values.

use crate::error::{Error, Result};
use autoglm_domain::{
    ArticleStage, ENTITIES_MAX, Entity, Language, Marks, QuantizedEmbedding, Shard, ShardKind,
    Timestamp, TopicScore,
};
use sea_orm::{QueryResult, TryGetable};

/// The column by name.
pub(crate) fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T> {
    Ok(row.try_get("", column)?)
}

pub(crate) fn time(row: &QueryResult, column: &str) -> Result<Timestamp> {
    get(row, column).map(Timestamp)
}

pub(crate) fn time_option(row: &QueryResult, column: &str) -> Result<Option<Timestamp>> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp))
}

pub(crate) fn language(row: &QueryResult, column: &str) -> Result<Option<Language>> {
    Ok(get::<Option<String>>(row, column)?.as_deref().and_then(Language::from_tag))
}

pub(crate) fn stage(row: &QueryResult) -> Result<ArticleStage> {
    let number: i16 = get(row, "stage")?;
    ArticleStage::from_number(number)
        .ok_or_else(|| Error::unreadable(format!("unknown article stage {number}")))
}

pub(crate) fn marks(row: &QueryResult) -> Result<Marks> {
    let flag = |column| get::<Option<bool>>(row, column).map(Option::unwrap_or_default);
    Ok(Marks { read: flag("is_read")?, saved: flag("is_saved")?, hidden: flag("is_hidden")? })
}

/// Names as stored by [`names_text`]; unreadable text is no names.
pub(crate) fn names(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

pub(crate) fn names_text(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| clean(name)).collect();
    serde_json::to_string(&names).unwrap_or_else(|_| "[]".into())
}

/// Topics as stored by [`topics_text`]; unreadable text is no topics.
pub(crate) fn topics(text: Option<&str>) -> Vec<TopicScore> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

pub(crate) fn topics_text(topics: &[TopicScore]) -> String {
    serde_json::to_string(topics).unwrap_or_else(|_| "[]".into())
}

/// Entities as stored by [`entities_text`]; unreadable text is none.
pub(crate) fn entities(text: Option<&str>) -> Vec<Entity> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

pub(crate) fn entities_text(entities: &[Entity]) -> String {
    let clean =
        |one: &Entity| Entity { key: clean(&one.key), name: clean(&one.name), ..one.clone() };
    let cleaned: Vec<Entity> = entities.iter().take(ENTITIES_MAX).map(clean).collect();
    serde_json::to_string(&cleaned).unwrap_or_else(|_| "[]".into())
}

pub(crate) fn embedding(row: &QueryResult) -> Result<Option<QuantizedEmbedding>> {
    let bytes: Option<Vec<u8>> = get(row, "embedding")?;
    Ok(bytes.as_deref().and_then(QuantizedEmbedding::from_bytes))
}

/// PostgreSQL refuses the character NUL in text; it means nothing in a text anyway.
pub(crate) fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}

/// The columns `kind` and `shard`.
pub(crate) fn shard(row: &QueryResult) -> Result<Shard> {
    let (kind, index): (String, i64) = (get(row, "kind")?, get(row, "shard")?);
    let known = ShardKind::from_name(&kind).zip(u16::try_from(index).ok());
    let (kind, index) =
        known.ok_or_else(|| Error::unreadable(format!("unknown shard {kind}/{index}")))?;
    Ok(Shard { kind, index })
}
