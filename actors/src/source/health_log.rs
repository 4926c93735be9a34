//! Collects what fetches say about their sources and writes it in groups, the latest word winning.
//!
//! At hundreds of responses a second one row written for each would cost more than the articles.
//! So a result that says nothing new (only later times) is written at most once a minute, unless
//! the next fetch lies further away than that: then it is written at once, because losing it in a
//! crash would mean fetching too early. What a crash can lose is therefore a next fetch within the
//! next minute, and such a source would have been fetched by then anyway.

use async_trait::async_trait;
use autoglm_domain::{Clock, Fault, Health, Source, SourceId, Timestamp};
use autoglm_models::{FetchResult, RecentArticleRow, RenamedArticle, Store};
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Results that say nothing new are written this often.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// Rows in one write.
const ROWS_MAX: usize = 500;

/// What fetching needs of the store.
#[async_trait]
pub trait SourceStore: Send + Sync + Debug {
    /// Every source that is to be fetched, by any node, with its health.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn active_sources(&self) -> Result<Vec<(Source, Health)>, Fault>;

    /// Writes results.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn save_fetch_results(&self, results: Vec<FetchResult>) -> Result<(), Fault>;

    /// Those of the identities the source has or had.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn known_identities(
        &self,
        source: SourceId,
        identities: &[[u8; 16]],
    ) -> Result<HashSet<[u8; 16]>, Fault>;

    /// The newest articles of a source, at most `limit`.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn recent_articles(
        &self,
        source: SourceId,
        limit: usize,
    ) -> Result<Vec<RecentArticleRow>, Fault>;

    /// Gives articles of a source other identities; answers how many.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn rename_articles(
        &self,
        source: SourceId,
        articles: Vec<RenamedArticle>,
    ) -> Result<u64, Fault>;
}

#[async_trait]
impl SourceStore for Store {
    async fn active_sources(&self) -> Result<Vec<(Source, Health)>, Fault> {
        Self::active_sources(self).await.map_err(Fault::from)
    }

    async fn save_fetch_results(&self, results: Vec<FetchResult>) -> Result<(), Fault> {
        Self::save_fetch_results(self, results).await.map_err(Fault::from)
    }

    async fn known_identities(
        &self,
        source: SourceId,
        identities: &[[u8; 16]],
    ) -> Result<HashSet<[u8; 16]>, Fault> {
        Self::known_identities(self, source, identities).await.map_err(Fault::from)
    }

    async fn recent_articles(
        &self,
        source: SourceId,
        limit: usize,
    ) -> Result<Vec<RecentArticleRow>, Fault> {
        Self::recent_articles(self, source, limit).await.map_err(Fault::from)
    }

    async fn rename_articles(
        &self,
        source: SourceId,
        articles: Vec<RenamedArticle>,
    ) -> Result<u64, Fault> {
        Self::rename_articles(self, source, articles).await.map_err(Fault::from)
    }
}

#[derive(Debug, Default)]
struct Entry {
    latest: Option<FetchResult>,
    written: Option<FetchResult>,
    written_at: Timestamp,
    /// The source is another node's now: its last word is written at once, and then forgotten.
    is_leaving: bool,
}

#[derive(Debug)]
struct Inner {
    store: Arc<dyn SourceStore>,
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<SourceId, Entry>>,
    writing: tokio::sync::Mutex<()>,
}

/// The collected results of one node, one entry for each source; cloning shares it.
#[derive(Debug, Clone)]
pub struct HealthLog(Arc<Inner>);

impl HealthLog {
    /// A log with nothing in it.
    #[must_use]
    pub fn new(store: Arc<dyn SourceStore>, clock: Arc<dyn Clock>) -> Self {
        let entries = Mutex::default();
        Self(Arc::new(Inner { store, clock, entries, writing: tokio::sync::Mutex::default() }))
    }

    /// Notes the latest result of a source; never waits.
    pub fn note(&self, result: FetchResult) {
        self.with(|entries| {
            let entry = entries.entry(result.source_id).or_default();
            let unwritten = entry.latest.take();
            entry.latest = Some(later(unwritten, result));
            entry.is_leaving = false;
        });
    }

    /// The latest health noted, if any: newer than what the store says.
    #[must_use]
    pub fn health(&self, source: SourceId) -> Option<Health> {
        self.with(|entries| {
            let entry = entries.get(&source)?;
            entry.latest.as_ref().or(entry.written.as_ref()).map(|result| result.health.clone())
        })
    }

