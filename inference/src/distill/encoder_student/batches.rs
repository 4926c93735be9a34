//! Texts for an encoder student, and the batches they come in.

use crate::distill::error::DistillError;
use crate::distill::random::Random;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// Texts of all files.
const TEXTS_MAX: usize = 2_000_000;
/// Fields of a line that are texts.
const FIELDS: [&str; 4] = ["title", "text", "a", "b"];

/// The texts of a file of JSON lines: whatever its objects have as `title`, `text`, `a` or `b`.
///
/// # Errors
/// [`DistillError::Read`], or [`DistillError::Input`] with the line.
pub fn read_texts(path: &Path) -> Result<Vec<String>, DistillError> {
    let unreadable = |source| DistillError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut texts = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |reason| DistillError::Input {
            path: path.to_owned(),
            place: format!("line {}", index + 1),
            reason,
        };
        let value: Value = serde_json::from_str(&line)
            .map_err(|error| wrong(format!("{error}; expected one JSON object a line")))?;
        let found = FIELDS.iter().filter_map(|field| value.get(field)?.as_str());
        texts.extend(found.filter(|text| !text.trim().is_empty()).map(str::to_owned));
        if texts.len() > TEXTS_MAX {
            return Err(wrong(format!("there are over {TEXTS_MAX} texts; take fewer")));
        }
    }
    Ok(texts)
}

/// Items sorted by the length of their texts, so that neighbours need little padding.
#[derive(Debug)]
pub(super) struct Batches<T> {
    sorted: Vec<T>,
}

impl<T> Batches<T> {
    pub(super) fn new(mut items: Vec<T>, tokens: impl Fn(&T) -> usize) -> Self {
        items.sort_by_key(tokens);
        Self { sorted: items }
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// At most `count` neighbours from a random place.
    pub(super) fn draw(&self, count: usize, random: &mut Random) -> &[T] {
        let count = count.min(self.sorted.len());
        let start = random.below(self.sorted.len() - count + 1);
        self.sorted.get(start..start + count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_hold_several_texts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.jsonl");
        std::fs::write(
            &path,
            "{\"title\": \"T\", \"text\": \"x\", \"label\": 3}\n\n{\"a\": \"p\", \"b\": \" \"}\n",
        )
        .unwrap();
        assert_eq!(read_texts(&path).unwrap(), ["T", "x", "p"]);
        std::fs::write(&path, "{\"title\": \"T\"}\nnone\n").unwrap();
        assert!(read_texts(&path).unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn a_batch_is_of_neighbours_in_length() {
        let texts = (0..100_usize).map(|index| vec![7; index * 37 % 100]).collect();
        let batches: Batches<Vec<u32>> = Batches::new(texts, Vec::len);
        let mut random = Random::new(1);
        for _batch in 0..50 {
            let drawn = batches.draw(5, &mut random);
            assert_eq!(drawn.len(), 5);
            assert_eq!(drawn[4].len() - drawn[0].len(), 4);
        }
    }
}
