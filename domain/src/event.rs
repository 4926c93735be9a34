//! Something a reader did; append-only, idempotent by id.

use crate::{ArticleId, EventId, Marks, ReaderId, SourceId, StoryId, Timestamp};
use serde::{Deserialize, Serialize};

/// The closed list of what a reader can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The article was on the screen.
    Impression,
    /// The article was opened.
    Open,
    /// Time spent, in `dwell_ms`.
    Dwell,
    /// Marked as read.
    Read,
    /// Marked as unread.
    Unread,
    /// Kept for later.
    Save,
    /// No longer kept.
    Unsave,
    /// Hidden from ranked lists.
    Hide,
    /// Shown again.
    Unhide,
    /// "Less like this".
    Less,
    /// Passed on to somebody.
    Share,
    /// A source, topic or story is not wanted: an explicit rule.
    Mute,
    /// The rule is taken back.
    Unmute,
}

impl EventKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Impression,
        Self::Open,
        Self::Dwell,
        Self::Read,
        Self::Unread,
        Self::Save,
        Self::Unsave,
        Self::Hide,
        Self::Unhide,
        Self::Less,
        Self::Share,
        Self::Mute,
        Self::Unmute,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Impression => "impression",
            Self::Open => "open",
            Self::Dwell => "dwell",
            Self::Read => "read",
            Self::Unread => "unread",
            Self::Save => "save",
            Self::Unsave => "unsave",
            Self::Hide => "hide",
            Self::Unhide => "unhide",
            Self::Less => "less",
            Self::Share => "share",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The marks after this event; `None` when it changes none.
    #[must_use]
    pub fn apply_to(self, marks: Marks) -> Option<Marks> {
        let after = match self {
            Self::Open | Self::Read => Marks { read: true, ..marks },
            Self::Unread => Marks { read: false, ..marks },
            Self::Save => Marks { saved: true, ..marks },
            Self::Unsave => Marks { saved: false, ..marks },
            Self::Hide | Self::Less => Marks { hidden: true, ..marks },
            Self::Unhide => Marks { hidden: false, ..marks },
            Self::Impression | Self::Dwell | Self::Share | Self::Mute | Self::Unmute => {
                return None;
            }
        };
        Some(after)
    }
}

/// What the event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventTarget {
    /// One article.
    Article(ArticleId),
    /// A whole source.
    Source(SourceId),
    /// A topic, by its key.
    Topic(String),
    /// A whole story.
    Story(StoryId),
}

/// Something a reader did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReaderEvent {
    /// Made by the terminal.
    pub id: EventId,
    /// Who did it.
    pub reader_id: ReaderId,
    /// What was done.
    pub kind: EventKind,
    /// To what.
    pub target: EventTarget,
    /// When, by the terminal's clock, never later than ours.
    pub at: Timestamp,
    /// For [`EventKind::Dwell`]: milliseconds.
    pub dwell_ms: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_own_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EventKind::from_name("clap"), None);
    }

    #[test]
    fn a_mark_and_its_opposite_cancel_out() {
        let saved = EventKind::Save.apply_to(Marks::default()).expect("changes marks");
        assert!(saved.saved);
        assert_eq!(EventKind::Unsave.apply_to(saved), Some(Marks::default()));
        assert_eq!(EventKind::Impression.apply_to(saved), None);
    }
}
