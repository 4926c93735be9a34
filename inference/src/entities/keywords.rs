//! Keywords: rare words and phrases that a text uses in its title or again and again.

use super::chinese::Piece;
use super::evidence::{CHINESE_STOP_WORDS, STOP_WORDS};
use super::mention::{Mention, covers};
use super::words::{Gap, Word};
use crate::encoder::StaticEncoder;
use crate::token::is_ideographic;
use autoglm_domain::KEYWORDS_MAX;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// A word in the title counts as much as this many in the lead.
const TITLE_COUNT: f32 = 2.0;
/// Uses in the lead that count.
const COUNT_MAX: f32 = 5.0;
/// Weight of a word that the encoder's table does not have, as a share of its heaviest: it is rare,
/// or a misspelling.
const UNKNOWN: f32 = 0.7;
/// Scores below this share of the best are no keywords.
const SHARE_MIN: f32 = 0.3;
/// Longest keyword in bytes.
const BYTES_MAX: usize = 60;

/// One candidate word at its place.
#[derive(Debug, Clone)]
struct Unit {
    /// In lower case.
    word: String,
    start: usize,
    /// Directly behind the candidate before it, with this between them.
    joint: Option<&'static str>,
    weight: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Use {
    count: f32,
    weight: f32,
    first: usize,
}

/// What a text is looked through with.
pub(super) struct KeywordText<'a> {
    pub(super) text: &'a str,
    pub(super) words: &'a [Word],
    pub(super) pieces: &'a [Piece<'a>],
    pub(super) mentions: &'a [Mention],
    pub(super) title_end: usize,
}

impl KeywordText<'_> {
    /// At most [`KEYWORDS_MAX`], best first.
    pub(super) fn find(&self, weights: &StaticEncoder) -> Vec<String> {
        let units = self.units(weights);
        let mut single: HashMap<&str, Use, FixedState> = HashMap::default();
        let mut double: HashMap<String, (Use, &str, &str), FixedState> = HashMap::default();
        let mut before: Option<&Unit> = None;
        for unit in &units {
            self.count(single.entry(&unit.word).or_default(), unit.start, unit.weight);
            if let (Some(first), Some(joint)) = (before, unit.joint) {
                let phrase = format!("{}{joint}{}", first.word, unit.word);
                let weight = (first.weight + unit.weight) * 0.75;
                let entry =
                    double.entry(phrase).or_insert((Use::default(), &first.word, &unit.word));
                self.count(&mut entry.0, first.start, weight);
            }
            before = Some(unit);
        }
        best(single, double)
    }

    fn count(&self, one: &mut Use, start: usize, weight: f32) {
        if one.count == 0.0 {
            (one.first, one.weight) = (start, weight);
        }
        one.count += if start < self.title_end { TITLE_COUNT } else { 1.0 };
    }

    /// The candidates of both scripts in the order of the text.
    fn units(&self, weights: &StaticEncoder) -> Vec<Unit> {
        let mut units = Vec::with_capacity(self.words.len() / 2 + self.pieces.len() / 2);
        let mut is_joined = false;
        for word in self.words {
            let folded = word.folded(self.text);
            let is_content = folded.len() > 2
                && word.has_letter
                && folded.len() <= BYTES_MAX / 2
                && folded.chars().all(|one| one.is_alphanumeric())
                && !STOP_WORDS.contains(folded.as_ref())
                && !covers(self.mentions, word.start, word.end);
            if is_content {
                let joint = match word.gap {
                    Gap::Blank if is_joined => Some(" "),
                    Gap::Hyphen if is_joined => Some("-"),
                    _ => None,
                };
                let weight = weight(weights, &folded);
                units.push(Unit { word: folded.into_owned(), start: word.start, joint, weight });
            }
            is_joined = is_content && !word.is_possessive;
        }
        let mut end = usize::MAX;
        for piece in self.pieces {
            let characters = piece.word.chars().count();
            let is_content = (2..=8).contains(&characters)
                && piece.word.chars().all(is_ideographic)
                && is_noun(piece.tag)
                && !CHINESE_STOP_WORDS.contains(piece.word)
                && !covers(self.mentions, piece.start, piece.end);
            if is_content {
                let joint = (piece.start == end).then_some("");
                let weight = weight(weights, piece.word);
                units.push(Unit { word: piece.word.to_owned(), start: piece.start, joint, weight });
                end = piece.end;
            }
        }
        units
    }
}

fn is_noun(tag: &str) -> bool {
    tag.starts_with('n') && !tag.starts_with("nr")
        || matches!(tag, "vn" | "an" | "l" | "j" | "i" | "x")
}

fn weight(weights: &StaticEncoder, word: &str) -> f32 {
    let (known, heaviest) = (weights.word_weight(word), weights.heaviest_word());
    known.map_or(UNKNOWN, |weight| weight / heaviest)
}

/// The heaviest, phrases in place of the words that occur in them only.
fn best(
    single: HashMap<&str, Use, FixedState>,
    double: HashMap<String, (Use, &str, &str), FixedState>,
) -> Vec<String> {
    let score = |one: &Use| one.weight * one.count.min(COUNT_MAX + TITLE_COUNT).ln_1p();
    let mut left = single;
    let mut scored: Vec<(f32, usize, String)> = Vec::new();
    let mut phrases: Vec<_> =
        double.iter().filter(|(_, (one, ..))| one.count > TITLE_COUNT).collect();
    phrases.sort_by(|a, b| {
        score(&b.1.0)
            .total_cmp(&score(&a.1.0))
            .then(a.1.0.first.cmp(&b.1.0.first))
            .then(a.0.cmp(b.0))
    });
    for (phrase, (one, first, last)) in phrases {
        // A word is in one phrase at most, and gives up what the phrase uses of it.
        let is_free = [first, last]
            .iter()
            .all(|word| left.get(**word).is_some_and(|word| word.count >= one.count));
        if !is_free || phrase.len() > BYTES_MAX {
            continue;
        }
        for word in [first, last] {
            let rest = left.get(*word).map_or(0.0, |word| word.count - one.count);
            if rest < TITLE_COUNT {
                left.remove(*word);
            } else if let Some(word) = left.get_mut(*word) {
                word.count = rest;
            }
        }
        scored.push((score(one), one.first, phrase.clone()));
    }
    scored.extend(left.iter().map(|(word, one)| (score(one), one.first, (*word).to_owned())));
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let least = scored.first().map_or(0.0, |(score, ..)| score * SHARE_MIN);
    let kept = scored.into_iter().filter(|(score, ..)| *score >= least && *score > 0.0);
    kept.map(|(.., word)| word).take(KEYWORDS_MAX).collect()
}
