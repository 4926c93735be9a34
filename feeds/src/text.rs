//! HTML to plain text: blocks separated by newlines, and titles on one line.

mod writer;

use html5ever::data::NAMED_ENTITIES;
use writer::Writer;

/// Longest plain text kept of one article, in bytes.
pub const TEXT_BYTES_MAX: usize = 400_000;
/// Longest title kept, in characters.
pub const TITLE_CHARS_MAX: usize = 300;
/// Characters of text that stand in for a missing title.
const TITLE_FROM_TEXT_CHARS: usize = 80;

/// Elements that begin a new line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];
/// Elements whose content is not text.
const HIDDEN: &[&str] = &["script", "style", "noscript", "template", "title"];
/// Elements that are recognised as tags in a title; anything else in angle brackets is text there.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark",
    "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];

/// One tag: its lower-case name, whether it closes, and the bytes it takes.
pub(crate) struct Tag<'a> {
    pub(crate) name: &'a str,
    pub(crate) closing: bool,
    pub(crate) length: usize,
}

/// Reads the tag that `text` begins with; `None` when it is not one.
pub(crate) fn tag(text: &str) -> Option<Tag<'_>> {
    let bytes = text.as_bytes();
    let closing = bytes.get(1) == Some(&b'/');
    let start = if closing { 2 } else { 1 };
    if !bytes.get(start)?.is_ascii_alphabetic() {
        return None;
    }
    let name_length =
        bytes[start..].iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(0).max(1);
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate().skip(start + name_length) {
        match (quote, byte) {
            (None, b'>') => {
                let name = &text[start..start + name_length];
                return Some(Tag { name, closing, length: at + 1 });
            }
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Whether `text` begins like a tag, finished or not. One that is not finished reaches to the end
/// of the text, so nobody needs to look for its end twice.
pub(crate) fn begins_tag(text: &str) -> bool {
    let after = text.strip_prefix("</").or_else(|| text.strip_prefix('<')).unwrap_or("");
    after.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The text of HTML: one line a block, no empty lines, white space folded, entities resolved,
/// at most [`TEXT_BYTES_MAX`].
#[must_use]
pub fn from_html(html: &str) -> String {
    let mut out = Writer::default();
    let mut rest = html;
    while !rest.is_empty() && out.text.len() < TEXT_BYTES_MAX {
        let plain = rest.find('<').unwrap_or(rest.len());
        out.push_escaped(&rest[..plain]);
        rest = &rest[plain..];
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(tag) = tag(rest) else {
            if begins_tag(rest) {
                break;
            }
            out.push_plain("<");
            rest = &rest[1..];
            continue;
        };
        if one_of(BLOCKS, tag.name) {
            out.line_break();
        }
        let after = &rest[tag.length..];
        rest = if !tag.closing && one_of(HIDDEN, tag.name) {
            skip_element(after, tag.name)
        } else {
            after
        };
    }
    out.finish()
}

/// What follows the end of a hidden element; everything when it never ends.
fn skip_element<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at..];
        if rest[2..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return rest.split_once('>').map_or("", |(_, after)| after);
        }
        rest = &rest[2..];
    }
    ""
}

/// A title on one line: mark-up and entities resolved (also those escaped twice), white space
/// folded, at most [`TITLE_CHARS_MAX`] characters.
#[must_use]
pub fn title_line(raw: &str) -> String {
    let mut out = Writer::default();
    let mut rest = prefix(raw, 64 * TITLE_CHARS_MAX);
    while !rest.is_empty() && out.text.len() < 8 * TITLE_CHARS_MAX {
        let plain = rest.find('<').unwrap_or(rest.len());
        out.push_escaped(&rest[..plain]);
        rest = &rest[plain..];
        match tag(rest).filter(|tag| one_of(INLINE, tag.name) || one_of(BLOCKS, tag.name)) {
            Some(tag) => {
                if one_of(BLOCKS, tag.name) {
                    out.push_plain(" ");
                }
                rest = &rest[tag.length..];
            }
            None if begins_tag(rest) && !rest.contains('>') => {
                out.push_escaped(rest);
                rest = "";
            }
            None if !rest.is_empty() => {
                out.push_plain("<");
                rest = &rest[1..];
            }
            None => {}
        }
    }
    cut(&out.finish().replace('\n', " "), TITLE_CHARS_MAX)
}

