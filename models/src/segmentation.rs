//! Words for the search index: the same for what is stored and for what is asked.
//!
//! Chinese has no blanks. Texts are indexed by jieba's words and by every pair of neighbouring
//! characters; a query is cut into words by jieba, and each word is looked up by its pairs. So a
//! word is found wherever its characters stand, however the text around it was cut, and words of a
//! query need not stand side by side. Everything else is a run of letters and digits, lower-case.

use jieba_rs::Jieba;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

/// Characters of one article that are indexed; more is no news.
const TEXT_CHARS_MAX: usize = 60_000;
/// Different tokens of one article.
const TOKENS_MAX: usize = 8_000;
/// Characters of one token; longer runs are no words.
const TOKEN_CHARS_MAX: usize = 48;
/// Characters of a query that count.
const QUERY_CHARS_MAX: usize = 500;
/// Words of a query that count.
const QUERY_WORDS_MAX: usize = 32;

/// The dictionary takes about a tenth of a second to load, once.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Words that somebody else has loaded already.
static SHARED: OnceLock<Arc<Jieba>> = OnceLock::new();

/// Cuts by these words from now on instead of loading its own. Texts that were indexed before are
/// found all the same: a word is looked up by its pairs, which are indexed however it was cut. The
/// first call counts; answers whether this was it.
pub fn share_words(words: Arc<Jieba>) -> bool {
    SHARED.set(words).is_ok()
}

fn jieba() -> &'static Jieba {
    SHARED.get().map_or_else(|| &*JIEBA, Arc::as_ref)
}

/// The different tokens of these texts, separated by blanks, for [`crate::IndexEntry`].
#[must_use]
pub fn tokens(texts: &[&str]) -> String {
    let mut tokens = BTreeSet::new();
    let mut left = TEXT_CHARS_MAX;
    for text in texts {
        let text = fold(text, left);
        left -= text.chars().count().min(left);
        for run in runs(&text) {
            match run {
                Run::Word(word) => add(&mut tokens, word),
                Run::Ideographs(run) => {
                    for word in jieba().cut_for_search(run, true) {
                        add(&mut tokens, word.word);
                    }
                    for pair in pairs(run) {
                        add(&mut tokens, pair);
                    }
                }
            }
        }
    }
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    tokens.join(" ")
}

/// The words of a query, each once; all of them must occur. They consist of letters and digits
/// only, so they can be quoted in any query language.
#[must_use]
pub fn query_words(query: &str) -> Vec<String> {
    let query = fold(whole_words(query), QUERY_CHARS_MAX);
    let mut words = BTreeSet::new();
    for run in runs(&query) {
        match run {
            Run::Word(word) => words.extend(clipped(word)),
            Run::Ideographs(run) => {
                for word in jieba().cut(run, true) {
                    let word = word.word;
                    if word.chars().nth(1).is_none() {
                        words.extend(clipped(word));
                    } else {
                        words.extend(pairs(word).map(str::to_owned));
                    }
                }
            }
        }
    }
    words.into_iter().take(QUERY_WORDS_MAX).collect()
}

/// The query without the word that the length limit would cut in two.
fn whole_words(query: &str) -> &str {
    match query.char_indices().nth(QUERY_CHARS_MAX) {
        None => query,
        Some((end, _)) => {
            query[..end].rsplit_once(char::is_whitespace).map_or(&query[..end], |(kept, _)| kept)
        }
    }
}

fn add(tokens: &mut BTreeSet<String>, token: &str) {
    if tokens.len() < TOKENS_MAX
        && let Some(token) = clipped(token)
        && !tokens.contains(&token)
    {
        tokens.insert(token);
    }
}

/// The token if it is one, cut at the longest length; the same for text and query.
fn clipped(token: &str) -> Option<String> {
    let clipped: String = token.chars().take(TOKEN_CHARS_MAX).collect();
    (!clipped.is_empty() && clipped.chars().all(char::is_alphanumeric)).then_some(clipped)
}

