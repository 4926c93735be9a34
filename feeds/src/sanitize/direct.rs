//! HTML whose tree is plain to see, cleaned without building it. Most feeds write nothing else:
//! known elements, each closed where it must be or where everybody knows it ends.
//!
//! The parser of the browsers does many things nobody wrote: it moves and repeats elements, and
//! guesses what was meant. Here is only what leaves it nothing to guess; the first doubt leaves the
//! whole to the tree. What is written is made of the tables below and of escaped text, never copied
//! mark-up.

mod reference;

use super::{HIDDEN, LAZY_SOURCES, LINK_RELATION, SCHEMES};
use reference::{reference, resolved};
use std::borrow::Cow;
use url::Url;

/// Elements open at the same time; deeper ones are left to the tree.
const DEPTH_MAX: usize = 64;
/// The same formatting element open more often is treated specially by parsers.
const FORMATTING_MAX: usize = 2;
/// Attributes kept of one tag; more are left to the tree.
const ATTRIBUTES_MAX: usize = 16;

/// What parsers treat alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Ends a paragraph, and a search for an open list item too.
    Block,
    /// Ends a paragraph: `p` and `div`.
    Division,
    Heading,
    Item,
    Link,
    Formatting,
    /// Formatting that is not shown: its tags are left out, its text stays.
    Unshown,
    Phrase,
    /// Goes with all it holds.
    Embedded,
    /// Has no end tag.
    Void,
    /// Has no end tag and ends a paragraph.
    Rule,
}

