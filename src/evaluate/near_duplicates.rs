//! Which texts of a set are copies of each other: signatures come from the feeds room, the index
//! from the ranking room, so the two meet here.

use anyhow::{Context, Result};
use autoglm_domain::{ArticleId, Timestamp};
use autoglm_feeds::fingerprint::minhash;
use autoglm_ranking::{NearDuplicateIndex, NearDuplicateLimits};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Texts read at most.
const TEXTS_MAX: usize = 100_000;

/// One text of the set.
#[derive(Debug, Deserialize)]
struct Text {
    id: String,
    text: String,
}

/// Reads `neardup/plagiarised-articles.jsonl` of a folder, lines of `{id, text}`, and writes the
/// pairs of copies to `neardup/pairs.json`. Answers the number of texts; `None` when the folder has
/// no such set.
///
/// # Errors
/// When the set cannot be read or the result not written.
pub(super) fn near_duplicates(set_dir: &Path, out_dir: &Path) -> Result<Option<usize>> {
    let path = set_dir.join("neardup/plagiarised-articles.jsonl");
    if !path.is_file() {
        return Ok(None);
    }
    let texts = read(&path)?;
    let pairs = pairs(&texts);
    let out = out_dir.join("neardup");
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    fs::write(out.join("pairs.json"), serde_json::to_string(&pairs)?)
        .with_context(|| format!("cannot write into {}", out.display()))?;
    Ok(Some(texts.len()))
}

fn read(path: &Path) -> Result<Vec<Text>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut texts = Vec::new();
    for line in BufReader::new(file).lines().take(TEXTS_MAX) {
        texts.push(serde_json::from_str(&line?).context("a line is not {id, text}")?);
    }
    Ok(texts)
}

/// All pairs within each group of copies.
fn pairs(texts: &[Text]) -> Vec<[&str; 2]> {
    let mut index = NearDuplicateIndex::new(NearDuplicateLimits {
        articles_max: TEXTS_MAX,
        ..NearDuplicateLimits::default()
    });
    let mut groups: BTreeMap<ArticleId, Vec<&str>> = BTreeMap::new();
    for (text, number) in texts.iter().zip(1..) {
        let article = ArticleId(number);
        let original = index.insert(article, &minhash("", &text.text), Timestamp(0));
        groups.entry(original.unwrap_or(article)).or_default().push(&text.id);
    }
    let mut pairs = Vec::new();
    for group in groups.values() {
        for (at, first) in group.iter().enumerate() {
            pairs.extend(group[at + 1..].iter().map(|second| [*first, *second]));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_paired_with_its_original() {
        let text = |id: &str, words: &str| Text { id: id.to_owned(), text: words.to_owned() };
        let story = "The council met on Monday and voted for the new bridge across the river";
        let texts = [
            text("a", story),
            text("b", "An entirely different report about the weather in the mountains today"),
            text("c", &story.replace("Monday", "monday,")),
        ];
        assert_eq!(pairs(&texts), [["a", "c"]]);
    }
}
