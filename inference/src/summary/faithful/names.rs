//! The names of a text: Latin words that are capitalised within a sentence, acronyms, titles in
//! quotes, Chinese names where a text shows that one stands there.

use crate::summary::split_sentences;
use crate::token::is_ideographic;
use std::collections::HashSet;

/// Latin words that are capitalised without being names.
const NO_NAMES: [&str; 8] = ["i", "i'm", "i've", "i'd", "i'll", "mr", "mrs", "ms"];
/// The commonest family names, one character each.
const FAMILIES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
/// What follows a person's name.
const AFTER_PERSON: [&str; 21] = [
    "表示",
    "说",
    "称",
    "指出",
    "认为",
    "宣布",
    "强调",
    "透露",
    "先生",
    "女士",
    "主席",
    "总统",
    "总理",
    "部长",
    "市长",
    "省长",
    "教授",
    "博士",
    "院长",
    "董事长",
    "回应",
];
/// What the name of an organisation or a place ends with.
const ENDINGS: [&str; 12] = [
    "公司",
    "集团",
    "大学",
    "学院",
    "银行",
    "医院",
    "法院",
    "基金会",
    "研究院",
    "机场",
    "政府",
    "委员会",
];
/// Marks around titles and quotations.
const QUOTES: [(char, char); 3] = [('《', '》'), ('“', '”'), ('「', '」')];

/// The first name of a text that its article does not have.
pub(super) fn find_unknown(text: &str, article: &str) -> Option<String> {
    let script = Script::of(article);
    let latin = (script.latin).then(|| find_latin(text, article)).flatten();
    latin.or_else(|| (script.ideographs).then(|| find_chinese(text, article)).flatten())
}

/// In which scripts an article's names can be looked up.
struct Script {
    latin: bool,
    ideographs: bool,
}

impl Script {
    fn of(article: &str) -> Self {
        let wide = article.chars().filter(|c| is_ideographic(*c)).count();
        let letters = article.chars().filter(|c| c.is_alphabetic() && !is_ideographic(*c)).count();
        // An ideograph says about as much as four letters.
        Self { latin: letters > wide * 4 || wide == 0, ideographs: wide * 4 >= letters && wide > 0 }
    }
}

fn find_latin(text: &str, article: &str) -> Option<String> {
    let known: HashSet<String> = words(article).iter().map(|word| key(word)).collect();
    split_sentences(text).into_iter().find_map(|sentence| {
        let words = words(sentence);
        let starts: Vec<bool> = words.iter().map(|word| starts_like_name(word)).collect();
        words.iter().enumerate().find_map(|(at, word)| {
            // The first word is a name if it could not be anything else.
            let first_of_two = at == 0 && starts.get(1) == Some(&true);
            let is_name = is_marked(word) || (starts[at] && (at > 0 || first_of_two));
            let key = key(word);
            let is_known = known.contains(&key) || NO_NAMES.contains(&key.as_str());
            (is_name && !is_known).then(|| (*word).to_owned())
        })
    })
}

/// Words with an apostrophe or point within kept whole, everything else cut.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split(|character: char| {
        is_ideographic(character)
            || !(character.is_alphanumeric() || matches!(character, '\'' | '’' | '.'))
    })
    .map(|word| word.trim_matches(['\'', '’', '.']))
    .filter(|word| word.chars().any(char::is_alphabetic))
    .collect()
}

/// How a word is looked up: lower case, without points and without a genitive.
pub(super) fn key(word: &str) -> String {
    let word = word.replace('’', "'").replace('.', "").to_lowercase();
    word.strip_suffix("'s").map(str::to_owned).unwrap_or(word)
}

pub(super) fn starts_like_name(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// An acronym, or capitals within: a name wherever it stands.
pub(super) fn is_marked(word: &str) -> bool {
    word.chars().skip(1).any(char::is_uppercase)
}

fn find_chinese(text: &str, article: &str) -> Option<String> {
    let known: String = article.chars().filter(|character| !character.is_whitespace()).collect();
    let claims = quoted(text).into_iter().chain(people(text)).chain(organisations(text));
    let mut unknown = claims.filter(|name| !known.contains(name.as_str()));
    unknown.next().or_else(|| find_latin_within(text, article))
}

/// Latin names within Chinese text: whatever has a capital.
fn find_latin_within(text: &str, article: &str) -> Option<String> {
    let known: HashSet<String> = words(article).iter().map(|word| key(word)).collect();
    // A text in another script than the article's is a translation: its names are not there.
    if !text.chars().any(is_ideographic) {
        return None;
    }
    words(text)
        .into_iter()
        .find(|word| word.chars().any(char::is_uppercase) && !known.contains(&key(word)))
        .map(str::to_owned)
}

/// What stands in quotes.
fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (open, close) in QUOTES {
        for part in text.split(open).skip(1) {
            let Some((inside, _)) = part.split_once(close) else { continue };
            let inside: String = inside.chars().filter(|c| !c.is_whitespace()).collect();
            // The stop before a closing mark is often moved.
            let inside = inside.trim_end_matches(['。', '，', '！', '？', '；']);
            if inside.chars().any(is_ideographic) {
                found.push(inside.to_owned());
            }
        }
    }
    found
}

/// A family name and one or two characters before what people do.
fn people(text: &str) -> Vec<String> {
    before_any(text, &AFTER_PERSON, |before| {
        [3, 2].into_iter().find_map(|length| {
            let start = before.len().checked_sub(length)?;
            let name = before.get(start..)?;
            let is_name = name.first().is_some_and(|first| FAMILIES.contains(*first))
                && name.iter().all(|character| is_ideographic(*character));
            // Only at a boundary: a character before it would be part of another word.
            let is_alone = start.checked_sub(1).and_then(|at| before.get(at));
            let is_alone = is_alone.is_none_or(|character| !is_ideographic(*character));
            (is_name && is_alone).then(|| name.iter().collect())
        })
    })
}

/// The two characters before an ending and the ending.
fn organisations(text: &str) -> Vec<String> {
    ENDINGS
        .into_iter()
        .flat_map(|ending| {
            before_any(text, &[ending], |before| {
                let start = before.len().checked_sub(2)?;
                let name: String = before.get(start..)?.iter().collect();
                name.chars().all(is_ideographic).then(|| name + ending)
            })
        })
        .collect()
}

/// What `take` makes of the text before each occurrence of one of the words.
fn before_any(text: &str, words: &[&str], take: impl Fn(&[char]) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        for (at, _) in text.match_indices(word) {
            let mut before: Vec<char> = text.get(..at).unwrap_or_default().chars().collect();
            before.drain(..before.len().saturating_sub(8));
            found.extend(take(&before));
        }
    }
    found
}
