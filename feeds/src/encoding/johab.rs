//! Johab: Korean syllables as the numbers of their letters, five bits each (KS X 1001, annex 3).
//! Its symbols and Chinese characters are those of EUC-KR, which reads them here.

use encoding_rs::EUC_KR;

/// Fewest characters of two bytes by which the encoding can be told.
const TELLING_CHARACTERS: usize = 16;
/// No letter in this place of the syllable.
const FILL: Option<u32> = None;

/// Whether nearly all pairs of bytes are characters. About a third of random pairs are, so a few
/// dozen leave no doubt.
pub(super) fn is_likely(bytes: &[u8]) -> bool {
    let (mut read, mut broken) = (0_usize, 0_usize);
    each(bytes, |_, found| match found {
        Some(_) => read += 1,
        None => broken += 1,
    });
    read >= TELLING_CHARACTERS && broken * 50 <= read
}

pub(super) fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut ascii_from = 0;
    each(bytes, |at, found| {
        text.extend(bytes[ascii_from..at].iter().map(|byte| char::from(*byte)));
        text.push(found.unwrap_or(char::REPLACEMENT_CHARACTER));
        ascii_from = (at + if found.is_some() { 2 } else { 1 }).min(bytes.len());
    });
    text.extend(bytes[ascii_from..].iter().map(|byte| char::from(*byte)));
    text
}

/// Calls for every byte that is not ASCII with its place and the character it begins with the next;
/// an unreadable byte is left alone, so that the next one can begin a character.
fn each(bytes: &[u8], mut visit: impl FnMut(usize, Option<char>)) {
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        if first.is_ascii() {
            at += 1;
            continue;
        }
        let found = bytes.get(at + 1).and_then(|second| character(*first, *second));
        visit(at, found);
        at += if found.is_some() { 2 } else { 1 };
    }
}

fn character(first: u8, second: u8) -> Option<char> {
    match first {
        0x84..=0xd3 => syllable(u32::from(first) << 8 | u32::from(second)),
        0xd9..=0xde | 0xe0..=0xf9 => ksx_1001(first, second),
        _ => None,
    }
}

/// Initial, medial and final letter of a code; `None` where a place holds no number in use.
fn letters(code: u32) -> Option<[Option<u32>; 3]> {
    let initial = match code >> 10 & 31 {
        1 => FILL,
        number @ 2..=20 => Some(number - 2),
        _ => return None,
    };
    let medial = match code >> 5 & 31 {
        2 => FILL,
        number @ 3..=7 => Some(number - 3),
        number @ 10..=15 => Some(number - 5),
        number @ 18..=23 => Some(number - 7),
        number @ 26..=29 => Some(number - 9),
        _ => return None,
    };
    let last = match code & 31 {
        1 => FILL,
        number @ 2..=17 => Some(number - 1),
        number @ 19..=29 => Some(number - 2),
        _ => return None,
    };
    Some([initial, medial, last])
}

/// A syllable of Unicode's arithmetic (chapter 3.12), or a letter alone.
fn syllable(code: u32) -> Option<char> {
    /// Letters that begin a syllable, in their order, as letters alone.
    const INITIALS: [char; 19] = [
        'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ',
        'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
    ];
    match letters(code)? {
        [Some(initial), Some(medial), last] => {
            char::from_u32(0xac00 + (initial * 21 + medial) * 28 + last.unwrap_or(0))
        }
        [Some(initial), None, None] => INITIALS.get(usize::try_from(initial).ok()?).copied(),
        [None, Some(medial), None] => char::from_u32(0x314f + medial),
        _ => None,
    }
}

/// The rows of KS X 1001 lie in pairs, each pair under one first byte.
fn ksx_1001(first: u8, second: u8) -> Option<char> {
    let pair = if first < 0xe0 { (first - 0xd9) * 2 } else { (first - 0xe0) * 2 + 0x29 };
    let place = match second {
        0x31..=0x7e => second - 0x31,
        0x91..=0xfe => second - 0x43,
        _ => return None,
    };
    let euc = [pair + place / 94 + 0xa1, place % 94 + 0xa1];
    let text = EUC_KR.decode_without_bom_handling_and_without_replacement(&euc)?;
    text.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_letters_and_symbols_are_read() {
        assert_eq!(decode(b"\xd0\x65\x8b\x69 \xaf\xa1 ok"), "한글 시 ok");
        assert_eq!(decode(b"\x88\x41\xd9\x31\xff"), "ㄱ\u{3000}\u{fffd}");
    }

    #[test]
    fn text_of_other_encodings_does_not_look_like_it() {
        let korean = "국가 통계에 따르면 십월의 생산은 안정적으로 증가하였다고 한다".repeat(3);
        assert!(!is_likely(&EUC_KR.encode(&korean).0));
        assert!(!is_likely(&encoding_rs::WINDOWS_1251.encode(&"Новости страны ".repeat(9)).0));
        assert!(!is_likely(b"plain"));
    }
}
