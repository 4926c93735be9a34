//! A fixed stand-in for document frequencies, so that every node weighs words alike without a corpus.
//!
//! Function words carry almost no weight, very common content words some, the rest by length:
//! in both languages longer units are rarer. The lists are ours and belong to the model's
//! version; a change to them raises it.

use std::collections::HashSet;
use std::sync::LazyLock;

const ENGLISH_FUNCTION_WORDS: &str = "a about above after again against all also am an and any are \
    aren't as at be because been before being below between both but by can can't cannot could \
    couldn't did didn't do does doesn't doing don't down during each few for from further had \
    hadn't has hasn't have haven't having he her here hers herself him himself his how i if in \
    into is isn't it it's its itself let me more most my myself no nor not of off on once only or \
    other our ours ourselves out over own same shall she should so some such than that that's the \
    their theirs them themselves then there these they this those through to too under until up \
    upon us very was wasn't we were weren't what when where which while who whom whose why will \
    with won't would wouldn't yet you your yours yourself may might must said says say";

const ENGLISH_COMMON_WORDS: &str = "new year years time day days week month people man woman men \
    women one two three first last make makes made making get gets got take takes took go goes \
    going went come comes came see look looks use used using way back good many much now just \
    still even well part place thing things another around next really like want need know think \
    world news today report reports according set top best big small long high low part show \
    shows today's per among since ago";

const CHINESE_FUNCTION_CHARACTERS: &str = "的了是在和与及或也都就而又于以为之其这那此该他她它们我你您\
    有个一不着过被把将从到对向由因所但却并还很更最会能可要吗呢吧啊呀么没啦哦";

static FUNCTION_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENGLISH_FUNCTION_WORDS.split_whitespace().collect());
static COMMON_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENGLISH_COMMON_WORDS.split_whitespace().collect());
static FUNCTION_CHARACTERS: LazyLock<HashSet<char>> =
    LazyLock::new(|| CHINESE_FUNCTION_CHARACTERS.chars().collect());

/// How much a word in lower case says, between 0 and 1.
pub(crate) fn word_weight(word: &str) -> f32 {
    if FUNCTION_WORDS.contains(word) {
        return 0.05;
    }
    let by_length = match word.chars().count() {
        1 => 0.35,
        2 | 3 => 0.75,
        4 | 5 => 0.85,
        _ => 1.0,
    };
    if COMMON_WORDS.contains(word) { by_length * 0.5 } else { by_length }
}

/// Whether a character mostly serves grammar.
pub(crate) fn is_function_character(character: char) -> bool {
    FUNCTION_CHARACTERS.contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_looking_words_weigh_more_than_common_ones() {
        assert!(word_weight("semiconductor") > word_weight("people"));
        assert!(word_weight("people") > word_weight("the"));
        assert!(is_function_character('的') && !is_function_character('芯'));
    }
}
