//! Tells the same sentences about something else from another report of the same thing.
//!
//! Notices of earnings, weather and matches are filled-in forms: two of them share nearly all words
//! and no event. What gives them away is where they differ: a name or a number stands alone between
//! neighbours that are the same in both. Reports of one event differ in whole sentences instead,
//! and where their sentences agree, the names in them agree too.
//!
//! Measured on the demonstration's news (`cargo test -p autoglm --lib happenings`, happenings never
//! used for tuning): B-cubed F1 0.94 instead of 0.09, when each kind of event became one story. News
//! without capitals, such as the lists of Google News, is judged as before.

use crate::stop_words::{Commonness, commonness};
use crate::text::{hash_of, is_ideographic};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// After these a sentence begins.
const ENDS: [char; 4] = ['.', '!', '?', '\n'];
/// Characters of a text that are looked at.
const CHARACTERS_MAX: usize = 600;
/// Neighbouring tokens that count as a phrase.
const PHRASE: usize = 3;
/// Phrases kept of a story.
const PHRASES_MAX: usize = 400;
/// Tokens in a place of a form at most; more is a sentence of its own.
const PLACE_MAX: usize = 8;
/// Differently filled places that make a form.
const PLACES_MIN: usize = 2;
/// Share of the text that must be the same around them.
const SAME_MIN: f32 = 0.2;

/// A word, a number or one ideograph, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token {
    hash: u32,
    /// The word whose rarity is that of the token; `None` for grammar.
    word: Option<(u64, bool)>,
    /// Whether it is a number or, by a capital within a sentence, a name.
    names: bool,
    /// Names in Chinese look like everything else.
    is_ideograph: bool,
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(128);
    let mut open = String::with_capacity(32);
    // Every sentence begins with a capital.
    let (mut names, mut starts) = (false, true);
    let mut previous: Option<char> = None;
    for character in text.chars().take(CHARACTERS_MAX).chain([' ']) {
        if !is_ideographic(character) && character.is_alphanumeric() {
            names |= (character.is_uppercase() && !starts) || character.is_numeric();
            open.extend(character.to_lowercase());
            previous = None;
            continue;
        }
        if !open.is_empty() {
            tokens.push(Token::of(open.as_bytes(), Some(hash_of(&open)), names, false));
            open.clear();
            names = false;
            starts = false;
        }
        if ENDS.contains(&character) {
            starts = true;
        }
        if is_ideographic(character) {
            let pair =
                previous.map(|first| xxh3_64(String::from_iter([first, character]).as_bytes()));
            tokens.push(Token::of(
                character.encode_utf8(&mut [0; 4]).as_bytes(),
                pair,
                false,
                true,
            ));
        }
        previous = Some(character).filter(|character| is_ideographic(*character));
    }
    tokens
}

impl Token {
    fn of(bytes: &[u8], word: Option<u64>, names: bool, is_ideograph: bool) -> Self {
        let word = word.and_then(|hash| match commonness(hash) {
            Commonness::Grammar => None,
            other => Some((hash, other == Commonness::Common)),
        });
        // The low half is enough: three of them are hashed again.
        Self { hash: xxh3_64(bytes) as u32, word, names, is_ideograph }
    }

    fn can_name(&self) -> bool {
        self.names || self.is_ideograph
    }
}

/// The phrases of a story's first articles, at most 400, ascending: what a form is shows early, and
/// most stories have one article and need no more room than it.
#[derive(Debug, Default)]
pub(super) struct Phrases(Vec<u32>);

impl Phrases {
    /// Remembers a text, as far as there is room.
    pub(super) fn add(&mut self, tokens: &[Token]) {
        let room = PHRASES_MAX.saturating_sub(self.0.len());
        if room == 0 {
            return;
        }
        let known = self.0.len();
        self.0.reserve_exact(room.min(tokens.len()));
        for phrase in phrases(tokens) {
            if self.0.len() < known + room && self.0[..known].binary_search(&phrase).is_err() {
                self.0.push(phrase);
            }
        }
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// Whether the text is a form of the story's filled in otherwise: a part of it is the same to
    /// the letter, in at least two places between such parts stands another name or number, these
    /// are as rare as the words around them, and no more names agree than differ. `rarity` is asked
    /// for words.
    pub(super) fn is_filled_otherwise(
        &self,
        tokens: &[Token],
        rarity: impl Fn(u64, bool) -> f32,
    ) -> bool {
        let known = self.known_of(tokens);
        let shared = known.iter().filter(|known| **known).count();
        if tokens.is_empty() || (shared as f32) < SAME_MIN * tokens.len() as f32 {
            return false;
        }
        let mut places = places(&known);
        places.retain(|place| tokens[place.clone()].iter().any(Token::can_name));
        if places.len() < PLACES_MIN || names(tokens, &known, true) > names(tokens, &known, false) {
            return false;
        }
        let filled = places.into_iter().flat_map(|place| &tokens[place]);
        let around = tokens.iter().zip(&known).filter(|(_, known)| **known).map(|(token, _)| token);
        mean_rarity(filled, &rarity) >= mean_rarity(around, &rarity)
    }

    /// Which tokens lie in a phrase of the story.
    fn known_of(&self, tokens: &[Token]) -> Vec<bool> {
        let mut known = vec![false; tokens.len()];
        for (at, phrase) in phrases(tokens).enumerate() {
            if self.0.binary_search(&phrase).is_ok() {
                known[at..at + PHRASE].fill(true);
            }
        }
        known
    }
}

/// Names and numbers among the tokens that the story knows, or among the others.
fn names(tokens: &[Token], known: &[bool], wanted: bool) -> usize {
    tokens.iter().zip(known).filter(|(token, known)| token.names && **known == wanted).count()
}

fn mean_rarity<'a>(
    tokens: impl Iterator<Item = &'a Token>,
    rarity: &impl Fn(u64, bool) -> f32,
) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for (hash, is_common) in tokens.filter_map(|token| token.word) {
        sum += rarity(hash, is_common);
        count += 1.0;
    }
    sum / count.max(1.0)
}

