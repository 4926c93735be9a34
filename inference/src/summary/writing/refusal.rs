//! Why a writer's answer may not stand.

use crate::summary::Invented;
use autoglm_domain::Language;
use std::fmt;

/// Why a writer's answer may not stand, for people by `Display` and for programs by [`Self::kind`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It says nothing, or nothing whole.
    Empty,
    /// It is as long as the article, or longer than any summary.
    TooLong,
    /// It is not in the wished language.
    OtherLanguage(Language),
    /// It holds an address of the web or of mail: nothing a summary is for.
    Address,
    /// It claims what the article does not say.
    Invented(Invented),
    /// It is about something else: an excuse, or what a text in the article asked for.
    OffSubject,
}

impl Refusal {
    /// A stable word for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::OtherLanguage(_) => "other_language",
            Self::Address => "address",
            Self::Invented(Invented::Number(_)) => "invented_number",
            Self::Invented(Invented::Name(_)) => "invented_name",
            Self::OffSubject => "off_subject",
        }
    }

    /// The number or name that is not in the article, as it is written.
    #[must_use]
    pub fn claim(&self) -> Option<&str> {
        match self {
            Self::Invented(Invented::Number(claim) | Invented::Name(claim)) => Some(claim),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the writer said nothing whole"),
            Self::TooLong => {
                formatter.write_str("the writer's text is no shorter than the article")
            }
            Self::OtherLanguage(wished) => {
                write!(formatter, "the text is not in language {wished}")
            }
            Self::Address => formatter.write_str("the text holds an address"),
            Self::Invented(what) => write!(formatter, "{what} is not in the article"),
            Self::OffSubject => formatter.write_str("the text is not about the article"),
        }
    }
}
