//! Atom documents put into the form feed-rs reads: versions before 1.0, odd types, empty elements.

use crate::text;
use std::borrow::Cow;

/// Elements that hold text with a type.
const TEXTS: &[&str] =
    &["title", "subtitle", "summary", "content", "rights", "copyright", "tagline", "info"];
/// Names of version 0.3 and what version 1.0 calls them.
const RENAMED: &[(&str, &str)] = &[
    ("issued", "published"),
    ("modified", "updated"),
    ("tagline", "subtitle"),
    ("copyright", "rights"),
];

/// Rewrites what stands behind the root's start tag. Types of text are folded to the three of
/// Atom 1.0, elements of version 0.3 renamed, empty text elements (fatal to feed-rs) dropped.
pub(crate) fn prepare(document: &str, version_03: bool) -> String {
    let mut out = String::with_capacity(document.len() + 64);
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("<![CDATA[") {
            text::find(rest, "]]>").map(|at| at + 3)
        } else {
            tag_end(rest)
        };
        let Some(end) = end else { break };
        let (tag, after) = rest.split_at(end);
        let name = tag[1..].split(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
        let name = name.clone().find(|part| !part.is_empty()).unwrap_or("");
        let local = name.rsplit(':').next().unwrap_or("");
        rest = after;
        if TEXTS.contains(&local) && !tag.starts_with("</") && !tag.contains(" src=") {
            let closing = format!("</{name}>");
            if tag.ends_with("/>") {
                continue;
            }
            if let Some(after) = after.trim_start().strip_prefix(closing.as_str()) {
                rest = after;
                continue;
            }
            out.push_str(&renamed(&typed(tag, local), local, version_03));
        } else {
            out.push_str(&renamed(tag, local, version_03));
        }
    }
    out.push_str(rest);
    out
}

/// The length of the tag that `rest` begins with.
pub(crate) fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn renamed<'t>(tag: &'t str, local: &str, version_03: bool) -> Cow<'t, str> {
    match RENAMED.iter().find(|(old, _)| version_03 && *old == local) {
        Some((old, new)) => tag.replacen(old, new, 1).into(),
        None => tag.into(),
    }
}

/// The tag with a type that feed-rs knows.
fn typed<'t>(tag: &'t str, local: &str) -> Cow<'t, str> {
    let kind = attribute(tag, "type");
    let mode = attribute(tag, "mode");
    let (Some(kind), mode) = (kind.or(mode.map(|_| "")), mode.unwrap_or("")) else {
        return tag.into();
    };
    let lower = kind.to_ascii_lowercase();
    let folded = match (mode, lower.as_str()) {
        ("xml", kind) if kind.contains("html") => "xhtml",
        (_, "text" | "text/plain" | "") => "text",
        (_, "xhtml" | "application/xhtml+xml") => "xhtml",
        (_, kind) if kind.contains("html") => "html",
        (_, kind) if local == "content" && kind.contains('/') => kind,
        _ => "text",
    };
    let start = without_attributes(tag, &["type", "mode"]);
    format!("{} type=\"{folded}\">", start.trim_end_matches('>')).into()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    ['"', '\''].into_iter().find_map(|quote| {
        let after = tag.split_once(&format!(" {name}={quote}"))?.1;
        after.split_once(quote).map(|(value, _)| value.trim())
    })
}

/// A start tag without some of its attributes.
pub(crate) fn without_attributes(tag: &str, names: &[&str]) -> String {
    let mut kept = tag.to_owned();
    for name in names {
        for quote in ['"', '\''] {
            let Some(at) = kept.find(&format!(" {name}={quote}")) else { continue };
            let value = at + name.len() + 3;
            let Some(length) = kept[value..].find(quote) else { continue };
            kept.replace_range(at..=value + length, "");
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_folded_and_empty_texts_dropped() {
        for (given, expected) in [
            ("<title type='text/html' mode='escaped'>x", "<title type=\"html\">x"),
            ("<title type='text/html' mode='xml'>x", "<title type=\"xhtml\">x"),
            ("<summary type=''>x", "<summary type=\"text\">x"),
            ("<content type=\"image/png\">x", "<content type=\"image/png\">x"),
            ("<title/><subtitle type='html'> </subtitle><id>1", "<id>1"),
            ("<tagline a='1'>x</tagline><modified>", "<subtitle a='1'>x</subtitle><updated>"),
            ("<![CDATA[<title/>]]><a b='>'>", "<![CDATA[<title/>]]><a b='>'>"),
        ] {
            assert_eq!(prepare(given, true), expected);
        }
    }
}
