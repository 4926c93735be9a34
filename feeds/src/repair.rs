//! Bytes to well-formed text: encoding found, illegal characters gone, bare ampersands escaped.

use crate::entities::Entities;
use crate::text;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_MAC_CYRILLIC};
use std::io::Read;

/// Largest document after unpacking, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How far into a document its declaration is looked for, in bytes.
const DECLARATION_BYTES: usize = 1024;
/// How much of a document the detector sees, in bytes.
const DETECTION_BYTES: usize = 64 * 1024;
/// A quoted attribute value longer than this is taken for a quote that was never closed.
const VALUE_BYTES_MAX: usize = 64 * 1024;

/// What stands between most tags of a feed, for speed.
const KNOWN_REFERENCES: [&str; 4] = ["&lt;", "&gt;", "&amp;", "&quot;"];

/// A document as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// WHATWG name of the encoding it was in.
    pub encoding: &'static str,
}

/// Decodes a document: byte order mark, then valid UTF-8, then the HTTP header and the document's
/// own declaration, then detection; what leaves the fewest unreadable characters wins. A gzip file
/// is unpacked first. At most [`DOCUMENT_BYTES_MAX`] are read.
#[must_use]
pub fn decode(body: &[u8], content_type: Option<&str>) -> Decoded {
    let unpacked = gunzip(body);
    let bytes = unpacked.as_deref().unwrap_or(body);
    let bytes = &bytes[..bytes.len().min(DOCUMENT_BYTES_MAX)];
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(&bytes[mark..], encoding);
    }
    if let Some(encoding) = wide(bytes) {
        return decode_as(bytes, encoding);
    }
    let declared = candidates(bytes, content_type);
    let stateful = declared.iter().find(|encoding| encoding.name() == "ISO-2022-JP");
    if let Some(encoding) = stateful.filter(|_| bytes.contains(&0x1b)) {
        return decode_as(bytes, encoding);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded { text: text.to_owned(), encoding: UTF_8.name() };
    }
    best(bytes, declared)
}

fn decode_as(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Decoded { text: text.into_owned(), encoding: encoding.name() }
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

/// UTF-16 without a byte order mark, recognised by its first characters.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<' | b'{', 0, _, 0, ..] => Some(UTF_16LE),
        [0, b'<' | b'{', 0, _, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// The declared encodings, the more trustworthy first: servers send `iso-8859-1` by default.
fn candidates(bytes: &[u8], content_type: Option<&str>) -> Vec<&'static Encoding> {
    let header = content_type.and_then(|value| label_after(value, "charset"));
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES)]);
    let own = head
        .find("<?xml")
        .and_then(|at| head[at..].split("?>").next())
        .and_then(|declaration| label_after(declaration, "encoding"));
    let own = own.or_else(|| in_meta(&head));
    let mut found: Vec<&'static Encoding> = header.into_iter().chain(own).collect();
    if found.first() == Some(&WINDOWS_1252) {
        found.reverse();
    }
    found
}

/// What a web page says in a `meta` element outside of comments. One that could be read at all is
/// not in UTF-16 whatever it says (HTML, 13.2.3.2).
fn in_meta(head: &str) -> Option<&'static Encoding> {
    let mut rest = head;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = rest.find('>').unwrap_or(rest.len());
        let is_meta = rest.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("<meta"));
        if is_meta && let Some(encoding) = label_after(&rest[..end], "charset") {
            return Some(match encoding.name() {
                "UTF-16LE" | "UTF-16BE" => UTF_8,
                "x-user-defined" => WINDOWS_1252,
                _ => encoding,
            });
        }
        rest = &rest[end.max(1)..];
    }
    None
}

/// The encoding named behind `key =`.
fn label_after(text: &str, key: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let value = lower.match_indices(key).find_map(|(at, _)| {
        let value = text.get(at + key.len()..)?.trim_start().strip_prefix('=')?;
        Some(value.trim_start().trim_start_matches(['"', '\'']))
    })?;
    let end = value.find(['"', '\'', ';', ' ', '?', ',', '/']).unwrap_or(value.len());
    let label = value[..end].trim();
    if label.eq_ignore_ascii_case("maccyrillic") {
        return Some(X_MAC_CYRILLIC);
    }
    Encoding::for_label(label.as_bytes())
}

/// Tries the candidates, UTF-8 and the detector's guess; fewest unreadable characters win, the
/// earlier candidate on a tie. A few broken bytes do not make UTF-8 something else.
fn best(bytes: &[u8], mut candidates: Vec<&'static Encoding>) -> Decoded {
    let utf_8 = decode_as(bytes, UTF_8);
    let readable = utf_8.text.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    if unreadable(&utf_8.text) * 8 <= readable {
        return utf_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(DETECTION_BYTES)], true);
    candidates.push(detector.guess(None, Utf8Detection::Deny));
    candidates
        .into_iter()
        .filter(|encoding| *encoding != UTF_8)
        .map(|encoding| decode_as(bytes, encoding))
        .min_by_key(|decoded| unreadable(&decoded.text))
        .unwrap_or(utf_8)
}

