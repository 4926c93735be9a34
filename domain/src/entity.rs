//! Who and what an article is about, found by a model; kept beside the article, never inside it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Entities of one article at most.
pub const ENTITIES_MAX: usize = 12;
/// Keywords of one article at most.
pub const KEYWORDS_MAX: usize = 8;
/// Longest key of an entity, in bytes.
pub const ENTITY_KEY_BYTES_MAX: usize = 96;

/// What sort of thing an entity is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A company or one of its brands.
    Company,
    /// A person.
    Person,
    /// A country, city, province, sea …
    Place,
    /// An authority, university, medium, party, club …
    #[default]
    Organisation,
    /// A model or product, with its version where the text says one.
    Model,
    /// A share, by its code.
    Ticker,
}

impl EntityKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Company, Self::Person, Self::Place, Self::Organisation, Self::Model, Self::Ticker];

    /// Its name, as it is stored and sent.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Person => "person",
            Self::Place => "place",
            Self::Organisation => "organisation",
            Self::Model => "model",
            Self::Ticker => "ticker",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One thing that an article names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// The same for every name of it, in either language: `nvidia`, `gpt-5`, `$nvda`, `600519.sh`.
    /// In lower case, without blanks, at most [`ENTITY_KEY_BYTES_MAX`].
    pub key: String,
    /// Its usual name in the article's language.
    pub name: String,
    /// What it is.
    pub kind: EntityKind,
    /// How often it is named in what was read; at least 1.
    pub count: u16,
}

/// The key of something by a name of it: lower case, `-` between words, letters and digits of any
/// script, and the few signs that tell names apart. Empty when nothing of the name is left.
#[must_use]
pub fn entity_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut is_apart = false;
    for character in name.chars().flat_map(char::to_lowercase) {
        let is_kept = character.is_alphanumeric() || matches!(character, '.' | '&' | '+' | '$');
        if !is_kept {
            // An apostrophe is inside a word; everything else is between two.
            is_apart |= !matches!(character, '\'' | '’');
            continue;
        }
        if is_apart && !key.is_empty() {
            key.push('-');
        }
        is_apart = false;
        if key.len() + character.len_utf8() > ENTITY_KEY_BYTES_MAX {
            break;
        }
        key.push(character);
    }
    key.trim_end_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_differ_in_case_and_signs_only_have_one_key() {
        assert_eq!(entity_key("Hewlett-Packard"), entity_key("HEWLETT  PACKARD"));
        assert_eq!(entity_key("McDonald's"), "mcdonalds");
        assert_eq!(entity_key("AT&T"), "at&t");
        assert_eq!(entity_key("英伟达"), "英伟达");
        assert_eq!(entity_key("GLM-4.5"), "glm-4.5");
        assert_eq!(entity_key(" — "), "");
    }

    #[test]
    fn a_kind_is_found_by_its_name() {
        for kind in EntityKind::ALL {
            assert_eq!(EntityKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EntityKind::from_name("planet"), None);
    }

    proptest! {
        #[test]
        fn a_key_is_short_has_no_blank_and_is_its_own_key(name in any::<String>()) {
            let key = entity_key(&name);
            prop_assert!(key.len() <= ENTITY_KEY_BYTES_MAX + 1);
            prop_assert!(!key.chars().any(|character| character.is_whitespace() || character.is_control()));
            prop_assert_eq!(entity_key(&key), key);
        }
    }
}
