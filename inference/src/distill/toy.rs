//! A dictionary, a teacher and pairs small enough for tests.

use super::dictionary::DictionaryEntry;
use super::frequencies::Frequencies;
use super::gloss::Glosses;
use super::random::Random;
use super::teacher::Teacher;
use crate::error::Result;
use std::cell::Cell;

/// Word, count, tag and senses.
const WORDS: [(&str, u64, &str, &str); 12] = [
    ("银行", 900, "n", "bank"),
    ("利率", 500, "n", "interest rate/rate"),
    ("球队", 400, "n", "team"),
    ("比赛", 800, "vn", "match/contest"),
    ("提高", 700, "v", "to raise"),
    ("赢得", 300, "v", "to win"),
    ("重要", 900, "a", "important"),
    ("中国", 9000, "ns", "China"),
    ("上海", 4000, "ns", "Shanghai"),
    ("鲁迅", 100, "nr", "Lu Xun"),
    ("银", 200, "n", "silver"),
    ("行", 800, "v", "to go"),
];

pub(super) fn entries() -> Vec<DictionaryEntry> {
    let entry = |(word, _, _, senses): &(&str, u64, &str, &str)| DictionaryEntry {
        simplified: (*word).to_owned(),
        is_name: false,
        senses: senses.split('/').map(str::to_owned).collect(),
    };
    WORDS.iter().map(entry).collect()
}

pub(super) fn glosses() -> Glosses {
    Glosses::new(&entries())
}

pub(super) fn frequencies() -> Frequencies {
    let line = |(word, count, tag, _): &(&str, u64, &str, &str)| format!("{word} {count} {tag}\n");
    Frequencies::parse(&WORDS.iter().map(line).collect::<String>()).unwrap_or_default()
}

/// Says the sum of random vectors of a text's words, so that texts with common words are near.
pub(super) struct ToyTeacher {
    pieces: Vec<String>,
    /// Texts and ids it was asked about.
    pub(super) asked: Cell<usize>,
}

pub(super) const TOY_WIDTH: usize = 24;

impl ToyTeacher {
    pub(super) fn new() -> Self {
        let pieces = [
            "[PAD]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "bank",
            "interest",
            "rate",
            "team",
            "match",
            "raise",
            "win",
            "what",
            "is",
            "the",
            "how",
            "china",
            "##s",
            "important",
            "to",
            "a",
        ];
        Self { pieces: pieces.map(str::to_owned).to_vec(), asked: Cell::new(0) }
    }

    fn vector<'a>(words: impl Iterator<Item = &'a str>) -> Vec<f32> {
        let mut sum = vec![0.0; TOY_WIDTH];
        for word in words {
            let seed =
                word.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
            let mut random = Random::new(seed);
            for value in &mut sum {
                *value += random.unit() as f32 - 0.5;
            }
        }
        crate::projection::make_unit(&mut sum);
        sum
    }
}

impl Teacher for ToyTeacher {
    fn identity(&self) -> &str {
        "toy"
    }

    fn width(&self) -> usize {
        TOY_WIDTH
    }

    fn pieces(&self) -> &[String] {
        &self.pieces
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        self.asked.set(self.asked.get() + texts.len());
        let words = |text: &&str| {
            let text = text.to_lowercase();
            Self::vector(text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()))
        };
        Ok(texts.iter().map(words).collect())
    }

    fn embed_ids(&self, ids: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        self.asked.set(self.asked.get() + ids.len());
        let piece = |id: &u32| self.pieces.get(*id as usize).map(String::as_str);
        Ok(ids.iter().map(|row| Self::vector(row.iter().filter_map(piece))).collect())
    }
}
