//! Which words a static embedding has, and how often each is used.

use super::frequencies::Frequencies;
use super::gloss::Glosses;
use foldhash::fast::FixedState;
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longest Chinese word in characters: what the encoder looks for in a text.
const IDEOGRAPHS_MAX: usize = 6;
/// An English word the teacher has no piece for must be in so many senses.
const SENSES_WITH_WORD_MIN: usize = 3;
/// Shorter English words are abbreviations whose pieces say as much.
const WHOLE_WORD_LETTERS_MIN: usize = 3;
/// The first piece of BERT's vocabulary that is a word; before it are markers and single
/// characters, from it on pieces are sorted by how often they are used.
const FIRST_WORD: u32 = 1996;
/// Ranks by Zipf's law given to single characters, and to whole words the teacher lacks.
const RANK_OF_CHARACTER: f64 = 3_000.0;
const RANK_OF_WHOLE_WORD: f64 = 30_000.0;
/// About the sum of jieba's counts.
const CHINESE_COUNT: f64 = 60e6;
/// What marks a place or a plant of which no text speaks.
const OBSCURE: [&str; 6] = ["county", "district", "dynasty", "prefecture", "township", "genus"];

/// Most words of each sort; what keeps the table under 20 MB.
#[derive(Debug, Clone, Copy)]
pub struct WordLimits {
    /// English words the teacher has no piece for.
    pub whole: usize,
    /// Chinese words.
    pub chinese: usize,
    /// Among these, names that the list of frequencies does not know.
    pub names: usize,
}

impl Default for WordLimits {
    fn default() -> Self {
        Self { whole: 6_000, chinese: 42_000, names: 6_000 }
    }
}

/// The rows of the table: pieces, then whole English words, then Chinese words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// The teacher's pieces of Latin letters and digits, with their ids.
    pub(super) pieces: Vec<(String, u32)>,
    pub(super) whole: Vec<String>,
    /// With their counts.
    pub(super) chinese: Vec<(String, u64)>,
    /// Pieces the teacher has in all.
    vocabulary: usize,
}

impl Words {
    pub(super) fn choose(
        teacher: &[String],
        glosses: &Glosses,
        frequencies: &Frequencies,
        limits: WordLimits,
    ) -> Self {
        let numbered = (0_u32..).zip(teacher);
        let pieces: Vec<(String, u32)> = numbered
            .filter(|(_, piece)| is_latin(piece.strip_prefix("##").unwrap_or(piece)))
            .map(|(id, piece)| (piece.clone(), id))
            .collect();
        let known: HashSet<&str> = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        let whole = whole_words(glosses, &known, limits.whole);
        let chinese = chinese_words(glosses, frequencies, limits);
        Self { pieces, whole, chinese, vocabulary: teacher.len() }
    }

    /// Rows that are English; the Chinese ones follow.
    pub(super) fn english(&self) -> usize {
        self.pieces.len() + self.whole.len()
    }

    /// The words in the order of their rows.
    pub(super) fn lines(&self) -> Vec<String> {
        let pieces = self.pieces.iter().map(|(piece, _)| piece);
        let chinese = self.chinese.iter().map(|(word, _)| word);
        pieces.chain(&self.whole).chain(chinese).cloned().collect()
    }

    /// How likely a word of a text is the one of each row, within its language.
    pub(super) fn chances(&self) -> Vec<f64> {
        let harmonic: f64 = (1..self.vocabulary.max(2)).map(|rank| 1.0 / rank as f64).sum();
        let piece = |id: u32| match id.checked_sub(FIRST_WORD) {
            Some(after) => f64::from(after) + 1.0,
            None => RANK_OF_CHARACTER,
        };
        let pieces = self.pieces.iter().map(|(_, id)| piece(*id));
        let whole = self.whole.iter().map(|_| RANK_OF_WHOLE_WORD);
        let english = pieces.chain(whole).map(|rank| 1.0 / (rank * harmonic));
        let chinese = self.chinese.iter().map(|(_, count)| (*count as f64 + 1.0) / CHINESE_COUNT);
        english.chain(chinese).collect()
    }
}

