//! The inside of a text element to a text: escaped, in CDATA, as naked elements or in base64.

use crate::atom;
use crate::text;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use std::borrow::Cow;

/// Elements that HTML never closes.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Media types that are never text, by their beginning.
const BINARY: &[&str] = &["application/octet-stream", "image/", "audio/", "video/", "font/"];

/// How the inside of an element is to be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// Characters that are HTML once resolved, or elements.
    #[default]
    Markup,
    /// Characters that are what they are.
    Plain,
    Base64,
}

impl Form {
    /// From the attributes `type` and, in Atom 0.3, `mode`. Version 1.0 lets base64 follow from a
    /// type that cannot be text.
    pub(crate) fn of(media_type: Option<&str>, mode: Option<&str>) -> Self {
        let kind = media_type.unwrap_or("").to_ascii_lowercase();
        let binary = BINARY.iter().any(|prefix| kind.starts_with(prefix)) && !kind.contains("xml");
        match (mode, kind.as_str()) {
            (Some(mode), _) if mode.eq_ignore_ascii_case("base64") => Self::Base64,
            (None, _) if binary => Self::Base64,
            (_, "text" | "text/plain" | "plain") => Self::Plain,
            _ => Self::Markup,
        }
    }
}

/// The text as HTML or as escaped text, whichever it came as, resolved once.
pub(crate) fn value(inner: &str, form: Form) -> String {
    if has_elements(inner) {
        return markup(inner);
    }
    let resolved = characters(inner);
    let decoded = if form == Form::Base64 { from_base64(&resolved) } else { None };
    decoded.unwrap_or_else(|| resolved.trim().to_owned())
}

/// The text as HTML. A text that claims to be plain but has end tags is HTML all the same.
pub(crate) fn html(inner: &str, form: Form) -> String {
    let value = value(inner, form);
    let plain = form == Form::Plain && !has_elements(inner) && !value.contains("</");
    if plain { text::to_html(&value) } else { value }
}

/// The characters of an element without children: references resolved, CDATA as it is.
pub(crate) fn characters(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, inside)) = text::split_once(rest, "<![CDATA[") {
        out.push_str(&unescaped(before));
        let (data, after) = text::split_once(inside, "]]>").unwrap_or((inside, ""));
        out.push_str(data);
        rest = after;
    }
    out.push_str(&unescaped(rest));
    out
}

fn unescaped(part: &str) -> Cow<'_, str> {
    quick_xml::escape::unescape(part).unwrap_or(Cow::Borrowed(part))
}

/// What base64 holds: nothing when that is a picture; `None` when it is no base64 at all.
fn from_base64(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = BASE64_STANDARD.decode(compact).ok()?;
    Some(String::from_utf8(bytes).map_or_else(|_| String::new(), |text| text.trim().to_owned()))
}

/// Whether there are tags outside of CDATA.
pub(crate) fn has_elements(inner: &str) -> bool {
    let mut rest = inner;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        match rest.strip_prefix("<![CDATA[") {
            Some(inside) => rest = text::split_once(inside, "]]>").map_or("", |(_, after)| after),
            None => return true,
        }
    }
    false
}

/// XML elements as HTML writes them: no prefixes, no empty-element tags but of void elements.
/// The single `div` that Atom wraps around XHTML goes.
fn markup(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner.trim();
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = text::split_once(inside, "]]>").unwrap_or((inside, ""));
            out.push_str(&quick_xml::escape::partial_escape(data));
            rest = after;
            continue;
        }
        let Some(length) = atom::tag_end(rest) else { break };
        push_tag(&mut out, &rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    unwrapped(out)
}

fn push_tag(out: &mut String, tag: &str) {
    let (open, body) = match tag.strip_prefix("</") {
        Some(body) => ("</", body),
        None => ("<", &tag[1..]),
    };
    let end = body.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    let (name, attributes) = body.split_at(end.unwrap_or(body.len()));
    let local = name.rsplit(':').next().unwrap_or(name);
    out.push_str(open);
    out.push_str(local);
    match attributes.strip_suffix("/>") {
        Some(attributes) if !VOID.iter().any(|void| void.eq_ignore_ascii_case(local)) => {
            out.push_str(&format!("{attributes}></{local}>"));
        }
        _ => out.push_str(attributes),
    }
}

/// Without the `div` around the whole, when there is just one.
fn unwrapped(html: String) -> String {
    let inside = || {
        let body = html.strip_prefix("<div")?;
        let attributes = atom::tag_end(body)?;
        let plain = body.starts_with(|c: char| c.is_whitespace() || c == '>');
        let inside = body.get(attributes..)?.strip_suffix("</div>")?;
        // Another one that opens and closes within is fine; one that closes first is a sibling.
        let siblings = inside.find("</div").is_some_and(|end| !inside[..end].contains("<div"));
        (plain && !siblings).then(|| inside.trim().to_owned())
    };
    inside().unwrap_or(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_the_same_however_it_was_written() {
        for (inner, form) in [
            ("&lt;p&gt;a&lt;/p&gt;", Form::of(Some("html"), None)),
            (" <![CDATA[<p>a</p>]]>\n", Form::Markup),
            ("<p>a</p>", Form::Markup),
            ("<h:div xmlns:h='x'><h:p>a</h:p></h:div>", Form::of(Some("xhtml"), None)),
            ("PHA+YTwv\ncD4=", Form::of(Some("application/octet-stream"), None)),
            ("PHA+YTwvcD4=", Form::of(Some("text/html"), Some("base64"))),
        ] {
            assert_eq!(html(inner, form), "<p>a</p>", "{inner}");
        }
    }

    #[test]
    fn plain_text_is_escaped_and_empty_elements_are_closed() {
        assert_eq!(html("1 &lt; 2", Form::of(Some("text"), None)), "1 &lt; 2");
        assert_eq!(value("a<b/><br/>c", Form::Markup), "a<b></b><br/>c");
        assert_eq!(value("<div>a</div><div>b</div>", Form::Markup), "<div>a</div><div>b</div>");
    }
}
