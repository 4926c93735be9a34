//! Sources and their health.

mod private;

use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::{clean, get, time_option};
use crate::rows::{AddedSource, FetchResult, NewSource, SourceChange, SourceOrigin};
use crate::store::Store;
use autoglm_domain::{
    FetchWishes, Health, HealthClass, Moved, QuietTimes, Source, SourceId, SourceKind,
    SourceSettings,
};
use private::{owner, private_of, request_text};
use sea_orm::QueryResult;
use std::sync::Arc;
use std::time::Duration;

/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 4_096;
/// Most fetch results in one call.
const RESULTS_MAX: usize = 2_000;

/// A source with its health, as [`source_of`] and [`health_of`] read them.
pub(crate) const SOURCE_COLUMNS: &str = "s.id, s.kind, s.url, s.title, s.site_url, s.interval_ms, \
     s.paused, s.etag, s.last_modified, s.settings, s.owner_reader, s.request, h.class, h.cause, h.problem, h.last_attempt_at, \
     h.last_success_at, h.next_fetch_at, h.consecutive_failures, h.last_fetch_ms, h.moved_to, \
     h.moved_since, h.moved_seen, h.rhythm_ms, h.floor_ms, h.quiet, h.offered_url";

impl Store {
    /// Adds a source unless its owner, or everybody, has its address. What a person removed stays
    /// removed when the configuration asks, and comes back when a person asks. A person who adds
    /// their own source once more changes how it is asked.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or overlong address.
    pub async fn add_source(&self, new: NewSource) -> Result<AddedSource> {
        check_url(&new.url)?;
        let new = Arc::new(new);
        let admission = Admission::new(WriteQueue::Control, "adding a source");
        self.write(admission, move |tx| {
            let new = Arc::clone(&new);
            async move { add(&tx, &new).await }
        })
        .await
    }

    /// Changes a source and answers with it.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Conflict`] when another source has the new address.
    pub async fn update_source(&self, id: SourceId, change: SourceChange) -> Result<Source> {
        if let Some(url) = &change.url {
            check_url(url)?;
        }
        let change = Arc::new(change);
        let admission = Admission::new(WriteQueue::Control, "changing a source");
        self.write(admission, move |tx| {
            let change = Arc::clone(&change);
            async move { update(&tx, id, &change).await }
        })
        .await
    }

    /// Removes a source for everybody; it stays as a tombstone, without secrets, and its articles
    /// until retention.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn remove_source(&self, id: SourceId) -> Result<()> {
        let admission = Admission::new(WriteQueue::Control, "removing a source");
        self.write(admission, move |tx| async move { remove(&tx, id).await }).await
    }

    /// Every source that is not removed, paused ones included, by id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn active_sources(&self) -> Result<Vec<(Source, Health)>> {
        let mut sql = self.sql("SELECT ");
        sql.push(SOURCE_COLUMNS);
        sql.push(" FROM source s LEFT JOIN source_health h ON h.source_id = s.id WHERE s.removed_at IS NULL ORDER BY s.id");
        let rows = self.all("listing the sources", sql).await?;
        rows.iter().map(|row| Ok((source_of(row)?, health_of(row)?))).collect()
    }

    /// One source; `None` when it does not exist or was removed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn source(&self, id: SourceId) -> Result<Option<(Source, Health)>> {
        let mut sql = self.sql("SELECT ");
        sql.push(SOURCE_COLUMNS).push(
            " FROM source s LEFT JOIN source_health h ON h.source_id = s.id WHERE s.removed_at IS NULL AND s.id = ?",
        );
        let row = self.one("reading a source", sql.with(id.0)).await?;
        row.map(|row| Ok((source_of(&row)?, health_of(&row)?))).transpose()
    }

    /// Saves what fetches brought, without their articles; unknown and removed sources are skipped.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 2,000 results.
    pub async fn save_fetch_results(&self, results: Vec<FetchResult>) -> Result<()> {
        if results.len() > RESULTS_MAX {
            return Err(Error::Invalid(format!(
                "{} fetch results in one call; at most {RESULTS_MAX}",
                results.len()
            )));
        }
        let results = Arc::new(results);
        let admission =
            Admission::new(WriteQueue::Control, "saving fetch results").weight(results.len());
        self.write(admission, move |tx| {
            let results = Arc::clone(&results);
            async move {
                for result in results.iter() {
                    save_result(&tx, result).await?;
                }
                Ok(())
            }
        })
        .await
    }
}

