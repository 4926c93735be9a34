//! One reading for every kind of source: a document in, entries out, whatever the document is.

pub mod guess;
pub mod json_api;
pub mod page;
pub mod sitemap;

use crate::encoding;
use crate::error::ParseError;
use crate::parse::{ParsedFeed, read_feed};
use autoglm_domain::{SourceKind, SourceSettings};
use url::Url;

/// What a document held.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// Articles.
    Articles(ParsedFeed),
    /// Addresses of further sitemaps, the most recently changed first; read those instead.
    Sitemaps(Vec<Url>),
}

/// Reads a document as what the source is said to be.
///
/// # Errors
/// [`ParseError`], which says what to do: a document of another kind, a mapping or selector that
/// cannot be read, or one that finds nothing.
pub fn read_document(
    kind: SourceKind,
    settings: &SourceSettings,
    body: &[u8],
    content_type: Option<&str>,
    base_url: &str,
) -> Result<Document, ParseError> {
    let wanted = settings.url_contains.as_deref();
    let articles = match kind {
        SourceKind::Feed | SourceKind::BuiltIn => read_feed(body, content_type, base_url)?,
        SourceKind::JsonApi => {
            let mapping = settings.mapping.as_ref().ok_or(ParseError::NoMapping)?;
            json_api::read(&encoding::decode(body, content_type).text, mapping, base_url)?
        }
        SourceKind::Page => {
            let selectors = settings.selectors.as_ref().ok_or(ParseError::NoSelectors)?;
            page::read(&encoding::decode(body, content_type).text, selectors, base_url)?
        }
        SourceKind::Sitemap => match sitemap::read(body, content_type, base_url, wanted)? {
            Document::Articles(feed) => feed,
            index @ Document::Sitemaps(_) => return Ok(index),
        },
    };
    Ok(Document::Articles(only(articles, wanted)))
}

/// Whether a source of this kind can be read with these settings, before anything is fetched.
///
/// # Errors
/// What is missing or cannot be read, and what to do.
pub fn check(kind: SourceKind, settings: &SourceSettings) -> Result<(), ParseError> {
    if let Some(rule) = &settings.page_rule {
        crate::full_text::compile(rule).map_err(|error| ParseError::Selector(error.to_string()))?;
    }
    match kind {
        SourceKind::JsonApi => {
            json_api::check(settings.mapping.as_ref().ok_or(ParseError::NoMapping)?)
        }
        SourceKind::Page => {
            page::check(settings.selectors.as_ref().ok_or(ParseError::NoSelectors)?)
        }
        SourceKind::Feed | SourceKind::Sitemap | SourceKind::BuiltIn => Ok(()),
    }
}

/// Only entries whose address contains the wanted text.
fn only(mut feed: ParsedFeed, wanted: Option<&str>) -> ParsedFeed {
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        let matches = |link: &String| link.contains(wanted);
        feed.entries.retain(|entry| entry.link.as_ref().is_some_and(matches));
    }
    feed
}

/// Text of a stranger that may or may not be HTML, as HTML.
pub(crate) fn as_html(text: &str) -> String {
    let tag = |(at, _): (usize, &str)| {
        let next = text[at + 1..].chars().next();
        next.is_some_and(|next| next.is_ascii_alphabetic() || next == '/' || next == '!')
    };
    if text.match_indices('<').any(tag) { text.to_owned() } else { crate::text::to_html(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::PageSelectors;

    #[test]
    fn a_kind_without_its_rules_says_what_is_missing() {
        let settings = SourceSettings::default();
        let read = |kind| read_document(kind, &settings, b"{}", None, "https://example.org/");
        assert_eq!(read(SourceKind::JsonApi), Err(ParseError::NoMapping));
        assert_eq!(read(SourceKind::Page), Err(ParseError::NoSelectors));
    }

    #[test]
    fn rules_are_checked_before_anything_is_fetched() {
        let rule = |item: &str| PageSelectors { item: item.into(), ..PageSelectors::default() };
        let with =
            |item| SourceSettings { selectors: Some(rule(item)), ..SourceSettings::default() };
        assert_eq!(check(SourceKind::Page, &with("article a")), Ok(()));
        assert!(matches!(check(SourceKind::Page, &with("a[")), Err(ParseError::Selector(_))));
        assert_eq!(check(SourceKind::JsonApi, &with("a")), Err(ParseError::NoMapping));
        assert_eq!(check(SourceKind::Feed, &SourceSettings::default()), Ok(()));
    }

    #[test]
    fn only_wanted_addresses_are_articles() {
        let page = "<ul><li><a href='/news/1'>One</a><li><a href='/about'>About</a></ul>";
        let item = "li".to_owned();
        let settings = SourceSettings {
            selectors: Some(PageSelectors { item, ..PageSelectors::default() }),
            url_contains: Some("/news/".into()),
            ..SourceSettings::default()
        };
        let base = "https://example.org/";
        let read = read_document(SourceKind::Page, &settings, page.as_bytes(), None, base);
        let Ok(Document::Articles(feed)) = read else { panic!("{read:?}") };
        assert_eq!(feed.entries.len(), 1);
    }

    #[test]
    fn plain_text_is_escaped_and_html_is_kept() {
        assert_eq!(as_html("a < b"), "a &lt; b");
        assert_eq!(as_html("<b>a</b>"), "<b>a</b>");
    }
}
