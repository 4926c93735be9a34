//! The words of a static embedding: their rows, found by spelling.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Longest Chinese word in characters, and longest English piece in bytes.
pub(super) const IDEOGRAPHS_MAX: usize = 6;
pub(super) const PIECE_BYTES_MAX: usize = 24;

type Rows = HashMap<String, u32, FixedState>;

/// One word a line, its number the row: whole words, continuations of English words that begin
/// with `##`, and Chinese words of at most six characters.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    words: Rows,
    continuations: Rows,
    lines: Vec<String>,
}

impl Vocabulary {
    /// Reads the lines of a `vocab.txt`. Of repeated words the first counts.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::from_lines(text.lines().map(str::to_owned).collect())
    }

    /// From words in the order of their rows.
    #[must_use]
    pub fn from_lines(lines: Vec<String>) -> Self {
        let (mut words, mut continuations) = (Rows::default(), Rows::default());
        for (row, line) in lines.iter().enumerate() {
            let Ok(row) = u32::try_from(row) else { break };
            match line.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => {
                    continuations.entry(rest.to_owned()).or_insert(row)
                }
                _ => words.entry(line.clone()).or_insert(row),
            };
        }
        Self { words, continuations, lines }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The row of a whole word in its normal form.
    #[must_use]
    pub fn word(&self, word: &str) -> Option<u32> {
        self.words.get(word).copied()
    }

    /// The row of a piece that continues a word.
    #[must_use]
    pub fn continuation(&self, piece: &str) -> Option<u32> {
        self.continuations.get(piece).copied()
    }

    /// The word of a row, continuations with their `##`.
    #[must_use]
    pub fn line(&self, row: u32) -> Option<&str> {
        self.lines.get(usize::try_from(row).ok()?).map(String::as_str)
    }
}
