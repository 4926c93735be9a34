//! Cuts English and Chinese text into sentences.
//!
//! A full stop ends no sentence after an abbreviation, an initial or the number of a list's item,
//! between digits, within an address, or when a lower-case letter follows. Chinese stops always end
//! one. Closing quotes and brackets belong to the sentence they close. A quotation is never cut; in
//! Chinese a stop at its end ends the sentence with it, unless who said it follows.

use super::quote::{is_stop, quote_close};

/// Sentences looked at in one text; what follows is one more sentence.
pub(super) const SENTENCES_MAX: usize = 400;

/// Words after whose full stop the sentence always goes on.
const ABBREVIATIONS: &str = "mr mrs ms dr prof sen rep gov gen col lt sgt capt st rev hon mt vs e.g \
    i.e vol fig dept est approx cf pp jan feb mar apr jun jul aug sep sept oct nov dec";
/// Words whose full stop may also be the sentence's: it is when a word follows that starts one.
const ENDING_ABBREVIATIONS: &str = "jr sr inc ltd co corp plc bros etc al u.s u.k u.n e.u u.s.a d.c \
    a.m p.m ph.d";
const SENTENCE_STARTS: &str = "the a an it he she they we but and in on at for this that these its \
    his her their there when while after before if however as";
/// What follows a Chinese quotation when who said it is told.
const SAID: [&str; 5] = ["说", "表示", "称", "指出", "道："];
/// Characters after a quotation that are looked at for it.
const SAID_WITHIN: usize = 6;

/// The sentences of a text, trimmed, in order, none empty. Line breaks end sentences.
#[must_use]
pub(crate) fn split_sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        split_line(line, &mut sentences);
    }
    sentences
}

fn split_line<'a>(line: &'a str, sentences: &mut Vec<&'a str>) {
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    let (mut start, mut index) = (0, 0);
    while index < characters.len() && sentences.len() < SENTENCES_MAX {
        if let Some(close) = quote_close(&characters, index) {
            let stopped = characters.get(close - 1).is_some_and(|(_, last)| is_stop(*last));
            if !stopped || is_attributed(&characters, close) {
                index = close + 1;
                continue;
            }
            index = close - 1;
        }
        if !ends_sentence(line, start, &characters, index) {
            index += 1;
            continue;
        }
        // Further stops, closing quotes and brackets belong to this sentence.
        while characters.get(index + 1).is_some_and(|(_, next)| closes(*next)) {
            index += 1;
        }
        let end = characters.get(index + 1).map_or(line.len(), |(position, _)| *position);
        push(line, start, end, sentences);
        start = end;
        index += 1;
    }
    push(line, start, line.len(), sentences);
}

fn push<'a>(line: &'a str, start: usize, end: usize, sentences: &mut Vec<&'a str>) {
    let sentence = line.get(start..end).unwrap_or_default().trim();
    if sentence.chars().any(char::is_alphanumeric) {
        sentences.push(sentence);
    }
}

/// Whether a Chinese quotation is followed by who said it.
fn is_attributed(characters: &[(usize, char)], close: usize) -> bool {
    let after: String = characters
        .iter()
        .skip(close + 1)
        .map(|(_, each)| *each)
        .take(SAID_WITHIN)
        .take_while(|each| crate::token::is_ideographic(*each) || *each == '：')
        .collect();
    SAID.iter().any(|said| after.contains(said))
}

fn ends_sentence(line: &str, start: usize, characters: &[(usize, char)], index: usize) -> bool {
    let Some((position, character)) = characters.get(index).copied() else { return false };
    match character {
        '。' | '！' | '？' | '；' => true,
        '!' | '?' | '…' => followed_by_break(characters, index),
        '.' => {
            let before = line.get(start..position).unwrap_or_default();
            let after = line.get(position + 1..).unwrap_or_default();
            followed_by_break(characters, index)
                && !is_item_number(before)
                && !is_abbreviation(before, after)
        }
        _ => false,
    }
}

