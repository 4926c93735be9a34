//! Outlines whose values contain bare quotes: programs that write lists by hand forget to escape
//! them in descriptions, and one such quote would swallow the feeds behind it.

use std::borrow::Cow;

/// What an outline begins with.
const OUTLINE: &str = "<outline";
/// Longest name of an attribute that is recognised behind a quote, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The list with the quotes inside the values of its outlines escaped. A quote ends a value only
/// where another attribute or the end of the tag follows, which is so in every well-formed list:
/// those come back unchanged.
pub(super) fn close_quotes(list: &str) -> Cow<'_, str> {
    // Keeps byte positions, since only ASCII changes.
    let lower = list.to_ascii_lowercase();
    let mut repaired = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = lower[at..].find(OUTLINE) {
        let start = at + found;
        let inside = start + OUTLINE.len();
        let end = next_element(&lower, inside);
        if let Some(tag) = escaped_tag(&list[inside..end]) {
            repaired.push_str(&list[copied..inside]);
            repaired.push_str(&tag.text);
            copied = inside + tag.length;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(list);
    }
    repaired.push_str(&list[copied..]);
    Cow::Owned(repaired)
}

/// Where the next outline begins or an element ends: no value reaches so far.
fn next_element(lower: &str, from: usize) -> usize {
    let mut tags = lower[from..].match_indices('<').map(|(at, _)| from + at);
    let is_element = |at: &usize| {
        let rest = &lower[*at..];
        rest.starts_with(OUTLINE)
            || ["</outline", "</body", "</opml"].iter().any(|end| rest.starts_with(end))
    };
    tags.find(is_element).unwrap_or(lower.len())
}

/// A tag behind its name with quotes escaped, and how long it was.
struct EscapedTag {
    text: String,
    length: usize,
}

/// `None` when there is nothing to escape or the tag cannot be understood.
fn escaped_tag(inside: &str) -> Option<EscapedTag> {
    let mut text = String::new();
    let mut changed = false;
    let mut rest = inside;
    loop {
        let blank = rest.len() - rest.trim_start().len();
        text.push_str(&rest[..blank]);
        rest = &rest[blank..];
        if rest.starts_with('>') || rest.starts_with("/>") {
            return changed.then_some(EscapedTag { text, length: inside.len() - rest.len() });
        }
        let opening = rest.find(['"', '\'', '>', '<'])?;
        let quote = rest[opening..].chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let value = &rest[opening + 1..];
        let end =
            value.match_indices(quote).map(|(at, _)| at).find(|at| ends_value(&value[at + 1..]))?;
        text.push_str(&rest[..=opening]);
        if value[..end].contains(quote) {
            changed = true;
            let escape = if quote == '"' { "&quot;" } else { "&apos;" };
            text.push_str(&value[..end].replace(quote, escape));
        } else {
            text.push_str(&value[..end]);
        }
        text.push(quote);
        rest = &value[end + 1..];
    }
}

/// Whether the end of the tag follows, or white space and `name=`.
fn ends_value(after: &str) -> bool {
    let next = after.trim_start();
    if next.starts_with('>') || next.starts_with("/>") {
        return true;
    }
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-' | b'.');
    let length = next.bytes().take(NAME_BYTES_MAX).take_while(|b| is_name(*b)).count();
    next.len() < after.len() && length > 0 && next[length..].trim_start().starts_with('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_list_is_left_alone() {
        for list in [
            "<opml><outline text=\"a > b\" xmlUrl='x'/></opml>",
            "<outline text=\"it's\"\n title='\"q\"'></outline>",
            "<OUTLINE text=\"\"/>",
        ] {
            assert!(matches!(close_quotes(list), Cow::Borrowed(_)), "{list}");
        }
    }

    #[test]
    fn a_bare_quote_is_escaped() {
        assert_eq!(
            close_quotes("<outline text=\"the \"best\" one\" xmlUrl=\"x\"/><outline text='a'/>"),
            "<outline text=\"the &quot;best&quot; one\" xmlUrl=\"x\"/><outline text='a'/>"
        );
    }

    #[test]
    fn a_tag_that_cannot_be_understood_is_left_alone() {
        for list in ["<outline", "<outline text=\"a", "<outline text=a/>", "<outline 'x"] {
            assert_eq!(close_quotes(list), list);
        }
    }
}
