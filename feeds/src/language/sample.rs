//! One walk over the beginning of a text: its scripts and its words.

use super::words::{Letters, Votes, WORD_BYTES_MAX};
use crate::text;
use autoglm_domain::Language;

/// How many bytes of a text are looked at.
const SAMPLE_BYTES: usize = 800;
/// An ideograph says as much as this many letters: names of products in Latin letters are common
/// in Chinese and Japanese titles.
const EAST_WEIGHT: usize = 5;
/// Where a language of the east is expected, so many times as much.
const EXPECTED_WEIGHT: usize = 4;
/// Languages of these scripts.
const EASTERN: &[&str] = &["zh", "ja", "ko"];
/// Cyrillic prevails from one letter in this many: names and code are written in Latin ones.
const CYRILLIC_SHARE: usize = 3;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Sample {
    latin: usize,
    cyrillic: usize,
    pub(super) han: usize,
    pub(super) kana: usize,
    pub(super) hangul: usize,
    other: usize,
    pub(super) votes: Votes,
}

impl Sample {
    /// Reads the title and the beginning of the text.
    pub(super) fn read(title: &str, text: &str) -> Self {
        let mut sample = Self::default();
        let title = text::prefix(title, SAMPLE_BYTES);
        sample.walk(title);
        sample.walk(text::prefix(text, SAMPLE_BYTES - title.len()));
        sample
    }

    fn walk(&mut self, text: &str) {
        let mut word = Word::default();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if byte.is_ascii() {
                at += 1;
                if byte.is_ascii_alphabetic() {
                    self.latin += 1;
                    word.push(byte.to_ascii_lowercase());
                } else {
                    word.end(&mut self.votes);
                }
                continue;
            }
            let Some(c) = text[at..].chars().next() else { break };
            at += c.len_utf8();
            if self.is_of_word(c) {
                word.push_char(lower(c));
            } else {
                word.end(&mut self.votes);
            }
        }
        word.end(&mut self.votes);
    }

    /// Counts a character that is not ASCII, and tells whether it is part of a word.
    fn is_of_word(&mut self, c: char) -> bool {
        match c {
            '×' | '÷' => return false,
            '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => self.latin += 1,
            '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' => self.cyrillic += 1,
            '\u{3041}'..='\u{30fa}' => self.kana += 1,
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' => {
                self.han += 1;
            }
            '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => self.hangul += 1,
            _ if c.is_alphabetic() => self.other += 1,
            _ => return false,
        }
        matches!(c, '\u{c0}'..='\u{52f}' | '\u{1e00}'..='\u{1eff}')
    }

    /// Letters, those of the east by what they say.
    pub(super) fn letters(&self) -> usize {
        self.west() + self.east() * EAST_WEIGHT
    }

    fn west(&self) -> usize {
        self.latin + self.cyrillic + self.other
    }

    /// Ideographs, kana and hangul.
    pub(super) fn east(&self) -> usize {
        self.han + self.kana + self.hangul
    }

    /// Whether the text is written in a script of the east.
    pub(super) fn is_eastern(&self, expected: Option<Language>) -> bool {
        let eastern = expected.is_some_and(|language| EASTERN.contains(&language.as_str()));
        let weight = if eastern { EAST_WEIGHT * EXPECTED_WEIGHT } else { EAST_WEIGHT };
        self.east() > 0 && self.east() * weight >= self.west()
    }

    /// Whose words to look at; `None` where neither Latin nor Cyrillic letters prevail.
    pub(super) fn prevailing(&self) -> Option<Letters> {
        if self.other > self.latin.max(self.cyrillic) / CYRILLIC_SHARE {
            return None;
        }
        let cyrillic = self.cyrillic * CYRILLIC_SHARE > self.latin;
        Some(if cyrillic { Letters::Cyrillic } else { Letters::Latin })
    }
}

/// A word being read, in lower case.
#[derive(Default)]
struct Word {
    bytes: [u8; WORD_BYTES_MAX],
    length: usize,
}

impl Word {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        }
        self.length += 1;
    }

    fn push_char(&mut self, c: char) {
        let mut buffer = [0; 4];
        c.encode_utf8(&mut buffer).bytes().for_each(|byte| self.push(byte));
    }

    /// Words too long for the table count as words all the same.
    fn end(&mut self, votes: &mut Votes) {
        if self.length > 0 {
            votes.add(self.bytes.get(..self.length).unwrap_or(&self.bytes));
            self.length = 0;
        }
    }
}

/// The lower case of a letter; the two alphabets that are met most go without the large table.
fn lower(c: char) -> char {
    match c {
        'à'..='ÿ' | 'а'..='џ' => c,
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_are_told_apart_by_script() {
        let sample = Sample::read("Über 3 × 漢字かな", "Привет, 한 שלום");
        assert_eq!((sample.latin, sample.cyrillic, sample.other), (4, 6, 4));
        assert_eq!((sample.han, sample.kana, sample.hangul), (2, 2, 1));
    }

    #[test]
    fn names_in_latin_letters_do_not_make_a_text_latin() {
        let text = "На CPAN опубликована версия модуля Template::Plugin::ASCIITable";
        assert_eq!(Sample::read("", text).prevailing(), Some(Letters::Cyrillic));
        assert_eq!(Sample::read("", "GOOGLE קאמפיוטער ביליג").prevailing(), None);
        assert_eq!(Sample::read("", "Perl in 80 columns").prevailing(), Some(Letters::Latin));
    }

    proptest! {
        #[test]
        fn any_text_is_walked_without_panic(title in "\\PC{0,60}", text in "\\PC{0,600}") {
            let sample = Sample::read(&title, &text);
            prop_assert!(sample.letters() <= 5 * (title.len() + text.len()));
        }
    }
}
