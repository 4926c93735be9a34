//! Encodings of seven bits that switch between alphabets: their documents look like ASCII.

use super::charset::Charset;
use encoding_rs::{EUC_KR, GBK, ISO_2022_JP};

/// Escape sequences that only ISO-2022-JP has (RFC 1468, RFC 2237 and half-width katakana).
const JAPANESE: [&[u8]; 5] = [b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I", b"\x1b$(D"];
/// Stands once before the first Korean character (RFC 1557).
const KOREAN: &[u8] = b"\x1b$)C";
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// Recognises such an encoding in a document of ASCII alone.
pub(super) fn detect(bytes: &[u8]) -> Option<Charset> {
    if bytes.contains(&0x1b) {
        if contains(bytes, KOREAN) {
            return Some(Charset::Iso2022Kr);
        }
        if JAPANESE.iter().any(|sequence| contains(bytes, sequence)) {
            return Some(Charset::Web(ISO_2022_JP));
        }
    }
    None
}

fn contains(bytes: &[u8], sequence: &[u8]) -> bool {
    bytes.windows(sequence.len()).any(|window| window == sequence)
}

/// Between shift-out and shift-in each pair of bytes is a character of EUC-KR without its high bits.
pub(super) fn decode_iso_2022_kr(bytes: &[u8]) -> String {
    let mut wide = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match *byte {
            0x1b if after.starts_with(&KOREAN[1..]) => rest = &after[KOREAN.len() - 1..],
            SHIFT_OUT => shifted = true,
            SHIFT_IN => shifted = false,
            // A line always begins in ASCII.
            b'\n' => {
                shifted = false;
                wide.push(b'\n');
            }
            byte @ 0x21..=0x7e if shifted => wide.push(byte | 0x80),
            byte => wide.push(byte),
        }
    }
    EUC_KR.decode_without_bom_handling(&wide).0.into_owned()
}

/// Between `~{` and `~}` each pair of bytes is a character of GB 2312 without its high bits.
pub(super) fn decode_hz(bytes: &[u8]) -> String {
    let mut wide = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (*byte, after.first()) {
            (b'~', Some(b'{')) => (shifted, rest) = (true, &after[1..]),
            (b'~', Some(b'}')) => (shifted, rest) = (false, &after[1..]),
            (b'~', Some(b'~')) if !shifted => {
                wide.push(b'~');
                rest = &after[1..];
            }
            // A tilde before the end of a line joins it with the next.
            (b'~', Some(b'\n')) if !shifted => rest = &after[1..],
            (b'\n', _) => {
                shifted = false;
                wide.push(b'\n');
            }
            (byte @ 0x21..=0x7e, _) if shifted => wide.push(byte | 0x80),
            (byte, _) => wide.push(byte),
        }
    }
    GBK.decode_without_bom_handling(&wide).0.into_owned()
}
