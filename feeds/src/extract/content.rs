//! The main content of a page: several ways to find it, and the choice between them.

use super::bounds;
use super::density;
use super::json_ld::JsonLd;
use crate::sanitize::HTML_BYTES_MAX;
use crate::text;
use dom_query::{Document, NodeRef};
use dom_smoothie::{Config, Readability};

/// Elements that authors of pages put around their article, the more trustworthy first.
const ARTICLES: &[&str] = &["[itemprop~='articleBody']", "article"];
/// A reading of the article's own element counts if it has so many tenths of what was found on
/// the whole page.
const NARROW_TENTHS: usize = 8;
/// A text in JSON-LD that is shorter, in characters, is a summary.
const BODY_CHARS_MIN: usize = 600;
/// Fewer characters are hardly an article; a page of few words is read by density, too.
const SHORT_CHARS: usize = 200;
/// Stands before a comma that was put in place of an ideographic one.
const COMMA_MARK: char = '\u{f8f0}';

/// One way's result.
struct Reading {
    html: String,
    chars: usize,
    linked: usize,
}

impl Reading {
    fn of(html: String) -> Self {
        let fragment = Document::fragment(text::prefix(&html, HTML_BYTES_MAX));
        let links = fragment.select("a");
        let linked = links.nodes().iter().map(NodeRef::normalized_char_count).sum();
        Self { chars: fragment.root().normalized_char_count(), linked, html }
    }

    /// Whether so many tenths of it are links.
    fn is_links(&self, tenths: usize) -> bool {
        self.linked * 10 > self.chars * tenths
    }
}

/// The main content as HTML, not yet safe; empty where nothing was found.
pub(super) fn find(page: &Document, json_ld: &JsonLd) -> String {
    show_commas(page);
    let whole = Reading::of(readability(page.clone()));
    let chosen = narrow(page, &whole).unwrap_or(whole);
    let chosen = instead_of_links(page, chosen);
    let html = body_told(json_ld, &chosen).unwrap_or(chosen.html);
    html.replace("\u{f8f0},", "，")
}

fn readability(page: Document) -> String {
    let config = Config { disable_json_ld: true, ..Config::default() };
    let article =
        Readability::with_document(page, None, Some(config)).and_then(|mut reader| reader.parse());
    article.map(|article| article.content.to_string()).unwrap_or_default()
}

/// The reading of the page's only article element: it has less of what surrounds the article,
/// if the element has the article at all.
fn narrow(page: &Document, whole: &Reading) -> Option<Reading> {
    ARTICLES.iter().find_map(|selector| {
        let found = page.select(selector);
        if found.length() != 1 {
            return None;
        }
        let only = format!("<html><body>{}</body></html>", found.html());
        let reading = Reading::of(readability(bounds::parse(&only).document));
        (reading.chars * 10 >= whole.chars * NARROW_TENTHS).then_some(reading)
    })
}

/// The densest text of the page where the reading found next to nothing or a list of links.
fn instead_of_links(page: &Document, reading: Reading) -> Reading {
    if reading.chars >= SHORT_CHARS && !reading.is_links(4) {
        return reading;
    }
    let dense = Reading::of(density::find(page));
    let better = if reading.is_links(5) {
        !dense.is_links(5)
    } else if reading.is_links(4) {
        // A list that quotes a little may hide one text, not a longer one.
        !dense.is_links(1) && dense.chars < reading.chars
    } else {
        !dense.is_links(5) && dense.chars > 2 * reading.chars
    };
    if better && dense.chars > 0 { dense } else { reading }
}

/// The text that the page tells machines, where the reading has far more or far less.
fn body_told(json_ld: &JsonLd, reading: &Reading) -> Option<String> {
    let body = json_ld.body.as_deref()?;
    let body = if body.contains("</") { text::from_html(body) } else { body.to_owned() };
    let chars = body.chars().count();
    let differs = reading.chars > 2 * chars || reading.chars * 2 < chars;
    if chars < BODY_CHARS_MIN || !differs {
        return None;
    }
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    Some(lines.map(|line| format!("<p>{}</p>", text::to_html(line))).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> JsonLd {
        JsonLd { body: Some(body.to_owned()), ..JsonLd::default() }
    }

    #[test]
    fn a_text_told_to_machines_replaces_a_reading_that_is_far_from_it() {
        let body = "The river rose.\nNobody slept & nobody left. ".repeat(20);
        let page = Document::from("<p>Subscribe to read this article</p>");
        let html = find(&page, &told(&body));
        assert!(html.starts_with("<p>The river rose.</p><p>Nobody slept &amp; nobody left."));
        assert!(!find(&page, &told("A summary.")).contains("A summary"));
    }

    #[test]
    fn ideographic_commas_come_back() {
        let text = "下雨了，河水涨了，没有人睡觉，".repeat(30);
        let page = Document::from(format!("<p>{text}</p>"));
        assert!(find(&page, &JsonLd::default()).contains(&text));
    }
}
