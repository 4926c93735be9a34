//! Finding the feeds a web page links to.

use crate::{encoding, text};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
    TokenizerOpts,
};
use std::cell::RefCell;
use url::Url;

/// Most feeds told of one page.
const FEEDS_MAX: usize = 50;
/// How far into a page is looked, in bytes.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How far into a document the kind of its root is looked for, in bytes.
const ROOT_BYTES: usize = 4 * 1024;

/// A feed that a page links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredFeed {
    /// Its address, absolute http(s).
    pub url: String,
    /// As the page calls it; empty when it does not.
    pub title: String,
}

/// Whether a document begins like RSS, RDF, Atom or JSON Feed.
#[must_use]
pub fn looks_like_feed(body: &[u8]) -> bool {
    let head = encoding::decode(&body[..body.len().min(ROOT_BYTES)], None).text;
    let head = head.trim_start();
    if head.starts_with('{') {
        return head.contains("jsonfeed.org/version");
    }
    ["<rss", "<feed", "<rdf:RDF", "<atom:feed", "<RDF"].iter().any(|root| {
        head.find(root).is_some_and(|at| {
            let next = head.as_bytes().get(at + root.len());
            next.is_none_or(|b| b.is_ascii_whitespace() || *b == b'>')
        })
    }) && !looks_like_page(head)
}

/// Whether a document begins like a web page.
pub(crate) fn looks_like_page(document: &str) -> bool {
    let head = text::prefix(document, ROOT_BYTES).to_ascii_lowercase();
    let page = head.find("<html").or_else(|| head.find("<!doctype html"));
    let feed = ["<rss", "<feed", "<rdf:rdf"].iter().filter_map(|root| head.find(root)).min();
    page.is_some_and(|page| feed.is_none_or(|feed| page < feed))
}

/// The feeds a page announces with `<link rel="alternate" type="…">`, in its order, each once;
/// where it announces none, links whose address looks like a feed's. At most 50.
#[must_use]
pub fn discover(body: &[u8], base_url: &str) -> Vec<DiscoveredFeed> {
    let page = encoding::decode(body, None).text;
    let sink = Links { base: RefCell::new(Url::parse(base_url).ok()), ..Links::default() };
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(text::prefix(&page, PAGE_BYTES_MAX)));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let announced = tokenizer.sink.announced.take();
    if announced.is_empty() { tokenizer.sink.guessed.take() } else { announced }
}

/// Collects links while the page is split into tags.
#[derive(Default)]
struct Links {
    base: RefCell<Option<Url>>,
    announced: RefCell<Vec<DiscoveredFeed>>,
    guessed: RefCell<Vec<DiscoveredFeed>>,
}

impl TokenSink for Links {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let TagToken(tag) = token
            && tag.kind == StartTag
        {
            match &*tag.name {
                "base" => self.set_base(&tag),
                "link" => self.read_link(&tag),
                "a" => self.read_anchor(&tag),
                _ => {}
            }
        }
        TokenSinkResult::Continue
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name)?;
    Some(found.value.trim().to_owned()).filter(|value| !value.is_empty())
}

impl Links {
    fn set_base(&self, tag: &Tag) {
        if let Some(base) = attribute(tag, "href").and_then(|href| self.resolve(&href)) {
            self.base.replace(Some(base));
        }
    }

    fn resolve(&self, href: &str) -> Option<Url> {
        // `feed:` is an old way to say "open this in a feed reader".
        let href = match href.strip_prefix("feed:") {
            Some(rest) if rest.starts_with("//") => format!("https:{rest}"),
            Some(rest) => rest.to_owned(),
            None => href.to_owned(),
        };
        let url = match &*self.base.borrow() {
            Some(base) => base.join(&href).ok()?,
            None => Url::parse(&href).ok()?,
        };
        matches!(url.scheme(), "http" | "https").then_some(url)
    }

    fn read_link(&self, tag: &Tag) {
        let rel = attribute(tag, "rel").unwrap_or_default().to_ascii_lowercase();
        let kind = attribute(tag, "type").unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or("").trim();
        let is_feed = matches!(
            kind,
            "application/rss+xml"
                | "application/atom+xml"
                | "application/feed+json"
                | "application/rdf+xml"
                | "text/rss+xml"
                | "application/x.atom+xml"
        );
        let is_json = kind == "application/json";
        let mut relations = rel.split_ascii_whitespace();
        if relations.any(|relation| relation == "feed" || (relation == "alternate" && is_feed)) {
            self.add(&self.announced, tag);
        } else if is_json && rel.contains("alternate") {
            let href = attribute(tag, "href").unwrap_or_default();
            // WordPress announces its programming interface the same way.
            if href.contains("feed") {
                self.add(&self.announced, tag);
            }
        }
    }

    fn read_anchor(&self, tag: &Tag) {
        let Some(url) = attribute(tag, "href").and_then(|href| self.resolve(&href)) else { return };
        let path = url.path().trim_end_matches('/').to_ascii_lowercase();
        let last = path.rsplit('/').next().unwrap_or("");
        let by_name = matches!(
            last,
            "feed"
                | "rss"
                | "atom"
                | "rss.xml"
                | "atom.xml"
                | "feed.xml"
                | "index.xml"
                | "index.rdf"
                | "feed.json"
                | "feeds"
        );
        if by_name || last.ends_with(".rss") || last.ends_with(".atom") || last.ends_with(".rdf") {
            self.add(&self.guessed, tag);
        }
    }

    fn add(&self, to: &RefCell<Vec<DiscoveredFeed>>, tag: &Tag) {
        let Some(url) = attribute(tag, "href").and_then(|href| self.resolve(&href)) else { return };
        let url = String::from(url);
        let title = text::title_line(&attribute(tag, "title").unwrap_or_default());
        let mut feeds = to.borrow_mut();
        if feeds.len() < FEEDS_MAX && feeds.iter().all(|feed| feed.url != url) {
            feeds.push(DiscoveredFeed { url, title });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!DOCTYPE html><HTML><head><base href="/blog/">
        <LINK REL="Alternate" TYPE="application/rss+xml" HREF="feed.xml" title="All &amp; sundry">
        <link rel="alternate" type="application/atom+xml" href="//cdn.example.org/a">
        <link rel="alternate" type="application/rss+xml" href="feed.xml">
        <link rel="alternate" type="application/json" href="/wp-json/1">
        <link rel="stylesheet" href="x.css"></head><body><a href="/rss">RSS</a>"#;

    #[test]
    fn a_page_tells_its_feeds_once_each() {
        let feeds = discover(PAGE.as_bytes(), "https://example.org/");
        let urls: Vec<&str> = feeds.iter().map(|feed| feed.url.as_str()).collect();
        assert_eq!(urls, ["https://example.org/blog/feed.xml", "https://cdn.example.org/a"]);
        assert_eq!(feeds[0].title, "All & sundry");
    }

    #[test]
    fn without_an_announcement_links_that_look_like_feeds_are_told() {
        let page = b"<p><a href='/about'>a</a><a href='/feed/'>b</a><a href='x.rss'>c</a>";
        let feeds = discover(page, "https://example.org/");
        assert_eq!(feeds.len(), 2);
    }

    #[test]
    fn a_feed_is_told_from_a_page() {
        assert!(looks_like_feed(b"<?xml version='1.0'?>\n<rss version='2.0'>"));
        assert!(looks_like_feed(b" {\"version\":\"https://jsonfeed.org/version/1\"}"));
        assert!(!looks_like_feed(PAGE.as_bytes()));
        assert!(!looks_like_feed(b""));
    }
}
