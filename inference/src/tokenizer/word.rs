//! A text cut into words as BERT cuts it: cleaned, accents stripped, lower case, every CJK
//! character and every punctuation mark a word of its own.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// How a text is prepared; it differs between models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordRules {
    /// Control characters are dropped and white space made equal.
    pub(super) clean: bool,
    /// CJK characters stand alone.
    pub(super) split_ideographs: bool,
    /// Marks above and below letters are dropped.
    pub(super) strip_accents: bool,
    /// Capital letters become small.
    pub(super) lowercase: bool,
}

/// Whether to go on with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Enough,
}

/// Hands every word to `take`, until that has enough.
pub(super) fn for_each_word(text: &str, rules: WordRules, take: impl FnMut(&str) -> Progress) {
    let mut cutter = Cutter { rules, word: String::with_capacity(32), take, done: false };
    if rules.strip_accents && !text.is_ascii() {
        // Characters are decomposed in their context, so cleaning comes first, as in the original.
        let characters = text.chars().filter_map(|character| clean(character, rules));
        let spaced = characters.flat_map(|character| space_out(character, rules));
        for character in spaced.nfd() {
            if character.general_category() != GeneralCategory::NonspacingMark {
                cutter.push(character);
            }
        }
    } else {
        for character in text.chars().filter_map(|character| clean(character, rules)) {
            for character in space_out(character, rules) {
                cutter.push(character);
            }
        }
    }
    cutter.finish();
}

struct Cutter<F> {
    rules: WordRules,
    word: String,
    take: F,
    done: bool,
}

impl<F: FnMut(&str) -> Progress> Cutter<F> {
    fn push(&mut self, character: char) {
        if self.done {
            return;
        }
        if !self.rules.lowercase {
            self.push_lower(character);
        } else if character.is_ascii() {
            self.push_lower(character.to_ascii_lowercase());
        } else {
            for lower in character.to_lowercase() {
                self.push_lower(lower);
            }
        }
    }

    fn push_lower(&mut self, character: char) {
        if character.is_whitespace() {
            self.finish();
        } else if is_punctuation(character) {
            self.finish();
            self.word.push(character);
            self.finish();
        } else {
            self.word.push(character);
        }
    }

    fn finish(&mut self) {
        if !self.word.is_empty() && !self.done {
            self.done = (self.take)(&self.word) == Progress::Enough;
        }
        self.word.clear();
    }
}

fn clean(character: char, rules: WordRules) -> Option<char> {
    if !rules.clean || ('\u{20}'..'\u{7f}').contains(&character) {
        return Some(character);
    }
    match character {
        '\t' | '\n' | '\r' => Some(' '),
        '\0' | '\u{fffd}' => None,
        _ if is_control(character) => None,
        _ if character.is_whitespace() => Some(' '),
        _ => Some(character),
    }
}

/// The character, between spaces when it stands alone.
fn space_out(character: char, rules: WordRules) -> impl Iterator<Item = char> {
    let space = (rules.split_ideographs && is_ideograph(character)).then_some(' ');
    space.into_iter().chain([character]).chain(space)
}

/// What is not assigned yet stays: the tables the models were trained with do not know it.
fn is_control(character: char) -> bool {
    let category = character.general_category();
    matches!(
        category,
        GeneralCategory::Control | GeneralCategory::Format | GeneralCategory::PrivateUse
    )
}

fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_punctuation();
    }
    character.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// The blocks that BERT's authors took for Chinese; `2B820..2B91F` is left out there, too.
fn is_ideograph(character: char) -> bool {
    matches!(
        u32::from(character),
        0x4E00..=0x9FFF
            | 0x3400..=0x4DBF
            | 0x2_0000..=0x2_A6DF
            | 0x2_A700..=0x2_B73F
            | 0x2_B740..=0x2_B81F
            | 0x2_B920..=0x2_CEAF
            | 0xF900..=0xFAFF
            | 0x2_F800..=0x2_FA1F
    )
}
