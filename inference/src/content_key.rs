//! One number for a text, so that what is said twice is understood once.

use crate::text::TextInput;
use xxhash_rust::xxh3::Xxh3;

/// The same for the same title, lead and language, and practically never for others (128 bits).
#[must_use]
pub fn content_key(title: &str, lead: &str, language: &str) -> u128 {
    let mut hasher = Xxh3::new();
    for part in [title, lead, language] {
        // The length first, so that no border between two parts can move.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.digest128()
}

impl TextInput {
    /// [`content_key`] of the parts that are looked at.
    #[must_use]
    pub fn content_key(&self) -> u128 {
        let language = self.language.as_ref().map_or("", autoglm_domain::Language::as_str);
        content_key(self.bounded_title(), self.bounded_lead(), language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_in_a_part_that_is_looked_at_has_another_key() {
        assert_eq!(content_key("a", "b", "en"), content_key("a", "b", "en"));
        assert_ne!(content_key("ab", "", "en"), content_key("a", "b", "en"));
        assert_ne!(content_key("a", "b", "en"), content_key("a", "b", "zh"));
        let long = |end: &str| TextInput { lead: "x".repeat(9_000) + end, ..TextInput::default() };
        assert_eq!(long("a").content_key(), long("b").content_key());
    }
}
