//! Cuts a text into the words a static embedding knows.
//!
//! Letters are folded (compatibility forms, lower case, no accents). A run of ASCII letters and
//! digits is looked up whole and else cut greedily into pieces, dropped when that fails; a run of
//! ideographs is cut by greedy longest match. Everything else separates and is dropped.

use super::vocabulary::{IDEOGRAPHS_MAX, PIECE_BYTES_MAX, Vocabulary};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words longer than this are noise (keys, encoded data) and dropped.
const WORD_BYTES_MAX: usize = 100;

/// Calls `found` with the row of each known word, in order, at most `limit` times.
pub(super) fn each_token(
    vocabulary: &Vocabulary,
    text: &str,
    limit: usize,
    found: impl FnMut(u32),
) {
    let mut cutter =
        Cutter { vocabulary, left: limit, run: String::new(), kind: Kind::None, found };
    for character in text.chars() {
        if cutter.left == 0 {
            return;
        }
        if character.is_ascii() || is_han(character) {
            cutter.push(character.to_ascii_lowercase());
        } else {
            for part in std::iter::once(character).nfkd().flat_map(char::to_lowercase).nfd() {
                if !is_combining_mark(part) {
                    cutter.push(part);
                }
            }
        }
    }
    cutter.close();
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Latin,
    Han,
}

/// Ideographs that have words; of the compatibility block only those without a canonical form.
fn is_han(character: char) -> bool {
    matches!(u32::from(character), 0x3400..=0x4DBF | 0x4E00..=0x9FFF)
}

struct Cutter<'a, F> {
    vocabulary: &'a Vocabulary,
    left: usize,
    run: String,
    kind: Kind,
    found: F,
}

impl<F: FnMut(u32)> Cutter<'_, F> {
    fn push(&mut self, character: char) {
        let kind = if character.is_ascii_lowercase() || character.is_ascii_digit() {
            Kind::Latin
        } else if is_han(character) {
            Kind::Han
        } else {
            Kind::None
        };
        if kind != self.kind {
            self.close();
            self.kind = kind;
        }
        if kind != Kind::None {
            self.run.push(character);
        }
    }

    fn close(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let run = std::mem::take(&mut self.run);
        match self.kind {
            Kind::Latin if run.len() <= WORD_BYTES_MAX => self.latin(&run),
            Kind::Han => self.ideographs(&run),
            Kind::Latin | Kind::None => {}
        }
        // The buffer is used again for the next run.
        self.run = run;
        self.run.clear();
    }

    fn emit(&mut self, row: u32) {
        if self.left > 0 {
            self.left -= 1;
            (self.found)(row);
        }
    }

    fn latin(&mut self, word: &str) {
        if let Some(row) = self.vocabulary.word(word) {
            return self.emit(row);
        }
        let mut pieces = [0_u32; WORD_BYTES_MAX];
        let (mut count, mut start) = (0, 0);
        while start < word.len() {
            let Some((row, end)) = self.piece(word, start) else { return };
            if let Some(slot) = pieces.get_mut(count) {
                *slot = row;
                count += 1;
            }
            start = end;
        }
        for row in pieces.into_iter().take(count) {
            self.emit(row);
        }
    }

    /// The longest piece that begins at `start`, and where it ends.
    fn piece(&self, word: &str, start: usize) -> Option<(u32, usize)> {
        let longest = word.len().min(start + PIECE_BYTES_MAX);
        (start + 1..=longest).rev().find_map(|end| {
            let piece = word.get(start..end)?;
            let row = match start {
                0 => self.vocabulary.word(piece),
                _ => self.vocabulary.continuation(piece),
            };
            row.map(|row| (row, end))
        })
    }

    /// A character that begins no known word is left out.
    fn ideographs(&mut self, run: &str) {
        let mut rest = run;
        while !rest.is_empty() {
            let (known, length) = self.longest_word(rest);
            if let Some(row) = known {
                self.emit(row);
            }
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// The longest word at the start with its length in bytes, or the length of one character.
    fn longest_word(&self, rest: &str) -> (Option<u32>, usize) {
        let mut ends = [0; IDEOGRAPHS_MAX];
        let mut count = 0;
        for (slot, (position, character)) in ends.iter_mut().zip(rest.char_indices()) {
            *slot = position + character.len_utf8();
            count += 1;
        }
        let ends = ends.get(..count).unwrap_or_default();
        for end in ends.iter().rev() {
            let word = rest.get(..*end).unwrap_or_default();
            if let Some(row) = self.vocabulary.word(word) {
                return (Some(row), *end);
            }
        }
        (None, ends.first().copied().unwrap_or(rest.len()))
    }
}
