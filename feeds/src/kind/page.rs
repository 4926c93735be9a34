//! A web page that lists articles, to entries, by CSS selectors.

use crate::error::ParseError;
use crate::extract::bounds;
use crate::parse::{ENTRIES_MAX, FeedEntry, ParsedFeed};
use crate::{date, text};
use autoglm_domain::{PageSelectors, Timestamp};
use dom_query::{Document, Matcher, Selection};
use std::collections::HashSet;
use url::Url;

/// Bytes of a page that are looked at; lists of articles are shorter.
pub(crate) const PAGE_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Reads a page.
///
/// # Errors
/// When a selector cannot be read, or the page has no such element: it has been rebuilt.
pub fn read(
    page: &str,
    selectors: &PageSelectors,
    base_url: &str,
) -> Result<ParsedFeed, ParseError> {
    let rules = Rules::compile(selectors).map_err(ParseError::Selector)?;
    let document = bounds::parse(text::prefix(page, PAGE_BYTES_MAX)).document;
    let base = base_of(&document, base_url);
    let mut feed = ParsedFeed {
        title: Some(text::title_line(&document.select("title").text()))
            .filter(|title| !title.is_empty()),
        site_url: Some(base_url.to_owned()),
        base_url: base.as_ref().map_or_else(|| base_url.to_owned(), Url::to_string),
        language: document.select("html").attr("lang").map(|language| language.to_string()),
        ..ParsedFeed::default()
    };
    let items = document.select_matcher(&rules.item);
    if !items.exists() {
        return Err(ParseError::Selector(format!("no element matches {:?}", selectors.item)));
    }
    let mut seen = HashSet::new();
    for item in items.iter().take(ENTRIES_MAX) {
        if let Some(entry) = rules.entry(&item, base.as_ref())
            && seen.insert(entry.link.clone())
        {
            feed.entries.push(entry);
        }
    }
    if feed.entries.is_empty() {
        return Err(ParseError::Selector(format!(
            "no element that matches {:?} has a link with a title",
            selectors.item
        )));
    }
    Ok(feed)
}

/// Whether every selector can be read.
///
/// # Errors
/// The first that cannot.
pub fn check(selectors: &PageSelectors) -> Result<(), ParseError> {
    Rules::compile(selectors).map(|_rules| ()).map_err(ParseError::Selector)
}

/// What relative links of a page refer to.
pub(crate) fn base_of(document: &Document, base_url: &str) -> Option<Url> {
    let page = Url::parse(base_url).ok()?;
    let said = document.select("base[href]").attr("href");
    Some(said.and_then(|said| page.join(&said).ok()).unwrap_or(page))
}

/// Selectors that have been read.
struct Rules {
    item: Matcher,
    link: Option<Matcher>,
    title: Option<Matcher>,
    summary: Option<Matcher>,
    published: Option<Matcher>,
    any_link: Matcher,
}

impl Rules {
    fn compile(selectors: &PageSelectors) -> Result<Self, String> {
        let rule = |rule: &Option<String>| rule.as_deref().map(matcher).transpose();
        Ok(Self {
            item: matcher(&selectors.item)?,
            link: rule(&selectors.link)?,
            title: rule(&selectors.title)?,
            summary: rule(&selectors.summary)?,
            published: rule(&selectors.published)?,
            any_link: matcher("a[href]")?,
        })
    }

    /// `None` for an item without a web address or without a title.
    fn entry(&self, item: &Selection<'_>, base: Option<&Url>) -> Option<FeedEntry> {
        let link = self.link(item)?;
        let href = link.attr("href")?;
        let url = match base {
            Some(base) => base.join(href.trim()).ok()?,
            None => Url::parse(href.trim()).ok()?,
        };
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let within = |rule: &Option<Matcher>| {
            rule.as_ref().map(|rule| item.select_matcher(rule).first()).filter(Selection::exists)
        };
        let title = match within(&self.title) {
            Some(element) => text::title_line(&text::to_html(&element.text())),
            None => title_of(&link),
        };
        if title.is_empty() {
            return None;
        }
        Some(FeedEntry {
            link: Some(url.into()),
            // Text that has been read is written as mark-up again: titles are taken for mark-up.
            title: Some(text::to_html(&title)),
            published: within(&self.published).and_then(|element| moment(&element)),
            summary_html: within(&self.summary).map(|element| element.inner_html().to_string()),
            ..FeedEntry::default()
        })
    }

