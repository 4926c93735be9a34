//! The lessons of the training: texts cut into words, and the vectors they should have.

use super::{AllSaid, Material, place};
use crate::distill::matrix::{Matrix, dot};
use crate::distill::sentences::{QuestionGroup, Sentence};
use crate::distill::sums::Texts;
use crate::distill::training::{Curriculum, Lessons, Ranked};
use crate::encoder::StaticEncoder;
use crate::projection::Projection;
use autoglm_domain::EMBEDDING_DIMENSIONS;
use std::ops::RangeInclusive;

/// Headwords that are learned from their parts, in characters; a phrase teaches how words add up.
const PARTED_CHARACTERS: RangeInclusive<usize> = 2..=10;
/// Fewer parts are no composition.
const PARTS_MIN: usize = 2;

/// What the teacher said, brought to the product's width.
#[derive(Debug)]
pub(super) struct Targets {
    senses: Matrix,
    headwords: Matrix,
    pairs: Matrix,
    sentences: Matrix,
}

impl Targets {
    pub(super) fn new(material: &Material<'_>, said: &AllSaid, projection: &Projection) -> Self {
        let all = |vectors: &mut dyn Iterator<Item = Vec<f32>>| {
            let mut targets = Matrix::new(EMBEDDING_DIMENSIONS);
            vectors.for_each(|vector| targets.push(&projection.apply(&vector)));
            targets
        };
        let mut headwords = parted_words(material).map(|word| place::meaning(material, said, word));
        Self {
            senses: all(&mut said.senses.rows()),
            headwords: all(&mut headwords),
            pairs: all(&mut said.pairs.rows()),
            sentences: all(&mut said.sentences.rows()),
        }
    }

    pub(super) fn curriculum(
        &self,
        material: &Material<'_>,
        said: &AllSaid,
        encoder: &StaticEncoder,
    ) -> Curriculum<'_> {
        let questions: Vec<&Sentence> =
            material.questions.iter().flat_map(QuestionGroup::sentences).collect();
        let statements: Vec<&Sentence> = material.statements.iter().collect();
        let of_sentences = |name, sentences: &[&Sentence], is_chinese: bool| {
            let mut lessons = Lessons::new(name, &self.sentences);
            for sentence in sentences {
                let text = if is_chinese { &sentence.chinese } else { &sentence.english };
                if let Some(target) = said.sentences.place(&sentence.english) {
                    lessons.push(&encoder.tokens(text), target);
                }
            }
            lessons
        };
        let of_pairs = |name, side: usize, is_chinese: bool| {
            let mut lessons = Lessons::new(name, &self.pairs);
            for pair in material.pairs {
                let texts = if is_chinese { &pair.chinese } else { &pair.english };
                let (text, english) = (texts.get(side), pair.english.get(side));
                let target = english.and_then(|english| said.pairs.place(english));
                lessons.push(
                    &text.map(|text| encoder.tokens(text)).unwrap_or_default(),
                    target.unwrap_or(usize::MAX),
                );
            }
            lessons
        };
        Curriculum {
            lessons: vec![
                self.senses(said, encoder),
                self.headwords(material, encoder),
                of_sentences("statements", &statements, true),
                of_sentences("questions in English", &questions, false),
            ],
            scored: [
                of_pairs("English pairs, first", 0, false),
                of_pairs("English pairs, second", 1, false),
                of_pairs("Chinese pairs, first", 0, true),
                of_pairs("Chinese pairs, second", 1, true),
            ],
            scores: material.pairs.iter().map(|pair| pair.score).collect(),
            questions: of_sentences("questions", &questions, true),
            ranked: ranked(material, said),
        }
    }

    fn senses(&self, said: &AllSaid, encoder: &StaticEncoder) -> Lessons<'_> {
        let mut lessons = Lessons::new("senses", &self.senses);
        for (target, sense) in said.senses.texts().iter().enumerate() {
            let tokens = encoder.tokens(sense);
            if !tokens.is_empty() {
                lessons.push(&tokens, target);
            }
        }
        lessons
    }

    fn headwords(&self, material: &Material<'_>, encoder: &StaticEncoder) -> Lessons<'_> {
        let mut lessons = Lessons::new("headwords", &self.headwords);
        for (target, word) in parted_words(material).enumerate() {
            let tokens = parts(encoder, word);
            if tokens.len() >= PARTS_MIN {
                lessons.push(&tokens, target);
            }
        }
        lessons
    }
}

impl<'a> Lessons<'a> {
    fn new(name: &'static str, targets: &'a Matrix) -> Self {
        Self { name, texts: Texts::default(), targets, of_text: Vec::new() }
    }

    fn push(&mut self, tokens: &[u32], target: usize) {
        self.texts.push(tokens);
        self.of_text.push(target);
    }
}

fn parted_words<'a>(material: &'a Material<'_>) -> impl Iterator<Item = &'a str> {
    let words = material.glosses.words().iter().map(|headword| headword.word.as_str());
    words.filter(|word| PARTED_CHARACTERS.contains(&word.chars().count()))
}

/// The tokens of a word as if it were not in the vocabulary itself.
fn parts(encoder: &StaticEncoder, word: &str) -> Vec<u32> {
    if encoder.vocabulary().word(word).is_none() {
        return encoder.tokens(word);
    }
    // The longest known beginning, else one character that is left out; the rest as always.
    let mut ends: Vec<usize> = word.char_indices().map(|(start, _)| start).skip(1).collect();
    ends.reverse();
    let first = ends.iter().find_map(|end| {
        let row = encoder.vocabulary().word(word.get(..*end)?)?;
        Some((row, *end))
    });
    let end = first.map(|(_, end)| end).or_else(|| ends.last().copied()).unwrap_or(word.len());
    let rest = encoder.tokens(word.get(end..).unwrap_or_default());
    first.map(|(row, _)| row).into_iter().chain(rest).collect()
}

/// Within a group every wording of its question with all that follows; the same English is as near
/// as can be, otherwise the teacher says how near.
fn ranked(material: &Material<'_>, said: &AllSaid) -> Ranked {
    let mut ranked = Ranked::default();
    let mut start = 0;
    for group in &material.questions {
        let sentences: Vec<&Sentence> = group.sentences().collect();
        for (first, one) in sentences.iter().enumerate().take(group.same.len()) {
            for (second, other) in sentences.iter().enumerate().skip(first + 1) {
                let score = if one.english == other.english {
                    1.0
                } else {
                    let vector = |sentence: &Sentence| said.sentences.vector(&sentence.english);
                    dot(&vector(one), &vector(other))
                };
                ranked.pairs.push((start + first, start + second));
                ranked.scores.push(score);
            }
        }
        start += sentences.len();
    }
    ranked
}
