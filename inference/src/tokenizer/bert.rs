//! BERT's tokenizer: words, and each word as the longest pieces the vocabulary has.
//!
//! Written here rather than taken from the general engine because it must give exactly the ids the
//! models were trained with, and because it can stop once it has enough.

use super::word::{Progress, WordRules, for_each_word};
use std::collections::HashMap;

/// Characters of a word beyond which it is unknown, unless the tokenizer says otherwise.
pub(super) const WORD_CHARACTERS_MAX: usize = 100;

/// The tokenizer.
#[derive(Debug)]
pub(super) struct BertTokenizer {
    starts: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
    /// Pieces within a word, without their prefix.
    continuations: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
    unknown: u32,
    rules: WordRules,
    word_characters_max: usize,
    piece_bytes_max: usize,
}

/// What makes a tokenizer.
#[derive(Debug)]
pub(super) struct BertVocabulary<'a> {
    /// Pieces with their ids.
    pub(super) pieces: Vec<(&'a str, u32)>,
    /// What a piece within a word begins with.
    pub(super) prefix: &'a str,
    /// The id of what is not in the vocabulary.
    pub(super) unknown: u32,
    /// Longer words are unknown.
    pub(super) word_characters_max: usize,
}

impl BertTokenizer {
    pub(super) fn new(vocabulary: &BertVocabulary<'_>, rules: WordRules) -> Self {
        let mut tokenizer = Self {
            starts: HashMap::default(),
            continuations: HashMap::default(),
            unknown: vocabulary.unknown,
            rules,
            word_characters_max: vocabulary.word_characters_max,
            piece_bytes_max: 1,
        };
        for (piece, id) in &vocabulary.pieces {
            tokenizer.piece_bytes_max = tokenizer.piece_bytes_max.max(piece.len());
            tokenizer.starts.insert((*piece).into(), *id);
            if let Some(rest) = piece.strip_prefix(vocabulary.prefix)
                && !rest.is_empty()
            {
                tokenizer.continuations.insert(rest.into(), *id);
            }
        }
        tokenizer
    }

    /// One more than the largest id.
    pub(super) fn vocabulary_size(&self) -> usize {
        self.starts.values().max().map_or(0, |id| *id as usize + 1)
    }

    /// The ids of a text, at most `tokens_max`.
    pub(super) fn encode(&self, text: &str, tokens_max: usize) -> Vec<u32> {
        let mut ids = Vec::new();
        if tokens_max == 0 {
            return ids;
        }
        for_each_word(text, self.rules, |word| {
            self.push_pieces(word, &mut ids);
            if ids.len() < tokens_max { Progress::More } else { Progress::Enough }
        });
        ids.truncate(tokens_max);
        ids
    }

    fn push_pieces(&self, word: &str, ids: &mut Vec<u32>) {
        let before = ids.len();
        // Most words are pieces themselves.
        if word.len() <= self.piece_bytes_max
            && word.len() <= self.word_characters_max
            && let Some(id) = self.starts.get(word)
        {
            ids.push(*id);
            return;
        }
        let too_long = word.len() > self.word_characters_max
            && word.chars().nth(self.word_characters_max).is_some();
        if too_long || self.push_longest(word, ids).is_none() {
            ids.truncate(before);
            ids.push(self.unknown);
        }
    }

    /// The longest piece first, then the longest of the rest; `None` when nothing fits.
    fn push_longest(&self, word: &str, ids: &mut Vec<u32>) -> Option<()> {
        let mut rest = word;
        let mut pieces = &self.starts;
        while !rest.is_empty() {
            let mut end = rest.floor_char_boundary(self.piece_bytes_max.min(rest.len()));
            let id = loop {
                let piece = rest.get(..end).filter(|piece| !piece.is_empty())?;
                if let Some(id) = pieces.get(piece) {
                    break *id;
                }
                end = rest.floor_char_boundary(end - 1);
            };
            ids.push(id);
            rest = rest.get(end..)?;
            pieces = &self.continuations;
        }
        Some(())
    }
}
