//! Whether a text claims nothing its article does not say: every number and every name in it must
//! occur there.
//!
//! A cheap guard for what a model wrote, not a proof: it finds invented figures, people and
//! products, and not a wrong verb between right names. Numbers are compared by value, so that
//! `1.5 million`, `1,500,000` and `150万` are one. Names can only be looked up in the script they
//! are written in: where the article is in another one, numbers alone must agree.
//!
//! A translation is held to what can still be looked up, see [`find_invented_across`].

mod across;
mod counterparts;
mod names;
mod numbers;

#[cfg(test)]
mod tests;

pub use across::find_invented_across;

use std::fmt;

/// Something a text claims and its article does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invented {
    /// A number, as it is written.
    Number(String),
    /// A name, as it is written.
    Name(String),
}

impl fmt::Display for Invented {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "the number {number}"),
            Self::Name(name) => write!(formatter, "the name {name}"),
        }
    }
}

/// The first number or name of `text` that is not in `article`; `None` for a text that keeps to
/// it.
#[must_use]
pub fn find_invented(text: &str, article: &str) -> Option<Invented> {
    let known = numbers::values(article);
    let number = numbers::numbers(text).into_iter().find(|number| !known.contains(&number.value));
    if let Some(number) = number {
        return Some(Invented::Number(number.written));
    }
    names::find_unknown(text, article).map(Invented::Name)
}