    /// Forgets a source that is no longer ours, once what is left about it has been written; which
    /// is soon, for its next owner goes on from there.
    pub fn forget(&self, source: SourceId) {
        self.with(|entries| {
            let Some(entry) = entries.get_mut(&source) else { return };
            entry.is_leaving = true;
            if entry.latest.is_none() {
                entries.remove(&source);
            }
        });
    }

    /// Writes what should not wait, or everything; nothing while another call is writing.
    ///
    /// # Errors
    /// `Unavailable` while the database is away: everything is kept and written later.
    pub async fn write(&self, everything: bool) -> Result<usize, Fault> {
        let _guard = if everything {
            self.0.writing.lock().await
        } else {
            let Ok(guard) = self.0.writing.try_lock() else { return Ok(0) };
            guard
        };
        let mut total = 0;
        loop {
            let batch = self.take(everything);
            if batch.is_empty() {
                return Ok(total);
            }
            total += batch.len();
            if let Err(fault) = self.0.store.save_fetch_results(batch.clone()).await {
                self.put_back(batch);
                return Err(fault);
            }
            self.written(batch);
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<SourceId, Entry>) -> T) -> T {
        work(&mut self.0.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, everything: bool) -> Vec<FetchResult> {
        let now = self.0.clock.now();
        self.with(|entries| {
            let due = |entry: &&mut Entry| everything || is_due(entry, now);
            let due = entries.values_mut().filter(due);
            due.filter_map(|entry| entry.latest.take()).take(ROWS_MAX).collect()
        })
    }

    fn put_back(&self, batch: Vec<FetchResult>) {
        self.with(|entries| {
            for result in batch {
                if let Some(entry) = entries.get_mut(&result.source_id) {
                    // A newer word may have come meanwhile.
                    entry.latest.get_or_insert(result);
                }
            }
        });
    }

    fn written(&self, batch: Vec<FetchResult>) {
        let now = self.0.clock.now();
        self.with(|entries| {
            for result in batch {
                if let Some(entry) = entries.get_mut(&result.source_id) {
                    entry.written = Some(result);
                    entry.written_at = now;
                }
            }
            entries.retain(|_, entry| !entry.is_leaving || entry.latest.is_some());
        });
    }
}

fn is_due(entry: &Entry, now: Timestamp) -> bool {
    let Some(latest) = &entry.latest else { return false };
    let Some(written) = &entry.written else { return true };
    let far = latest.health.next_fetch_at.is_none_or(|next| next.since(now) > WRITE_EVERY);
    entry.is_leaving
        || far
        || says_more(latest, written)
        || now.since(entry.written_at) >= WRITE_EVERY
}

/// Whether anything but times has changed.
fn says_more(latest: &FetchResult, written: &FetchResult) -> bool {
    let timeless = |result: &FetchResult| FetchResult {
        health: Health {
            last_attempt_at: None,
            last_success_at: None,
            next_fetch_at: None,
            last_fetch_ms: None,
            ..result.health.clone()
        },
        ..result.clone()
    };
    timeless(latest) != timeless(written)
}

/// The later word, with what only the earlier one told: an unchanged document has no title.
fn later(unwritten: Option<FetchResult>, result: FetchResult) -> FetchResult {
    let Some(before) = unwritten else { return result };
    FetchResult {
        title: result.title.or(before.title),
        site_url: result.site_url.or(before.site_url),
        ..result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{HealthClass, ManualClock};
    use std::sync::atomic::{AtomicBool, Ordering};

    #[derive(Debug, Default)]
    struct Rows {
        saved: Mutex<Vec<FetchResult>>,
        away: AtomicBool,
    }

    #[async_trait]
    impl SourceStore for Rows {
        async fn known_identities(
            &self,
            _source: SourceId,
            _identities: &[[u8; 16]],
        ) -> Result<HashSet<[u8; 16]>, Fault> {
            Ok(HashSet::new())
        }

        async fn recent_articles(
            &self,
            _source: SourceId,
            _limit: usize,
        ) -> Result<Vec<RecentArticleRow>, Fault> {
            Ok(Vec::new())
        }

        async fn rename_articles(
            &self,
            _source: SourceId,
            _articles: Vec<RenamedArticle>,
        ) -> Result<u64, Fault> {
            Ok(0)
        }

        async fn active_sources(&self) -> Result<Vec<(Source, Health)>, Fault> {
            Ok(Vec::new())
        }

        async fn save_fetch_results(&self, results: Vec<FetchResult>) -> Result<(), Fault> {
            if self.away.load(Ordering::SeqCst) {
                return Err(Fault::unavailable("away", Duration::ZERO));
            }
            self.saved.lock().expect("not poisoned").extend(results);
            Ok(())
        }
    }

    fn log() -> (Arc<Rows>, Arc<ManualClock>, HealthLog) {
        let rows = Arc::new(Rows::default());
        let clock = Arc::new(ManualClock::at(Timestamp(1_000_000)));
        let log = HealthLog::new(Arc::clone(&rows) as _, Arc::clone(&clock) as _);
        (rows, clock, log)
    }

    fn result(clock: &ManualClock, id: i64, next: Duration) -> FetchResult {
        let now = clock.now();
        FetchResult {
            source_id: SourceId(id),
            health: Health {
                class: HealthClass::Healthy,
                last_success_at: Some(now),
                next_fetch_at: Some(now.plus(next)),
                ..Health::default()
            },
            etag: None,
            last_modified: None,
            title: None,
            site_url: None,
            adopt_url: None,
        }
    }

    #[tokio::test]
    async fn what_an_unchanged_document_does_not_tell_is_kept_until_it_is_written() {
        let (rows, clock, log) = log();
        let title = Some("Harbour news".to_owned());
        log.note(FetchResult { title: title.clone(), ..result(&clock, 1, WRITE_EVERY) });
        log.note(result(&clock, 1, WRITE_EVERY));
        log.write(true).await.expect("written");
        assert_eq!(rows.saved.lock().expect("not poisoned")[0].title, title);
    }

    #[tokio::test]
    async fn a_busy_source_is_written_once_a_minute_and_a_change_at_once() {
        let (_rows, clock, log) = log();
        let soon = Duration::from_secs(1);
        log.note(result(&clock, 1, soon));
        assert_eq!(log.write(false).await, Ok(1), "the first word");
        for _ in 0..59 {
            clock.advance(soon);
            log.note(result(&clock, 1, soon));
            assert_eq!(log.write(false).await, Ok(0));
        }
        log.note(FetchResult { etag: Some("x".into()), ..result(&clock, 1, soon) });
        assert_eq!(log.write(false).await, Ok(1), "a new validator");
        clock.advance(WRITE_EVERY);
        log.note(FetchResult { etag: Some("x".into()), ..result(&clock, 1, soon) });
        assert_eq!(log.write(false).await, Ok(1), "a minute later");
    }

    #[tokio::test]
    async fn the_last_word_about_a_source_that_moves_is_written_at_once_and_then_forgotten() {
        let (rows, clock, log) = log();
        let soon = Duration::from_secs(1);
        log.note(result(&clock, 1, soon));
        log.write(false).await.expect("written");
        clock.advance(soon);
        log.note(result(&clock, 1, soon));
        log.forget(SourceId(1));
        assert_eq!(log.write(false).await, Ok(1), "not a minute later");
        assert_eq!(log.health(SourceId(1)), None);
        assert_eq!(rows.saved.lock().expect("not poisoned").len(), 2);
    }

    #[tokio::test]
    async fn a_fetch_far_in_the_future_is_written_at_once() {
        let (rows, clock, log) = log();
        for _ in 0..3 {
            log.note(result(&clock, 1, Duration::from_secs(900)));
            assert_eq!(log.write(false).await, Ok(1));
        }
        assert_eq!(rows.saved.lock().expect("not poisoned").len(), 3);
    }

    #[tokio::test]
    async fn nothing_is_lost_while_the_database_is_away_and_the_latest_word_wins() {
        let (rows, clock, log) = log();
        rows.away.store(true, Ordering::SeqCst);
        log.note(result(&clock, 1, Duration::from_secs(5)));
        assert!(log.write(true).await.is_err());
        log.note(result(&clock, 1, Duration::from_secs(7)));
        assert!(log.write(true).await.is_err());
        rows.away.store(false, Ordering::SeqCst);
        assert_eq!(log.write(true).await, Ok(1));
        let saved = rows.saved.lock().expect("not poisoned");
        assert_eq!(saved[0].health.next_fetch_at, Some(clock.now().plus(Duration::from_secs(7))));
    }

    #[tokio::test]
    async fn many_sources_are_written_in_bounded_groups() {
        let (rows, clock, log) = log();
        for id in 0..1_200 {
            log.note(result(&clock, id, Duration::from_secs(900)));
        }
        assert_eq!(log.write(false).await, Ok(1_200));
        assert_eq!(rows.saved.lock().expect("not poisoned").len(), 1_200);
    }
}
