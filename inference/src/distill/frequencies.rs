//! How often Chinese words are used, and as what: jieba's dictionary, `word count tag` a line.

use super::error::DistillError;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

/// Bytes of a list; jieba's has 5 MB.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// Words of a list; jieba's has 350,000.
const WORDS_MAX: usize = 5_000_000;

/// Count and part of speech of words.
#[derive(Debug, Clone, Default)]
pub struct Frequencies {
    words: HashMap<String, Frequency, FixedState>,
}

#[derive(Debug, Clone)]
struct Frequency {
    count: u64,
    tag: String,
}

impl Frequencies {
    /// Reads a list.
    ///
    /// # Errors
    /// [`DistillError::Read`], or [`DistillError::Input`] with the line.
    pub fn read(path: &Path) -> Result<Self, DistillError> {
        let unreadable = |source| DistillError::Read { path: path.to_owned(), source };
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(&text).map_err(|(line, reason)| DistillError::Input {
            path: path.to_owned(),
            place: format!("line {line}"),
            reason,
        })
    }

    /// Of repeated words the most frequent meaning counts.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut list = Self::default();
        for (index, line) in text.lines().enumerate() {
            let mut parts = line.split_whitespace();
            let Some(word) = parts.next() else { continue };
            let count = parts.next().and_then(|count| count.parse().ok());
            let Some(count) = count else {
                return Err((index + 1, "expected `word count tag`".to_owned()));
            };
            if list.words.len() == WORDS_MAX {
                return Err((index + 1, format!("it has over {WORDS_MAX} words")));
            }
            let tag = parts.next().unwrap_or_default();
            let known = list.words.get(word).map(|known| known.count);
            if known.is_none_or(|known| count > known) {
                list.words.insert(word.to_owned(), Frequency { count, tag: tag.to_owned() });
            }
        }
        Ok(list)
    }

    /// 0 for a word that is not in the list.
    #[must_use]
    pub fn count(&self, word: &str) -> u64 {
        self.words.get(word).map_or(0, |frequency| frequency.count)
    }

    /// Jieba's tag, such as `n` or `v`; empty when it is not known.
    #[must_use]
    pub fn tag(&self, word: &str) -> &str {
        self.words.get(word).map_or("", |frequency| &frequency.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_most_frequent_meaning_of_a_word_counts() {
        let list = Frequencies::parse("银行 120 n\n打 5 p\n打 900 v\n\n打 7 m\n").unwrap();
        assert_eq!((list.count("打"), list.tag("打")), (900, "v"));
        assert_eq!((list.count("银行"), list.tag("银行")), (120, "n"));
        assert_eq!((list.count("无"), list.tag("无")), (0, ""));
    }

    #[test]
    fn a_line_without_a_count_is_named() {
        assert_eq!(Frequencies::parse("银行 120 n\n银行\n").unwrap_err().0, 2);
        assert_eq!(Frequencies::parse("银行 many n\n").unwrap_err().0, 1);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,100}") {
            let _either = Frequencies::parse(&text);
        }
    }
}
