//! Cuts English and Chinese text into sentences.
//!
//! A full stop ends no sentence after an abbreviation or an initial, between digits, or when a
//! lower-case letter follows. Chinese stops always end one. Closing quotes and brackets belong to
//! the sentence they close; inside quotes in Chinese a stop ends the sentence with the quote.

/// Sentences looked at in one text; what follows is one more sentence.
pub(super) const SENTENCES_MAX: usize = 400;

const ABBREVIATIONS: [&str; 46] = [
    "mr", "mrs", "ms", "dr", "prof", "sen", "rep", "gov", "gen", "col", "lt", "sgt", "capt", "st",
    "jr", "sr", "inc", "ltd", "co", "corp", "vs", "etc", "e.g", "i.e", "u.s", "u.k", "u.n", "e.u",
    "no", "vol", "fig", "dept", "est", "approx", "jan", "feb", "mar", "apr", "aug", "sept", "oct",
    "nov", "dec", "a.m", "p.m", "ph.d",
];

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
        if !ends_sentence(line, &characters, index) {
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

fn ends_sentence(line: &str, characters: &[(usize, char)], index: usize) -> bool {
    let Some((position, character)) = characters.get(index).copied() else { return false };
    match character {
        '。' | '！' | '？' | '；' | '…' => true,
        '!' | '?' => followed_by_break(characters, index),
        '.' => {
            followed_by_break(characters, index)
                && !is_abbreviation(line.get(..position).unwrap_or_default())
        }
        _ => false,
    }
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

fn is_abbreviation(before: &str) -> bool {
    let word = before
        .rsplit(|character: char| character.is_whitespace() || matches!(character, '(' | '"' | '“'))
        .next()
        .unwrap_or_default();
    let mut letters = word.chars();
    let is_initial = matches!(letters.next(), Some(first) if first.is_uppercase() && first.is_alphabetic())
        && letters.next().is_none();
    is_initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
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

    proptest! {
        #[test]
        fn no_letter_is_lost_or_doubled(text in "[ -~。！？“”中文\n]{0,300}") {
            let kept: String = split_sentences(&text).concat();
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(letters(&kept), letters(&text));
        }
    }
}
