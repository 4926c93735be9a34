//! Words of a text for stories: folded, without grammar, ideographs in pairs.

use crate::stop_words::{Commonness, commonness, is_grammar_character};
use xxhash_rust::xxh3::xxh3_64;

/// Characters of a text that are looked at.
const CHARACTERS_MAX: usize = 600;

/// A word by its hash, and how often it occurs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Word {
    pub(crate) hash: u64,
    pub(crate) count: f32,
    /// Whether news is full of it, whatever the news is.
    pub(crate) is_common: bool,
}

/// The words of a text, each once, by ascending hash. At most as many as it looks at characters.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut found = Found { words: Vec::with_capacity(96), open: String::with_capacity(32) };
    let mut previous: Option<char> = None;
    for character in text.chars().take(CHARACTERS_MAX) {
        if is_ideographic(character) {
            found.finish();
            if let Some(first) = previous {
                found.pair(first, character);
            }
            previous = Some(character);
        } else {
            previous = None;
            if character.is_ascii_alphanumeric() {
                found.open.push(character.to_ascii_lowercase());
            } else if character.is_alphanumeric() {
                found.open.extend(character.to_lowercase());
            } else {
                found.finish();
            }
        }
    }
    found.finish();
    counted(found.words)
}

/// The hash of a word in lower case: English plurals count as their singular.
pub(crate) fn hash_of(word: &str) -> u64 {
    let root = word.strip_suffix('s').filter(|root| root.len() > 3).unwrap_or(word);
    xxh3_64(root.as_bytes())
}

/// Words in the order they came, and the letters of the one that has not ended.
struct Found {
    words: Vec<Word>,
    open: String,
}

impl Found {
    fn finish(&mut self) {
        if self.open.len() > 1 && self.open.chars().nth(1).is_some() {
            self.push(hash_of(&self.open));
        }
        self.open.clear();
    }

    fn pair(&mut self, first: char, second: char) {
        if is_grammar_character(first) || is_grammar_character(second) {
            return;
        }
        let mut bytes = [0_u8; 8];
        let start = first.encode_utf8(&mut bytes).len();
        let end = start + second.encode_utf8(&mut bytes[start..]).len();
        self.push(xxh3_64(&bytes[..end]));
    }

    fn push(&mut self, hash: u64) {
        let commonness = commonness(hash);
        if commonness != Commonness::Grammar {
            let is_common = commonness == Commonness::Common;
            self.words.push(Word { hash, count: 1.0, is_common });
        }
    }
}

fn counted(mut words: Vec<Word>) -> Vec<Word> {
    words.sort_unstable_by_key(|word| word.hash);
    words.dedup_by(|next, kept| {
        let same = next.hash == kept.hash;
        if same {
            kept.count += 1.0;
        }
        same
    });
    words
}

pub(crate) fn is_ideographic(character: char) -> bool {
    matches!(u32::from(character),
        0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF
        | 0x2_0000..=0x3_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn grammar_and_case_are_left_out() {
        assert_eq!(words("The Floods IN the city"), words("flood, city"));
        assert_eq!(words("的芯片").len(), 1);
        assert_eq!(words("芯片厂").len(), 2);
        assert!(words("").is_empty());
    }

    #[test]
    fn words_of_all_news_are_marked() {
        let marked = |text| words(text).iter().filter(|word| word.is_common).count();
        assert_eq!(marked("Minister announces a volcano"), 2);
        assert_eq!(marked("宣布火山"), 1);
    }

    proptest! {
        #[test]
        fn every_word_is_named_once_with_its_count(text in "[a-c芯片的 ]{0,80}") {
            let words = words(&text);
            prop_assert!(words.is_sorted_by(|a, b| a.hash < b.hash));
            prop_assert!(words.iter().all(|word| word.count >= 1.0));
        }
    }
}
