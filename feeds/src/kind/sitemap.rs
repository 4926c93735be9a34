//! Sitemaps (sitemaps.org 0.9), news sitemaps (Google's `news` extension) and their indexes.

use super::Document;
use crate::error::ParseError;
use crate::parse::{FeedEntry, ParsedFeed};
use crate::{date, encoding, text};
use autoglm_domain::Timestamp;
use flate2::read::MultiGzDecoder;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::borrow::Cow;
use std::io::Read as _;
use url::Url;

/// Bytes of a sitemap after decompression; what lies beyond is left out. The protocol allows 50 MiB.
const SITEMAP_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Addresses looked at; the protocol allows no more in one file.
const ADDRESSES_MAX: usize = 50_000;
/// Articles taken of one sitemap, the newest: a site's whole past is not news.
const ARTICLES_MAX: usize = 500;
/// Sitemaps of an index that are told.
const SITEMAPS_MAX: usize = 3;
/// Longest text of one element, in bytes.
const TEXT_BYTES_MAX: usize = 4_096;

/// Whether a document is a sitemap or an index of sitemaps.
#[must_use]
pub fn looks_like_sitemap(body: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&body[..body.len().min(4_096)]);
    head.contains("<urlset") || head.contains("<sitemapindex")
}

/// Reads a sitemap, plain or compressed; only addresses that contain `wanted` count.
///
/// # Errors
/// When it has no address: it is something else.
pub fn read(
    body: &[u8],
    content_type: Option<&str>,
    base_url: &str,
    wanted: Option<&str>,
) -> Result<Document, ParseError> {
    let body = unpacked(body);
    let decoded = encoding::decode(&body, content_type);
    let mut listed = Listed::read(&decoded.text);
    if listed.is_index {
        listed.places.retain(|place| place.url.is_some());
        listed.sort();
        let urls = listed.places.into_iter().filter_map(|place| place.url);
        return match urls.take(SITEMAPS_MAX).collect::<Vec<_>>() {
            urls if urls.is_empty() => Err(ParseError::NotASitemap),
            urls => Ok(Document::Sitemaps(urls)),
        };
    }
    let is_wanted = |url: &Url| wanted.is_none_or(|wanted| url.as_str().contains(wanted));
    let found = listed.places.len();
    listed.places.retain(|place| place.url.as_ref().is_some_and(is_wanted));
    if found == 0 {
        return Err(ParseError::NotASitemap);
    }
    listed.sort();
    let site = Url::parse(base_url).ok().map(|base| base.origin().ascii_serialization());
    let mut feed = ParsedFeed {
        title: listed.publication,
        site_url: site,
        base_url: base_url.to_owned(),
        ..ParsedFeed::default()
    };
    let more = listed.places.len().saturating_sub(ARTICLES_MAX);
    if more > 0 {
        feed.problem(format!("{more} addresses beyond the newest {ARTICLES_MAX} were left out"));
    }
    let newest = listed.places.into_iter().take(ARTICLES_MAX);
    feed.entries.extend(newest.filter_map(Place::entry));
    Ok(Document::Articles(feed))
}

/// Sitemaps are often files that are compressed themselves, whatever HTTP does.
fn unpacked(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Cow::Borrowed(body);
    }
    let mut plain = Vec::new();
    // What came before an error is good.
    let _ = MultiGzDecoder::new(body).take(SITEMAP_BYTES_MAX).read_to_end(&mut plain);
    Cow::Owned(plain)
}

/// One address with what is said about it.
#[derive(Debug, Default)]
struct Place {
    url: Option<Url>,
    changed: Option<Timestamp>,
    published: Option<Timestamp>,
    title: Option<String>,
    language: Option<String>,
}

impl Place {
    fn when(&self) -> Option<Timestamp> {
        self.published.or(self.changed)
    }

    fn entry(self) -> Option<FeedEntry> {
        let url = self.url?;
        let title = self.title.or_else(|| title_of_address(&url));
        Some(FeedEntry {
            title: title.map(|title| text::to_html(&title)),
            link: Some(url.into()),
            language: self.language,
            published: self.published,
            updated: self.changed,
            ..FeedEntry::default()
        })
    }
}

/// All addresses of a sitemap.
#[derive(Debug, Default)]
struct Listed {
    is_index: bool,
    publication: Option<String>,
    places: Vec<Place>,
}