/// One stretch of a text.
enum Run<'a> {
    Word(&'a str),
    Ideographs(&'a str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Letter,
    Ideograph,
}

fn class(character: char) -> Class {
    match character {
        // Kana, CJK with extension A and compatibility, extensions B and later.
        '\u{3041}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}'
            if character.is_alphanumeric() =>
        {
            Class::Ideograph
        }
        _ if character.is_alphanumeric() => Class::Letter,
        _ => Class::Other,
    }
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut start = 0;
    let mut current = Class::Other;
    let ends = text.char_indices().map(|(at, character)| (at, class(character)));
    for (at, next) in ends.chain([(text.len(), Class::Other)]) {
        if next == current && at < text.len() {
            continue;
        }
        match current {
            Class::Letter => runs.push(Run::Word(&text[start..at])),
            Class::Ideograph => runs.push(Run::Ideographs(&text[start..at])),
            Class::Other => {}
        }
        (start, current) = (at, next);
    }
    runs
}

/// Every two neighbouring characters; a single character stands for itself.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    let width = if starts.len() > 2 { 2 } else { 1 };
    (0..starts.len().saturating_sub(width)).map(move |at| &run[starts[at]..starts[at + width]])
}

/// Lower-case, with full-width Latin as plain Latin, precomposed accents of Western languages as
/// their base letters, and combining marks dropped: "Ｃａｆé" and "cafe" are one word.
fn fold(text: &str, chars_max: usize) -> String {
    let mut folded = String::with_capacity(text.len().min(chars_max * 4));
    for character in text.chars().take(chars_max) {
        match character {
            '\u{ff01}'..='\u{ff5e}' => {
                let plain = u32::from(character) - 0xfee0;
                folded.extend(char::from_u32(plain).into_iter().flat_map(char::to_lowercase));
            }
            '\u{0300}'..='\u{036f}' => {}
            _ if character.is_ascii() => folded.push(character.to_ascii_lowercase()),
            _ => folded
                .extend(character.to_lowercase().filter(|c| !is_combining(*c)).map(base_letter)),
        }
    }
    folded
}

fn is_combining(character: char) -> bool {
    ('\u{0300}'..='\u{036f}').contains(&character)
}

fn base_letter(character: char) -> char {
    match character {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'į' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ś' | 'š' | 'ş' => 's',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ł' => 'l',
        'ř' => 'r',
        'ď' => 'd',
        'ť' => 't',
        'ğ' => 'g',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(text: &str, query: &str) -> bool {
        let tokens = tokens(&[text]);
        let tokens: Vec<&str> = tokens.split(' ').collect();
        let words = query_words(query);
        !words.is_empty() && words.iter().all(|word| tokens.contains(&word.as_str()))
    }

    #[test]
    fn chinese_words_are_found_whatever_stands_around_them() {
        let text = "中国的人工智能产业正在采购新的芯片，价格上涨。";
        for query in ["芯片", "人工智能", "智能", "人工智能芯片", "价格 芯片"] {
            assert!(
                matches(text, query),
                "{query}: {:?} in {}",
                query_words(query),
                tokens(&[text])
            );
        }
        assert!(!matches(text, "量子"));
        assert!(!matches("只说芯子和照片", "芯片"));
    }

    #[test]
    fn latin_words_are_found_in_any_case_width_and_accent() {
        let text = "OpenAI announces GPT-4o at the Café";
        for query in ["openai", "OPENAI", "ｏｐｅｎａｉ", "gpt-4o", "cafe", "cafe\u{301}"] {
            assert!(matches(text, query), "{query}");
        }
        assert!(!matches(text, "open"));
    }

    #[test]
    fn punctuation_alone_is_no_query() {
        assert!(query_words("\"' OR 1=1 --").contains(&"or".to_owned()));
        assert!(query_words("*^\"()").is_empty());
    }

    proptest! {
        #[test]
        fn a_query_word_never_holds_anything_but_letters_and_digits(query in any::<String>()) {
            for word in query_words(&query) {
                prop_assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric));
            }
        }

        #[test]
        fn a_text_without_ideographs_is_found_by_each_of_its_words(words in prop::collection::vec("[a-zA-Z0-9]{1,12}", 1..20)) {
            let text = words.join(" ");
            for word in &words {
                prop_assert!(matches(&text, word), "{}", word);
            }
        }
    }
}
