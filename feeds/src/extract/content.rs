//! The main content of a page.

use dom_query::{Document, NodeRef};
use dom_smoothie::{Config, Readability};

/// Stands before a comma that was put in place of an ideographic one.
const COMMA_MARK: char = '\u{f8f0}';

/// The main content as HTML, not yet clean; empty where nothing was found.
pub(super) fn find(page: &Document) -> String {
    let page = page.clone();
    show_commas(&page);
    let config = Config { disable_json_ld: true, ..Config::default() };
    let article =
        Readability::with_document(page, None, Some(config)).and_then(|mut reader| reader.parse());
    let content = article.map(|article| article.content).unwrap_or_default();
    content.replace("\u{f8f0},", "，")
}

/// Readability tells running text by its commas and knows only those of Latin script where it
/// decides what to drop, so Chinese and Japanese text gets them for the time being.
fn show_commas(page: &Document) {
    for node in page.root().descendants().into_iter().filter(NodeRef::is_text) {
        let text = node.text();
        if text.contains(['，', COMMA_MARK]) {
            let marked = text.replace(COMMA_MARK, "").replace('，', "\u{f8f0},");
            node.set_text(marked);
        }
    }
}
