//! Who goes first when there is more work than capacity.

use serde::{Deserialize, Serialize};

/// Order of service, first to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// A person waits for the answer.
    Interactive,
    /// A new article on its way to readers.
    Ingest,
    /// Old work being done again.
    Backfill,
}
