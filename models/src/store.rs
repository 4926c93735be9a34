//! The door to everything stored: opening, migrating, closing, and the two ways in.

use crate::config::DatabaseConfig;
use crate::dialect::{Dialect, Sql};
use crate::error::{Error, Result};
use crate::event_gatherer::EventGatherer;
use crate::lane::{self, Admission, Lane, LaneArgs, LaneStatus, Tx};
use crate::lock::DataDirectoryLock;
use crate::schema;
use autoglm_domain::{Clock, Timestamp};
use sea_orm::sqlx::{self, Connection as _, SqliteConnection};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, QueryResult};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long SQLite waits for a lock held by another process' tool (a backup, a shell).
const BUSY_TIMEOUT_MS: &str = "5000";
/// How long a reader may wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a database may take to accept the first connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long PostgreSQL lets a transaction wait for its node, in milliseconds. A node that is frozen
/// or cut off in the middle of one holds rows that others need, to renew their leases among others;
/// it must be shorter than the time they have for that.
const IDLE_IN_TRANSACTION_MS: &str = "1500";
/// Longest group commit; more would be felt by readers.
const GROUP_COMMIT_MAX: Duration = Duration::from_millis(5);

/// Everything stored; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dialect: Dialect,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    lane: Lane,
    events: EventGatherer,
    clock: Arc<dyn Clock>,
    lock: std::sync::Mutex<Option<DataDirectoryLock>>,
}

impl Store {
    /// Opens the database and starts the write lane. Does not migrate: see [`Store::migrate`].
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has the SQLite file, [`Error::SchemaTooNew`] when a
    /// newer program has migrated it, [`Error::Unavailable`] when the server cannot be reached.
    pub async fn open(config: &DatabaseConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let dialect = dialect_of(&config.url)?;
        let lock = match dialect {
            Dialect::Sqlite => Some(DataDirectoryLock::acquire(&directory_of(&config.url)?)?),
            Dialect::Postgres => None,
        };
        let writer = connect(config, dialect, Access::Write).await?;
        schema::refuse_newer(&writer, dialect).await?;
        let reader = connect(config, dialect, Access::Read).await?;
        let lane = Lane::start(LaneArgs {
            writer: writer.clone(),
            dialect,
            clock: Arc::clone(&clock),
            queue_max: config.write_queue_max,
            group_commit: config.group_commit.min(GROUP_COMMIT_MAX),
        });
        let lock = std::sync::Mutex::new(lock);
        let events = EventGatherer::start(lane.clone(), config.write_queue_max);
        Ok(Self { inner: Arc::new(Inner { dialect, reader, writer, lane, events, clock, lock }) })
    }

    /// Brings the schema up to date; harmless when it is. Several nodes may do it at once.
    ///
    /// # Errors
    /// [`Error::SchemaTooNew`], or what the database says.
    pub async fn migrate(&self) -> Result<()> {
        schema::migrate(&self.inner.writer, self.inner.dialect)
            .await
            .map_err(|error| error.during("migrating the schema"))
    }

    /// Whether the database answers and its schema is the one this program expects.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer, [`Error::Conflict`] when migrations are missing.
    pub async fn ping(&self) -> Result<()> {
        schema::require_current(&self.inner.reader, self.inner.dialect)
            .await
            .map_err(|error| error.during("asking the database for a sign of life"))
    }

