//! A language as its ISO 639-1 code.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Two lower-case letters of ISO 639-1, such as `en` or `zh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language([u8; 2]);

impl Language {
    /// English.
    pub const ENGLISH: Self = Self(*b"en");
    /// Chinese, in any script.
    pub const CHINESE: Self = Self(*b"zh");

    /// Reads the primary part of a tag such as `zh-Hans-CN`, `en_US` or `EN`;
    /// `None` when it is not two ASCII letters.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        match primary.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_lowercase(), b.to_ascii_lowercase()]))
            }
            _ => None,
        }
    }

    /// The code, two lower-case letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("en")
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl TryFrom<String> for Language {
    type Error = String;
    fn try_from(tag: String) -> Result<Self, String> {
        Self::from_tag(&tag)
            .ok_or_else(|| format!("{tag:?} is not a language tag such as en or zh"))
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_primary_part_of_a_tag_counts() {
        assert_eq!(Language::from_tag("zh-Hans-CN"), Some(Language::CHINESE));
        assert_eq!(Language::from_tag(" EN_us"), Some(Language::ENGLISH));
        assert_eq!(Language::from_tag("chinese"), None);
        assert_eq!(Language::from_tag(""), None);
    }
}
