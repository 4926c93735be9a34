//! Bytes to well-formed text: illegal characters gone, bare ampersands escaped. The bytes become
//! characters in [`crate::encoding`].

use crate::entities::Entities;
use crate::text;

pub use crate::encoding::{DOCUMENT_BYTES_MAX, Decoded, decode};

/// A quoted attribute value longer than this is taken for a quote that was never closed.
const VALUE_BYTES_MAX: usize = 64 * 1024;

/// What stands between most tags of a feed, for speed.
const KNOWN_REFERENCES: [&str; 4] = ["&lt;", "&gt;", "&amp;", "&quot;"];
/// How many bytes are looked at together for one that needs care.
const CARE_BYTES: usize = 64;

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
        if rest.starts_with('<') {
            rest = push_markup(&mut out, rest, &mut entities);
        } else if let Some(known) = KNOWN_REFERENCES.iter().find(|known| rest.starts_with(**known))
        {
            out.push_str(known);
            rest = &rest[known.len()..];
        } else if rest.starts_with('&') {
            rest = push_reference(&mut out, rest, &mut entities);
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
    while let Some(found) = first_for_care(&part.as_bytes()[at..]) {
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

/// Where the first character begins that [`push_legal`] may change. Blocks without one are passed
/// over as a whole, without a branch a byte.
fn first_for_care(bytes: &[u8]) -> Option<usize> {
    let any = |block: &&[u8]| block.iter().fold(false, |any, byte| any | needs_care(*byte));
    let skipped =
        bytes.chunks_exact(CARE_BYTES).take_while(|block| !any(block)).count() * CARE_BYTES;
    let found = bytes[skipped..].iter().position(|byte| needs_care(*byte));
    found.map(|at| skipped + at)
}

/// Whether a character that [`push_legal`] may change begins with this byte.
fn needs_care(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r')
        | (byte == 0xc2)
        | (byte == 0xef)
}

/// Copies one markup item and returns what follows it.
fn push_markup<'a>(out: &mut String, rest: &'a str, entities: &mut Entities<'a>) -> &'a str {
    let after = |end: &str| text::split_once(rest, end).map_or("", |(_, after)| after);
    if let Some(inside) = rest.strip_prefix("<![CDATA[") {
        let (data, after) = text::split_once(inside, "]]>").unwrap_or((inside, ""));
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

    #[test]
    fn an_illegal_character_is_found_anywhere_in_a_long_text() {
        for before in [0, 1, 62, 63, 64, 65, 127, 200] {
            for after in [0, 1, 63, 64, 130] {
                let (start, end) = ("x".repeat(before), "y".repeat(after));
                let document = format!("<a>{start}\u{8}\u{fffe}{end}</a>");
                assert_eq!(well_form(&document), format!("<a>{start}{end}</a>"));
            }
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
