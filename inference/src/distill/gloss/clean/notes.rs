//! The notes of CC-CEDICT's editors: labels, pointers to other entries, cross references.

use super::is_chinese;

/// A part that begins so points to another word, or describes the character and not its meaning.
const POINTERS: [&str; 42] = [
    "cl:",
    "variant of",
    "old variant",
    "japanese variant",
    "ancient variant",
    "archaic variant",
    "erhua variant",
    "unofficial variant",
    "corrupted variant",
    "euphemistic variant",
    "also written",
    "also pr.",
    "also called",
    "also known",
    "also abbr",
    "(tw) also",
    "abbr. to",
    "see ",
    "same as",
    "used in",
    "equivalent to",
    "taiwan pr",
    "pr. ",
    "old form",
    "old name for",
    "formerly written",
    "misspelling",
    "nonstandard simplified",
    "radical in chinese",
    "component of",
    "cf.",
    "cf ",
    "interchangeable with",
    "contraction of",
    "chinese character",
    "character used",
    "(archaic) variant",
    "(old) variant",
    "(dialect) variant",
    "(literary) variant",
    "to be distinguished from",
    "(dialect) see ",
];

/// Labels of style, region and grammar.
const LABELS: [&str; 55] = [
    "loanword",
    "idiom",
    "idiom saying",
    "coll.",
    "colloquial",
    "literary",
    "dialect",
    "dialectal",
    "chiefly dialect",
    "slang",
    "internet slang",
    "archaic",
    "old",
    "bound form",
    "tw",
    "taiwan",
    "taiwan pr.",
    "prc",
    "hk",
    "hong kong",
    "cantonese",
    "onom.",
    "formal",
    "informal",
    "honorific",
    "polite",
    "courteous",
    "vulgar",
    "derog.",
    "pejorative",
    "neologism",
    "abbr.",
    "fig.",
    "lit.",
    "also fig.",
    "buddhism",
    "euphemism",
    "spoken",
    "written",
    "suffix",
    "prefix",
    "noun suffix",
    "verb suffix",
    "adverb",
    "proverb",
    "saying",
    "chinese idiom",
    "transliteration",
    "name",
    "used before a verb",
    "used as an intensifier",
    "expression",
    "historical",
    "humorous",
    "jocular",
];

/// A group that begins so is a remark to its end.
const REMARKS: [&str; 12] = [
    "abbr.",
    "usually followed by",
    "often followed by",
    "used with",
    "as opposed to",
    "contrasted with",
    "from ",
    "note",
    "modal particle",
    "particle",
    "neologism c.",
    "cf.",
];

/// Whether a part of a gloss has no meaning of its own.
pub(super) fn is_pointer(part: &str) -> bool {
    let part = part.to_lowercase();
    POINTERS.iter().any(|start| part.starts_with(start)) || part.contains("kangxi radical")
}

/// Whether the inside of a group in brackets is a note: nothing but labels, or a remark.
pub(super) fn is_note(inner: &str) -> bool {
    let inner = inner.to_lowercase().replace(" or ", ",").replace(" and ", ",");
    for label in inner.split([',', ';', '/']).map(str::trim) {
        if REMARKS.iter().any(|start| label.starts_with(start)) {
            return true;
        }
        if !LABELS.contains(&label) {
            return false;
        }
    }
    true
}

/// The text without a label that stands in front of it.
pub(super) fn starts_in(text: &str) -> &str {
    const STARTS: [&str; 8] =
        ["fig.", "lit.", "esp.", "i.e.", "abbr. for", "abbr. of", "coll.", "(fig.)"];
    let stripped = STARTS.iter().find_map(|start| text.strip_prefix(start));
    stripped.map_or(text, str::trim_start)
}

/// Cuts where the text turns to a Chinese word: `bank, also written 银行`.
pub(super) fn without_cross_reference(text: &str) -> String {
    const PHRASES: [&str; 15] = [
        "abbr.",
        "abbreviated",
        "also written",
        "also known as",
        "also called",
        "same as",
        "see also",
        "see",
        "cf.",
        "cf",
        "equivalent",
        "variant of",
        "short for",
        "opposite of",
        "also",
    ];
    const CONNECTORS: [&str; 4] = [" to", " for", " as", " with"];
    let mut after_chinese = false;
    for (place, character) in text.char_indices() {
        let begins = is_chinese(character) && !after_chinese;
        after_chinese = is_chinese(character);
        if !begins {
            continue;
        }
        let before = text.get(..place).unwrap_or_default().trim_end_matches('"').trim_end();
        let without_connector = CONNECTORS.iter().find_map(|word| before.strip_suffix(word));
        let ends = [Some(before), without_connector.map(str::trim_end)];
        let phrase = |end: &str| {
            let cut = PHRASES.iter().find_map(|phrase| end.strip_suffix(phrase))?;
            let whole_word = !cut.ends_with(char::is_alphanumeric);
            // `abbr. for 北京大学, Peking University`: what matters comes after.
            let is_meant = !(cut.is_empty() && end.starts_with("abbr"));
            (whole_word && is_meant).then(|| cut.trim_end().trim_end_matches(',').to_owned())
        };
        if let Some(cut) = ends.into_iter().flatten().find_map(phrase) {
            return cut;
        }
    }
    text.to_owned()
}

/// The simplified word that a gloss refers to: `variant of 裡|里[li3]` refers to 里.
pub(crate) fn reference(gloss: &str) -> Option<String> {
    const PHRASES: [&str; 12] = [
        "variant of",
        "see",
        "see also",
        "same as",
        "equivalent to",
        "used in",
        "also written",
        "abbr. for",
        "abbr. of",
        "contraction of",
        "old name for",
        "also known as",
    ];
    let mut rest = gloss;
    let mut passed = 0;
    while let Some(place) = rest.find(is_chinese) {
        let before = gloss.get(..passed + place).unwrap_or_default();
        let word = rest.get(place..).unwrap_or_default();
        let end = word.find(|c| !is_chinese(c) && c != '|').unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        let spaced = before.ends_with(char::is_whitespace);
        if spaced && PHRASES.iter().any(|phrase| before.trim_end().ends_with(phrase)) {
            let simplified = word.split('|').nth(1).filter(|word| !word.is_empty());
            return simplified.or_else(|| word.split('|').next()).map(str::to_owned);
        }
        passed = gloss.len() - after.len();
        rest = after;
    }
    None
}
