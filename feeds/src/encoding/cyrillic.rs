//! Which Cyrillic encoding a document is in: the one whose text looks most like words.
//!
//! The general detector does not know IBM855 and hardly ever guesses the Macintosh's. Each of the
//! encodings puts the letters elsewhere, so two things tell them apart: how often each letter comes,
//! and that a capital stands at the beginning of a word or in a word of capitals.

use super::charset::Charset;
use super::code_page::IBM855;
use encoding_rs::{IBM866, ISO_8859_5, KOI8_U, WINDOWS_1251, X_MAC_CYRILLIC};
use std::sync::LazyLock;

/// The encodings compared.
const CANDIDATES: [Charset; 6] = [
    Charset::Web(WINDOWS_1251),
    Charset::Web(KOI8_U),
    Charset::Web(ISO_8859_5),
    Charset::Web(IBM866),
    Charset::Web(X_MAC_CYRILLIC),
    Charset::Page(IBM855),
];

/// How often each letter comes among 1,000 letters of Russian (Russian National Corpus, rounded);
/// the letters of its neighbours stand behind, rarer than in their own texts.
const LETTERS_PER_THOUSAND: &str = "\
    о=110 е=85 а=80 и=74 н=67 т=63 с=55 р=47 в=45 л=44 к=35 м=32 д=30 п=28 у=26 я=20 ы=19 ь=17 \
    г=17 з=16 б=16 ч=14 й=12 х=10 ж=9 ш=7 ю=6 ц=5 щ=4 э=3 ф=3 ъ=2 ё=1 і=45 ї=6 є=6 ґ=1 ў=2 ј=5 \
    љ=1 њ=1 ћ=1 ђ=1 џ=1 ѓ=1 ќ=1 ѕ=1";
/// What a letter of even odds has among 1,000.
const EVEN_PER_THOUSAND: f32 = 30.0;
/// A sign that texts are full of, though letters are likelier.
const TYPOGRAPHY: f32 = -0.5;
/// A sign that is no letter, where words are expected.
const SIGN: f32 = -1.5;
/// A character that no text has: box drawings, controls, places without a meaning.
const STRANGE: f32 = -5.0;
/// A capital behind a small letter, or a letter beside an ASCII one.
const MISFIT: f32 = -4.0;

/// Average at which a text is taken for Cyrillic although the general detector says otherwise.
/// Russian has 0.7 by its letters' entropy (4.35 of 5.04 bits); wrong encodings lie below zero.
const CONVINCING: f32 = 0.15;
/// Fewest bytes beyond ASCII that tell something.
const TELLING_BYTES: usize = 6;

/// How a byte reads in one encoding.
#[derive(Debug, Clone, Copy)]
struct Reading {
    value: f32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Small,
    Capital,
    Other,
}

static READINGS: LazyLock<[[Reading; 128]; CANDIDATES.len()]> =
    LazyLock::new(|| CANDIDATES.map(|charset| charset.upper_half().map(reading)));

fn reading(character: char) -> Reading {
    let small = character.to_lowercase().next().unwrap_or(character);
    match per_thousand(small) {
        Some(count) => {
            let kind = if small == character { Kind::Small } else { Kind::Capital };
            Reading { value: (count / EVEN_PER_THOUSAND).log2(), kind }
        }
        None => Reading { value: sign_value(character), kind: Kind::Other },
    }
}

fn per_thousand(letter: char) -> Option<f32> {
    LETTERS_PER_THOUSAND
        .split(' ')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| known.chars().eq([letter]))
        .and_then(|(_, count)| count.parse().ok())
}

fn sign_value(character: char) -> f32 {
    match character {
        '\u{a0}' | '«' | '»' | '—' | '–' | '“' | '”' | '„' | '’' | '‘' | '…' | '№' => {
            TYPOGRAPHY
        }
        '\u{80}'..='\u{9f}' | '\u{2500}'..='\u{25ff}' | '\u{fffd}' => STRANGE,
        _ => SIGN,
    }
}

/// The Cyrillic encoding that fits best; `None` when none convinces and the general detector did
/// not find the text Cyrillic either.
pub(super) fn choose(bytes: &[u8], guessed: Charset) -> Option<Charset> {
    let count = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let expected = CANDIDATES.contains(&guessed);
    if count < TELLING_BYTES && !expected {
        return None;
    }
    let averages = READINGS.iter().map(|readings| total(bytes, readings) / count.max(1) as f32);
    let (best, average) = CANDIDATES
        .into_iter()
        .zip(averages)
        .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    (expected || average >= CONVINCING).then_some(best)
}

/// The sum of all bytes beyond ASCII and of how they stand beside each other.
fn total(bytes: &[u8], readings: &[Reading; 128]) -> f32 {
    let mut sum = 0.0;
    let mut before = Kind::Other;
    let mut after_ascii_letter = false;
    for byte in bytes {
        let Some(index) = byte.checked_sub(0x80) else {
            let is_letter = byte.is_ascii_alphabetic();
            if is_letter && before != Kind::Other {
                sum += MISFIT;
            }
            (before, after_ascii_letter) = (Kind::Other, is_letter);
            continue;
        };
        let reading = readings[usize::from(index)];
        sum += reading.value;
        let broken_case = before == Kind::Small && reading.kind == Kind::Capital;
        let mixed = after_ascii_letter && reading.kind != Kind::Other;
        if broken_case || mixed {
            sum += MISFIT;
        }
        (before, after_ascii_letter) = (reading.kind, false);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::WINDOWS_1252;

    const TEXT: &str = "Сегодня в Москве ожидается дождь. Жители города готовятся к осени, \
                        а «Вести» сообщают о новых правилах для водителей.";

    fn encode(text: &str, charset: Charset) -> Vec<u8> {
        let upper_half = charset.upper_half();
        let byte = |c: char| match upper_half.iter().position(|known| *known == c) {
            Some(index) => 0x80 + index as u8,
            None => c as u8,
        };
        text.chars().map(byte).collect()
    }

    #[test]
    fn each_cyrillic_encoding_is_told_from_the_others() {
        let letters_only = TEXT.replace(['«', '»'], "");
        for charset in CANDIDATES {
            let bytes = encode(&letters_only, charset);
            for guessed in [Charset::Web(WINDOWS_1251), Charset::Web(WINDOWS_1252)] {
                assert_eq!(choose(&bytes, guessed), Some(charset), "guessed {}", guessed.name());
            }
        }
    }

    #[test]
    fn bulgarian_and_ukrainian_are_cyrillic_too() {
        for text in [
            "Днес времето ще бъде ясно, София очаква слънце",
            "Сьогодні в Києві очікується дощ, тому водії їдуть обережно",
        ] {
            for charset in [Charset::Web(WINDOWS_1251), Charset::Web(X_MAC_CYRILLIC)] {
                let bytes = encode(text, charset);
                assert_eq!(choose(&bytes, Charset::Web(WINDOWS_1252)), Some(charset), "{text}");
            }
        }
    }

    #[test]
    fn western_words_with_accents_are_not_cyrillic() {
        for text in ["Père Noël à l'école, déjà été", "größer übermäßig schön", "åäö ÅÄÖ på sjön"]
        {
            let bytes = WINDOWS_1252.encode(text).0;
            assert_eq!(choose(&bytes, Charset::Web(WINDOWS_1252)), None, "{text}");
        }
    }
}