    /// Finishes the waiting writes, closes the connections and frees the data directory.
    pub async fn close(&self) {
        self.inner.events.close().await;
        self.inner.lane.close().await;
        for connection in [&self.inner.reader, &self.inner.writer] {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "closing a database connection failed");
            }
        }
        let mut lock = self.inner.lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lock.take();
    }

    /// What the write lane is doing.
    #[must_use]
    pub fn lane_status(&self) -> LaneStatus {
        let mut status = self.inner.lane.status();
        status.queued[0] += self.inner.events.waiting();
        status
    }

    /// The way of readers' events into the lane.
    pub(crate) fn events(&self) -> &EventGatherer {
        &self.inner.events
    }

    /// The time by the store's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// The read pool, for SeaORM's own queries.
    pub(crate) fn read_pool(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    pub(crate) fn sql(&self, text: &'static str) -> Sql {
        Sql::new(self.inner.dialect, text)
    }

    pub(crate) async fn all(&self, attempt: &'static str, sql: Sql) -> Result<Vec<QueryResult>> {
        let rows = self.inner.reader.query_all_raw(sql.statement()).await;
        rows.map_err(|error| Error::from(error).during(attempt))
    }

    pub(crate) async fn one(&self, attempt: &'static str, sql: Sql) -> Result<Option<QueryResult>> {
        let row = self.inner.reader.query_one_raw(sql.statement()).await;
        row.map_err(|error| Error::from(error).during(attempt))
    }

    /// Through the lane: see [`Lane::write`].
    pub(crate) async fn write<T, F, Fut>(&self, admission: Admission, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(Tx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        self.inner.lane.write(admission, work).await
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

async fn connect(
    config: &DatabaseConfig,
    dialect: Dialect,
    access: Access,
) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(config.url.clone());
    let connections = match access {
        Access::Write => lane::writers(dialect),
        Access::Read => config.read_connections.max(1),
    };
    options
        .max_connections(connections)
        .min_connections(1)
        .connect_timeout(CONNECT_TIMEOUT)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    if dialect == Dialect::Sqlite {
        // A local file needs no sign of life before each use, and a closed one loses its cache.
        options.test_before_acquire(false).idle_timeout(None::<Duration>);
        options.max_lifetime(None::<Duration>);
        options.map_sqlx_sqlite_opts(move |options| {
            let options = options
                .create_if_missing(access == Access::Write)
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("busy_timeout", BUSY_TIMEOUT_MS)
                .pragma("foreign_keys", "ON")
                .pragma("cache_size", "-16000")
                .pragma("temp_store", "MEMORY");
            if access == Access::Read { options.pragma("query_only", "ON") } else { options }
        });
    }
    if dialect == Dialect::Sqlite && access == Access::Write {
        options.map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(is_usable(connection)))
        });
    }
    if dialect == Dialect::Postgres {
        let read_only = if access == Access::Read { "on" } else { "off" };
        // A plan kept from when a table was empty would scan it for ever; compiling statements
        // that run for milliseconds costs more than it gives. What is asked for is recent and
        // cached: with the default cost of a random page a few hundred look-ups by identity would
        // become a scan of the table.
        options.map_sqlx_postgres_opts(move |options| {
            options.options([
                ("default_transaction_read_only", read_only),
                ("plan_cache_mode", "force_custom_plan"),
                ("jit", "off"),
                ("random_page_cost", "1.1"),
                ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MS),
            ])
        });
    }
    let connection = Database::connect(options).await;
    connection.map_err(|error| Error::from(error).during("opening the database"))
}

/// Whether a connection given back may be used again. SQLite ends a transaction by itself when the
/// disk is full or fails; the driver does not notice and takes every later `BEGIN` for a savepoint
/// within it, which nobody ever commits. Such a connection is closed and another is opened.
async fn is_usable(connection: &mut SqliteConnection) -> std::result::Result<bool, sqlx::Error> {
    // A roll-back may still be waiting in the connection's queue; the answer comes after it.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn dialect_of(url: &str) -> Result<Dialect> {
    if url.starts_with("sqlite:") {
        return Ok(Dialect::Sqlite);
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Dialect::Postgres);
    }
    Err(Error::Address { url: without_password(url), cause: "its scheme is unknown".into() })
}

/// The directory of the database file.
fn directory_of(url: &str) -> Result<PathBuf> {
    let rest = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() || path.contains(":memory:") {
        let cause = "it names no file, and a database in memory would lose everything".into();
        return Err(Error::Address { url: without_password(url), cause });
    }
    let parent = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok(parent.unwrap_or(Path::new(".")).to_owned())
}

/// For messages: nobody wants to read a password in a log.
fn without_password(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) if url.password().is_some() => {
            if url.set_password(Some("***")).is_err() {
                return "(hidden)".into();
            }
            url.to_string()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_lies_beside_the_file() {
        let directory = |url| directory_of(url).expect("a file");
        assert_eq!(directory("sqlite:///var/lib/a.db?mode=rwc"), PathBuf::from("/var/lib"));
        assert_eq!(directory("sqlite://data/a.db"), PathBuf::from("data"));
        assert_eq!(directory("sqlite:a.db"), PathBuf::from("."));
        assert!(directory_of("sqlite::memory:").is_err());
    }

    #[test]
    fn a_password_never_reaches_a_message() {
        let error = dialect_of("mysql://a:secret@b/c").expect_err("unknown");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
