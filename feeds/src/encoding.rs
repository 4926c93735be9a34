//! Bytes to characters: the encoding of a document, told or found.
//!
//! Valid UTF-8 costs its validation and nothing more; only what is none is looked at closely.

mod charset;
mod code_page;
mod cyrillic;
mod declaration;
mod escaped;
mod johab;
mod wide;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use charset::Charset;
use encoding_rs::{
    Encoding, ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_8_I, UTF_8, WINDOWS_874, WINDOWS_1253,
    WINDOWS_1255, WINDOWS_1256,
};
use std::io::Read;

/// Largest document after unpacking, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How much of a document the detectors see, in bytes.
const DETECTION_BYTES: usize = 64 * 1024;
/// Encodings whose scripts the general detector takes for no other.
const OTHER_SCRIPTS: [&Encoding; 8] = [
    ISO_8859_6,
    ISO_8859_7,
    ISO_8859_8,
    WINDOWS_1253,
    WINDOWS_1255,
    WINDOWS_1256,
    WINDOWS_874,
    ISO_8859_8_I,
];

/// A document as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// The name of the encoding it was in: the WHATWG's, or IANA's for what the WHATWG left out.
    pub encoding: &'static str,
}

/// Decodes a document: byte order mark, then the zero bytes of UTF-16 and UTF-32, then valid UTF-8,
/// then the HTTP header and the document's own declaration, then detection; what leaves the fewest
/// unreadable characters wins. A gzip file is unpacked first. At most [`DOCUMENT_BYTES_MAX`] are
/// read.
#[must_use]
pub fn decode(body: &[u8], content_type: Option<&str>) -> Decoded {
    let unpacked = gunzip(body);
    let bytes = unpacked.as_deref().unwrap_or(body);
    let bytes = &bytes[..bytes.len().min(DOCUMENT_BYTES_MAX)];
    if let Some((charset, mark)) = byte_order_mark(bytes) {
        return decode_as(&bytes[mark..], charset);
    }
    if let Some(charset) = wide::detect(bytes) {
        return decode_as(bytes, charset);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => seven_bits(text, content_type)
            .map_or_else(|| utf_8(text), |charset| decode_as(bytes, charset)),
        Err(_) => best(bytes, declaration::declared(bytes, content_type)),
    }
}

fn utf_8(text: &str) -> Decoded {
    Decoded { text: text.to_owned(), encoding: UTF_8.name() }
}

fn decode_as(bytes: &[u8], charset: Charset) -> Decoded {
    Decoded { text: charset.decode(bytes), encoding: charset.name() }
}

/// Unpacks a file that is gzip as a whole, as far as it is intact.
fn gunzip(body: &[u8]) -> Option<Vec<u8>> {
    if !body.starts_with(&[0x1f, 0x8b, 8]) {
        return None;
    }
    let limit = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
    let mut unpacked = Vec::new();
    // An error keeps what was unpacked before it.
    let _ = flate2::read::MultiGzDecoder::new(body).take(limit).read_to_end(&mut unpacked);
    Some(unpacked)
}

/// The encoding a byte order mark tells, and the mark's length. That of UTF-32 begins like that of
/// UTF-16, so it comes first.
fn byte_order_mark(bytes: &[u8]) -> Option<(Charset, usize)> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => Some((Charset::Utf32Le, 4)),
        [0, 0, 0xfe, 0xff, ..] => Some((Charset::Utf32Be, 4)),
        _ => Encoding::for_bom(bytes).map(|(encoding, mark)| (Charset::Web(encoding), mark)),
    }
}

/// The encoding of seven bits that a document of ASCII alone is in, told or found.
fn seven_bits(text: &str, content_type: Option<&str>) -> Option<Charset> {
    let bytes = text.as_bytes();
    if memchr::memchr2(0x1b, b'~', bytes).is_none() || !text.is_ascii() {
        return None;
    }
    let is_escaped = |charset: &Charset| match charset {
        Charset::Hz => text.contains("~{"),
        _ => false,
    };
    escaped::detect(bytes)
        .or_else(|| declaration::declared(bytes, content_type).into_iter().find(is_escaped))
}

/// Tries UTF-8, what was declared, and then what is detected; fewest unreadable characters win, the
/// earlier one on a tie. A few broken bytes do not make UTF-8 something else.
fn best(bytes: &[u8], declared: Vec<Charset>) -> Decoded {
    if is_nearly_utf_8(bytes) {
        return decode_as(bytes, Charset::Web(UTF_8));
    }
    let mut tried: Vec<(usize, Decoded)> = Vec::new();
    // Detection is by far the dearest, so it comes last and only when it can win.
    let detected = std::iter::once_with(|| detect(bytes));
    let charsets = declared.into_iter().chain(detected);
    for charset in charsets.filter(|charset| *charset != Charset::Web(UTF_8)) {
        let decoded = decode_as(bytes, charset);
        match unreadable(&decoded.text) {
            0 => return decoded,
            lost => tried.push((lost, decoded)),
        }
    }
    let fewest = tried.into_iter().min_by_key(|(lost, _)| *lost);
    fewest.map_or_else(|| decode_as(bytes, Charset::Web(UTF_8)), |(_, decoded)| decoded)
}

/// Whether at least eight of nine characters outside of ASCII are read as UTF-8. Ends as soon as the bytes that
/// are left cannot turn the answer.
fn is_nearly_utf_8(bytes: &[u8]) -> bool {
    let (mut readable, mut lost) = (0, 0);
    let mut left = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    for chunk in bytes.utf8_chunks() {
        let (valid, broken) = (chunk.valid().as_bytes(), chunk.invalid());
        let replaced = unreadable(chunk.valid());
        readable += valid.iter().filter(|byte| **byte >= 0xc0).count() - replaced;
        lost += replaced + usize::from(!broken.is_empty());
        left -= valid.iter().chain(broken).filter(|byte| !byte.is_ascii()).count();
        // No character takes less than two of them.
        if lost * 8 > readable + left / 2 {
            return false;
        }
    }
    lost * 8 <= readable
}

fn unreadable(text: &str) -> usize {
    // Most pieces are too short to prepare a search for.
    let first = memchr::memchr("\u{fffd}".as_bytes()[0], text.as_bytes());
    first.map_or(0, |at| memchr::memmem::find_iter(&text.as_bytes()[at..], "\u{fffd}").count())
}

/// The encoding of a document that tells none, or the wrong one. The general detector decides;
/// where it finds one byte a character, what it does not know is compared with its guess.
fn detect(bytes: &[u8]) -> Charset {
    let sample = &bytes[..bytes.len().min(DETECTION_BYTES)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let domain = declaration::domain(sample).map(str::as_bytes);
    let guess = detector.guess(domain, Utf8Detection::Deny);
    let guessed = Charset::Web(guess);
    if !guess.is_single_byte() {
        return guessed;
    }
    if OTHER_SCRIPTS.contains(&guess) {
        return guessed;
    }
    if johab::is_likely(sample) {
        return Charset::Johab;
    }
    cyrillic::choose(sample, guessed).unwrap_or(guessed)
}

#[cfg(test)]
mod tests;
