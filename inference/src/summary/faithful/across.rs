//! The guard for a text in another language than its article's.
//!
//! Spelling no longer tells: 默克尔 and Merkel share no letter, and nobody can list all people in
//! both languages. What is checked is what can be looked up all the same:
//! - every **number** by value, also as a translation says it: `May` becomes `5月`, `third` `第三`,
//!   `6 p.m.` `18时`, `三成` `30%`;
//! - **Latin words with capitals within a Chinese text**: they were taken over and not translated, so
//!   the article has them, or the words they are the initials of;
//! - **marked words in any text** (`GPT-4`, `iPhone`, `IAEA`): as above; or they and their
//!   counterpart stand in the table of well-known ones;
//! - **states and organisations everybody has a word for**: one that the text names must be named
//!   or hinted at in the article, by the same table;
//! - between two languages of one script: of **names of two words or more** the article has at least
//!   one, because people keep their names and countries do not.
//!
//! What is not checked: names of people and places written in another script.

use super::counterparts::{counterpart_of, missing_counterpart};
use super::{Invented, names, numbers};
use crate::token::is_ideographic;
use std::collections::HashSet;

/// The first number or name of `text`, a text in another language about `article`, that does not
/// agree with it as far as that can be looked up; `None` for a text that keeps to it.
#[must_use]
pub fn find_invented_across(text: &str, article: &str) -> Option<Invented> {
    let known = numbers::values_across(article);
    let number = numbers::numbers(text).into_iter().find(|number| !known.contains(&number.value));
    if let Some(number) = number {
        return Some(Invented::Number(number.written));
    }
    let name = find_unknown_word(text, article)
        .or_else(|| missing_counterpart(text, article))
        .or_else(|| find_unknown_pair(text, article));
    name.map(Invented::Name)
}

fn is_wide(text: &str) -> bool {
    let wide = text.chars().filter(|character| is_ideographic(*character)).count();
    wide * 4 > text.chars().filter(|character| character.is_alphabetic()).count()
}

/// A word with capitals that would have been taken over as it is, and was not.
fn find_unknown_word(text: &str, article: &str) -> Option<String> {
    let known: HashSet<String> =
        names::words(article).iter().map(|word| names::key(word)).collect();
    let within_chinese = text.chars().any(is_ideographic);
    let is_claim =
        |word: &&str| names::is_marked(word) || (within_chinese && names::starts_like_name(word));
    let is_known = |word: &str| {
        let key = names::key(word);
        let singular = key.strip_suffix('s').unwrap_or(&key);
        known.contains(&key)
            || known.contains(singular)
            || is_initials(singular, article)
            || counterpart_of(word, article)
    };
    names::words(text).into_iter().filter(is_claim).find(|word| !is_known(word)).map(str::to_owned)
}

/// Whether an acronym is made of the first letters of words with capitals that follow each other.
fn is_initials(acronym: &str, article: &str) -> bool {
    let length = acronym.chars().count();
    if !(2..=6).contains(&length) {
        return false;
    }
    let mut run = String::new();
    for word in names::words(article) {
        match word.chars().next() {
            Some(first) if first.is_uppercase() => run.extend(first.to_lowercase()),
            // `of`, `the`, `and`: no letter of it stands for them.
            _ if word.len() <= 3 => {}
            _ => run.clear(),
        }
        if run.ends_with(acronym) {
            return true;
        }
    }
    false
}

