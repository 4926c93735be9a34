//! What readers get of a document beyond what feed-rs knows.

use crate::parse::{FeedEntry, ParsedFeed, base_address, read_feed};
use url::Url;

fn read(document: &str) -> ParsedFeed {
    let base = "https://example.org/feeds/news.xml";
    read_feed(document.as_bytes(), None, base).expect("is a feed")
}

fn item(inside: &str) -> FeedEntry {
    let document = format!("<rss version='2.0'><channel><item>{inside}</item></channel></rss>");
    read(&document).entries.remove(0)
}

#[test]
fn an_entry_without_link_takes_its_permanent_guid() {
    let entry = item("<guid isPermaLink='true'>https://example.org/1</guid>");
    assert_eq!(entry.link.as_deref(), Some("https://example.org/1"));
    assert_eq!(item("<guid>1</guid>").link, None);
}

#[test]
fn relative_links_belong_to_the_page_of_the_feed() {
    let feed = read(
        "<rss><channel><link>https://news.example/</link><item><link>a</link></item>\
         <item><link>https://other.example/ü</link></item></channel></rss>",
    );
    assert_eq!(feed.entries[0].link.as_deref(), Some("https://news.example/a"));
    assert_eq!(feed.entries[1].link.as_deref(), Some("https://other.example/ü"), "as written");
}

#[test]
fn naked_markup_in_a_text_is_kept() {
    let entry = item("<title>A <b>b</b></title><description><p>x</p><p>y</p></description>");
    assert_eq!(entry.title.as_deref(), Some("A <b>b</b>"));
    assert_eq!(entry.summary_html.as_deref(), Some("<p>x</p><p>y</p>"));
}

#[test]
fn a_description_next_to_a_summary_is_the_content() {
    let entry = item("<summary>short</summary><description>long</description>");
    assert_eq!(entry.summary_html.as_deref(), Some("short"));
    assert_eq!(entry.content_html.as_deref(), Some("long"));
}

#[test]
fn authors_are_names_with_their_addresses_aside() {
    let entry = item("<author>a@example.org (Ann Lee)</author><dc:creator>Bo</dc:creator>");
    assert_eq!(entry.authors, ["Ann Lee", "Bo"]);
    assert_eq!(entry.author_emails, ["a@example.org"]);
}

#[test]
fn dates_of_other_vocabularies_are_read() {
    let entry = item("<dcterms:issued>2024-01-02T03:04:05Z</dcterms:issued>");
    assert!(entry.published.is_some());
}

#[test]
fn titles_in_base64_and_with_links_of_their_own_base_are_read() {
    let feed = read(
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title mode='base64'>QSAmIEI=</title>\
         <entry><title type='xhtml' xml:base='https://a.example/x/'>\
         <div xmlns='http://www.w3.org/1999/xhtml'><a href='y'>z</a></div></title></entry></feed>",
    );
    assert_eq!(feed.title.as_deref(), Some("A & B"));
    let title = feed.entries[0].title.as_deref().unwrap_or_default();
    assert!(title.contains("https://a.example/x/y"), "{title}");
}

#[test]
fn the_server_may_say_where_the_document_lives() {
    let answered = Url::parse("https://example.org/feeds/1?x").expect("is an address");
    assert_eq!(base_address(&answered, None), "https://example.org/feeds/1?x");
    assert_eq!(base_address(&answered, Some("/news/")), "https://example.org/news/");
    assert_eq!(base_address(&answered, Some("file:///etc")), "https://example.org/feeds/1?x");
}