type Element = (&'static str, Kind);

const ELEMENTS: &[Element] = &[
    ("p", Kind::Division),
    ("a", Kind::Link),
    ("br", Kind::Void),
    ("img", Kind::Void),
    ("div", Kind::Division),
    ("span", Kind::Phrase),
    ("strong", Kind::Formatting),
    ("em", Kind::Formatting),
    ("b", Kind::Formatting),
    ("i", Kind::Formatting),
    ("li", Kind::Item),
    ("ul", Kind::Block),
    ("ol", Kind::Block),
    ("blockquote", Kind::Block),
    ("code", Kind::Formatting),
    ("pre", Kind::Block),
    ("h1", Kind::Heading),
    ("h2", Kind::Heading),
    ("h3", Kind::Heading),
    ("h4", Kind::Heading),
    ("h5", Kind::Heading),
    ("h6", Kind::Heading),
    ("hr", Kind::Rule),
    ("figure", Kind::Block),
    ("figcaption", Kind::Block),
    ("center", Kind::Block),
    ("font", Kind::Unshown),
    ("iframe", Kind::Embedded),
    ("small", Kind::Formatting),
    ("u", Kind::Formatting),
    ("s", Kind::Formatting),
    ("sub", Kind::Phrase),
    ("sup", Kind::Phrase),
    ("cite", Kind::Phrase),
    ("del", Kind::Phrase),
    ("ins", Kind::Phrase),
    ("kbd", Kind::Phrase),
    ("q", Kind::Phrase),
    ("abbr", Kind::Phrase),
];

/// The clean HTML, before its addresses are looked at; `None` when only a tree can tell.
pub(super) fn clean(html: &str) -> Option<String> {
    match memchr::memchr2(0, b'\r', html.as_bytes()).map(|at| html.as_bytes()[at]) {
        Some(b'\r') => clean(&html.replace("\r\n", "\n").replace('\r', "\n")),
        Some(_) => None,
        None => written(html),
    }
}

fn written(html: &str) -> Option<String> {
    let mut writer =
        Writer { out: String::with_capacity(html.len() + html.len() / 8), open: Vec::new() };
    let mut rest = html;
    while !rest.is_empty() {
        let plain = memchr::memchr3(b'<', b'&', b'>', rest.as_bytes()).unwrap_or(rest.len());
        push_spaces_escaped(&mut writer.out, &rest[..plain]);
        rest = &rest[plain..];
        if let Some(tag) = rest.strip_prefix("</") {
            rest = writer.end(tag)?;
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            rest = writer.comment(comment)?;
        } else if let Some(tag) = rest.strip_prefix('<') {
            let begins =
                tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?'));
            if !begins {
                writer.out.push_str("&lt;");
                rest = tag;
                continue;
            }
            rest = writer.start(tag)?;
        } else if rest.starts_with('&') {
            let (resolved, length) = reference(rest)?;
            push_escaped(&mut writer.out, &resolved, false);
            rest = &rest[length..];
        } else if let Some(after) = rest.strip_prefix('>') {
            writer.out.push_str("&gt;");
            rest = after;
        }
    }
    while !writer.open.is_empty() {
        writer.close();
    }
    Some(writer.out)
}

/// What is written, and the elements open in it, the innermost last.
struct Writer {
    out: String,
    open: Vec<&'static Element>,
}

impl Writer {
    /// Reads the start tag that `tag` begins with, without its bracket, and returns what follows.
    fn start<'a>(&mut self, tag: &'a str) -> Option<&'a str> {
        let (element, attributes) = element(tag)?;
        self.end_implied(element);
        if !fits(element, &self.open) {
            return None;
        }
        let (name, kind) = *element;
        let before = self.out.len();
        self.out.push('<');
        self.out.push_str(name);
        let (closed, rest) = push_attributes(&mut self.out, name, attributes)?;
        if kind == Kind::Link {
            push_attribute(&mut self.out, "rel", LINK_RELATION);
        }
        self.out.push('>');
        if matches!(kind, Kind::Unshown | Kind::Embedded) {
            self.out.truncate(before);
        }
        // The line end that `pre` begins with is none of its text; a second one would be.
        let rest = match name == "pre" {
            true => rest.strip_prefix('\n').unwrap_or(rest),
            false => rest,
        };
        match kind {
            Kind::Embedded => rest.strip_prefix("</iframe>").filter(|_| !closed),
            Kind::Void | Kind::Rule => Some(rest),
            // A slash there is ignored.
            _ if closed || (name == "pre" && rest.starts_with('\n')) => None,
            _ => {
                self.open.push(element);
                (self.open.len() <= DEPTH_MAX).then_some(rest)
            }
        }
    }

    /// Reads the end tag that `tag` begins with, without its brackets, and returns what follows.
    fn end<'a>(&mut self, tag: &'a str) -> Option<&'a str> {
        let (element, rest) = element(tag)?;
        let rest = rest.strip_prefix('>')?;
        if element.0 == "img" {
            // It closes nothing, so parsers pass over it.
            return Some(rest);
        }
        if matches!(element.1, Kind::Block | Kind::Item | Kind::Heading) || element.0 == "div" {
            while self.innermost().is_some_and(|open| open != element.0 && may_be_left_open(open)) {
                self.close();
            }
        }
        if element.0 == "p" && !self.open.iter().any(|(name, _)| *name == "p") {
            // Parsers put an empty paragraph there.
            self.out.push_str("<p></p>");
            return Some(rest);
        }
        if self.innermost() != Some(element.0) {
            return None;
        }
        self.close();
        Some(rest)
    }

    /// A comment is no part of the text; one in `pre` may hide its first line end.
    fn comment<'a>(&self, comment: &'a str) -> Option<&'a str> {
        let (inside, rest) = comment.split_once("-->")?;
        let odd = inside.starts_with(['>', '-']) || inside.contains("<!") || inside.contains("--!");
        (!odd && !inside.ends_with('-') && self.innermost() != Some("pre")).then_some(rest)
    }

    fn innermost(&self) -> Option<&'static str> {
        self.open.last().map(|(name, _)| *name)
    }

    fn close(&mut self) {
        if let Some((name, kind)) = self.open.pop()
            && *kind != Kind::Unshown
        {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    /// Ends the innermost paragraph or item where an element begins that ends it.
    fn end_implied(&mut self, element: &Element) {
        let ends = match self.innermost() {
            Some("p") => !matches!(
                element.1,
                Kind::Void
                    | Kind::Phrase
                    | Kind::Formatting
                    | Kind::Unshown
                    | Kind::Link
                    | Kind::Embedded
            ),
            Some("li") => element.1 == Kind::Item,
            _ => false,
        };
        if ends {
            self.close();
        }
    }
}

/// The element a tag names, and what follows its name.
fn element(tag: &str) -> Option<(&'static Element, &str)> {
    let length = tag.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = tag.split_at(length);
    let element = ELEMENTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((element, rest))
}

/// Elements whose end tag people leave out, because parsers know where they end.
fn may_be_left_open(name: &str) -> bool {
    matches!(name, "p" | "li")
}

/// Whether a parser would put the element where it stands, and do nothing else.
fn fits(element: &Element, open: &[&Element]) -> bool {
    let (name, kind) = *element;
    let is_open = |name: &str| open.iter().any(|(open, _)| *open == name);
    match kind {
        Kind::Void | Kind::Phrase | Kind::Embedded => true,
        Kind::Link => !is_open("a"),
        Kind::Formatting | Kind::Unshown => {
            open.iter().filter(|(open, _)| *open == name).count() < FORMATTING_MAX
        }
        Kind::Heading => {
            !is_open("p") && open.last().is_none_or(|(_, kind)| *kind != Kind::Heading)
        }
        Kind::Item => !is_open("p") && !is_in_item(open),
        Kind::Block | Kind::Division | Kind::Rule => !is_open("p"),
    }
}

/// Whether a list item would end the one it stands in.
fn is_in_item(open: &[&Element]) -> bool {
    let mut around = open.iter().rev().map(|(_, kind)| *kind);
    let decides = |kind: &Kind| matches!(kind, Kind::Item | Kind::Block | Kind::Heading);
    around.find(decides) == Some(Kind::Item)
}

/// Writes the attributes that are kept and returns whether the tag ends with a slash, and what
/// follows it.
fn push_attributes<'a>(out: &mut String, element: &str, text: &'a str) -> Option<(bool, &'a str)> {
    let mut read: Vec<Cow<'_, str>> = Vec::new();
    let mut rest = text;
    loop {
        let spaces = rest.len();
        rest = rest.trim_start_matches([' ', '\n', '\t']);
        if let Some(after) = rest.strip_prefix('>') {
            return Some((false, after));
        }
        if let Some(after) = rest.strip_prefix("/>") {
            return Some((true, after));
        }
        if rest.len() == spaces || read.len() == ATTRIBUTES_MAX {
            return None;
        }
        let (name, value, after) = attribute(rest)?;
        if read.contains(&name) {
            return None;
        }
        let value = resolved(value)?;
        if is_kept(element, &name, &value) {
            push_attribute(out, &name, &value);
        }
        read.push(name);
        rest = after;
    }
}

