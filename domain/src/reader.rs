//! A reader: a person. The code that parses feeds is never called that.

use crate::{Language, ReaderId};
use serde::{Deserialize, Serialize};

/// A person who reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// The id.
    pub id: ReaderId,
    /// Unique name.
    pub name: String,
    /// Language of the interface.
    pub language: Language,
}

/// What a reader set on an article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marks {
    /// Has been read.
    pub read: bool,
    /// Kept for later.
    pub saved: bool,
    /// Never to be shown in a ranked list again.
    pub hidden: bool,
}