    /// The chosen link; else the item itself when it is one; else the first within it.
    fn link<'a>(&self, item: &Selection<'a>) -> Option<Selection<'a>> {
        let found = match &self.link {
            Some(rule) => item.select_matcher(rule).first(),
            None if item.is_matcher(&self.any_link) => item.clone(),
            None => item.select_matcher(&self.any_link).first(),
        };
        found.exists().then_some(found)
    }
}

fn matcher(selector: &str) -> Result<Matcher, String> {
    Matcher::new(selector).map_err(|_error| {
        format!("{selector:?} is no CSS selector; write something like article h2 > a")
    })
}

/// The text of a link, or what it says about itself when it is a picture.
pub(crate) fn title_of(link: &Selection<'_>) -> String {
    let shown = text::title_line(&text::to_html(&link.text()));
    if !shown.is_empty() {
        return shown;
    }
    let said = link.attr("title").or_else(|| link.attr("aria-label"));
    said.map(|said| text::title_line(&text::to_html(&said))).unwrap_or_default()
}

/// From `datetime`, `content` or the text.
fn moment(element: &Selection<'_>) -> Option<Timestamp> {
    let attribute = |name| element.attr(name).and_then(|value| date::parse(&value));
    attribute("datetime").or_else(|| attribute("content")).or_else(|| date::parse(&element.text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = r#"<html lang="en"><head><title>The list</title><base href="/blog/"></head><body>
        <nav><a href="/">Home</a></nav>
        <article><h2><a href="one">One &amp; only</a></h2><p class="lead">Lead <b>one</b></p>
          <time datetime="2024-05-01T10:00:00Z">yesterday</time></article>
        <article><h2><a href="two">Two</a></h2><time>2 May 2024</time></article>
        <article><h2><a href="two">Two again</a></h2></article>
        <article><h2><a href="javascript:void(0)">Script</a></h2></article>
        <article><h2>No link</h2></article></body></html>"#;

    fn selectors(item: &str) -> PageSelectors {
        PageSelectors { item: item.to_owned(), ..PageSelectors::default() }
    }

    #[test]
    fn a_list_of_articles_is_read_by_selectors() {
        let rules = PageSelectors {
            summary: Some(".lead".into()),
            published: Some("time".into()),
            ..selectors("article")
        };
        let feed = read(PAGE, &rules, "https://example.org/").expect("read");
        assert_eq!(feed.title.as_deref(), Some("The list"));
        assert_eq!(feed.entries.len(), 2);
        let one = &feed.entries[0];
        assert_eq!(one.link.as_deref(), Some("https://example.org/blog/one"));
        assert_eq!(one.title.as_deref(), Some("One &amp; only"));
        assert_eq!(one.summary_html.as_deref(), Some("Lead <b>one</b>"));
        assert!(one.published.is_some() && feed.entries[1].published.is_some());
    }

    #[test]
    fn the_item_may_be_the_link_itself() {
        let feed = read(PAGE, &selectors("article a"), "https://example.org/").expect("read");
        assert_eq!(feed.entries.len(), 2);
    }

    #[test]
    fn a_selector_that_is_none_or_finds_nothing_is_said() {
        let say = |rule: &str| {
            read(PAGE, &selectors(rule), "https://example.org/").expect_err("refused").to_string()
        };
        assert!(say("a[").contains("no CSS selector"));
        assert!(say(".gone").contains("no element matches"));
        assert!(say("title").contains("has a link"));
    }

    proptest! {
        #[test]
        fn no_page_and_no_selector_makes_reading_panic(page in ".{0,300}", rule in ".{0,30}") {
            let _ = read(&page, &selectors(&rule), "https://example.org/");
        }
    }
}
