//! Typed identifiers, so that a source can never be passed where an article is meant.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! numeric_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}", self.0)
            }
        }
    )+};
}

numeric_id!(
    /// Identifies a source; dense, from 1.
    SourceId,
    /// Identifies an article; dense, from 1, handed out within the insert's transaction.
    ArticleId,
    /// Identifies a story; dense, from 1.
    StoryId,
    /// Identifies a reader; dense, from 1. Reader 1 is the local reader made on first start.
    ReaderId,
);

/// Identifies a reader's event; made by the terminal, so that sending twice counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}