/// Words of the glosses without a piece of their own, the most used first.
fn whole_words(glosses: &Glosses, known: &HashSet<&str>, most: usize) -> Vec<String> {
    let mut counts: HashMap<String, usize, FixedState> = HashMap::default();
    for sense in glosses.distinct_senses() {
        let folded = folded(&sense);
        let words: HashSet<&str> = folded
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| is_whole(word))
            .collect();
        for word in words.into_iter().filter(|word| !known.contains(word)) {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    let mut words: Vec<(String, usize)> =
        counts.into_iter().filter(|(_, count)| *count >= SENSES_WITH_WORD_MIN).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words.into_iter().map(|(word, _)| word).take(most).collect()
}

fn chinese_words(
    glosses: &Glosses,
    frequencies: &Frequencies,
    limits: WordLimits,
) -> Vec<(String, u64)> {
    let mut words: Vec<(&str, u64, usize)> = glosses
        .words()
        .iter()
        .filter(|headword| is_chinese_word(&headword.word))
        .map(|headword| {
            let word = headword.word.as_str();
            (word, frequencies.count(word), headword.senses.len())
        })
        .collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.2.cmp(&a.2)).then_with(|| a.0.cmp(b.0)));
    let (used, unused): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.1 > 0);
    let is_name = |word: &&(&str, u64, usize)| {
        let sense = glosses.senses(word.0).first().map_or("", |(sense, _)| sense);
        (2..=5).contains(&word.0.chars().count()) && is_name_of_today(sense)
    };
    let names: Vec<_> = unused.iter().filter(is_name).take(limits.names).collect();
    let used = used.iter().take(limits.chinese.saturating_sub(names.len()));
    let used = used.map(|(word, count, _)| ((*word).to_owned(), *count));
    // A name of today is not in the list of frequencies because the list is older than the name.
    used.chain(names.into_iter().map(|(word, _, _)| ((*word).to_owned(), 1))).collect()
}

fn is_name_of_today(sense: &str) -> bool {
    let starts_capital = sense.chars().next().is_some_and(char::is_uppercase);
    let digits: Vec<bool> = sense.chars().map(|c| c.is_ascii_digit()).collect();
    let has_year = digits.windows(3).any(|three| three.iter().all(|digit| *digit));
    starts_capital && !has_year && !OBSCURE.iter().any(|word| sense.contains(word))
}

fn is_latin(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn is_whole(word: &str) -> bool {
    word.len() >= WHOLE_WORD_LETTERS_MIN && !word.chars().all(|c| c.is_ascii_digit())
}

fn is_chinese_word(word: &str) -> bool {
    let is_ideograph = |c: char| matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF);
    word.chars().all(is_ideograph) && (1..=IDEOGRAPHS_MAX).contains(&word.chars().count())
}

/// As the encoder sees it: compatibility forms, lower case, no accents.
fn folded(text: &str) -> String {
    text.nfkd().flat_map(char::to_lowercase).nfd().filter(|c| !is_combining_mark(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::dictionary::DictionaryEntry;
    use super::*;

    fn glosses(entries: &[(&str, &[&str])]) -> Glosses {
        let entry = |(word, senses): &(&str, &[&str])| DictionaryEntry {
            simplified: (*word).to_owned(),
            is_name: false,
            senses: senses.iter().map(|sense| (*sense).to_owned()).collect(),
        };
        Glosses::new(&entries.iter().map(entry).collect::<Vec<_>>())
    }

    fn frequencies() -> Frequencies {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dict.txt");
        std::fs::write(&path, "银行 100 n\n打 900 v\n加息 5 v\n").unwrap();
        Frequencies::read(&path).unwrap()
    }

    fn dictionary() -> Glosses {
        glosses(&[
            ("银行", &["bank", "fintech bank"]),
            ("加息", &["to raise fintech rates"]),
            ("打", &["to beat; fintech; fintech 2"]),
            ("英伟达", &["NVIDIA"]),
            ("安县", &["An county in Sichuan"]),
            ("乾隆帝", &["Qianlong, emperor from 1735"]),
            ("小词", &["little used word"]),
            ("AA制", &["to split the bill"]),
        ])
    }

    fn choose(limits: WordLimits) -> Words {
        let teacher = ["[PAD]", "[CLS]", "bank", "##ing", "!", "银"].map(str::to_owned);
        Words::choose(&teacher, &dictionary(), &frequencies(), limits)
    }

    #[test]
    fn rows_are_pieces_then_whole_words_then_chinese_by_frequency_then_names() {
        let words = choose(WordLimits::default());
        let expected = ["bank", "##ing", "fintech", "打", "银行", "加息", "英伟达"];
        assert_eq!(words.lines(), expected);
        assert_eq!(words.english(), 3);
        assert_eq!(words.pieces[1], ("##ing".to_owned(), 3));
    }

    #[test]
    fn names_of_today_have_a_place_even_when_words_are_cut() {
        let words = choose(WordLimits { chinese: 2, ..WordLimits::default() });
        assert_eq!(words.lines()[3..], ["打", "英伟达"]);
    }

    #[test]
    fn frequent_words_are_likelier() {
        let words = choose(WordLimits::default());
        let chances = words.chances();
        assert_eq!(chances.len(), words.lines().len());
        assert!(chances[3] > chances[4] && chances[4] > chances[6]);
        assert!(chances.iter().all(|chance| *chance > 0.0 && *chance < 1.0));
    }
}
