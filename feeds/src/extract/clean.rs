//! What does not belong to an article although it stands in the middle of it.

use dom_query::{Document, NodeRef};

/// Elements that hold captions of pictures, whatever they are called.
const CAPTIONS: &str = "[class*='caption' i]:not(figcaption):not(table):not(body):not(html)";
/// Elements that never belong to the article, by the words pages name them with.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    "[class*='newsletter' i]", "[class*='sharedaddy' i]", "[class*='social-share' i]", "[class*='share-buttons' i]",
    "[class*='related-posts' i]", "[class*='related-articles' i]", "[class*='relatedposts' i]", "[class*='related_articles' i]",
    "[class*='recommended' i]", "[class*='author-bio' i]", "[class*='authorbio' i]", "[class*='author-box' i]", "[id*='author-box' i]",
    "[id='comments']", "[class*='most-read' i]", "[class*='mostread' i]", "[class*='read-more' i]", "[class*='readmore' i]",
];

/// Makes captions known as such and takes out what no article has.
pub(super) fn before(page: &Document) {
    page.select("script, style, template").remove();
    let whole = page
        .select_single("body")
        .nodes()
        .iter()
        .map(NodeRef::normalized_char_count)
        .sum::<usize>();
    for selector in NEVER {
        for node in page.select(selector).nodes() {
            if !is_whole_page(node) && node.normalized_char_count() * 6 < whole {
                node.remove_from_parent();
            }
        }
    }
    let captions = page.select(CAPTIONS);
    for node in captions.nodes() {
        if node.normalized_char_count() < CAPTION_CHARS_MAX && !holds_picture(node) {
            node.rename("figcaption");
        }
    }
}

/// A caption from this length on tells a story of its own and interrupts the text it stands in.
const LONG_CAPTION_CHARS: usize = 60;
/// Longer text is no caption.
const CAPTION_CHARS_MAX: usize = 600;

/// Whether a name stands on an element that holds the page itself.
fn is_whole_page(node: &NodeRef<'_>) -> bool {
    ["html", "body", "main", "article"].iter().any(|name| node.has_name(name))
}

fn holds_picture(node: &NodeRef<'_>) -> bool {
    node.descendants_it().any(|inner| {
        ["img", "picture", "video", "iframe", "p"].iter().any(|name| inner.has_name(name))
    })
}

/// The text that an article runs on: its content without the captions of its pictures.
pub(super) fn without_captions(html: &str) -> Option<String> {
    if !html.contains("<figcaption") {
        return None;
    }
    let fragment = Document::fragment(html);
    let captions = fragment.select("figcaption");
    let lengths: Vec<usize> = captions.nodes().iter().map(NodeRef::normalized_char_count).collect();
    // Of a gallery the captions are the article.
    if lengths.iter().sum::<usize>() * 10 > fragment.root().normalized_char_count() * 3 {
        return None;
    }
    for (caption, length) in captions.nodes().iter().zip(lengths) {
        if length >= LONG_CAPTION_CHARS {
            caption.remove_from_parent();
        }
    }
    Some(fragment.html().to_string())
}
