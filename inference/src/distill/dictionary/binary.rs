//! The data file of the crate `chinese_dictionary` 2.1.5: a map of numbers to entries, serialised
//! by `bincode` 1 (lengths of 8 bytes, numbers as they are, little endian).

use super::{DictionaryEntry, ENTRIES_MAX, Problem, is_name};

/// Bytes of one string.
const STRING_BYTES_MAX: usize = 64 << 10;
/// Items of one list within an entry.
const ITEMS_MAX: usize = 1_000;
/// A measure word is told by four strings: both scripts and two forms of its reading.
const MEASURE_WORD_STRINGS: usize = 4;

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<DictionaryEntry>, Problem> {
    let mut cursor = Cursor { bytes, position: 0 };
    let count = cursor.length(ENTRIES_MAX)?;
    let mut entries = Vec::new();
    for _entry in 0..count {
        entries.push(cursor.entry()?);
    }
    if cursor.position != bytes.len() {
        return Err(cursor.problem("the entries end before the file does"));
    }
    // The map has no order of its own; the numbers are the dictionary's.
    entries.sort_by_key(|(number, _)| *number);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    fn problem(&self, reason: &str) -> Problem {
        Problem {
            place: format!("byte {}", self.position),
            reason: format!(
                "{reason}; expected the data file of chinese_dictionary 2.1.5 or CC-CEDICT's text"
            ),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        let end = self.position.saturating_add(count);
        let Some(taken) = self.bytes.get(self.position..end) else {
            return Err(self.problem("the file ends within an entry"));
        };
        self.position = end;
        Ok(taken)
    }

    fn number<const BYTES: usize>(&mut self) -> Result<u64, Problem> {
        let taken = self.take(BYTES)?;
        Ok(taken.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn length(&mut self, most: usize) -> Result<usize, Problem> {
        let length = self.number::<8>()?;
        match usize::try_from(length) {
            Ok(length) if length <= most => Ok(length),
            _ => Err(self.problem(&format!("a length of {length} where {most} is the most"))),
        }
    }

    fn string(&mut self) -> Result<&'a str, Problem> {
        let length = self.length(STRING_BYTES_MAX)?;
        let taken = self.take(length)?;
        std::str::from_utf8(taken).map_err(|_error| self.problem("a string is not UTF-8"))
    }

    fn strings(&mut self, each: usize) -> Result<Vec<&'a str>, Problem> {
        let count = self.length(ITEMS_MAX)? * each;
        (0..count).map(|_| self.string()).collect()
    }

    /// In the order of the crate's `WordEntry`, after the map's key.
    fn entry(&mut self) -> Result<(u64, DictionaryEntry), Problem> {
        let _key = self.number::<4>()?;
        let _traditional = self.string()?;
        let simplified = self.string()?.to_owned();
        let reading = self.string()?;
        let _reading_in_numbers = self.string()?;
        let senses = self.strings(1)?.into_iter().map(str::to_owned).collect();
        let tones = self.length(ITEMS_MAX)?;
        let _tones = self.take(tones)?;
        let _hash = self.number::<8>()?;
        let _measure_words = self.strings(MEASURE_WORD_STRINGS)?;
        let _level = self.number::<1>()?;
        let number = self.number::<4>()?;
        Ok((number, DictionaryEntry { simplified, is_name: is_name(reading), senses }))
    }
}
