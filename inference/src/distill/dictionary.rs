//! A Chinese-English dictionary: CC-CEDICT, as its makers publish it (text) or as the crate
//! `chinese_dictionary` carries it (`data/data.dictionary`, a serialised map).

mod binary;
mod text;

use super::error::DistillError;
use std::io::Read as _;
use std::path::Path;

/// Bytes of a dictionary; CC-CEDICT has 10 to 30 MB.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Entries of a dictionary; CC-CEDICT has 120,000.
const ENTRIES_MAX: usize = 1_000_000;
/// Where the first number of a serialised map, its length, has a zero byte: text never has one.
const LENGTH_BYTES: usize = 8;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryEntry {
    /// The word in simplified characters.
    pub simplified: String,
    /// Whether its reading begins with a capital: a name.
    pub is_name: bool,
    /// Its English senses, uncleaned.
    pub senses: Vec<String>,
}

/// Reads either form; which one is told by the content. In the order of the dictionary.
///
/// # Errors
/// [`DistillError::Read`], or [`DistillError::Input`] with the line or byte.
pub fn read_dictionary(path: &Path) -> Result<Vec<DictionaryEntry>, DistillError> {
    let unreadable = |source| DistillError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    parse(&bytes).map_err(|Problem { place, reason }| DistillError::Input {
        path: path.to_owned(),
        place,
        reason,
    })
}

/// Why bytes are no dictionary, and where.
#[derive(Debug)]
struct Problem {
    place: String,
    reason: String,
}

fn parse(bytes: &[u8]) -> Result<Vec<DictionaryEntry>, Problem> {
    let whole = |reason: &str| Problem { place: "the whole".to_owned(), reason: reason.to_owned() };
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(whole("it is larger than any dictionary; name CC-CEDICT's file"));
    }
    let is_serialised = bytes.iter().take(LENGTH_BYTES).any(|byte| *byte == 0);
    let entries = if is_serialised { binary::parse(bytes) } else { text::parse(bytes) }?;
    if entries.is_empty() {
        return Err(whole("it has no entries; name CC-CEDICT's file"));
    }
    Ok(entries)
}

/// Whether a reading is that of a name.
fn is_name(reading: &str) -> bool {
    reading.chars().next().is_some_and(char::is_uppercase)
}

#[cfg(test)]
mod tests;
