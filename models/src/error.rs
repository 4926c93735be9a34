//! What can go wrong with the store, and what a caller may do about it.

use autoglm_domain::{Fault, FaultKind, Shard};
use sea_orm::{DbErr, RuntimeErr};
use std::path::PathBuf;
use std::time::Duration;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed operation on the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or not for this reader.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// It contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else owns the shard now; the writer must stop.
    #[error(
        "write for shard {shard} refused: epoch {epoch} is no longer the newest, or its owner has lost it"
    )]
    Fenced {
        /// The shard.
        shard: Shard,
        /// The epoch the writer believed in.
        epoch: i64,
    },
    /// The node's own lease is gone; it must stop and register again.
    #[error(
        "node incarnation {0} is no longer a member; it must stop its shards and register again"
    )]
    Expired(i64),
    /// Too many operations wait.
    #[error(
        "{attempt} refused: {limit} writes are waiting in the {queue} queue already; try again shortly"
    )]
    Overloaded {
        /// What was attempted.
        attempt: &'static str,
        /// Which queue is full.
        queue: &'static str,
        /// Its limit.
        limit: usize,
    },
    /// The store is closing.
    #[error("{attempt} refused: the store is closed")]
    Closed {
        /// What was attempted.
        attempt: &'static str,
    },
    /// The database cannot be reached, is full or too busy; trying again later makes sense.
    #[error("{attempt} failed, the database is unavailable: {cause}")]
    Unavailable {
        /// What was attempted.
        attempt: &'static str,
        /// What the database said.
        cause: String,
    },
    /// The database refused; trying again will not help.
    #[error("{attempt} failed, the database refused it: {cause}")]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// What the database said.
        cause: String,
    },
    /// The address of the database cannot be used.
    #[error(
        "database address {url:?} cannot be used: {cause}; use sqlite:///path/file.db or postgres://user:password@host:port/name"
    )]
    Address {
        /// The address without its password.
        url: String,
        /// Why.
        cause: String,
    },
    /// A newer program has been at this database.
    #[error(
        "the database has schema {found}, which this version of autoglm does not know (it knows up to {known}); use a newer autoglm, or restore a backup from before the upgrade"
    )]
    SchemaTooNew {
        /// Newest migration in the database.
        found: String,
        /// Newest migration known here.
        known: String,
    },
    /// Another process uses the data directory.
    #[error("data directory {} is in use by another autoglm process; stop that one, or choose another directory", directory.display())]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// The lock file cannot be made or read.
    #[error("data directory {} cannot be locked: {cause}", directory.display())]
    Lock {
        /// The directory.
        directory: PathBuf,
        /// Why.
        cause: String,
    },
    /// An operation of ours panicked or stored something it cannot read.
    #[error("{attempt} failed by a defect: {cause}")]
    Defect {
        /// What was attempted.
        attempt: &'static str,
        /// What is known about it.
        cause: String,
    },
}

/// When trying again makes sense after a full queue.
const RETRY_OVERLOADED: Duration = Duration::from_millis(250);
/// When trying again makes sense while the database is away.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(2);

impl Error {
    /// The same failure in the words every room shares.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let message = self.to_string();
        let kind = match self {
            Self::Overloaded { .. } => return Fault::overloaded(message, RETRY_OVERLOADED),
            Self::Unavailable { .. } | Self::Closed { .. } => {
                return Fault::unavailable(message, RETRY_UNAVAILABLE);
            }
            Self::NotFound(_) => FaultKind::NotFound,
            Self::Invalid(_) | Self::Address { .. } => FaultKind::Invalid,
            Self::Conflict(_) | Self::Locked { .. } => FaultKind::Conflict,
            Self::Fenced { .. } | Self::Expired(_) => FaultKind::Fenced,
            Self::Database { .. }
            | Self::SchemaTooNew { .. }
            | Self::Lock { .. }
            | Self::Defect { .. } => FaultKind::Internal,
        };
        Fault::new(kind, message)
    }

    /// Whether the same operation may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.fault().is_retryable()
    }

    /// The same error saying what was attempted, when it did not say so yet.
    pub(crate) fn during(self, what: &'static str) -> Self {
        match self {
            Self::Unavailable { attempt: "", cause } => Self::Unavailable { attempt: what, cause },
            Self::Database { attempt: "", cause } => Self::Database { attempt: what, cause },
            Self::Defect { attempt: "", cause } => Self::Defect { attempt: what, cause },
            other => other,
        }
    }

    /// Something stored that cannot be read back.
    pub(crate) fn unreadable(cause: impl Into<String>) -> Self {
        Self::Defect { attempt: "", cause: cause.into() }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let cause = error.to_string();
        if is_passing(&error) {
            Self::Unavailable { attempt: "", cause }
        } else {
            Self::Database { attempt: "", cause }
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        error.fault()
    }
}

/// Whether the failure lies in the database's state rather than in the statement.
fn is_passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            is_passing_sqlx(inner)
        }
        _ => false,
    }
}

fn is_passing_sqlx(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => {
            database.code().is_some_and(|code| is_passing_code(&code))
        }
        _ => false,
    }
}

/// SQLSTATE classes 08 connection, 40 rollback (deadlock), 53 resources (disk full), 57 shutdown,
/// 58 system, and a transaction that was idle for too long; SQLite primary result codes busy, locked, read-only, I/O, full, cannot open
/// (the extended code's low byte).
fn is_passing_code(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "25P03", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<i32>().is_ok_and(|number| [5, 6, 8, 10, 13, 14].contains(&(number & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_stopped_server_are_worth_another_try() {
        for code in ["13", "5", "53100", "25P03", "57P01", "40P01", "08006", "778"] {
            assert!(is_passing_code(code), "{code}");
        }
        for code in ["19", "1", "23505", "42P01", "2067"] {
            assert!(!is_passing_code(code), "{code}");
        }
    }

    #[test]
    fn only_the_first_attempt_is_named() {
        let error = Error::Database { attempt: "", cause: "x".into() };
        let named = error.during("storing articles").during("something else");
        assert_eq!(named.to_string(), "storing articles failed, the database refused it: x");
    }
}