fn phrases(tokens: &[Token]) -> impl Iterator<Item = u32> {
    tokens.windows(PHRASE).map(|phrase| {
        phrase
            .iter()
            .fold(0_u32, |sum, token| (sum ^ token.hash).rotate_left(13).wrapping_mul(0x9E37_79B1))
    })
}

/// Short stretches of unknown tokens between known ones, or between known ones and an end.
fn places(known: &[bool]) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut start = 0;
    while start < known.len() {
        if known[start] {
            start += 1;
            continue;
        }
        let end = (start..known.len()).find(|at| known[*at]).unwrap_or(known.len());
        if end - start <= PLACE_MAX && (start > 0 || end < known.len()) {
            places.push(start..end);
        }
        start = end;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled_otherwise(before: &[&str], text: &str) -> bool {
        let mut phrases = Phrases::default();
        before.iter().for_each(|text| phrases.add(&tokens(text)));
        phrases.is_filled_otherwise(&tokens(text), |_, _| 1.0)
    }

    const NOTICE: &str = "Northgale reports earnings of 40 million. Shares of Northgale fell by 3 percent \
        on Monday after the report, said analyst Ada Merrin in Carrowmere.";

    #[test]
    fn a_form_with_other_names_is_another_event() {
        let other = "Bluefen reports earnings of 71 million. Shares of Bluefen fell by 9 percent \
            on Monday after the report, said analyst Lin Qiao in Zhenhe.";
        assert!(filled_otherwise(&[NOTICE], other));
        assert!(filled_otherwise(&[NOTICE, "Something else happened"], other));
        let first =
            "臻河气象台今日发布暴雨橙色预警，预计未来6小时降雨量将达80毫米，请臻河居民注意防范。";
        let second =
            "兰汀气象台今日发布暴雨橙色预警，预计未来3小时降雨量将达55毫米，请兰汀居民注意防范。";
        assert!(filled_otherwise(&[first], second));
    }

    #[test]
    fn the_same_form_again_and_other_words_about_the_same_are_not() {
        assert!(!filled_otherwise(&[NOTICE], NOTICE));
        let shorter = "Shares of Northgale fell by 3 percent on Monday after the report.";
        assert!(!filled_otherwise(&[NOTICE], shorter));
        let own = "Northgale loses 3 percent at the exchange: its quarter disappointed, and Ada Merrin \
            of Carrowmere expects worse for the coming months.";
        assert!(!filled_otherwise(&[NOTICE], own));
        assert!(!filled_otherwise(&[], NOTICE) && !filled_otherwise(&[NOTICE], ""));
    }

    #[test]
    fn a_copy_in_which_ordinary_words_were_replaced_is_not() {
        let mut phrases = Phrases::default();
        phrases.add(&tokens(NOTICE));
        let edited = "Northgale reports earnings of 40 million. Shares of Northgale dropped by 3 percent \
            on Tuesday after the report, wrote analyst Ada Merrin in Carrowmere.";
        let rare = crate::text::words("Northgale Merrin Carrowmere Ada");
        let rarity = |hash, _| if rare.iter().any(|word| word.hash == hash) { 9.0 } else { 1.0 };
        assert!(!phrases.is_filled_otherwise(&tokens(edited), rarity));
    }

    #[test]
    fn what_is_remembered_of_a_story_is_bounded() {
        let mut phrases = Phrases::default();
        for number in 0..500 {
            phrases.add(&tokens(&format!("a{number} b{number} c{number} d{number}")));
        }
        assert_eq!(phrases.0.len(), PHRASES_MAX);
    }
}
