//! New rows on SQLite: lists of values, a hundred rows a statement.

use super::NewRow;
use crate::error::Result;
use crate::lane::Tx;
use crate::queries::decode::clean;
use autoglm_domain::ArticleStage;
use sea_orm::Value;

/// Rows of one statement; one full size keeps the prepared statement the same.
const ROWS_CHUNK: usize = 100;
/// Columns of the insert.
const WIDTH: usize = 18;

pub(super) async fn insert_rows(
    tx: &Tx,
    rows: Vec<NewRow<'_>>,
    trace_parent: Option<&str>,
) -> Result<()> {
    for chunk in rows.chunks(ROWS_CHUNK) {
        let mut values = Vec::with_capacity(chunk.len() * WIDTH);
        let mut contents = Vec::with_capacity(chunk.len() * 3);
        for row in chunk {
            article(&mut values, row, trace_parent, tx.now.0);
            contents.extend([
                Value::from(row.id),
                clean(&row.draft.content_html).into(),
                clean(&row.draft.content_text).into(),
            ]);
        }
        let mut sql = tx.sql(
            "INSERT INTO article (id, source_id, identity, identity_kind, url, canonical_url, title, \
             authors, language, published_at, fetched_at, sort_at, content_hash, minhash, stage, \
             claimed_until, trace_parent, updated_at) VALUES ",
        );
        sql.rows(WIDTH, values);
        tx.execute(sql).await?;
        let mut sql =
            tx.sql("INSERT INTO article_content (article_id, content_html, content_text) VALUES ");
        sql.rows(3, contents);
        tx.execute(sql).await?;
    }
    Ok(())
}

fn article(values: &mut Vec<Value>, row: &NewRow<'_>, trace_parent: Option<&str>, now: i64) {
    let draft = row.draft;
    values.extend([
        Value::from(row.id),
        draft.source_id.0.into(),
        draft.identity.hash.to_vec().into(),
        row.identity_kind.into(),
        clean(&draft.url).into(),
        clean(&draft.canonical_url).into(),
        clean(&draft.title).into(),
        row.authors.clone().into(),
        draft.language.map(|language| language.as_str().to_owned()).into(),
        row.published_at.into(),
        draft.fetched_at.0.into(),
        row.sort_at.into(),
        draft.content_hash.cast_signed().into(),
        draft.minhash.to_bytes().into(),
        ArticleStage::Stored.to_number().into(),
        0_i64.into(),
        trace_parent.map(clean).into(),
        now.into(),
    ]);
}
