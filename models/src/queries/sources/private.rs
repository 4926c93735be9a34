//! Private sources: whose they are, and how they are asked for their owner.

use super::{add, insert, read, remove};
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::{clean, get};
use crate::rows::{NewSource, SourceOrigin};
use crate::store::Store;
use autoglm_domain::{
    BasicCredentials, Private, ReaderId, Secret, Source, SourceId, SourceRequest,
};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Owner of a source that everybody shares, as the unique index of addresses has it.
const SHARED: i64 = 0;

/// A request as it is stored, secrets and all: the one place where they are written out, since
/// serialising the domain's own type hides them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basic: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bearer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
}

impl Store {
    /// Gives the reader a source of their own with the address of one they share, asked as said,
    /// and moves their subscription to it. The shared one goes on for the others and ends without.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the reader does not follow it, [`Error::Conflict`] when it is
    /// private or they have one of their own besides.
    pub async fn make_private(
        &self,
        reader: ReaderId,
        id: SourceId,
        request: SourceRequest,
    ) -> Result<Source> {
        let admission = Admission::new(WriteQueue::Control, "making a source private");
        self.write(admission, move |tx| {
            let request = request.clone();
            async move { make_private(&tx, reader, id, request).await }
        })
        .await
    }

    /// Those of these sources that belong to somebody else than the reader.
    ///
    /// # Errors
    /// What the database says.
    pub async fn private_to_others(
        &self,
        reader: ReaderId,
        sources: &HashSet<SourceId>,
    ) -> Result<HashSet<SourceId>> {
        if sources.is_empty() {
            return Ok(HashSet::new());
        }
        let mut sql = self.sql("SELECT id FROM source WHERE owner_reader <> ?").with(reader.0);
        sql.push(" AND id IN ").list(sources.iter().map(|id| id.0));
        let rows = self.all("looking for sources of others", sql).await?;
        rows.iter().map(|row| get(row, "id").map(SourceId)).collect()
    }
}

async fn make_private(
    tx: &Tx,
    reader: ReaderId,
    id: SourceId,
    request: SourceRequest,
) -> Result<Source> {
    let mut sql = tx.sql(
        "SELECT COUNT(*) AS readers, COUNT(CASE WHEN reader_id = ? THEN 1 END) AS own \
         FROM subscription WHERE source_id = ?",
    );
    sql.bind(reader.0).bind(id.0);
    let row = tx.one(sql).await?.ok_or_else(|| Error::NotFound(format!("source {id}")))?;
    if get::<i64>(&row, "own")? == 0 {
        return Err(Error::NotFound(format!("source {id}")));
    }
    let is_last = get::<i64>(&row, "readers")? == 1;
    let shared = read(tx, id).await?;
    if shared.private.is_some() {
        return Err(Error::Conflict(format!("source {id} is private already")));
    }
    let own = take_own(tx, &shared, Private { owner: reader, request }).await?;
    let mut sql = tx.sql(
        "UPDATE subscription SET source_id = ?, read_count = \
         (SELECT COUNT(*) FROM mark WHERE reader_id = ? AND source_id = ? AND is_read)",
    );
    sql.bind(own.id.0).bind(reader.0).bind(own.id.0);
    sql.and(" WHERE reader_id = ?", reader.0).and(" AND source_id = ?", id.0);
    tx.execute(sql).await?;
    if is_last {
        remove(tx, id).await?;
    }
    Ok(own)
}

/// A new source like the shared one, or the reader's earlier one that they had given up.
async fn take_own(tx: &Tx, shared: &Source, private: Private) -> Result<Source> {
    let Source { url, title, .. } = shared;
    let known = tx.sql("SELECT removed_at FROM source WHERE url = ? AND owner_reader = ?");
    let known = tx.one(known.with(url.as_str()).with(private.owner.0)).await?;
    let new = NewSource {
        kind: shared.kind,
        url: url.clone(),
        settings: shared.settings.clone(),
        private: Some(private),
        title: title.clone(),
        interval: shared.interval,
        origin: SourceOrigin::Reader,
    };
    let Some(known) = known else {
        let id = insert(tx, &new).await?;
        return read(tx, id).await;
    };
    if get::<Option<i64>>(&known, "removed_at")?.is_none() {
        return Err(Error::Conflict(format!(
            "you have a source of your own with the address {url}"
        )));
    }
    Ok(add(tx, &new).await?.source)
}

/// The owner as the unique index has it.
pub(super) fn owner(private: Option<&Private>) -> i64 {
    private.map_or(SHARED, |private| private.owner.0)
}

/// JSON; nothing when nothing is set.
pub(super) fn request_text(request: &SourceRequest) -> Result<Option<String>> {
    if request.is_empty() {
        return Ok(None);
    }
    let exposed = |secret: &Secret| clean(secret.expose());
    let headers = request.headers.iter();
    let stored = StoredRequest {
        user_agent: request.user_agent.as_deref().map(clean),
        headers: headers.map(|(name, value)| (clean(name), exposed(value))).collect(),
        cookie: request.cookie.as_ref().map(exposed),
        basic: request.basic.as_ref().map(|basic| (exposed(&basic.user), exposed(&basic.password))),
        bearer: request.bearer.as_ref().map(exposed),
        proxy: request.proxy.as_deref().map(clean),
    };
    let text = serde_json::to_string(&stored);
    text.map(Some).map_err(|_| Error::Invalid("the request settings cannot be kept".into()))
}

pub(super) fn private_of(row: &QueryResult) -> Result<Option<Private>> {
    let Some(owner) = get::<Option<i64>>(row, "owner_reader")?.map(ReaderId) else {
        return Ok(None);
    };
    let request = match get::<Option<String>>(row, "request")? {
        Some(text) => request_of(&text)?,
        None => SourceRequest::default(),
    };
    Ok(Some(Private { owner, request }))
}

fn request_of(text: &str) -> Result<SourceRequest> {
    // What the parser says could hold a secret.
    let unreadable = |_| Error::unreadable("request settings of a source".to_owned());
    let stored: StoredRequest = serde_json::from_str(text).map_err(unreadable)?;
    let basic = |(user, password): (String, String)| BasicCredentials {
        user: Secret::new(user),
        password: Secret::new(password),
    };
    Ok(SourceRequest {
        user_agent: stored.user_agent,
        headers: stored
            .headers
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
        cookie: stored.cookie.map(Secret::new),
        basic: stored.basic.map(basic),
        bearer: stored.bearer.map(Secret::new),
        proxy: stored.proxy,
    })
}
