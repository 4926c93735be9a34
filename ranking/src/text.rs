//! Words of a text for stories: folded, without grammar, ideographs in pairs.

use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Characters of a text that are looked at.
const CHARACTERS_MAX: usize = 600;
/// Words that say nothing about which story it is.
const GRAMMAR: &str = " a about after all also an and any are as at be been before but by can could \
    did do down for from had has have he her his how i if in into is it its just may more most new \
    no not of off on one or our out over said say says she should so some than that the their them \
    then there they this to two up us was we were what when where which who will with would year \
    years you your ";
const GRAMMAR_CHARACTERS: &str = "的了是在和与及或也都就而又于以为之其这那个有不被将对向";

/// Hash of each word with how often it occurs.
pub(crate) fn words(text: &str) -> BTreeMap<u64, f32> {
    let mut counts = BTreeMap::new();
    let mut word = String::new();
    let mut previous: Option<char> = None;
    for character in text.chars().take(CHARACTERS_MAX).chain([' ']) {
        if is_ideographic(character) {
            if let Some(first) = previous {
                let pair: String = [first, character].iter().collect();
                if !pair.chars().any(|each| GRAMMAR_CHARACTERS.contains(each)) {
                    *counts.entry(xxh3_64(pair.as_bytes())).or_default() += 1.0;
                }
            }
            previous = Some(character);
            finish(&mut word, &mut counts);
        } else {
            previous = None;
            if character.is_alphanumeric() {
                word.extend(character.to_lowercase());
            } else {
                finish(&mut word, &mut counts);
            }
        }
    }
    counts
}

fn finish(word: &mut String, counts: &mut BTreeMap<u64, f32>) {
    let is_grammar = GRAMMAR.contains(&format!(" {word} "));
    if word.chars().nth(1).is_some() && !is_grammar {
        let root = word.strip_suffix('s').filter(|root| root.len() > 3).unwrap_or(word);
        *counts.entry(xxh3_64(root.as_bytes())).or_default() += 1.0;
    }
    word.clear();
}

fn is_ideographic(character: char) -> bool {
    matches!(u32::from(character),
        0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF
        | 0x2_0000..=0x3_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar_and_case_are_left_out() {
        assert_eq!(words("The Floods IN the city"), words("flood, city"));
        assert_eq!(words("的芯片").len(), 1);
        assert!(words("").is_empty());
    }
}