/// The start of a text as a title, cut at a word where there is one.
#[must_use]
pub fn title_from_text(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    cut(line, TITLE_FROM_TEXT_CHARS)
}

/// At most `limit` characters, with an ellipsis where something was cut.
fn cut(text: &str, limit: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(limit) else {
        return text.to_owned();
    };
    let kept = &text[..end];
    let kept = match kept.rfind(' ') {
        Some(space) if space > end / 2 => &kept[..space],
        _ => kept,
    };
    format!("{}…", kept.trim_end())
}

/// Plain text as HTML with its lines kept.
#[must_use]
pub fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 64);
    for (index, line) in text.trim().lines().enumerate() {
        if index > 0 {
            html.push_str("<br>");
        }
        html.push_str(&quick_xml::escape::partial_escape(line));
    }
    html
}

/// `str::find` for long texts: many bytes at a time.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    memchr::memmem::find(text.as_bytes(), part.as_bytes())
}

/// `str::split_once` for long texts.
pub(crate) fn split_once<'t>(text: &'t str, part: &str) -> Option<(&'t str, &'t str)> {
    find(text, part).map(|at| (&text[..at], &text[at + part.len()..]))
}

/// The longest start of `text` that fits into `limit` bytes.
#[must_use]
pub fn prefix(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// The entity that `text` begins with, resolved, and its length; `&amp;` is looked through once,
/// because titles and summaries are often escaped twice.
fn entity(text: &str) -> Option<(String, usize)> {
    let (resolved, length) = single_entity(text)?;
    if resolved == "&"
        && let Some((inner, _)) = single_entity(&format!("&{}", prefix(&text[length..], 40)))
    {
        let end = text[length..].find(';')? + length + 1;
        return Some((inner, end));
    }
    Some((resolved, length))
}

fn single_entity(text: &str) -> Option<(String, usize)> {
    let end = text.as_bytes().iter().take(36).position(|b| *b == b';')?;
    let name = &text[1..end];
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some((character(code)?.to_string(), end + 1));
    }
    named_character(name).map(|resolved| (resolved, end + 1))
}

/// The text of a named reference of HTML, by the table of the HTML parser.
pub(crate) fn named_character(name: &str) -> Option<String> {
    let (first, second) = NAMED_ENTITIES.get(format!("{name};").as_str())?;
    let text: String =
        [*first, *second].into_iter().filter(|c| *c != 0).filter_map(char::from_u32).collect();
    (!text.is_empty()).then_some(text)
}

/// The character of a numeric reference; 128 to 159 mean windows-1252, as browsers read them.
pub(crate) fn character(code: u32) -> Option<char> {
    match code {
        0x80..=0x9f => {
            let byte = [u8::try_from(code).ok()?];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
            text.chars().next().filter(|c| !c.is_control())
        }
        _ => char::from_u32(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_become_lines_and_inline_elements_do_not() {
        let html = "<p>One <b>two</b>\n three</p><ul><li>a</li><li>b&nbsp;c</li></ul>x<br>y";
        assert_eq!(from_html(html), "One two three\na\nb c\nx\ny");
    }

    #[test]
    fn scripts_and_comments_are_not_text() {
        assert_eq!(from_html("a<script>if (1<2) x()</script><!-- no -->b<style>p{}"), "ab");
    }

    #[test]
    fn a_title_is_one_line_without_markup() {
        assert_eq!(
            title_line("  Fish &amp; <b>chips</b>\n&#8211; &amp;quot;fresh&amp;quot; "),
            "Fish & chips – \"fresh\""
        );
        assert_eq!(title_line("Vec<T> and a < b"), "Vec<T> and a < b");
    }

    #[test]
    fn a_long_title_is_cut_at_a_word() {
        let title = title_line(&"word ".repeat(200));
        assert!(title.chars().count() <= TITLE_CHARS_MAX + 1);
        assert!(title.ends_with("word…"));
    }

    #[test]
    fn text_that_cannot_be_seen_cannot_disguise_a_title() {
        assert_eq!(title_line("a\u{202e}b\u{0}c\u{200b}d"), "abcd");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,200}") {
            let _ = from_html(&text);
            let title = title_line(&text);
            prop_assert!(!title.contains('\n'));
        }

        #[test]
        fn plain_text_survives_the_way_through_html(text in "[a-zA-Z0-9<>\"']{1,60}") {
            prop_assert_eq!(from_html(&to_html(&text)), text);
        }
    }
}
