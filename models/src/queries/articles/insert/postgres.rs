//! New rows on PostgreSQL: one array a column, so that the statement is the same for any number of
//! rows and is parsed once; a list of values costs the server more than the rows do.

use super::NewRow;
use crate::error::Result;
use crate::lane::Tx;
use crate::queries::decode::clean;
use autoglm_domain::ArticleStage;

/// Stands for no time in an array, which cannot hold a null.
const NO_TIME: i64 = i64::MIN;

/// The rows by column.
#[derive(Default)]
struct Columns {
    ids: Vec<i64>,
    sources: Vec<i64>,
    identities: Vec<Vec<u8>>,
    identity_kinds: Vec<i16>,
    urls: Vec<String>,
    canonical_urls: Vec<String>,
    titles: Vec<String>,
    authors: Vec<String>,
    languages: Vec<String>,
    published: Vec<i64>,
    fetched: Vec<i64>,
    sorted: Vec<i64>,
    hashes: Vec<i64>,
    signatures: Vec<Vec<u8>>,
    html: Vec<String>,
    text: Vec<String>,
}

impl Columns {
    fn push(&mut self, row: NewRow<'_>) {
        let draft = row.draft;
        self.ids.push(row.id);
        self.sources.push(draft.source_id.0);
        self.identities.push(draft.identity.hash.to_vec());
        self.identity_kinds.push(row.identity_kind);
        self.urls.push(clean(&draft.url));
        self.canonical_urls.push(clean(&draft.canonical_url));
        self.titles.push(clean(&draft.title));
        self.authors.push(row.authors);
        self.languages
            .push(draft.language.map(|language| language.as_str().to_owned()).unwrap_or_default());
        self.published.push(row.published_at.unwrap_or(NO_TIME));
        self.fetched.push(draft.fetched_at.0);
        self.sorted.push(row.sort_at);
        self.hashes.push(draft.content_hash.cast_signed());
        self.signatures.push(draft.minhash.to_bytes());
        self.html.push(clean(&draft.content_html));
        self.text.push(clean(&draft.content_text));
    }
}

pub(super) async fn insert_rows(
    tx: &Tx,
    rows: impl Iterator<Item = NewRow<'_>>,
    trace_parent: Option<&str>,
) -> Result<()> {
    let mut columns = Columns::default();
    rows.for_each(|row| columns.push(row));
    let mut sql = tx.sql(
        "INSERT INTO article (id, source_id, identity, identity_kind, url, canonical_url, title, \
         authors, language, published_at, fetched_at, sort_at, content_hash, minhash, stage, \
         claimed_until, trace_parent, updated_at) \
         SELECT n.id, n.source_id, n.identity, n.identity_kind, n.url, n.canonical_url, n.title, \
         n.authors, NULLIF(n.language, ''), NULLIF(n.published_at, CAST(? AS BIGINT)), n.fetched_at, \
         n.sort_at, n.content_hash, n.minhash, CAST(? AS SMALLINT), 0, CAST(? AS TEXT), \
         CAST(? AS BIGINT) FROM UNNEST(CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS BYTEA[]), \
         CAST(? AS SMALLINT[]), CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS TEXT[]), \
         CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), \
         CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS BYTEA[])) \
         AS n (id, source_id, identity, identity_kind, url, canonical_url, title, authors, language, \
         published_at, fetched_at, sort_at, content_hash, minhash)",
    );
    sql.bind(NO_TIME).bind(ArticleStage::Stored.to_number());
    sql.bind(trace_parent.map(clean)).bind(tx.now.0);
    sql.bind(columns.ids.clone()).bind(columns.sources).bind(columns.identities);
    sql.bind(columns.identity_kinds).bind(columns.urls).bind(columns.canonical_urls);
    sql.bind(columns.titles).bind(columns.authors).bind(columns.languages);
    sql.bind(columns.published).bind(columns.fetched).bind(columns.sorted);
    sql.bind(columns.hashes).bind(columns.signatures);
    tx.execute(sql).await?;
    let mut sql = tx.sql(
        "INSERT INTO article_content (article_id, content_html, content_text) \
         SELECT * FROM UNNEST(CAST(? AS BIGINT[]), CAST(? AS TEXT[]), CAST(? AS TEXT[]))",
    );
    sql.bind(columns.ids).bind(columns.html).bind(columns.text);
    tx.execute(sql).await?;
    Ok(())
}
