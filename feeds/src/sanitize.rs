//! HTML of strangers to HTML that is safe to show: ammonia decides, then links are made absolute.

mod direct;

use crate::extract::bounds;
use crate::text;
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::sync::LazyLock;
use url::Url;

/// Longest HTML of one article that is cleaned, in bytes; what follows is dropped.
pub const HTML_BYTES_MAX: usize = 500_000;
/// Deepest nesting that is parsed as HTML; deeper documents are shown as their text. The tree
/// builder's cost grows with depth times length.
const DEPTH_MAX: usize = 256;
/// Most attributes in one document, against documents that are all attributes.
const ATTRIBUTES_MAX: usize = 50_000;

/// Elements whose end tag is often left out, so that they do not nest.
const NOT_NESTING: &[&str] = &[
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta",
    "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
];

/// Where images that load late keep their address.
const LAZY_SOURCES: &[&str] = &[
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-orig-file",
    "data-actualsrc",
    "data-original-src",
    "data-srcset",
    "srcset",
];

/// Schemes of the addresses that are kept.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];
/// What every link tells the browser: nothing of ours goes with it.
const LINK_RELATION: &str = "noopener noreferrer nofollow";

/// An element with this attribute is not shown, with all that is in it.
const HIDDEN: &str = "hidden";
/// Elements without an end tag that ammonia lets through.
const VOID: &[&str] = &["br", "col", "hr", "img", "source", "wbr"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(cleaner);

fn cleaner() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .add_tags(["audio", "video", "source", "picture"])
        .rm_tags(["map", "area"])
        .add_clean_content_tags([
            "iframe", "noembed", "noframes", "noscript", "object", "select", "template",
            "textarea", "title", "xmp",
        ])
        // Kept by ammonia only for the rewriting to see it.
        .add_generic_attributes([HIDDEN])
        .add_tag_attributes("img", LAZY_SOURCES)
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .url_schemes(SCHEMES.into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some(LINK_RELATION));
    builder
}

/// Clean HTML with absolute links. Relative links are resolved against `base`; without a base
/// they are dropped, their text stays. Images of one pixel, scripts, styles, forms and frames go.
#[must_use]
pub fn sanitize(html: &str, base: Option<&Url>) -> String {
    let html = trimmed(text::prefix(html, HTML_BYTES_MAX));
    if html.is_empty() {
        return String::new();
    }
    if !html.contains(['<', '&']) {
        return plain(html);
    }
    let clean = direct::clean(html).unwrap_or_else(|| match is_too_large(html) {
        true => text::to_html(&text::from_html(html)),
        false => by_tree(html),
    });
    trimmed(&rewrite(&clean, base)).to_owned()
}

/// Clean HTML by the tree that browsers would build.
fn by_tree(html: &str) -> String {
    let clean = CLEANER.clean(&formulas_as_text(html)).to_string();
    // A carriage return can only have come from a reference; the next parser would change it.
    if clean.contains('\r') { clean.replace('\r', "\n") } else { clean }
}

/// Without white space at its ends, nor the byte order mark that the HTML parser drops there.
fn trimmed(html: &str) -> &str {
    html.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// Puts the text of MathML in its place: ammonia drops foreign elements with what is in them, but a
/// formula's letters say something without its layout. What this writes is cleaned afterwards.
fn formulas_as_text(html: &str) -> Cow<'_, str> {
    const OPEN: &str = "<math";
    const CLOSE: &str = "</math>";
    let opens =
        |at: usize| html.get(at..at + OPEN.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(OPEN));
    if !memchr::memchr_iter(b'<', html.as_bytes()).any(opens) {
        return Cow::Borrowed(html);
    }
    // Keeps byte positions, since only ASCII changes.
    let lower = html.to_ascii_lowercase();
    let mut out = String::new();
    let mut copied = 0;
    while let Some(start) = lower[copied..].find(OPEN).map(|at| copied + at) {
        let Some(end) = lower[start..].find(CLOSE).map(|at| start + at + CLOSE.len()) else {
            break;
        };
        out.push_str(&html[copied..start]);
        out.push_str(&text::to_html(&text::from_html(&html[start..end])));
        copied = end;
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// Text without markup or references as the HTML parser would leave it: line ends in one form, no
/// zero characters.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    trimmed(&text).replace('>', "&gt;")
}

/// Whether the tree of a document is too deep or too large. Only the parser knows: a quote in the
/// wrong place or a comment hides tags from every simpler look. A document with few tags cannot be
/// deep, nor a short one have many attributes, so that most are not parsed twice.
fn is_too_large(html: &str) -> bool {
    let begins = |at: &usize| html.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphabetic);
    let tags = memchr::memchr_iter(b'<', html.as_bytes()).filter(begins).count();
    (tags > DEPTH_MAX || html.len() > ATTRIBUTES_MAX)
        && (is_hostile(html) || (tags > DEPTH_MAX && !bounds::parse(html).complete))
}

