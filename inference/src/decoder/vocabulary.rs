//! Text to ids and back, the way each family writes line breaks and blanks, and the markers that
//! only we may write.

use super::config::{DecoderConfig, Layout};
use super::error::DecoderError;
use crate::error::Result;
use crate::tokenizer::{Tokenizer, is_blank_piece};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// What ChatGLM2 and ChatGLM3 put after the pieces of their vocabulary.
const APPENDED: [&str; 9] = [
    "[MASK]",
    "[gMASK]",
    "[sMASK]",
    "sop",
    "eop",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
];
/// Longest run of blanks ChatGLM-6B has a piece for.
const BLANKS_MAX: usize = 80;

/// The vocabulary of a decoder.
#[derive(Debug)]
pub(super) struct Vocabulary {
    folder: PathBuf,
    layout: Layout,
    tokenizer: Tokenizer,
    markers: BTreeMap<String, u32>,
    /// Ids no text may become.
    reserved: HashSet<u32>,
}

impl Vocabulary {
    pub(super) fn load(folder: &Path, config: &DecoderConfig) -> Result<Self> {
        let tokenizer = Tokenizer::load(folder)?;
        let mut markers: BTreeMap<String, u32> =
            tokenizer.specials().map(|(text, id)| (text.to_owned(), id)).collect();
        if config.layout == Layout::ChatGlm2 && !markers.contains_key("[gMASK]") {
            let first = u32::try_from(tokenizer.vocabulary_size()).unwrap_or(u32::MAX);
            for (marker, id) in APPENDED.iter().zip(first..) {
                markers.insert((*marker).to_owned(), id);
            }
        }
        if config.layout == Layout::ChatGlm {
            markers.retain(|text, _| !is_blank_piece(text));
        }
        let (folder, layout) = (folder.to_owned(), config.layout);
        let reserved = markers.values().copied().collect();
        let vocabulary = Self { folder, layout, tokenizer, markers, reserved };
        vocabulary.check(config)?;
        Ok(vocabulary)
    }

    /// No marker may lie beyond what the model has scores for.
    fn check(&self, config: &DecoderConfig) -> Result<()> {
        let beyond = self.markers.iter().find(|(_, id)| **id as usize >= config.vocabulary);
        match beyond {
            None => Ok(()),
            Some((marker, id)) => Err(DecoderError::Config {
                file: self.folder.join("config.json"),
                reason: format!(
                    "the tokenizer's {marker} is token {id}, the model has {}; \
                     the tokenizer may belong to another model",
                    config.vocabulary
                ),
            }
            .into()),
        }
    }

    /// The id of a marker such as `<|user|>`.
    pub(super) fn marker(&self, marker: &str) -> Option<u32> {
        self.markers.get(marker).copied()
    }

    /// The same where a prompt cannot do without it.
    pub(super) fn require(&self, marker: &str) -> Result<u32> {
        Ok(self.marker(marker).ok_or_else(|| DecoderError::NoMarker {
            folder: self.folder.clone(),
            marker: marker.to_owned(),
        })?)
    }

    /// The marker a text begins with, the longest if several do.
    pub(super) fn marker_at(&self, text: &str) -> Option<(&str, u32)> {
        self.markers
            .iter()
            .filter(|(marker, _)| !marker.is_empty() && text.starts_with(marker.as_str()))
            .max_by_key(|(marker, _)| marker.len())
            .map(|(marker, id)| (marker.as_str(), *id))
    }

    /// The ids of a text, at most `most`; never that of a marker, whatever the text imitates.
    pub(super) fn encode(&self, text: &str, most: usize) -> Result<Vec<u32>> {
        let spelled;
        let text = if self.layout == Layout::ChatGlm {
            spelled = spell_blanks(text);
            &spelled
        } else {
            text
        };
        let mut ids = self.tokenizer.encode(text, most)?;
        ids.retain(|id| !self.reserved.contains(id));
        Ok(ids)
    }

    /// The bytes of ids, which may end within a character. Markers have none.
    pub(super) fn decode(&self, ids: &[u32]) -> Result<Vec<u8>> {
        let ids: Vec<u32> = ids.iter().copied().filter(|id| !self.reserved.contains(id)).collect();
        let bytes = self.tokenizer.decode(&ids)?;
        if self.layout != Layout::ChatGlm {
            return Ok(bytes);
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => write_blanks(&text).into_bytes(),
            Err(broken) => broken.into_bytes(),
        })
    }
}

fn spell_blanks(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut blanks = 0;
    for character in text.chars() {
        if character == ' ' {
            blanks += 1;
            continue;
        }
        push_blanks(&mut spelled, &mut blanks);
        match character {
            '\n' => spelled.push_str("<n>"),
            '\t' => spelled.push_str("<|tab|>"),
            other => spelled.push(other),
        }
    }
    push_blanks(&mut spelled, &mut blanks);
    spelled
}

fn push_blanks(spelled: &mut String, blanks: &mut usize) {
    while *blanks > 0 {
        let run = (*blanks).min(BLANKS_MAX);
        match run {
            1 => spelled.push(' '),
            run => spelled.push_str(&format!("<|blank_{run}|>")),
        }
        *blanks -= run;
    }
}

fn write_blanks(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        written.push_str(before);
        let piece = from.find('>').and_then(|end| from.get(..=end));
        match piece.filter(|piece| is_blank_piece(piece)) {
            Some(piece) => {
                written.push_str(&blank_of(piece));
                rest = from.get(piece.len()..).unwrap_or_default();
            }
            None => {
                written.push('<');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    written.push_str(rest);
    written
}

fn blank_of(piece: &str) -> String {
    match piece {
        "<n>" => "\n".to_owned(),
        "<|tab|>" => "\t".to_owned(),
        run => {
            let digits: String = run.chars().filter(char::is_ascii_digit).collect();
            " ".repeat(digits.parse::<usize>().unwrap_or(0).min(BLANKS_MAX))
        }
    }
}

#[cfg(test)]
mod tests;
