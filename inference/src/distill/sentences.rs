//! Sentences of our own in both languages: templates filled with the dictionary's words.
//!
//! A Chinese word and its first glosses stand in the same place of a Chinese and an English
//! sentence, so that the teacher's vector of the English one is the target for both. They are not
//! good style; what they teach is how words add up, and how questions are put.

mod fill;

use super::frequencies::Frequencies;
use super::gloss::Glosses;
use super::random::Random;
use fill::{Fill, Shelves, Slot};
use std::collections::HashSet;

const STATEMENTS: &str = include_str!("templates/statements.txt");
const QUESTIONS: &str = include_str!("templates/questions.txt");

/// Of a small dictionary there are only so many different sentences: tries for each one wanted.
const TRIES: usize = 20;
/// Wordings of one question that are used at a time.
const WORDINGS: usize = 2;

/// A Chinese sentence and its English counterpart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) chinese: String,
    pub(super) english: String,
}

/// Questions that are near each other: the same in other words, one word changed, another
/// question about the same. What a model confuses most easily.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuestionGroup {
    /// One question in up to [`WORDINGS`] wordings.
    pub(super) same: Vec<Sentence>,
    /// One word changed, then another question.
    pub(super) near: Vec<Sentence>,
}

impl QuestionGroup {
    pub(super) fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.same.iter().chain(&self.near)
    }
}

/// Chinese wordings and one English, with slots for words.
#[derive(Debug)]
struct Template {
    wordings: Vec<&'static str>,
    english: &'static str,
    slots: Vec<Slot>,
}

/// Fills templates; the same seed and dictionary make the same sentences.
#[derive(Debug)]
pub(super) struct Writer {
    shelves: Shelves,
}

impl Writer {
    pub(super) fn new(glosses: &Glosses, frequencies: &Frequencies) -> Self {
        Self { shelves: Shelves::new(glosses, frequencies) }
    }

    /// At most `count` different sentences.
    pub(super) fn statements(&self, count: usize, seed: u64) -> Vec<Sentence> {
        let templates = self.usable(STATEMENTS);
        let (mut random, mut seen) = (Random::new(seed), HashSet::new());
        let mut sentences = Vec::new();
        for _try in 0..count.saturating_mul(TRIES) {
            if sentences.len() == count {
                break;
            }
            let Some(template) = random.choose(&templates) else { break };
            let fill = self.shelves.fill(&template.slots, &mut random);
            for sentence in template.write(&fill, 1, &mut random) {
                if seen.insert(sentence.chinese.clone()) {
                    sentences.push(sentence);
                }
            }
        }
        sentences
    }

    /// `count` groups; none when the dictionary has no words for any question.
    pub(super) fn questions(&self, count: usize, seed: u64) -> Vec<QuestionGroup> {
        let templates = self.usable(QUESTIONS);
        let mut random = Random::new(seed);
        if templates.is_empty() {
            return Vec::new();
        }
        (0..count).filter_map(|_| self.group(&templates, &mut random)).collect()
    }

    fn group(&self, templates: &[Template], random: &mut Random) -> Option<QuestionGroup> {
        let chosen = random.below(templates.len());
        let template = templates.get(chosen)?;
        let fill = self.shelves.fill(&template.slots, random);
        let same = template.write(&fill, WORDINGS, random);
        let slot = *random.choose(&template.slots)?;
        let changed = self.shelves.refill(&fill, slot, random);
        let mut near = template.write(&changed, WORDINGS, random);
        let others: Vec<&Template> = templates
            .iter()
            .enumerate()
            .filter(|(place, other)| *place != chosen && other.slots == template.slots)
            .map(|(_, other)| other)
            .collect();
        if let Some(other) = random.choose(&others) {
            near.extend(other.write(&fill, WORDINGS, random));
        }
        Some(QuestionGroup { same, near })
    }

    /// Templates for whose every slot there are words.
    fn usable(&self, text: &'static str) -> Vec<Template> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let templates = lines.filter_map(Template::parse);
        templates.filter(|template| self.shelves.have(&template.slots)).collect()
    }
}

impl Template {
    /// `wording/wording|english`.
    fn parse(line: &'static str) -> Option<Self> {
        let (wordings, english) = line.split_once('|')?;
        let slots = Slot::ALL.into_iter().filter(|slot| wordings.contains(slot.mark()));
        Some(Self { wordings: wordings.split('/').collect(), english, slots: slots.collect() })
    }

    /// Up to `count` different wordings of one fill.
    fn write(&self, fill: &Fill<'_>, count: usize, random: &mut Random) -> Vec<Sentence> {
        let english = fill.write_english(self.english);
        let chosen = random.distinct(count, self.wordings.len());
        let wordings = chosen.into_iter().filter_map(|place| self.wordings.get(place));
        wordings
            .map(|wording| Sentence {
                chinese: fill.write_chinese(wording),
                english: english.clone(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