/// The attribute that `text` begins with: its name in lower case, its value as it stands, and what
/// follows.
fn attribute(text: &str) -> Option<(Cow<'_, str>, &str, &str)> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let (name, rest) = text.split_at(text.bytes().take_while(plain).count());
    if name.is_empty() {
        return None;
    }
    let lower = name.bytes().any(|byte| byte.is_ascii_uppercase());
    let name = if lower { name.to_ascii_lowercase().into() } else { Cow::Borrowed(name) };
    let Some(rest) = rest.strip_prefix('=') else {
        // An equals sign may follow the space.
        return rest.starts_with(['>', '/']).then_some((name, "", rest));
    };
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let (value, after) = rest[1..].split_once(quote)?;
        return Some((name, value, after));
    }
    let (value, after) = rest.split_at(rest.find([' ', '\n', '\t', '>'])?);
    let odd = value.is_empty() || value.contains(['"', '\'', '<', '`', '&', '\u{c}']);
    (!odd).then_some((name, value, after))
}

/// As the tree's cleaner is told.
fn is_kept(element: &str, name: &str, value: &str) -> bool {
    let known = match element {
        "a" => matches!(name, "href" | "hreflang"),
        "img" => {
            matches!(name, "align" | "alt" | "height" | "src" | "width")
                || LAZY_SOURCES.contains(&name)
        }
        "hr" => matches!(name, "align" | "size" | "width"),
        "del" | "ins" => matches!(name, "cite" | "datetime"),
        "blockquote" | "q" => name == "cite",
        "ol" => name == "start",
        _ => false,
    };
    let kept = known || matches!(name, "lang" | "title") || name == HIDDEN;
    kept && (!matches!(name, "href" | "src") || is_allowed_address(value))
}

fn is_allowed_address(value: &str) -> bool {
    match Url::parse(value) {
        Ok(url) => SCHEMES.contains(&url.scheme()),
        Err(why) => why == url::ParseError::RelativeUrlWithoutBase,
    }
}

fn push_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    push_escaped(out, value, true);
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str, attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            c => out.push(c),
        }
    }
}

/// Writes text without special characters but for the space that does not break.
fn push_spaces_escaped(out: &mut String, text: &str) {
    match text.contains('\u{a0}') {
        true => out.push_str(&text.replace('\u{a0}', "&nbsp;")),
        false => out.push_str(text),
    }
}

#[cfg(test)]
mod tests;
