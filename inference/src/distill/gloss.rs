//! What every Chinese word means in English, with a weight for each sense.

mod clean;

use super::dictionary::DictionaryEntry;
use clean::Kind;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Within an entry the senses come in the order of their importance: weight 1/rank^0.7.
const RANK_EXPONENT: f64 = 0.7;
/// An entry with more senses is a more usual reading of the word.
const ENTRY_EXPONENT: f64 = 1.5;
/// Keeps entries of nothing but unlikely senses from vanishing beside each other.
const ENTRY_FLOOR: f64 = 0.02;
/// A single character read as a name is almost always a surname.
const NAME_OF_ONE_CHARACTER: f64 = 0.2;
/// Senses kept of a word.
const SENSES_MAX: usize = 8;
/// How often references are followed: of a variant of a variant.
const REFERENCE_ROUNDS: usize = 2;

/// A word and its meanings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Headword {
    pub(super) word: String,
    /// Senses and their weights, heaviest first; the weights sum to about one.
    pub(super) senses: Vec<(String, f32)>,
}

/// Words with meanings, in the order of the dictionary.
#[derive(Debug, Clone, Default)]
pub(super) struct Glosses {
    words: Vec<Headword>,
    places: HashMap<String, usize, FixedState>,
}

impl Glosses {
    pub(super) fn new(entries: &[DictionaryEntry]) -> Self {
        let mut glosses = Self::default();
        let mut without = Vec::new();
        for (word, entries) in by_word(entries) {
            let senses = weighted_senses(word, &entries);
            if senses.is_empty() {
                without.push((word, references(&entries)));
            } else {
                glosses.insert(Headword { word: word.to_owned(), senses });
            }
        }
        for _round in 0..REFERENCE_ROUNDS {
            without.retain(|(word, references)| !glosses.borrow_senses(word, references));
        }
        glosses
    }

    pub(super) fn words(&self) -> &[Headword] {
        &self.words
    }

    pub(super) fn senses(&self, word: &str) -> &[(String, f32)] {
        let found = self.places.get(word).and_then(|place| self.words.get(*place));
        found.map_or(&[], |headword| headword.senses.as_slice())
    }

    /// Every sense once, sorted.
    pub(super) fn distinct_senses(&self) -> Vec<String> {
        let senses = self.words.iter().flat_map(|word| &word.senses).map(|(sense, _)| sense);
        let mut senses: Vec<String> = senses.cloned().collect();
        senses.sort_unstable();
        senses.dedup();
        senses
    }

    fn insert(&mut self, headword: Headword) {
        self.places.insert(headword.word.clone(), self.words.len());
        self.words.push(headword);
    }

    /// Gives a word without senses those of the first word it refers to; whether there was one.
    fn borrow_senses(&mut self, word: &str, references: &[String]) -> bool {
        let known =
            references.iter().filter(|other| *other != word).map(|other| self.senses(other));
        let senses = known.filter(|senses| !senses.is_empty()).map(<[_]>::to_vec).next();
        let found = senses.is_some();
        if let Some(senses) = senses {
            self.insert(Headword { word: word.to_owned(), senses });
        }
        found
    }
}

fn by_word(entries: &[DictionaryEntry]) -> Vec<(&str, Vec<&DictionaryEntry>)> {
    let mut places: HashMap<&str, usize, FixedState> = HashMap::default();
    let mut words: Vec<(&str, Vec<&DictionaryEntry>)> = Vec::new();
    for entry in entries {
        let place = *places.entry(&entry.simplified).or_insert(words.len());
        match words.get_mut(place) {
            Some((_, entries)) => entries.push(entry),
            None => words.push((&entry.simplified, vec![entry])),
        }
    }
    words
}

fn references(entries: &[&DictionaryEntry]) -> Vec<String> {
    let senses = entries.iter().flat_map(|entry| &entry.senses);
    senses.filter_map(|sense| clean::reference(sense)).collect()
}

fn weighted_senses(word: &str, entries: &[&DictionaryEntry]) -> Vec<(String, f32)> {
    let mut weights: Vec<(String, f64)> = Vec::new();
    for entry in entries {
        let senses: Vec<_> = entry.senses.iter().flat_map(|gloss| clean::senses(gloss)).collect();
        let ranked = senses
            .iter()
            .enumerate()
            .map(|(rank, sense)| sense.kind.weight() / (1.0 + rank as f64).powf(RANK_EXPONENT));
        let ranked: Vec<f64> = ranked.collect();
        let total: f64 = ranked.iter().sum();
        let best = senses.iter().map(|sense| sense.kind.weight()).fold(0.0, f64::max);
        let is_surname = entry.is_name && word.chars().nth(1).is_none();
        let reading = if is_surname { NAME_OF_ONE_CHARACTER } else { 1.0 };
        let of_entry = reading * total.powf(ENTRY_EXPONENT) * (ENTRY_FLOOR + best);
        for (sense, weight) in senses.into_iter().zip(ranked) {
            let weight = weight / total * of_entry;
            match weights.iter_mut().find(|(text, _)| *text == sense.text) {
                Some((_, known)) => *known += weight,
                None => weights.push((sense.text, weight)),
            }
        }
    }
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    weights.sort_by(|a, b| b.1.total_cmp(&a.1));
    weights.truncate(SENSES_MAX);
    weights.into_iter().map(|(text, weight)| (text, (weight / total) as f32)).collect()
}

impl Kind {
    /// How likely a sense of this kind is meant in running text, compared with a plain one.
    fn weight(self) -> f64 {
        match self {
            Self::Plain => 1.0,
            Self::Surname => 0.05,
            Self::Classifier => 0.15,
            Self::Bracketed => 0.2,
            Self::Place => 0.3,
        }
    }
}

#[cfg(test)]
mod tests;