fn unreadable(text: &str) -> usize {
    text.chars().filter(|c| *c == '\u{fffd}').count()
}

/// Whether XML 1.0 allows the character.
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}'
        | '\u{10000}'..='\u{10ffff}')
}

/// Makes XML readable for a strict parser without changing what it says: everything before the
/// root, the declaration, the document type (but for its plain entities), comments and
/// processing instructions go; illegal characters go; bare `&` and `<` are escaped; HTML entities
/// become characters.
#[must_use]
pub fn well_form(document: &str) -> String {
    let mut out = String::with_capacity(document.len() + 64);
    let mut entities = Entities::default();
    let mut rest = &document[root_start(document)..];
    while !rest.is_empty() {
        let plain = memchr::memchr2(b'<', b'&', rest.as_bytes()).unwrap_or(rest.len());
        push_legal(&mut out, &rest[..plain]);
        rest = &rest[plain..];
        if let Some(known) = KNOWN_REFERENCES.iter().find(|known| rest.starts_with(**known)) {
            out.push_str(known);
            rest = &rest[known.len()..];
        } else if rest.starts_with('&') {
            rest = push_reference(&mut out, rest, &mut entities);
        } else if rest.starts_with('<') {
            rest = push_markup(&mut out, rest, &mut entities);
        }
    }
    out
}

/// Where the first tag begins: warnings of scripts and white space may stand before it.
fn root_start(document: &str) -> usize {
    let starts_tag = |at: &usize| {
        let next = document.as_bytes().get(at + 1);
        next.is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'?' | b'!' | b'_'))
    };
    document.match_indices('<').map(|(at, _)| at).find(starts_tag).unwrap_or(document.len())
}

/// Copies what XML allows. Control characters that only a wrongly declared windows-1252 puts into
/// a text are the characters that were meant.
fn push_legal(out: &mut String, part: &str) {
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = part.as_bytes()[at..].iter().position(|byte| needs_care(*byte)) {
        at += found;
        let Some(c) = part[at..].chars().next() else { break };
        let next = at + c.len_utf8();
        let meant = text::character(u32::from(c)).filter(|c| is_legal(*c));
        if meant != Some(c) {
            out.push_str(&part[kept..at]);
            out.extend(meant);
            kept = next;
        }
        at = next;
    }
    out.push_str(&part[kept..]);
}

/// Whether a character that [`push_legal`] may change begins with this byte.
fn needs_care(byte: u8) -> bool {
    (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || matches!(byte, 0xc2 | 0xef)
}

/// Copies one markup item and returns what follows it.
fn push_markup<'a>(out: &mut String, rest: &'a str, entities: &mut Entities<'a>) -> &'a str {
    let after = |end: &str| rest.split_once(end).map_or("", |(_, after)| after);
    if let Some(inside) = rest.strip_prefix("<![CDATA[") {
        let (data, after) = inside.split_once("]]>").unwrap_or((inside, ""));
        out.push_str("<![CDATA[");
        push_legal(out, data);
        out.push_str("]]>");
        return after;
    }
    if rest.starts_with("<!--") {
        return after("-->");
    }
    if rest.starts_with("<?") {
        return after("?>");
    }
    if rest.starts_with("<!") {
        let after = after_doctype(rest);
        entities.learn(&rest[..rest.len() - after.len()]);
        return after;
    }
    let first = rest[1..].chars().next();
    if !first.is_some_and(|c| c.is_alphabetic() || matches!(c, '/' | '_' | ':')) {
        out.push_str("&lt;");
        return &rest[1..];
    }
    let Some(end) = tag_end(rest) else {
        // The document breaks off inside a tag.
        return "";
    };
    push_tag(out, &rest[..end], entities);
    &rest[end..]
}

/// What follows a document type, its internal subset included.
fn after_doctype(rest: &str) -> &str {
    let mut depth = 0_usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => return &rest[at + 1..],
            _ => {}
        }
    }
    ""
}

/// The length of the tag that `rest` begins with. A quote that stays open too long is ignored.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote: Option<(u8, usize)> = None;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (Some((open, _)), byte) if byte == open => quote = None,
            (Some((_, start)), _) if at - start > VALUE_BYTES_MAX => break,
            (None, b'"' | b'\'') => quote = Some((byte, at)),
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
    }
    rest.find('>').map(|at| at + 1)
}

