//! Words for the slots of templates, by their part of speech.

use crate::distill::frequencies::Frequencies;
use crate::distill::gloss::Glosses;
use crate::distill::random::Random;

/// Glosses of a word that take turns.
const GLOSSES_MAX: usize = 2;
/// A gloss that fits into a sentence: letters only, a few words.
const GLOSS_LETTERS: std::ops::RangeInclusive<usize> = 2..=28;
const GLOSS_WORDS_MAX: usize = 3;
/// Counts in jieba's list below which a word is too rare to teach anything; places and names are
/// more than there are verbs, so they may be choosier.
const COUNT_MIN: u64 = 60;
const PLACE_COUNT_MIN: u64 = 150;

/// A place in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Noun,
    OtherNoun,
    Verb,
    VerbalNoun,
    Adjective,
    Place,
    OtherPlace,
    Person,
}

impl Slot {
    pub(super) const ALL: [Self; 8] = [
        Self::Noun,
        Self::OtherNoun,
        Self::Verb,
        Self::VerbalNoun,
        Self::Adjective,
        Self::Place,
        Self::OtherPlace,
        Self::Person,
    ];

    /// How it is written in a template.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Noun => "{n}",
            Self::OtherNoun => "{m}",
            Self::Verb => "{v}",
            Self::VerbalNoun => "{w}",
            Self::Adjective => "{a}",
            Self::Place => "{p}",
            Self::OtherPlace => "{q}",
            Self::Person => "{r}",
        }
    }
}

#[derive(Debug)]
struct Word {
    chinese: String,
    english: Vec<String>,
}

/// What sort of words are wanted: jieba's tags, the least count, lengths in characters.
struct Wanted {
    tags: &'static [&'static str],
    count: u64,
    characters: std::ops::RangeInclusive<usize>,
}

/// Words by part of speech, frequent ones first.
#[derive(Debug)]
pub(super) struct Shelves {
    nouns: Vec<Word>,
    verbs: Vec<Word>,
    verbal_nouns: Vec<Word>,
    adjectives: Vec<Word>,
    places: Vec<Word>,
    people: Vec<Word>,
}

impl Shelves {
    pub(super) fn new(glosses: &Glosses, frequencies: &Frequencies) -> Self {
        let shelf = |tags, count, characters| {
            words(glosses, frequencies, &Wanted { tags, count, characters })
        };
        Self {
            nouns: shelf(&["n", "nz", "nt"], COUNT_MIN, 2..=4),
            verbs: shelf(&["v"], COUNT_MIN, 2..=2),
            verbal_nouns: shelf(&["vn"], COUNT_MIN, 2..=2),
            adjectives: shelf(&["a", "b"], COUNT_MIN, 2..=2),
            places: shelf(&["ns"], PLACE_COUNT_MIN, 2..=4),
            people: shelf(&["nr", "nrt", "nrfg"], COUNT_MIN, 2..=4),
        }
    }

    fn shelf(&self, slot: Slot) -> &[Word] {
        match slot {
            Slot::Noun | Slot::OtherNoun => &self.nouns,
            Slot::Verb => &self.verbs,
            Slot::VerbalNoun => &self.verbal_nouns,
            Slot::Adjective => &self.adjectives,
            Slot::Place | Slot::OtherPlace => &self.places,
            Slot::Person => &self.people,
        }
    }

    /// Whether there is a word for every slot.
    pub(super) fn have(&self, slots: &[Slot]) -> bool {
        !slots.is_empty() && slots.iter().all(|slot| !self.shelf(*slot).is_empty())
    }

    pub(super) fn fill(&self, slots: &[Slot], random: &mut Random) -> Fill<'_> {
        let words = slots.iter().filter_map(|slot| Some((*slot, self.draw(*slot, random)?)));
        Fill { words: words.collect() }
    }

    /// The same with another word in one slot.
    pub(super) fn refill<'a>(
        &'a self,
        fill: &Fill<'a>,
        changed: Slot,
        random: &mut Random,
    ) -> Fill<'a> {
        let mut fill = fill.clone();
        for (slot, word) in &mut fill.words {
            if *slot == changed
                && let Some(other) = self.draw(changed, random)
            {
                *word = other;
            }
        }
        fill
    }

    /// Frequent words oftener: the place is the square of a random number.
    fn draw(&self, slot: Slot, random: &mut Random) -> Option<(&str, &str)> {
        let shelf = self.shelf(slot);
        let skewed = random.unit().powi(2);
        let word = shelf.get((skewed * shelf.len() as f64) as usize)?;
        Some((&word.chinese, random.choose(&word.english)?))
    }
}

fn words(glosses: &Glosses, frequencies: &Frequencies, wanted: &Wanted) -> Vec<Word> {
    let mut found: Vec<(u64, Word)> = Vec::new();
    for headword in glosses.words() {
        let (word, count) = (headword.word.as_str(), frequencies.count(&headword.word));
        let fits = count >= wanted.count
            && wanted.tags.contains(&frequencies.tag(word))
            && wanted.characters.contains(&word.chars().count());
        // The heaviest sense must fit, else the sentence would say something else.
        let first_fits = headword.senses.first().is_some_and(|(sense, _)| is_short(sense));
        if fits && first_fits {
            let senses = headword.senses.iter().map(|(sense, _)| sense);
            let english = senses.filter(|sense| is_short(sense)).take(GLOSSES_MAX).cloned();
            let english = english.collect();
            found.push((count, Word { chinese: word.to_owned(), english }));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.chinese.cmp(&b.1.chinese)));
    found.into_iter().map(|(_, word)| word).collect()
}

fn is_short(gloss: &str) -> bool {
    GLOSS_LETTERS.contains(&gloss.len())
        && gloss.chars().all(|c| c.is_ascii_alphabetic() || " '-".contains(c))
        && gloss.split_whitespace().count() <= GLOSS_WORDS_MAX
}

/// Words for the slots of one template, each in both languages.
#[derive(Debug, Clone)]
pub(super) struct Fill<'a> {
    words: Vec<(Slot, (&'a str, &'a str))>,
}

impl Fill<'_> {
    pub(super) fn write_chinese(&self, template: &str) -> String {
        let put =
            |text: String, (slot, word): &(Slot, (&str, &str))| text.replace(slot.mark(), word.0);
        self.words.iter().fold(template.to_owned(), put)
    }

    pub(super) fn write_english(&self, template: &str) -> String {
        let put =
            |text: String, (slot, word): &(Slot, (&str, &str))| text.replace(slot.mark(), word.1);
        self.words.iter().fold(template.to_owned(), put)
    }
}
