//! A topic that a reader made for themselves.

use super::{DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX, TopicProblem, checked_seeds, text};
use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Topics a reader may have.
pub const READER_TOPICS_MAX: usize = 50;
/// Seed words such a topic may have.
const SEEDS_MAX: usize = 50;
/// What the key of a reader's topic begins with; keys of the common list have no dash.
const KEY_PREFIX: &str = "my-";

/// Identifies a reader's topic. Shown as its key, such as `my-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReaderTopicId(pub i64);

impl ReaderTopicId {
    /// Reads a key; `None` for a topic of the common list or anything else.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let digits = key.strip_prefix(KEY_PREFIX)?;
        let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_plain { digits.parse().ok().map(Self) } else { None }
    }
}

impl fmt::Display for ReaderTopicId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{KEY_PREFIX}{}", self.0)
    }
}

/// How much a topic takes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicWidth {
    /// Only what clearly fits.
    Narrow,
    /// What fits.
    #[default]
    Normal,
    /// Also what may fit.
    Wide,
}

impl TopicWidth {
    /// As it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Narrow => "narrow",
            Self::Normal => "normal",
            Self::Wide => "wide",
        }
    }

    /// The width of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Narrow, Self::Normal, Self::Wide].into_iter().find(|width| width.name() == name)
    }
}

/// What a reader says of a topic of theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReaderTopicText {
    /// What it is called.
    pub name: String,
    /// What it is about, in any language; may be empty.
    pub description: String,
    /// Words and phrases; an article with one of them in its title belongs to the topic.
    pub seeds: Vec<String>,
    /// How much it takes in.
    pub width: TopicWidth,
}

impl ReaderTopicText {
    /// Checks it and takes away what is superfluous.
    ///
    /// # Errors
    /// When the name is missing, or a text or the list of seeds is too long.
    pub fn checked(self) -> Result<Self, TopicProblem> {
        Ok(Self {
            name: text("the name", &self.name, 1, NAME_CHARACTERS_MAX)?,
            description: text("the description", &self.description, 0, DESCRIPTION_CHARACTERS_MAX)?,
            seeds: checked_seeds(self.seeds, SEEDS_MAX)?,
            width: self.width,
        })
    }
}

/// A reader's topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderTopic {
    /// Its id.
    pub id: ReaderTopicId,
    /// What the reader says.
    pub text: ReaderTopicText,
    /// When that was last changed.
    pub changed_at: Timestamp,
}