fn check_url(url: &str) -> Result<()> {
    if url.is_empty() || url.len() > URL_BYTES_MAX || url.contains('\0') {
        return Err(Error::Invalid(format!(
            "the address of a source is empty or longer than {URL_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}

fn interval_ms(interval: Duration) -> i64 {
    i64::try_from(interval.as_millis()).unwrap_or(i64::MAX)
}

/// JSON; nothing for the settings of a feed.
fn settings_text(settings: &SourceSettings) -> Result<Option<String>> {
    if settings.is_default() {
        return Ok(None);
    }
    let text = serde_json::to_string(settings);
    text.map(Some).map_err(|error| Error::Invalid(format!("the settings cannot be kept: {error}")))
}

async fn add(tx: &Tx, new: &NewSource) -> Result<AddedSource> {
    let known = || {
        let sql = tx.sql(
            "SELECT id, removed_at FROM source WHERE url = ? AND COALESCE(owner_reader, 0) = ?",
        );
        tx.one(sql.with(new.url.as_str()).with(owner(new.private.as_ref())))
    };
    let mut found = known().await?;
    if found.is_none() {
        tx.hold_numbers("source").await?;
        found = known().await?;
    }
    let Some(row) = found else {
        let id = insert(tx, new).await?;
        return Ok(AddedSource { source: read(tx, id).await?, created: true, removed: false });
    };
    let id = SourceId(get(&row, "id")?);
    let removed = get::<Option<i64>>(&row, "removed_at")?.is_some();
    let revive = removed && new.origin == SourceOrigin::Reader;
    if revive {
        let mut sql = tx.sql(
            "UPDATE source SET removed_at = NULL, paused = ?, interval_ms = ?, updated_at = ?, \
             kind = ?, settings = ? WHERE id = ?",
        );
        sql.bind(false).bind(interval_ms(new.interval)).bind(tx.now.0).bind(new.kind.name());
        sql.bind(settings_text(&new.settings)?).bind(id.0);
        tx.execute(sql).await?;
    }
    if let Some(private) = new.private.as_ref().filter(|_| new.origin == SourceOrigin::Reader) {
        let request = Some(private.request.clone());
        update(tx, id, &SourceChange { request, ..SourceChange::default() }).await?;
    }
    Ok(AddedSource { source: read(tx, id).await?, created: revive, removed: removed && !revive })
}

async fn insert(tx: &Tx, new: &NewSource) -> Result<SourceId> {
    let id = tx.take_numbers("source", 1).await?;
    let title = clean(&new.title);
    let chosen = !title.trim().is_empty();
    let mut sql = tx.sql(
        "INSERT INTO source (id, kind, url, title, title_chosen, site_url, interval_ms, paused, \
         article_count, created_at, updated_at, settings, owner_reader, request) \
         VALUES (?, ?, ?, ?, ?, '', ?, ?, 0, ?, ?, ?, ?, ?)",
    );
    sql.bind(id).bind(new.kind.name()).bind(new.url.as_str());
    sql.bind(if chosen { title } else { new.url.clone() }).bind(chosen);
    sql.bind(interval_ms(new.interval)).bind(false).bind(tx.now.0).bind(tx.now.0);
    sql.bind(settings_text(&new.settings)?);
    let private = new.private.as_ref();
    sql.bind(private.map(|private| private.owner.0));
    sql.bind(private.map(|private| request_text(&private.request)).transpose()?.flatten());
    tx.execute(sql).await?;
    Ok(SourceId(id))
}

async fn update(tx: &Tx, id: SourceId, change: &SourceChange) -> Result<Source> {
    if let Some(url) = &change.url {
        let other = tx.sql(
            "SELECT id FROM source WHERE url = ? AND id <> ? AND COALESCE(owner_reader, 0) = \
             (SELECT COALESCE(own.owner_reader, 0) FROM source own WHERE own.id = ?)",
        );
        if tx.one(other.with(url.as_str()).with(id.0).with(id.0)).await?.is_some() {
            return Err(Error::Conflict(format!(
                "another source has the address {url}; add that one and remove this"
            )));
        }
    }
    let mut sql = tx.sql("UPDATE source SET updated_at = ?").with(tx.now.0);
    if let Some(title) = &change.title {
        sql.and(", title = ?", clean(title)).and(", title_chosen = ?", true);
    }
    if let Some(interval) = change.interval {
        sql.and(", interval_ms = ?", interval_ms(interval));
    }
    if let Some(paused) = change.paused {
        sql.and(", paused = ?", paused);
    }
    if let Some(settings) = &change.settings {
        // Read differently, the same document has other articles.
        sql.and(", etag = NULL, last_modified = NULL, settings = ?", settings_text(settings)?);
    }
    if let Some(request) = &change.request {
        // Asked differently, a source may answer with another document. What is everybody's is
        // never asked with one reader's secrets.
        sql.and(
            ", etag = NULL, last_modified = NULL, \
             request = CASE WHEN owner_reader IS NULL THEN NULL ELSE ? END",
            request_text(request)?,
        );
    }
    if let Some(url) = &change.url {
        // The validators belong to the old address, and so does what fetching it was like.
        sql.and(", etag = NULL, last_modified = NULL, url = ?", url.as_str());
        let health = tx.sql("DELETE FROM source_health WHERE source_id = ?").with(id.0);
        tx.execute(health).await?;
    }
    sql.and(" WHERE removed_at IS NULL AND id = ?", id.0);
    if tx.execute(sql).await? == 0 {
        return Err(Error::NotFound(format!("source {id}")));
    }
    read(tx, id).await
}

async fn read(tx: &Tx, id: SourceId) -> Result<Source> {
    let mut sql = tx.sql("SELECT ");
    sql.push(SOURCE_COLUMNS);
    sql.and(" FROM source s LEFT JOIN source_health h ON h.source_id = s.id WHERE s.id = ?", id.0);
    let row = tx.one(sql).await?.ok_or_else(|| Error::NotFound(format!("source {id}")))?;
    source_of(&row)
}

async fn remove(tx: &Tx, id: SourceId) -> Result<()> {
    let sql = tx
        .sql(
            "UPDATE source SET removed_at = ?, updated_at = ?, etag = NULL, last_modified = NULL, \
             request = NULL WHERE id = ? AND removed_at IS NULL",
        )
        .with(tx.now.0)
        .with(tx.now.0)
        .with(id.0);
    if tx.execute(sql).await? == 0 {
        return Err(Error::NotFound(format!("source {id}")));
    }
    tx.execute(tx.sql("DELETE FROM subscription WHERE source_id = ?").with(id.0)).await?;
    tx.execute(tx.sql("DELETE FROM source_health WHERE source_id = ?").with(id.0)).await?;
    Ok(())
}

/// Takes the address a source has moved to, unless another source has it: then both stay as they
/// are, and the health of this one goes on saying where it has moved.
async fn adopt(tx: &Tx, id: SourceId, url: &str) -> Result<()> {
    let mut sql = tx.sql("UPDATE source SET url = ?");
    sql.bind(url).and(", updated_at = ?", tx.now.0).and(" WHERE id = ?", id.0);
    sql.and(
        " AND NOT EXISTS (SELECT 1 FROM source other WHERE other.url = ? \
         AND COALESCE(other.owner_reader, 0) = COALESCE(source.owner_reader, 0))",
        url,
    );
    tx.execute(sql).await?;
    Ok(())
}

async fn save_result(tx: &Tx, result: &FetchResult) -> Result<()> {
    if is_outdated(tx, result).await? {
        return Ok(());
    }
    if let Some(url) = &result.adopt_url {
        check_url(url)?;
        adopt(tx, result.source_id, url).await?;
    }
    let text =
        |text: &Option<String>| text.as_deref().map(clean).filter(|text| !text.trim().is_empty());
    let mut sql = tx.sql("UPDATE source SET etag = ?, last_modified = ?");
    sql.bind(text(&result.etag)).bind(text(&result.last_modified));
    if let Some(site_url) = text(&result.site_url) {
        sql.and(", site_url = ?", site_url);
    }
    if let Some(title) = text(&result.title) {
        sql.and(", title = CASE WHEN title_chosen THEN title ELSE ? END", title);
    }
    sql.and(" WHERE removed_at IS NULL AND id = ?", result.source_id.0);
    if tx.execute(sql).await? == 0 {
        return Ok(());
    }
    let health = &result.health;
    let mut sql = tx.sql(
        "INSERT INTO source_health (source_id, class, cause, problem, last_attempt_at, last_success_at, \
         next_fetch_at, consecutive_failures, last_fetch_ms, moved_to, moved_since, moved_seen, \
         rhythm_ms, floor_ms, quiet, offered_url) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (source_id) DO UPDATE SET class = excluded.class, cause = excluded.cause, \
         problem = excluded.problem, last_attempt_at = excluded.last_attempt_at, \
         last_success_at = excluded.last_success_at, next_fetch_at = excluded.next_fetch_at, \
         consecutive_failures = excluded.consecutive_failures, last_fetch_ms = excluded.last_fetch_ms, \
         moved_to = excluded.moved_to, moved_since = excluded.moved_since, \
         moved_seen = excluded.moved_seen, rhythm_ms = excluded.rhythm_ms, \
         floor_ms = excluded.floor_ms, quiet = excluded.quiet, offered_url = excluded.offered_url",
    );
    sql.bind(result.source_id.0).bind(health.class.name()).bind(health.cause.clone());
    sql.bind(text(&health.problem)).bind(health.last_attempt_at.map(|at| at.0));
    sql.bind(health.last_success_at.map(|at| at.0)).bind(health.next_fetch_at.map(|at| at.0));
    sql.bind(i64::from(health.consecutive_failures)).bind(health.last_fetch_ms);
    let moved = health.moved.as_ref();
    sql.bind(moved.map(|moved| clean(&moved.to))).bind(moved.map(|moved| moved.since.0));
    sql.bind(moved.map(|moved| i64::from(moved.seen))).bind(health.rhythm.map(interval_ms));
    let quiet = health.wishes.quiet;
    sql.bind(health.wishes.floor.map(interval_ms));
    sql.bind((!quiet.is_empty()).then(|| quiet.to_number())).bind(text(&health.offered_url));
    tx.execute(sql).await?;
    Ok(())
}

/// Whether a later fetch has been noted, by a node that has taken the source over: what its former
/// owner kept until now says nothing any more. A later fetch than now is a clock's mistake.
async fn is_outdated(tx: &Tx, result: &FetchResult) -> Result<bool> {
    let Some(attempt) = result.health.last_attempt_at else { return Ok(false) };
    let later = tx
        .sql("SELECT 1 FROM source_health WHERE source_id = ? AND last_attempt_at > ? AND last_attempt_at <= ?")
        .with(result.source_id.0)
        .with(attempt.0)
        .with(tx.now.0);
    Ok(tx.one(later).await?.is_some())
}

pub(crate) fn source_of(row: &QueryResult) -> Result<Source> {
    let kind: String = get(row, "kind")?;
    let interval: i64 = get(row, "interval_ms")?;
    Ok(Source {
        id: SourceId(get(row, "id")?),
        kind: SourceKind::from_name(&kind)
            .ok_or_else(|| Error::unreadable(format!("unknown kind of source {kind:?}")))?,
        url: get(row, "url")?,
        title: get(row, "title")?,
        site_url: get(row, "site_url")?,
        interval: Duration::from_millis(u64::try_from(interval).unwrap_or(0)),
        paused: get(row, "paused")?,
        etag: get(row, "etag")?,
        last_modified: get(row, "last_modified")?,
        settings: settings_of(row)?,
        private: private_of(row)?,
    })
}

fn settings_of(row: &QueryResult) -> Result<SourceSettings> {
    let Some(text) = get::<Option<String>>(row, "settings")? else {
        return Ok(SourceSettings::default());
    };
    let unreadable = |error| Error::unreadable(format!("settings of a source: {error}"));
    serde_json::from_str(&text).map_err(unreadable)
}

fn moved_of(row: &QueryResult) -> Result<Option<Moved>> {
    let (to, since) = (get::<Option<String>>(row, "moved_to")?, time_option(row, "moved_since")?);
    let seen = get::<Option<i64>>(row, "moved_seen")?.unwrap_or(0);
    let seen = i32::try_from(seen).unwrap_or(i32::MAX);
    Ok(to.zip(since).map(|(to, since)| Moved { to, since, seen }))
}

fn duration_option(row: &QueryResult, column: &str) -> Result<Option<Duration>> {
    let milliseconds: Option<i64> = get(row, column)?;
    Ok(milliseconds.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis))
}

/// The default when nothing has been fetched yet; paused whatever else it is.
pub(crate) fn health_of(row: &QueryResult) -> Result<Health> {
    let paused: bool = get(row, "paused")?;
    let Some(class) = get::<Option<String>>(row, "class")? else {
        let class = if paused { HealthClass::Paused } else { HealthClass::New };
        return Ok(Health { class, ..Health::default() });
    };
    let failures: i64 = get::<Option<i64>>(row, "consecutive_failures")?.unwrap_or(0);
    let class = if paused { Some(HealthClass::Paused) } else { HealthClass::from_name(&class) };
    Ok(Health {
        class: class.unwrap_or(HealthClass::New),
        cause: get(row, "cause")?,
        problem: get(row, "problem")?,
        last_attempt_at: time_option(row, "last_attempt_at")?,
        last_success_at: time_option(row, "last_success_at")?,
        next_fetch_at: time_option(row, "next_fetch_at")?,
        consecutive_failures: i32::try_from(failures).unwrap_or(i32::MAX),
        last_fetch_ms: get(row, "last_fetch_ms")?,
        moved: moved_of(row)?,
        rhythm: duration_option(row, "rhythm_ms")?,
        wishes: FetchWishes {
            floor: duration_option(row, "floor_ms")?,
            quiet: QuietTimes::from_number(get::<Option<i64>>(row, "quiet")?.unwrap_or(0)),
        },
        offered_url: get(row, "offered_url")?,
    })
}