fn push_tag(out: &mut String, tag: &str, entities: &mut Entities<'_>) {
    if tag.bytes().all(|b| b != b'&' && (0x20..0x7f).contains(&b)) && !tag[1..].contains('<') {
        out.push_str(tag);
        return;
    }
    out.push('<');
    let mut rest = &tag[1..];
    while !rest.is_empty() {
        let plain = rest.find(['<', '&']).unwrap_or(rest.len());
        push_legal(out, &rest[..plain]);
        rest = &rest[plain..];
        if rest.starts_with('&') {
            rest = push_reference(out, rest, entities);
        } else if rest.starts_with('<') {
            out.push_str("&lt;");
            rest = &rest[1..];
        }
    }
}

/// Copies one reference, or escapes its ampersand, and returns what follows.
fn push_reference<'a>(out: &mut String, rest: &'a str, entities: &mut Entities<'_>) -> &'a str {
    let end = rest.as_bytes().iter().take(36).position(|b| *b == b';');
    let Some(name) = end.map(|end| &rest[1..end]) else {
        out.push_str("&amp;");
        return &rest[1..];
    };
    let after = &rest[name.len() + 2..];
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
            None => number.parse().ok(),
        };
        if let Some(code) = code {
            if let Some(c) = text::character(code).filter(|c| is_legal(*c)) {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            return after;
        }
    }
    match name {
        "amp" | "lt" | "gt" | "quot" | "apos" => out.push_str(&rest[..name.len() + 2]),
        _ => match text::named_character(name).or_else(|| entities.value(name)) {
            Some(resolved) => out.push_str(&quick_xml::escape::escape(&*resolved)),
            None => {
                out.push_str("&amp;");
                return &rest[1..];
            }
        },
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_encoding_is_found_wherever_it_is_told() {
        let gb = encoding_rs::GBK.encode("<?xml version='1.0' encoding='gb2312'?><t>新闻</t>").0;
        assert!(decode(&gb, None).text.contains("新闻"));
        assert!(decode(&gb, Some("text/xml; charset=ISO-8859-1")).text.contains("新闻"));
        let big5 = encoding_rs::BIG5.encode("<t>新聞</t>").0;
        assert!(decode(&big5, Some("text/xml; charset=\"big5\"")).text.contains("新聞"));
        assert_eq!(decode("\u{feff}<t/>".as_bytes(), Some("text/xml; charset=gbk")).text, "<t/>");
        let wide: Vec<u8> = "<t>é</t>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide, None).text, "<t>é</t>");
    }

    #[test]
    fn a_web_page_tells_its_encoding_in_a_meta_element() {
        let page = |head: &str| {
            let html = format!("<html><head>{head}<title>Привет</title>");
            encoding_rs::KOI8_R.encode(&html).0.into_owned()
        };
        for head in [
            "<meta charset=koi8-r>",
            "<META HTTP-EQUIV=\"Content-Type\" CONTENT='text/html; charset = koi8-r'/>",
            "<!-- <meta charset=\"big5\"> --><meta charset=\"KOI8-R\">",
        ] {
            let decoded = decode(&page(head), None);
            assert_eq!(decoded.encoding, "KOI8-R", "{head}");
            assert!(decoded.text.contains("Привет"));
        }
    }

    #[test]
    fn a_lie_about_the_encoding_does_no_harm() {
        let utf_8 = "<?xml version='1.0' encoding='gb2312'?><t>新闻 é</t>".as_bytes();
        assert!(decode(utf_8, Some("text/xml; charset=iso-8859-1")).text.contains("新闻 é"));
        let mut broken = "新闻".repeat(50).into_bytes();
        broken.push(0xff);
        assert_eq!(decode(&broken, None).encoding, "UTF-8");
    }

    #[test]
    fn what_a_strict_parser_refuses_is_put_right() {
        let cases = [
            (
                "<a>Q & A &nbsp; &copy; &#0; &#146; &bogus;</a>",
                "<a>Q &amp; A \u{a0} © &#0; &#8217; &amp;bogus;</a>".replace(" &#0;", " "),
            ),
            (
                "Warning: x\n<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>1 < 2\u{8}</a>",
                "<a>1 &lt; 2</a>".to_owned(),
            ),
            ("<a href='x?a=1&b=2'/><!-- & -->", "<a href='x?a=1&amp;b=2'/>".to_owned()),
            ("<a><![CDATA[ & <b> ", "<a><![CDATA[ & <b> ]]>".to_owned()),
            ("<a>don\u{92}t</a>", "<a>don\u{2019}t</a>".to_owned()),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a d='&b;'>&b;</a>", "<a d='c'>c</a>".to_owned()),
        ];
        for (given, expected) in cases {
            assert_eq!(well_form(given), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let decoded = decode(&bytes, None);
            let _ = well_form(&decoded.text);
        }

        #[test]
        fn repairing_twice_changes_nothing(text in "[a-z<>&;#!'\"= /\\[\\]-]{0,80}") {
            let once = well_form(&format!("<r>{text}"));
            prop_assert_eq!(well_form(&once), once);
        }
    }
}
