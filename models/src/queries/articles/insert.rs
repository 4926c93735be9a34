//! The durable insert: idempotent by identity, with dense ids, keeping what an article said before.

mod postgres;
mod sqlite;

use crate::dialect::{Dialect, Sql};
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::articles::IDS_CHUNK;
use crate::queries::decode::{clean, get, names_text};
use crate::rows::InsertOutcome;
use crate::store::Store;
use autoglm_domain::{ArticleDraft, ArticleId, IdentityKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Most drafts in one call.
const DRAFTS_MAX: usize = 2_000;

/// What makes an article the same: hash and source.
type Key = ([u8; 16], i64);

impl Store {
    /// Stores drafts; the outcomes are in their order. The same article twice in one call counts
    /// once. `trace_parent` is kept with the new ones for whoever works on them later.
    ///
    /// An article whose content changed keeps its id, its place in time, its story and its marks;
    /// what it said before becomes a revision, and it goes through all stages again.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 2,000 drafts; [`Error::Overloaded`], [`Error::Unavailable`].
    pub async fn insert_articles(
        &self,
        drafts: Vec<ArticleDraft>,
        trace_parent: Option<String>,
    ) -> Result<Vec<InsertOutcome>> {
        if drafts.len() > DRAFTS_MAX {
            return Err(Error::Invalid(format!(
                "{} articles in one insert; at most {DRAFTS_MAX}",
                drafts.len()
            )));
        }
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let admission = Admission::new(WriteQueue::Ingest, "storing articles").weight(drafts.len());
        let batch = Arc::new((drafts, trace_parent));
        self.write(admission, move |tx| {
            let batch = Arc::clone(&batch);
            async move { insert(&tx, &batch.0, batch.1.as_deref()).await }
        })
        .await
    }
}

/// What the store knows about an identity.
#[derive(Debug, Clone, Copy)]
struct KnownArticle {
    id: i64,
    /// `None` for an article that retention removed.
    content_hash: Option<i64>,
}

fn key(draft: &ArticleDraft) -> Key {
    (draft.identity.hash, draft.source_id.0)
}

async fn insert(
    tx: &Tx,
    drafts: &[ArticleDraft],
    trace_parent: Option<&str>,
) -> Result<Vec<InsertOutcome>> {
    // Before what is known is read: whatever another node commits in between moves the counter.
    let counted = tx.number("article").await?;
    let mut known = known(tx, drafts.iter()).await?;
    let mut new = first_of_each(drafts, &known);
    let mut outcomes: HashMap<Key, InsertOutcome> = HashMap::with_capacity(drafts.len());
    if !new.is_empty() {
        let wanted = new.len() as i64;
        let first = tx.take_numbers("article", wanted).await?;
        if first != counted + 1 {
            // From here on nobody else inserts, so what is still unknown stays unknown, and the
            // numbers of the others go back: none is ever skipped.
            known.extend(self::known(tx, new.iter().copied()).await?);
            new = first_of_each(drafts, &known);
            tx.take_numbers("article", new.len() as i64 - wanted).await?;
        }
        for (id, draft) in (first..).zip(&new) {
            outcomes.insert(key(draft), InsertOutcome::Inserted(ArticleId(id)));
        }
        insert_rows(tx, first, &new, trace_parent).await?;
        count_up(tx, &new).await?;
    }
    let mut aligned = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let key = key(draft);
        if let Some(outcome) = outcomes.get(&key) {
            aligned.push(*outcome);
            // The same one again in this call: once is enough.
            outcomes.insert(key, InsertOutcome::Known(outcome.article_id()));
            continue;
        }
        let outcome = match known.get(&key) {
            Some(known) => against_known(tx, draft, *known).await?,
            None => return Err(Error::unreadable("an article was neither known nor new")),
        };
        outcomes.insert(key, InsertOutcome::Known(outcome.article_id()));
        aligned.push(outcome);
    }
    Ok(aligned)
}

fn first_of_each<'a>(
    drafts: &'a [ArticleDraft],
    known: &HashMap<Key, KnownArticle>,
) -> Vec<&'a ArticleDraft> {
    let mut seen = std::collections::HashSet::with_capacity(drafts.len());
    let new = drafts.iter().filter(|draft| !known.contains_key(&key(draft)));
    new.filter(|draft| seen.insert(key(draft))).collect()
}

/// What is stored of these identities, removed articles included.
async fn known<'a>(
    tx: &Tx,
    drafts: impl Iterator<Item = &'a ArticleDraft>,
) -> Result<HashMap<Key, KnownArticle>> {
    let identities: Vec<Vec<u8>> = drafts.map(|draft| draft.identity.hash.to_vec()).collect();
    let mut known = HashMap::new();
    for chunk in identities.chunks(IDS_CHUNK) {
        for row in tx.all(known_query(tx, chunk)).await? {
            let identity: Vec<u8> = get(&row, "identity")?;
            let Ok(hash) = <[u8; 16]>::try_from(identity) else { continue };
            let article =
                KnownArticle { id: get(&row, "id")?, content_hash: get(&row, "content_hash")? };
            known.insert((hash, get(&row, "source_id")?), article);
        }
    }
    Ok(known)
}

