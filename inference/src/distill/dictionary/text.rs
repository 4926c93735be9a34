//! CC-CEDICT's own form: `傳統 传统 [chuan2 tong3] /tradition/traditional/`, one entry a line.

use super::{DictionaryEntry, ENTRIES_MAX, Problem, is_name};

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<DictionaryEntry>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| Problem {
        place: format!("byte {}", error.valid_up_to()),
        reason: "it is neither UTF-8 text nor a serialised dictionary".to_owned(),
    })?;
    let mut entries = Vec::new();
    for (index, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let problem = |reason: String| Problem { place: format!("line {}", index + 1), reason };
        if entries.len() == ENTRIES_MAX {
            return Err(problem(format!("it has over {ENTRIES_MAX} entries")));
        }
        let entry = entry(line).ok_or_else(|| {
            problem("expected `traditional simplified [reading] /sense/sense/`".to_owned())
        })?;
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(line: &str) -> Option<DictionaryEntry> {
    let (_traditional, rest) = line.split_once(' ')?;
    let (simplified, rest) = rest.split_once(" [")?;
    let (reading, senses) = rest.split_once("] /")?;
    Some(DictionaryEntry {
        simplified: simplified.trim().to_owned(),
        // Newer files write the reading in double brackets.
        is_name: is_name(reading.trim_start_matches('[')),
        senses: senses
            .split('/')
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}
