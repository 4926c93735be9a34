//! The main content of a page.

use dom_query::Document;
use dom_smoothie::{Config, Readability};

/// The main content as HTML, not yet clean; empty where nothing was found.
pub(super) fn find(page: &Document) -> String {
    let config = Config { disable_json_ld: true, ..Config::default() };
    let article = Readability::with_document(page.clone(), None, Some(config))
        .and_then(|mut reader| reader.parse());
    article.map(|article| article.content.to_string()).unwrap_or_default()
}