fn known_query(tx: &Tx, identities: &[Vec<u8>]) -> Sql {
    match tx.dialect {
        Dialect::Sqlite => {
            let mut sql = tx.sql(
                "SELECT identity, source_id, article_id AS id, NULL AS content_hash \
                 FROM article_tombstone WHERE identity IN ",
            );
            sql.list(identities.iter().cloned());
            sql.push(" UNION ALL SELECT identity, source_id, id, content_hash FROM article WHERE identity IN ");
            sql.list(identities.iter().cloned());
            sql
        }
        // One look-up in the index for each, whatever the planner believes of a table that has just
        // grown: left to itself it scans tens of thousands of rows for a few hundred identities.
        Dialect::Postgres => tx
            .sql(
                "SELECT w.identity, k.source_id, k.id, k.content_hash \
                 FROM UNNEST(CAST(? AS BYTEA[])) AS w (identity) CROSS JOIN LATERAL (\
                 (SELECT source_id, article_id AS id, CAST(NULL AS BIGINT) AS content_hash \
                 FROM article_tombstone t WHERE t.identity = w.identity OFFSET 0) UNION ALL \
                 (SELECT source_id, id, content_hash \
                 FROM article a WHERE a.identity = w.identity OFFSET 0)) AS k",
            )
            .with(identities.to_vec()),
    }
}

async fn insert_rows(
    tx: &Tx,
    first: i64,
    drafts: &[&ArticleDraft],
    trace_parent: Option<&str>,
) -> Result<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let rows = || (first..).zip(drafts).map(|(id, draft)| NewRow::of(id, draft));
    match tx.dialect {
        Dialect::Sqlite => sqlite::insert_rows(tx, rows().collect(), trace_parent).await,
        Dialect::Postgres => postgres::insert_rows(tx, rows(), trace_parent).await,
    }
}

/// A draft as its columns.
struct NewRow<'a> {
    id: i64,
    draft: &'a ArticleDraft,
    identity_kind: i16,
    authors: String,
    published_at: Option<i64>,
    sort_at: i64,
}

impl<'a> NewRow<'a> {
    fn of(id: i64, draft: &'a ArticleDraft) -> Self {
        let fetched_at = draft.fetched_at.0;
        let published_at = draft.published_at.map(|at| at.0);
        Self {
            id,
            draft,
            identity_kind: identity_number(draft.identity.kind),
            authors: names_text(&draft.authors),
            published_at,
            sort_at: published_at.map_or(fetched_at, |at| at.min(fetched_at)),
        }
    }
}

pub(super) fn identity_number(kind: IdentityKind) -> i16 {
    match kind {
        IdentityKind::Guid => 0,
        IdentityKind::CanonicalUrl => 1,
        IdentityKind::TitleAndDate => 2,
    }
}

/// The sources' article counters, from which unread numbers come.
async fn count_up(tx: &Tx, drafts: &[&ArticleDraft]) -> Result<()> {
    let mut per_source = std::collections::BTreeMap::<i64, i64>::new();
    for draft in drafts {
        *per_source.entry(draft.source_id.0).or_default() += 1;
    }
    for chunk in per_source.into_iter().collect::<Vec<_>>().chunks(IDS_CHUNK) {
        let mut sql =
            tx.sql("UPDATE source SET article_count = article_count + added.column2 FROM (VALUES ");
        sql.rows(2, chunk.iter().flat_map(|(id, count)| [(*id).into(), (*count).into()]).collect());
        sql.push(") AS added WHERE source.id = added.column1");
        tx.execute(sql).await?;
    }
    Ok(())
}

async fn against_known(
    tx: &Tx,
    draft: &ArticleDraft,
    known: KnownArticle,
) -> Result<InsertOutcome> {
    let id = ArticleId(known.id);
    let hash = draft.content_hash.cast_signed();
    if known.content_hash.is_none_or(|stored| stored == hash) {
        return Ok(InsertOutcome::Known(id));
    }
    let revision = tx.take_numbers("revision", 1).await?;
    let mut sql = tx.sql(
        "INSERT INTO article_revision (id, article_id, title, content_html, content_hash, replaced_at) \
         SELECT ?, a.id, a.title, c.content_html, a.content_hash, ? FROM article a \
         JOIN article_content c ON c.article_id = a.id WHERE a.id = ?",
    );
    sql.bind(revision).bind(tx.now.0).bind(id.0);
    tx.execute(sql).await?;
    // A claim of -1 tells whoever is working on the old content that their result is no longer
    // wanted: see `finish_index`.
    let mut sql = tx.sql(
        "UPDATE article SET title = ?, url = ?, canonical_url = ?, authors = ?, language = ?, \
         content_hash = ?, minhash = ?, stage = 0, claimed_until = -1, claimed_by = NULL, updated_at = ? \
         WHERE id = ?",
    );
    sql.bind(clean(&draft.title)).bind(clean(&draft.url)).bind(clean(&draft.canonical_url));
    sql.bind(names_text(&draft.authors));
    sql.bind(draft.language.map(|language| language.as_str().to_owned()));
    sql.bind(hash).bind(draft.minhash.to_bytes()).bind(tx.now.0).bind(id.0);
    tx.execute(sql).await?;
    let sql = tx
        .sql("UPDATE article_content SET content_html = ?, content_text = ? WHERE article_id = ?");
    let sql = sql.with(clean(&draft.content_html)).with(clean(&draft.content_text)).with(id.0);
    tx.execute(sql).await?;
    Ok(InsertOutcome::Updated(id))
}