/// Whether a document is plainly built to make the parser slow.
fn is_hostile(html: &str) -> bool {
    let mut depth = 0_usize;
    let mut attributes = 0_usize;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let Some(tag) = text::tag(rest) else {
            if text::begins_tag(rest) {
                break;
            }
            rest = &rest[1..];
            continue;
        };
        attributes += rest.as_bytes()[..tag.length].iter().filter(|b| **b == b'=').count();
        let nests = !NOT_NESTING.iter().any(|name| name.eq_ignore_ascii_case(tag.name));
        if tag.closing {
            depth = depth.saturating_sub(1);
        } else if nests && !rest[..tag.length].ends_with("/>") {
            depth += 1;
        }
        if depth > DEPTH_MAX || attributes > ATTRIBUTES_MAX {
            return true;
        }
        rest = &rest[tag.length..];
    }
    false
}

/// Walks over ammonia's output, which is well-formed, and rewrites the tags that carry addresses.
fn rewrite(clean: &str, base: Option<&Url>) -> String {
    let mut out = String::with_capacity(clean.len() + clean.len() / 8);
    let mut rest = clean;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(tag) = text::tag(rest) else {
            // Cannot be in ammonia's output; were it there, it would be text.
            out.push_str(&quick_xml::escape::partial_escape(rest));
            return out;
        };
        let source = &rest[..tag.length];
        if !tag.closing && is_hidden(source) {
            rest = after_element(rest, tag.name, tag.length);
            continue;
        }
        match (tag.closing, tag.name) {
            (false, "img") => write_image(&mut out, source, base),
            (false, "a" | "audio" | "video" | "source" | "blockquote" | "q" | "del" | "ins") => {
                write_linking(&mut out, tag.name, source, base);
            }
            _ => out.push_str(source),
        }
        rest = &rest[tag.length..];
    }
    out.push_str(rest);
    out
}

fn is_hidden(source: &str) -> bool {
    source.contains(' ')
        && source.contains(HIDDEN)
        && attributes(source).iter().any(|(name, _)| *name == HIDDEN)
}

/// What follows the element that `rest` begins with, given its name and its tag's length.
fn after_element<'a>(rest: &'a str, name: &str, length: usize) -> &'a str {
    let mut rest = &rest[length..];
    let mut open = usize::from(!VOID.contains(&name));
    while open > 0 {
        let Some(at) = rest.find('<') else { return "" };
        rest = &rest[at..];
        let Some(tag) = text::tag(rest) else { return "" };
        match (tag.name == name, tag.closing) {
            (true, true) => open -= 1,
            (true, false) => open += 1,
            _ => {}
        }
        rest = &rest[tag.length..];
    }
    rest
}

/// The attributes of a tag that ammonia wrote: name, value with its entities resolved.
fn attributes(source: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = source.split_once(' ').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else {
            break;
        };
        found.push((name.trim(), unescape(value)));
        rest = after;
    }
    found
}

fn unescape(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    value
        .replace("&nbsp;", "\u{a0}")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    out.push_str(&quick_xml::escape::escape(value));
    out.push('"');
}

/// An absolute address that may be shown, or none.
fn absolute(value: &str, base: Option<&Url>) -> Option<String> {
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    let url = match base {
        Some(base) => base.join(value).ok()?,
        None => Url::parse(value).ok()?,
    };
    matches!(url.scheme(), "http" | "https" | "mailto").then(|| url.into())
}

fn write_linking(out: &mut String, name: &str, source: &str, base: Option<&Url>) {
    out.push('<');
    out.push_str(name);
    for (attribute, value) in attributes(source) {
        if !matches!(attribute, "href" | "src" | "poster" | "cite") {
            write_attribute(out, attribute, &value);
        } else if let Some(url) = absolute(&value, base) {
            write_attribute(out, attribute, &url);
        }
    }
    out.push('>');
}

fn write_image(out: &mut String, source: &str, base: Option<&Url>) {
    let attributes = attributes(source);
    let value = |wanted: &str| {
        attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
    };
    // An image one pixel wide or high counts readers; it shows nothing.
    let tiny = |value: Option<&str>| {
        let digits = value.map(|value| value.trim().trim_end_matches("px"));
        digits.and_then(|value| value.parse::<f32>().ok()).is_some_and(|size| size <= 1.0)
    };
    if tiny(value("width")) || tiny(value("height")) {
        return;
    }
    let lazy = LAZY_SOURCES.iter().filter_map(|name| value(name)).find_map(|value| {
        let first = value.split(',').next().and_then(|part| part.split_whitespace().next());
        first.filter(|url| !url.starts_with("data:"))
    });
    let own = value("src").filter(|url| !url.trim().is_empty());
    let late = value("data-src").or_else(|| value("data-original")).is_some();
    let chosen = if late { lazy.or(own) } else { own.or(lazy) };
    let Some(url) = chosen.and_then(|url| absolute(url, base)) else {
        if let Some(alternative) = value("alt") {
            out.push_str(&quick_xml::escape::partial_escape(alternative));
        }
        return;
    };
    if url.starts_with("mailto:") {
        return;
    }
    out.push_str("<img");
    write_attribute(out, "src", &url);
    for name in ["alt", "title", "width", "height", "lang"] {
        if let Some(value) = value(name) {
            write_attribute(out, name, value);
        }
    }
    out.push_str(" loading=\"lazy\">");
}

#[cfg(test)]
mod tests;
