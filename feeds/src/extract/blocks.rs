//! The blocks of text of a tree: what both the trimming of edges and the density reader judge.

use crate::text;
use dom_query::{Document, NodeId, NodeRef};
use std::collections::HashSet;

/// Elements that are blocks of text.
#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "dd", "dt", "blockquote", "pre",
    "section", "article", "header", "footer", "figure", "figcaption", "address", "ul", "ol", "table", "dl",
    "summary", "details", "center", "main", "aside", "nav", "form", "tr", "tbody",
];
/// An element with fewer characters of its own is only a frame for its inner blocks.
const OWN_CHARS_MIN: usize = 40;
/// How much of a block's text is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 4_000;

/// One block of text that holds no other.
pub(super) struct Block<'a> {
    pub(super) node: NodeRef<'a>,
    /// Its text on one line, or the start of it.
    pub(super) text: String,
    /// Characters of its text.
    pub(super) chars: usize,
    /// Characters of its text that are links.
    pub(super) linked: usize,
}

impl Block<'_> {
    /// Its characters in those of Latin script: an ideograph says as much as two letters.
    pub(super) fn weight(&self) -> usize {
        let ideographs = self.text.chars().take(60).filter(|c| c.len_utf8() > 2).count();
        if ideographs > 10 { 2 * self.chars } else { self.chars }
    }

    /// Whether so many tenths of it are links.
    pub(super) fn is_linked(&self, tenths: usize) -> bool {
        self.chars > 0 && self.linked * 10 >= self.chars * tenths
    }
}

/// The blocks below a node in their order, those without text left out. An element that has more
/// text of its own than its inner blocks have is one block with them.
pub(super) fn read(content: &Document) -> Vec<Block<'_>> {
    let all: Vec<NodeRef<'_>> = content.root().descendants();
    let is_block = |node: &NodeRef<'_>| BLOCKS.iter().any(|name| node.has_name(name));
    let mut outer: HashSet<NodeId> = HashSet::new();
    for node in all.iter().filter(|node| is_block(node)) {
        for ancestor in node.ancestors_it(None) {
            // What lies above was seen before.
            if !outer.insert(ancestor.id) {
                break;
            }
        }
    }
    let mut blocks = Vec::new();
    let mut taken: HashSet<NodeId> = HashSet::new();
    for node in all {
        if node.parent().is_some_and(|parent| taken.contains(&parent.id)) {
            taken.insert(node.id);
        } else if is_block(&node) && (!outer.contains(&node.id) || has_own_text(&node)) {
            taken.insert(node.id);
            blocks.push(measure(node));
        }
    }
    blocks.retain(|block| block.chars > 0);
    blocks
}

fn has_own_text(node: &NodeRef<'_>) -> bool {
    let own =
        node.immediate_text().split_whitespace().map(|word| word.chars().count()).sum::<usize>();
    own >= OWN_CHARS_MIN
        && own * 2 >= node.normalized_char_count()
        && !node.descendants_it().any(|inner| inner.has_name("table"))
}

fn measure(node: NodeRef<'_>) -> Block<'_> {
    let text = text::title_line(text::prefix(&node.text(), TEXT_BYTES_MAX));
    let links = node.descendants_it().filter(|inner| inner.has_name("a"));
    let linked = links.map(|link| link.normalized_char_count()).sum();
    let chars = if text.is_empty() { 0 } else { node.normalized_char_count() };
    Block { node, text, chars, linked }
}
