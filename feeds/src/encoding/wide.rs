//! UTF-16 and UTF-32 without a byte order mark, and reading UTF-32.

use super::charset::Charset;
use encoding_rs::{UTF_16BE, UTF_16LE};

/// How much of a document is looked at, in bytes; a multiple of four.
const SAMPLE_BYTES: usize = 4096;
/// Shortest document that numbers alone can tell about, in bytes.
const TELLING_BYTES: usize = 16;

/// Recognises an encoding of two or four bytes a character: text in any other has next to no zero
/// bytes, while these have one for every ASCII character.
pub(super) fn detect(bytes: &[u8]) -> Option<Charset> {
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    if !sample.contains(&0) {
        return None;
    }
    utf_32(sample).or_else(|| by_first_characters(sample)).or_else(|| by_zeros(sample))
}

/// Four bytes are a character in one order only, since none lies beyond U+10FFFF.
fn utf_32(sample: &[u8]) -> Option<Charset> {
    let (units, _) = sample.as_chunks::<4>();
    let all = |read: fn([u8; 4]) -> u32| {
        units.iter().all(|unit| char::from_u32(read(*unit)).is_some_and(|c| c != '\0'))
    };
    match units.len() {
        0 | 1 => None,
        _ if all(u32::from_le_bytes) => Some(Charset::Utf32Le),
        _ if all(u32::from_be_bytes) => Some(Charset::Utf32Be),
        _ => None,
    }
}

fn by_first_characters(sample: &[u8]) -> Option<Charset> {
    match sample {
        [b'<' | b'{', 0, _, 0, ..] => Some(Charset::Web(UTF_16LE)),
        [0, b'<' | b'{', 0, _, ..] => Some(Charset::Web(UTF_16BE)),
        _ => None,
    }
}

/// Zeros are many on one side of the pairs and next to none on the other.
fn by_zeros(sample: &[u8]) -> Option<Charset> {
    if sample.len() < TELLING_BYTES {
        return None;
    }
    let (pairs, _) = sample.as_chunks::<2>();
    let zeros = |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let many = |count: usize| count * 5 >= pairs.len();
    let few = |count: usize| count * 50 <= pairs.len();
    match () {
        () if many(second) && few(first) => Some(Charset::Web(UTF_16LE)),
        () if many(first) && few(second) => Some(Charset::Web(UTF_16BE)),
        () => None,
    }
}

/// Reads UTF-32; a rest of less than four bytes is unreadable.
pub(super) fn decode_utf_32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> String {
    let (units, rest) = bytes.as_chunks::<4>();
    let character = |unit: &[u8; 4]| char::from_u32(read(*unit)).unwrap_or('\u{fffd}');
    let broken = (!rest.is_empty()).then_some('\u{fffd}');
    units.iter().map(character).chain(broken).collect()
}
