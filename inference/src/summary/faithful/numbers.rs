//! The numbers of a text by value: digits with points and commas, words, Chinese numerals, and
//! what multiplies them.

use std::collections::HashSet;

/// A number as written and as compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) written: String,
    pub(super) value: String,
}

/// Words that multiply the number before them.
const SCALES: [(&str, f64); 12] = [
    ("hundred", 1e2),
    ("thousand", 1e3),
    ("million", 1e6),
    ("mn", 1e6),
    ("billion", 1e9),
    ("bn", 1e9),
    ("trillion", 1e12),
    ("万亿", 1e12),
    ("亿", 1e8),
    ("万", 1e4),
    ("千", 1e3),
    ("百", 1e2),
];

/// `one` is left out: it is as often no number.
const WORDS: [(&str, f64); 27] = [
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("thirteen", 13.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("sixteen", 16.0),
    ("seventeen", 17.0),
    ("eighteen", 18.0),
    ("nineteen", 19.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
    ("dozen", 12.0),
];

/// Words that become numbers in another language.
const SAID_AS_NUMBERS: [(&str, f64); 38] = [
    ("january", 1.0),
    ("february", 2.0),
    ("march", 3.0),
    ("april", 4.0),
    ("may", 5.0),
    ("june", 6.0),
    ("july", 7.0),
    ("august", 8.0),
    ("september", 9.0),
    ("october", 10.0),
    ("november", 11.0),
    ("december", 12.0),
    ("first", 1.0),
    ("second", 2.0),
    ("third", 3.0),
    ("fourth", 4.0),
    ("fifth", 5.0),
    ("sixth", 6.0),
    ("seventh", 7.0),
    ("eighth", 8.0),
    ("ninth", 9.0),
    ("tenth", 10.0),
    ("one", 1.0),
    ("both", 2.0),
    ("pair", 2.0),
    ("couple", 2.0),
    ("twice", 2.0),
    ("double", 2.0),
    ("doubled", 2.0),
    ("doubling", 2.0),
    ("triple", 3.0),
    ("tripled", 3.0),
    ("half", 0.5),
    ("half", 2.0),
    ("quarter", 4.0),
    ("week", 7.0),
    ("decade", 10.0),
    ("century", 100.0),
];

/// What a number becomes.
type Change = fn(f64) -> f64;

/// What another language makes of a number before a word: `6 p.m.` is 18时, `三成` is 30 %.
const SHIFTED: [(&str, Change); 7] = [
    ("p.m", |hour| hour + 12.0),
    ("pm", |hour| hour + 12.0),
    ("时", |hour| hour - 12.0),
    ("点", |hour| hour - 12.0),
    (":", |hour| hour - 12.0),
    ("成", |tenths| tenths * 10.0),
    ("折", |tenths| 100.0 - tenths * 10.0),
];

/// After one of these a single Chinese numeral is a number and not part of a word.
const COUNTED: &str = "人个名天年月日次家项位岁倍成座条辆台万亿";

/// Values of all numbers of a text.
pub(super) fn values(text: &str) -> HashSet<String> {
    numbers(text).into_iter().map(|number| number.value).collect()
}

/// Values of all numbers of a text, and of those that a translation may make of its words.
pub(super) fn values_across(text: &str) -> HashSet<String> {
    let mut known = values(text);
    let lower = text.to_lowercase();
    for word in lower.split(|character: char| !character.is_ascii_alphabetic()) {
        let said = SAID_AS_NUMBERS.iter().find(|(known, _)| *known == word);
        known.extend(said.map(|(_, value)| comparable(*value)));
    }
    for (sign, change) in SHIFTED {
        for (at, _) in lower.match_indices(sign) {
            // The number is all that a few characters before it end with.
            let before = lower.get(..at).unwrap_or_default().trim_end();
            let start = before.char_indices().rev().nth(5).map_or(0, |(start, _)| start);
            let counted = format!("{}个", before.get(start..).unwrap_or_default());
            let last = numbers(&counted).pop();
            let value = last.and_then(|number| number.value.parse::<f64>().ok());
            known.extend(value.map(change).map(comparable));
        }
    }
    known
}

/// All numbers of a text in order.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let characters: Vec<char> = text.chars().map(half_width).collect();
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = characters.get(at..).unwrap_or_default();
        let length = if rest.first().is_some_and(char::is_ascii_digit) {
            digits(rest, &mut numbers)
        } else if is_numeral(rest.first()) {
            numerals(rest, &mut numbers)
        } else if rest.first().is_some_and(|first| first.is_alphabetic()) {
            word(rest, &mut numbers)
        } else {
            1
        };
        at += length.max(1);
    }
    numbers
}

/// Digits, points and commas between them, and a scale; how many characters that is.
fn digits(rest: &[char], numbers: &mut Vec<Number>) -> usize {
    let mut length = 0;
    while let Some(character) = rest.get(length) {
        let joins = matches!(character, '.' | ',')
            && rest.get(length + 1).is_some_and(char::is_ascii_digit);
        if !character.is_ascii_digit() && !joins {
            break;
        }
        length += 1;
    }
    let written: String = rest.iter().take(length).collect();
    let plain = plain(&written);
    let (scale, scaled) = scale(rest.get(length..).unwrap_or_default());
    let value = match plain.parse::<f64>() {
        Ok(value) if plain.len() <= 15 => comparable(value * scale),
        // Longer ones are telephone numbers and the like: digit by digit.
        _ => plain,
    };
    push(numbers, rest, length + scaled, value)
}