/// Whether a sentence so far is only the number of a list's item, such as `12` of `12. Rain`.
fn is_item_number(before: &str) -> bool {
    let number = before.trim();
    (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether, past closing marks, the line ends or a blank and then no lower-case letter follows.
fn followed_by_break(characters: &[(usize, char)], index: usize) -> bool {
    let mut rest = characters.get(index + 1..).unwrap_or_default().iter().map(|(_, c)| *c);
    let Some(next) = rest.find(|character| !closes(*character)) else { return true };
    if crate::token::is_ideographic(next) {
        return true;
    }
    if !next.is_whitespace() {
        return false;
    }
    rest.find(|character| !character.is_whitespace()).is_none_or(|first| !first.is_lowercase())
}

fn closes(character: char) -> bool {
    matches!(
        character,
        '.' | '!'
            | '?'
            | '"'
            | '\''
            | ')'
            | ']'
            | '”'
            | '’'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '。'
            | '！'
            | '？'
            | '…'
    )
}

fn is_abbreviation(before: &str, after: &str) -> bool {
    let word = before
        .rsplit(|character: char| character.is_whitespace() || matches!(character, '(' | '"' | '“'))
        .next()
        .unwrap_or_default();
    let mut letters = word.chars();
    let is_initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
    let word = word.to_lowercase();
    let next = after.split_whitespace().next().unwrap_or_default();
    if is_initial || is_one_of(ABBREVIATIONS, &word) {
        return true;
    }
    if matches!(word.as_str(), "no" | "nos") {
        return next.starts_with(|first: char| first.is_ascii_digit());
    }
    is_one_of(ENDING_ABBREVIATIONS, &word) && !is_one_of(SENTENCE_STARTS, &next.to_lowercase())
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|each| each == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn abbreviations_initials_and_decimals_end_no_sentence() {
        let text = "Dr. J. Miller paid $3.5 million in the U.S. last year. Nobody knew why.";
        assert_eq!(
            split_sentences(text),
            ["Dr. J. Miller paid $3.5 million in the U.S. last year.", "Nobody knew why."]
        );
    }

    #[test]
    fn quotes_stay_with_their_sentence() {
        assert_eq!(
            split_sentences("\"We won!\" he said. \"Really?\" She left."),
            ["\"We won!\" he said.", "\"Really?\"", "She left."]
        );
        assert_eq!(
            split_sentences("他说：“我们赢了。”她不信！真的吗？？是3.5亿元。"),
            ["他说：“我们赢了。”", "她不信！", "真的吗？？", "是3.5亿元。"]
        );
    }

    #[test]
    fn lines_end_sentences_and_rules_of_dashes_are_none() {
        assert_eq!(split_sentences("Headline\n-----\nText"), ["Headline", "Text"]);
    }

    #[test]
    fn a_quotation_of_several_sentences_stays_whole_with_who_said_it() {
        assert_eq!(
            split_sentences("\"We won. They lost,\" he said. She left."),
            ["\"We won. They lost,\" he said.", "She left."]
        );
        assert_eq!(
            split_sentences("「我們贏了。他們輸了。」主席說完就走。“走吧！”他说。天黑了。"),
            ["「我們贏了。他們輸了。」", "主席說完就走。", "“走吧！”他说。", "天黑了。"]
        );
        assert_eq!(split_sentences("他说『好。走』就走了。"), ["他说『好。走』就走了。"]);
    }

    #[test]
    fn an_ellipsis_ends_a_sentence_only_where_a_new_one_starts() {
        assert_eq!(
            split_sentences("Well… maybe not... Then he left. 他想了想……还是走了。"),
            ["Well… maybe not...", "Then he left.", "他想了想……", "还是走了。"]
        );
    }

    #[test]
    fn addresses_item_numbers_and_numbers_of_things_are_not_cut() {
        let text = "See www.example.org/a.b?c=1.5 for No. 5. It is there.";
        assert_eq!(
            split_sentences(text),
            ["See www.example.org/a.b?c=1.5 for No. 5.", "It is there."]
        );
        assert_eq!(split_sentences("1. Rain\n12. Snow falls"), ["1. Rain", "12. Snow falls"]);
        assert_eq!(split_sentences("He said no. Nobody cared."), ["He said no.", "Nobody cared."]);
    }

    #[test]
    fn an_abbreviation_at_the_end_of_a_sentence_ends_it_when_a_new_one_starts() {
        assert_eq!(
            split_sentences("It moved to the U.S. The U.S. Army left at 5 p.m. on Monday."),
            ["It moved to the U.S.", "The U.S. Army left at 5 p.m. on Monday."]
        );
    }

    #[test]
    fn semicolons_in_chinese_end_sentences_and_commas_do_not() {
        assert_eq!(split_sentences("一是快，二是好；三是省。"), ["一是快，二是好；", "三是省。"]);
    }

    proptest! {
        #[test]
        fn no_letter_is_lost_or_doubled(text in "[ -~。！？“”中文\n]{0,300}") {
            let kept: String = split_sentences(&text).concat();
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(letters(&kept), letters(&text));
        }
    }
}
