//! What goes into a model and what comes out, and how long a text is in a model's eyes.

use autoglm_domain::{Embedding, Entity, Language, TopicScore};

/// Bytes of a title that are looked at; the rest is ignored.
pub const TITLE_BYTES_MAX: usize = 1024;

/// Bytes of a lead that are looked at; callers hand over no more, and more is ignored.
pub const LEAD_BYTES_MAX: usize = 8 * 1024;

/// An article as a model sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextInput {
    /// Plain text, one line.
    pub title: String,
    /// The start of the body as plain text, at most [`LEAD_BYTES_MAX`]; may be empty.
    pub lead: String,
    /// If known.
    pub language: Option<Language>,
}

impl TextInput {
    /// The part of the title that is looked at.
    #[must_use]
    pub fn bounded_title(&self) -> &str {
        prefix(&self.title, TITLE_BYTES_MAX)
    }

    /// The part of the lead that is looked at.
    #[must_use]
    pub fn bounded_lead(&self) -> &str {
        prefix(&self.lead, LEAD_BYTES_MAX)
    }
}

/// What the models say about one article.
#[derive(Debug, Clone, PartialEq)]
pub struct TextUnderstanding {
    /// Of title and lead.
    pub embedding: Embedding,
    /// Best first; possibly empty.
    pub topics: Vec<TopicScore>,
    /// Which list of topics they are from; 0 where that is not known.
    pub topic_list: i64,
    /// In the article's language; empty for a text too short to need one.
    pub summary: String,
    /// Who and what it names, and its keywords.
    pub extraction: Extraction,
}

/// What an extractor finds in one article.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extraction {
    /// The one most spoken of first; possibly empty.
    pub entities: Vec<Entity>,
    /// Words and phrases in the article's language, the one that says most first; possibly empty.
    pub keywords: Vec<String>,
}

/// The longest start of `text` of at most `bytes` bytes that ends between two characters.
#[must_use]
pub(crate) fn prefix(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Roughly how many tokens a subword tokenizer makes of a text, for the budget of a batch:
/// one per Han, kana or hangul character, one per 4 bytes of anything else, and 2 for the frame.
#[must_use]
pub fn estimate_tokens(text: &str) -> usize {
    let (mut ideographs, mut others) = (0, 0);
    for character in text.chars() {
        if crate::token::is_ideographic(character) {
            ideographs += 1;
        } else {
            others += character.len_utf8();
        }
    }
    ideographs + others.div_ceil(4) + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chinese_character_costs_as_much_as_four_latin_letters() {
        assert_eq!(estimate_tokens("新闻"), 4);
        assert_eq!(estimate_tokens("eightlet"), 4);
        assert_eq!(estimate_tokens(""), 2);
    }

    proptest! {
        #[test]
        fn a_prefix_never_cuts_a_character(text in ".{0,80}", bytes in 0_usize..120) {
            let start = prefix(&text, bytes);
            prop_assert!(start.len() <= bytes && text.starts_with(start));
        }
    }
}
