//! One line for a text: the neighbouring clauses of one sentence that say most of it.
//!
//! For a run of clauses, how much of a line written by a person it would share is foretold from
//! how often the text comes back to its words; longer runs share more and are less to the point,
//! which is weighed as overlap is (F1). The figures were fitted on Chinese posts and their
//! headlines, every second one of them.

use super::quote::quote_close;
use super::rank::GRAMMAR_WEIGHT;
use crate::encoder::{is_function_character, word_weight};
use crate::token::{TokenKind, Tokens};
use std::collections::HashMap;

/// Clauses taken together at most.
const RUN_CLAUSES_MAX: usize = 4;
/// What each word of a run is expected to share with a headline,
const SHARED_PER_WORD: f32 = 0.225;
/// more at the start of the text,
const SHARED_AT_START: f32 = 0.061;
/// more where pairs of words come again,
const SHARED_WHERE_REPEATED: f32 = 0.93;
/// though each further pair tells less,
const REPEATED_FADES: f32 = 0.0118;
/// less with every clause of the run;
const CLAUSE_FADES: f32 = 0.02;
/// a name or a saying in marks is likely to come again,
const SHARED_PER_QUOTE: f32 = 0.64;
/// and a little is always lost.
const LOST: f32 = 0.4;

/// The clauses of a sentence, their marks included: together they are the sentence. Marks between digits, within quotes or titles
/// cut nothing.
pub(super) fn clauses(sentence: &str) -> Vec<&str> {
    let characters: Vec<(usize, char)> = sentence.char_indices().collect();
    let (mut clauses, mut start, mut index) = (Vec::new(), 0, 0);
    while let Some((position, character)) = characters.get(index).copied() {
        if let Some(close) = quote_close(&characters, index) {
            index = close + 1;
            continue;
        }
        index += 1;
        let wide = matches!(character, '，' | '；');
        let narrow = matches!(character, ',' | ';')
            && characters.get(index).is_some_and(|(_, next)| next.is_whitespace());
        if wide || narrow {
            let end = position + character.len_utf8();
            clauses.push(sentence.get(start..end).unwrap_or_default());
            start = end;
        }
    }
    clauses.push(sentence.get(start..).unwrap_or_default());
    clauses
}

/// The most telling run of clauses in these sentences, for a line of about `near` words.
pub(super) fn best_run<'a>(sentences: &[&'a str], near: usize) -> &'a str {
    let repeated = pair_counts(sentences);
    let mut best: (f32, &str) = (f32::NEG_INFINITY, "");
    for (place, sentence) in sentences.iter().enumerate() {
        let clauses = clauses(sentence);
        for first in 0..clauses.len() {
            for last in first..clauses.len().min(first + RUN_CLAUSES_MAX) {
                let run = between(sentence, clauses[first], clauses[last]);
                let at_start = place == 0 && first == 0;
                let worth = worth(run, last + 1 - first, at_start, near, &repeated);
                if worth > best.0 {
                    best = (worth, run);
                }
            }
        }
    }
    best.1
}

/// The part of a sentence from one of its clauses to another, without the mark at its end.
fn between<'a>(sentence: &'a str, first: &str, last: &str) -> &'a str {
    let offset = |part: &str| part.as_ptr().addr().saturating_sub(sentence.as_ptr().addr());
    let run = sentence.get(offset(first)..offset(last) + last.len()).unwrap_or(sentence);
    run.trim().trim_end_matches(['，', '；', '。', ',', ';', '.']).trim_end()
}

type Pairs = HashMap<(String, String), usize>;

fn pair_counts(sentences: &[&str]) -> Pairs {
    let mut counts = Pairs::new();
    let units: Vec<String> = sentences.iter().flat_map(|each| units(each)).collect();
    for pair in pairs(&units) {
        *counts.entry(pair).or_default() += 1;
    }
    counts
}

fn units(text: &str) -> Vec<String> {
    let cut = Tokens::of(text);
    let mut units = Vec::new();
    for (kind, token) in cut.iter() {
        match kind {
            TokenKind::Ideographs => units.extend(token.chars().map(String::from)),
            TokenKind::Word | TokenKind::Number => units.push(token.to_owned()),
        }
    }
    units
}

fn pairs(units: &[String]) -> impl Iterator<Item = (String, String)> {
    units.windows(2).filter_map(|pair| match pair {
        [first, second] => Some((first.clone(), second.clone())),
        _ => None,
    })
}

fn worth(run: &str, clauses: usize, at_start: bool, near: usize, repeated: &Pairs) -> f32 {
    let units = units(run);
    let length = units.len() as f32;
    let again = pairs(&units)
        .filter(|pair| !is_grammar(&pair.0) && !is_grammar(&pair.1))
        .filter(|pair| repeated.get(pair).is_some_and(|count| *count > 1))
        .count() as f32;
    let per_word = SHARED_PER_WORD
        + if at_start { SHARED_AT_START } else { 0.0 }
        + SHARED_WHERE_REPEATED * again / (length - 1.0).max(1.0)
        - REPEATED_FADES * again
        - CLAUSE_FADES * clauses as f32;
    let quotes = run.chars().filter(|each| matches!(each, '“' | '《' | '「')).count() as f32;
    let shared = length * per_word + SHARED_PER_QUOTE * quotes - LOST;
    2.0 * shared / (length + near as f32)
}

fn is_grammar(unit: &str) -> bool {
    unit.chars().all(is_function_character) || word_weight(unit) <= GRAMMAR_WEIGHT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_quotes_and_titles_are_not_cut() {
        assert_eq!(
            clauses("他说“去，还是不去”，票价1,200元；《你，我》上映"),
            ["他说“去，还是不去”，", "票价1,200元；", "《你，我》上映"]
        );
        assert_eq!(clauses("It rose 1,200, then fell"), ["It rose 1,200,", " then fell"]);
    }

    #[test]
    fn the_clause_the_text_comes_back_to_is_its_line() {
        let text =
            ["昨天天气很好，很多人出门", "地铁新线今天开通，市民试乘", "地铁新线开通后票价不变"];
        let line = best_run(&text, 8);
        assert!(line.contains("地铁新线") && !line.contains("天气"), "{line}");
    }

    proptest! {
        #[test]
        fn a_line_is_part_of_a_sentence(text in "[ -~，；。“”中文地铁]{0,80}", near in 0_usize..40) {
            let line = best_run(&[&text], near);
            prop_assert!(text.contains(line));
        }
    }
}
