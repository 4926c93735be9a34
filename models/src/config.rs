//! Settings of the database.

use std::time::Duration;

/// Where the database is and how hard it may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// `sqlite:///path/file.db` or `postgres://user:password@host:port/database`.
    pub url: String,
    /// Connections of the read pool; at least 1.
    pub read_connections: u32,
    /// Operations that may wait in each of the lane's queues; more answer `Overloaded`.
    pub write_queue_max: usize,
    /// How long a group may stay open to take in operations that arrive meanwhile; at most 5 ms.
    pub group_commit: Duration,
}

impl DatabaseConfig {
    /// The defaults for this address: 8 read connections, 1,024 waiting operations, 5 ms.
    #[must_use]
    pub fn for_url(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_connections: 8,
            write_queue_max: 1_024,
            group_commit: Duration::from_millis(5),
        }
    }
}