/// Between two languages of one script: a name of several words of which the article has none.
fn find_unknown_pair(text: &str, article: &str) -> Option<String> {
    if is_wide(text) || is_wide(article) {
        return None;
    }
    let known: HashSet<String> =
        names::words(article).iter().map(|word| names::key(word)).collect();
    let words = names::words(text);
    let pairs = words.windows(2).filter_map(|pair| <[&str; 2]>::try_from(pair).ok());
    let mut names = pairs.filter(|pair| pair.iter().all(|word| names::starts_like_name(word)));
    let unknown = names.find(|pair| !pair.iter().any(|word| known.contains(&names::key(word))));
    unknown.map(|pair| pair.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENGLISH: &str = "Angela Merkel met Emmanuel Macron in Paris on May 12. The European Union \
        will spend $1.5 billion on 25 projects. The third one, near Lyon, doubled in size and opens \
        at 6 p.m. The International Atomic Energy Agency and OpenAI were there.";
    const CHINESE: &str = "据报道，张伟表示，华星公司将投资1.5亿元，在北京大学附近建设三十五座实验室。\
        三成资金来自欧盟。OpenAI 的 GPT-4 也在其中，活动于18时开始。";

    fn invented(text: &str, article: &str) -> Option<String> {
        find_invented_across(text, article).map(|found| found.to_string())
    }

    #[test]
    fn numbers_agree_by_value_however_a_translation_says_them() {
        for (text, article) in [
            ("5月12日，默克尔在巴黎会见马克龙，欧盟将为25个项目支出15亿美元。", ENGLISH),
            ("第三天下午6点开放，面积增加到2倍，晚上18时关闭。", ENGLISH),
            (
                "Huaxing will invest 150 million yuan in 35 laboratories; 30 percent comes from the EU.",
                CHINESE,
            ),
            ("It begins at 6 p.m.", CHINESE),
        ] {
            assert_eq!(invented(text, article), None, "{text}");
        }
        for (text, article, what) in [
            ("欧盟将支出1.5亿美元。", ENGLISH, "the number 1.5亿"),
            ("7月12日会见。", ENGLISH, "the number 7"),
            ("Huaxing will invest 1.5 billion yuan.", CHINESE, "the number 1.5 billion"),
            ("40 percent comes from the EU.", CHINESE, "the number 40"),
        ] {
            assert_eq!(invented(text, article).as_deref(), Some(what), "{text}");
        }
    }

    #[test]
    fn words_that_are_taken_over_must_be_in_the_article() {
        for text in ["OpenAI 和 IAEA 参加，EU 出资。", "国际原子能机构（IAEA）与 Merkel 参加。"]
        {
            assert_eq!(invented(text, ENGLISH), None, "{text}");
        }
        assert_eq!(invented("Google 参加。", ENGLISH).as_deref(), Some("the name Google"));
        assert_eq!(invented("UNICEF 参加。", ENGLISH).as_deref(), Some("the name UNICEF"));
        assert_eq!(invented("OpenAI shows GPT-4.", CHINESE), None);
        assert_eq!(
            invented("DeepMind shows GPT-4.", CHINESE).as_deref(),
            Some("the name DeepMind")
        );
        assert_eq!(invented("NATO pays.", CHINESE).as_deref(), Some("the name NATO"));
    }

    #[test]
    fn states_and_organisations_have_their_counterpart() {
        assert_eq!(
            invented("法国总统与德国总理会面，欧盟出资。", ENGLISH).as_deref(),
            Some("the name 德国")
        );
        assert_eq!(invented("法国总统会面，欧盟出资。", ENGLISH), None);
        assert_eq!(invented("The European Union pays for it in China.", CHINESE), None);
        assert_eq!(invented("Japan pays for it.", CHINESE).as_deref(), Some("the name Japan"));
        assert_eq!(invented("印度尼西亚出资。", "Indonesia pays."), None);
    }

    #[test]
    fn between_two_languages_of_one_script_people_keep_their_names() {
        let german = "Die Bundeskanzlerin Angela Merkel traf in Paris am Montag Emmanuel Macron.";
        assert_eq!(
            invented("Chancellor Merkel met Emmanuel Macron in France on Monday.", german),
            None
        );
        let found = invented("Chancellor Merkel met Olaf Scholz on Monday.", german);
        assert_eq!(found.as_deref(), Some("the name Olaf Scholz"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".{0,80}", article in ".{0,80}") {
            let _ = find_invented_across(&text, &article);
        }

        #[test]
        fn any_text_keeps_to_itself(text in "[A-Za-z0-9.,'’ 一三十百万亿王说公司《》“”]{0,60}") {
            prop_assert_eq!(invented(&text, &text), None);
        }

        #[test]
        fn a_number_that_is_not_there_is_found(number in 30_000_u64..1_000_000_000) {
            let text = format!("共{number}人。");
            prop_assert!(matches!(find_invented_across(&text, ENGLISH), Some(Invented::Number(_))));
        }
    }
}
