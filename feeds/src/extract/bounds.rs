//! Strangers' pages to a tree of bounded size and depth, in time that grows with their length.

use dom_query::{Document, NodeData, NodeRef};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};
use std::borrow::Cow;

/// Most nodes of a page that are read; what follows is dropped.
pub const NODES_MAX: usize = 120_000;
/// Deepest nesting that is read; what follows is dropped.
pub const DEPTH_MAX: usize = 256;
/// Most attributes of one element. The tokenizer compares each with all before it.
const ATTRIBUTES_MAX: usize = 256;
/// Longest text or value in one piece, in bytes.
const PIECE_BYTES_MAX: usize = 8 * 1024;
/// How much is parsed between two looks at the tree, in bytes.
const STEP_BYTES: usize = 4 * 1024;
/// How many nodes are added before the tree is measured again.
const STEP_NODES: usize = 4 * 1024;

/// A page as a tree.
pub(crate) struct Bounded {
    pub(crate) document: Document,
    /// Whether the whole page is in the tree.
    pub(crate) complete: bool,
}

/// Parses a page step by step and stops where the tree becomes too large or too deep.
///
/// Only the parser knows how deep a page is: end tags may be left out, and what stands at the wrong
/// place in a table is moved before it. So it is the growing tree that is measured.
pub(crate) fn parse(html: &str) -> Bounded {
    let tame = without_endless_tags(html);
    let mut rest: &str = &tame;
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
        ..ParseOpts::default()
    };
    let mut parser = parse_document(Document::default(), options);
    let mut complete = true;
    let mut measured = 0;
    while complete && !rest.is_empty() {
        let (step, after) = rest.split_at(rest.ceil_char_boundary(STEP_BYTES));
        parser.process(StrTendril::from_slice(step));
        rest = after;
        let document = &parser.tokenizer.sink.sink;
        let nodes = document.tree.len();
        complete = nodes < NODES_MAX;
        if nodes >= measured + STEP_NODES {
            measured = nodes;
            complete = complete && too_deep(document).is_empty();
        }
    }
    let document = parser.finish();
    let deep = too_deep(&document);
    complete = (complete || rest.is_empty()) && deep.is_empty();
    for node in deep {
        node.remove_from_parent();
    }
    shorten(&document);
    Bounded { document, complete }
}

/// Splits long texts and drops long values: the serializer looks for the next character it must
/// escape through all that is left of a text, so that the cost of one grows with its square.
fn shorten(document: &Document) {
    for node in document.root().descendants() {
        if node.is_text() {
            split(document, &node);
        } else {
            for attribute in node.attrs().iter().filter(|a| a.value.len() > PIECE_BYTES_MAX) {
                node.remove_attr(&attribute.name.local);
            }
        }
    }
}

fn split(document: &Document, node: &NodeRef<'_>) {
    let length = node.query_or(0, |node| match &node.data {
        NodeData::Text { contents } => contents.len(),
        _ => 0,
    });
    if length <= PIECE_BYTES_MAX {
        return;
    }
    let text = node.text();
    let mut rest: &str = &text;
    while rest.len() > PIECE_BYTES_MAX {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES_MAX));
        node.insert_before(&document.tree.new_text(piece));
        rest = after;
    }
    node.set_text(rest);
}

/// The nodes that lie one deeper than is allowed.
fn too_deep(document: &Document) -> Vec<NodeRef<'_>> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut next = Some(document.root());
    while let Some(node) = next {
        if depth > DEPTH_MAX {
            found.push(node);
        }
        let below = node.first_child().filter(|_| depth <= DEPTH_MAX);
        next = below.inspect(|_| depth += 1).or_else(|| after(node, &mut depth));
    }
    found
}

/// The node that follows a node and all below it.
fn after<'a>(node: NodeRef<'a>, depth: &mut usize) -> Option<NodeRef<'a>> {
    let mut node = node;
    loop {
        if let Some(sibling) = node.next_sibling() {
            return Some(sibling);
        }
        node = node.parent()?;
        *depth -= 1;
    }
}

/// Makes text of tags that have too many attributes.
fn without_endless_tags(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        let start = at + found;
        match endless_tag(&html[start..]) {
            Some(length) => {
                out.push_str(&html[copied..start]);
                out.push_str(&html[start..start + length].replace('<', " "));
                copied = start + length;
                at = copied;
            }
            None => at = start + 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// How far a tag with too many attributes was followed; `None` for every other tag. Every `<` is
/// looked at for itself, also one in a comment or a value: what the parser takes for a tag cannot
/// be hidden.
fn endless_tag(html: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    if !bytes.get(1)?.is_ascii_alphabetic() && !html.starts_with("</") {
        return None;
    }
    let mut attributes = 0;
    let mut at = 1;
    let mut previous = b'<';
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => return None,
            b'"' | b'\'' if previous == b'=' => {
                at += 1 + html[at + 1..].find(char::from(*byte))?;
                attributes += 1;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' => {
                attributes += usize::from(!is_gap(previous));
                // White space may stand between the sign and the value.
                if previous == b'=' {
                    at += 1;
                    continue;
                }
            }
            _ => {}
        }
        if attributes > ATTRIBUTES_MAX {
            return Some(html.floor_char_boundary(at));
        }
        previous = *byte;
        at += 1;
    }
    None
}

fn is_gap(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Bounded {
        parse(html)
    }

    #[test]
    fn an_ordinary_page_is_read_whole() {
        let page = read("<title>T</title><p class=a id='b'>One<p>Two");
        assert!(page.complete);
        assert_eq!(page.document.select("p").length(), 2);
    }

    #[test]
    fn a_page_that_is_too_deep_or_too_large_is_read_up_to_there() {
        let deep = format!("<p>first</p>{}last", "<div>".repeat(500_000));
        let page = read(&deep);
        assert!(!page.complete);
        assert!(page.document.root().text().starts_with("first"));
        let moved = format!("<table>{}", "<b>x".repeat(500_000));
        assert!(!read(&moved).complete);
        let hidden = format!("<a x=y'>{}", "<div>".repeat(500_000));
        assert!(!read(&hidden).complete);
        let many = read(&"<br>".repeat(1_000_000));
        assert!(!many.complete);
        assert!(many.document.tree.len() < NODES_MAX + 2 * STEP_BYTES);
        // Formatting that is never closed is opened again in every paragraph.
        let formatting: String = (0..100_000).map(|n| format!("<p><b id={n}>x</p>")).collect();
        assert!(read(&formatting).document.tree.len() < 4 * NODES_MAX);
    }

    #[test]
    fn a_tag_of_attributes_only_is_read_as_text() {
        let names: String = (0..300_000).map(|n| format!(" a{n}")).collect();
        for page in [
            format!("<p>first</p><a{names}>last"),
            format!("<!-- <a b=' --><a{names}>"),
            format!("<p {}>", "b = '1'".repeat(100_000)),
        ] {
            let tree = read(&page).document;
            let most = tree.select("*").nodes().iter().map(|node| node.attrs().len()).max();
            assert!(most.unwrap_or(0) <= ATTRIBUTES_MAX + 1, "{most:?}");
        }
    }
}