/// Without separators of thousands, and with a point before decimals.
fn plain(written: &str) -> String {
    let groups: Vec<&str> = written.split(',').collect();
    let is_grouped = groups
        .iter()
        .skip(1)
        .all(|group| group.split('.').next().is_some_and(|whole| whole.len() == 3));
    if is_grouped { groups.concat() } else { groups.join(".") }
}

/// What multiplies a number, and how many characters of it there are, blanks before included.
fn scale(rest: &[char]) -> (f64, usize) {
    let blanks = rest.iter().take_while(|character| matches!(character, ' ' | '-')).count().min(1);
    for (name, scale) in SCALES {
        let length = name.chars().count();
        let candidate: String =
            rest.iter().skip(blanks).take(length).flat_map(|c| c.to_lowercase()).collect();
        let follows = rest.get(blanks + length);
        let is_whole = !name.is_ascii()
            || follows.is_none_or(|next| !next.is_ascii_alphabetic() || *next == 's');
        if candidate == name && is_whole && (blanks == 0 || name.is_ascii()) {
            let (more, further) = scale_again(rest.get(blanks + length..).unwrap_or_default());
            return (scale * more, blanks + length + further);
        }
    }
    (1.0, 0)
}

/// `hundred thousand`, `百万`: a second scale, not a third.
fn scale_again(rest: &[char]) -> (f64, usize) {
    let blanks = usize::from(rest.first() == Some(&' '));
    let word: String = rest.iter().skip(blanks).take_while(|c| c.is_alphabetic()).collect();
    SCALES
        .iter()
        .find(|(name, _)| if name.is_ascii() { word == *name } else { word.starts_with(name) })
        .map_or((1.0, 0), |(name, scale)| (*scale, blanks + name.chars().count()))
}

/// A word of letters; numbers among them.
fn word(rest: &[char], numbers: &mut Vec<Number>) -> usize {
    let length = rest
        .iter()
        .take_while(|character| {
            character.is_alphabetic() && !crate::token::is_ideographic(**character)
        })
        .count();
    let word: String = rest.iter().take(length).flat_map(|c| c.to_lowercase()).collect();
    let Some((_, value)) = WORDS.iter().find(|(name, _)| *name == word) else { return length };
    let (scale, scaled) = scale(rest.get(length..).unwrap_or_default());
    push(numbers, rest, length + scaled, comparable(value * scale))
}

/// Chinese numerals; a single one only before what is counted.
fn numerals(rest: &[char], numbers: &mut Vec<Number>) -> usize {
    let length = rest.iter().take_while(|character| is_numeral(Some(character))).count();
    let run = rest.get(..length).unwrap_or_default();
    let counted = rest.get(length).is_some_and(|next| COUNTED.contains(*next));
    let is_article = run == ['一'];
    if (length == 1 && !counted) || is_article {
        return length;
    }
    match numeral_value(run) {
        Some(value) => push(numbers, rest, length, comparable(value)),
        None => length,
    }
}

/// `三百二十` by places, `二〇二四` digit by digit; `None` for words such as `万一` and `千万`.
fn numeral_value(run: &[char]) -> Option<f64> {
    if run.iter().all(|character| digit(*character).is_some()) {
        return (run.len() <= 15).then(|| {
            run.iter().filter_map(|c| digit(*c)).fold(0.0, |sum, digit| sum * 10.0 + digit)
        });
    }
    let (mut total, mut section, mut pending) = (0.0_f64, 0.0, None);
    let mut largest = 0.0;
    for character in run {
        if let Some(digit) = digit(*character) {
            pending = Some(digit);
            continue;
        }
        let unit = unit(*character)?;
        if unit >= 1e4 {
            section += pending.take().unwrap_or(0.0);
            if section == 0.0 && total == 0.0 {
                return None;
            }
            // 一万亿 multiplies what is before, 三亿五千万 adds to it.
            if unit > largest {
                total = (total + section) * unit;
                largest = unit;
            } else {
                total += section * unit;
            }
            section = 0.0;
        } else {
            // Ten may stand alone: 十五.
            let count = pending.take().or((unit == 10.0).then_some(1.0))?;
            section += count * unit;
        }
    }
    Some(total + section + pending.unwrap_or(0.0))
}

fn is_numeral(character: Option<&char>) -> bool {
    character.is_some_and(|character| digit(*character).is_some() || unit(*character).is_some())
}

fn digit(character: char) -> Option<f64> {
    "零一二三四五六七八九".chars().position(|one| one == character).map(|at| at as f64).or(
        match character {
            '〇' => Some(0.0),
            '两' => Some(2.0),
            _ => None,
        },
    )
}

fn unit(character: char) -> Option<f64> {
    match character {
        '十' => Some(1e1),
        '百' => Some(1e2),
        '千' => Some(1e3),
        '万' => Some(1e4),
        '亿' => Some(1e8),
        _ => None,
    }
}

fn push(numbers: &mut Vec<Number>, rest: &[char], length: usize, value: String) -> usize {
    let written = rest.iter().take(length).collect();
    numbers.push(Number { written, value });
    length
}

/// The same for values that are the same but for rounding.
fn comparable(value: f64) -> String {
    format!("{value:.9e}")
}

fn half_width(character: char) -> char {
    match character {
        '０'..='９' | '．' | '，' if character != '，' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        other => other,
    }
}