impl Listed {
    /// Goes through the elements; stops at what is no XML any more and keeps what came before.
    fn read(document: &str) -> Self {
        let mut listed = Self::default();
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_end_names = false;
        let mut text = String::new();
        let mut place = Place::default();
        while listed.places.len() < ADDRESSES_MAX {
            match reader.read_event() {
                Ok(Event::Start(start)) => {
                    text.clear();
                    match start.local_name().as_ref() {
                        "sitemapindex" => listed.is_index = true,
                        "url" | "sitemap" => place = Place::default(),
                        _ => {}
                    }
                }
                Ok(Event::Text(part)) if text.len() < TEXT_BYTES_MAX => {
                    text.push_str(&part);
                }
                Ok(Event::CData(part)) if text.len() < TEXT_BYTES_MAX => {
                    text.push_str(&text::to_html(&part));
                }
                Ok(Event::GeneralRef(name)) if text.len() < TEXT_BYTES_MAX => {
                    text.push('&');
                    text.push_str(&name);
                    text.push(';');
                }
                Ok(Event::End(end)) => {
                    let name = end.name();
                    listed.close(name.as_ref(), &text, &mut place);
                    text.clear();
                }
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        listed
    }

    fn close(&mut self, name: &str, raw: &str, place: &mut Place) {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let value = || Some(text::title_line(raw)).filter(|value| !value.is_empty());
        match (prefix.is_empty(), local) {
            // Pictures and videos have a `loc` of their own, with a prefix.
            (true, "loc") => place.url = value().and_then(|value| web_address(&value)),
            (true, "lastmod") => place.changed = value().and_then(|value| date::parse(&value)),
            (false, "publication_date") => {
                place.published = value().and_then(|value| date::parse(&value));
            }
            (false, "title") if prefix == "news" => place.title = value(),
            (false, "language") if prefix == "news" => place.language = value(),
            (false, "name") if prefix == "news" && self.publication.is_none() => {
                self.publication = value();
            }
            (true, "url" | "sitemap") => {
                let place = std::mem::take(place);
                if place.url.is_some() {
                    self.places.push(place);
                }
            }
            _ => {}
        }
    }

    /// Newest first; those without a date after them, in their own order.
    fn sort(&mut self) {
        self.places.sort_by_key(|place| std::cmp::Reverse(place.when()));
    }
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Words of the last part of an address that has any: `/2024/05/how-to-read` is "how to read".
fn title_of_address(url: &Url) -> Option<String> {
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let named = parts.iter().rev().find(|part| part.chars().any(char::is_alphabetic))?;
    let stem = named.rsplit_once('.').map_or(
        *named,
        |(stem, ending)| {
            if ending.len() <= 5 { stem } else { *named }
        },
    );
    let stem = percent_decoded(stem);
    let words = stem.split(['-', '_', '+', ' ']).filter(|word| !word.is_empty());
    let title = words.collect::<Vec<_>>().join(" ");
    let mut letters = title.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

fn percent_decoded(text: &str) -> String {
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.map(|(name, _)| name.into_owned()).next().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use std::io::Write as _;

    const NEWS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="n" xmlns:image="i">
        <url><loc>https://example.org/2024/05/the-old-news.html</loc><lastmod>2024-05-01</lastmod></url>
        <url><loc>https://example.org/a?x=1&amp;y=2</loc>
          <image:image><image:loc>https://example.org/p.png</image:loc><image:title>No</image:title></image:image>
          <news:news><news:publication><news:name>The Example</news:name><news:language>en</news:language>
          </news:publication><news:publication_date>2024-05-03T08:00:00Z</news:publication_date>
          <news:title><![CDATA[Fish & chips]]></news:title></news:news></url>
        <url><loc>ftp://example.org/x</loc></url></urlset>"#;

    fn articles(body: &[u8], wanted: Option<&str>) -> ParsedFeed {
        match read(body, None, "https://example.org/sitemap.xml", wanted) {
            Ok(Document::Articles(feed)) => feed,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_news_sitemap_tells_titles_and_dates_newest_first() {
        let feed = articles(NEWS.as_bytes(), None);
        assert_eq!(feed.title.as_deref(), Some("The Example"));
        assert_eq!(feed.entries.len(), 2);
        assert_eq!(feed.entries[0].link.as_deref(), Some("https://example.org/a?x=1&y=2"));
        assert_eq!(feed.entries[0].title.as_deref(), Some("Fish &amp; chips"));
        assert_eq!(feed.entries[1].title.as_deref(), Some("The old news"));
        assert!(feed.entries[1].updated.is_some());
    }

    #[test]
    fn only_wanted_addresses_count_and_a_compressed_file_is_unpacked() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(NEWS.as_bytes()).expect("written");
        let packed = encoder.finish().expect("finished");
        assert_eq!(articles(&packed, Some("/2024/")).entries.len(), 1);
    }

    #[test]
    fn an_index_names_its_most_recently_changed_sitemaps() {
        let index = "<sitemapindex><sitemap><loc>https://e.org/1.xml</loc><lastmod>2020-01-01</lastmod></sitemap>\
             <sitemap><loc>https://e.org/2.xml</loc><lastmod>2024-01-01</lastmod></sitemap></sitemapindex>";
        let Ok(Document::Sitemaps(urls)) = read(index.as_bytes(), None, "https://e.org/", None)
        else {
            panic!("an index")
        };
        assert_eq!(urls[0].as_str(), "https://e.org/2.xml");
        assert!(looks_like_sitemap(index.as_bytes()));
    }

    #[test]
    fn a_page_is_no_sitemap() {
        let page = b"<html><body><a href='/x'>x</a></body></html>";
        assert_eq!(read(page, None, "https://e.org/", None), Err(ParseError::NotASitemap));
    }

    #[test]
    fn an_address_without_a_title_lends_its_words() {
        let title = |url: &str| title_of_address(&Url::parse(url).expect("an address"));
        assert_eq!(title("https://e.org/2024/how_to-read.html").as_deref(), Some("How to read"));
        assert_eq!(title("https://e.org/news/12345").as_deref(), Some("News"));
        assert_eq!(title("https://e.org/%E4%B8%AD%E6%96%87-a").as_deref(), Some("中文 a"));
        assert_eq!(title("https://e.org/123"), None);
    }

    proptest! {
        #[test]
        fn no_document_makes_reading_panic(text in "(<urlset>|<url>|<loc>|</loc>|</url>|&|;|[a-z:/]|.){0,60}") {
            let _ = read(text.as_bytes(), None, "https://e.org/", None);
        }
    }
}
