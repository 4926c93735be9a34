//! Feeds in every format, whole, broken and hostile.

use super::*;
use proptest::prelude::*;

const BASE: &str = "https://example.org/feed.xml";

fn read(document: &str) -> ParsedFeed {
    read_feed(document.as_bytes(), None, BASE).expect("is a feed")
}

fn titles(feed: &ParsedFeed) -> Vec<&str> {
    feed.entries.iter().filter_map(|entry| entry.title.as_deref()).collect()
}

const RSS: &str = "<?xml version='1.0'?><rss version='2.0' \
    xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel><title>News</title>\
    <link>https://example.org/</link><ttl>30</ttl>\
    <item><title>One</title><link>/1</link><guid>g1</guid>\
    <pubDate>Mon, 02 Jan 2006 15:04:05 GMT</pubDate><description>&lt;p&gt;A&lt;/p&gt;</description>\
    <content:encoded><![CDATA[<p>All of it</p>]]></content:encoded><dc:creator>Ann</dc:creator></item>\
    <item><title>Two</title><link>https://example.org/2</link></item></channel></rss>";

#[test]
fn rss_is_read_with_prefixes_it_forgot_to_declare() {
    let feed = read(RSS);
    assert_eq!(feed.title.as_deref(), Some("News"));
    assert_eq!(feed.interval_floor, Some(Duration::from_secs(1800)));
    let one = &feed.entries[0];
    assert_eq!(one.id.as_deref(), Some("g1"));
    assert_eq!(one.link.as_deref(), Some("https://example.org/1"));
    assert_eq!(one.content_html.as_deref(), Some("<p>All of it</p>"));
    assert_eq!(one.authors, ["Ann"]);
    assert_eq!(one.published, date::parse("2006-01-02T15:04:05Z"));
    assert_eq!(feed.entries[1].id, None, "no id is invented");
}

#[test]
fn rss_without_a_version_or_with_a_namespace_is_read() {
    for root in ["<rss>", "<rss version='9'>", "<rss xmlns='http://backend.userland.com/rss2'>"] {
        let document = RSS.replacen("<rss version='2.0'", &root[..root.len() - 1], 1);
        assert_eq!(titles(&read(&document)), ["One", "Two"], "{root}");
    }
    assert_eq!(titles(&read("<channel><item><title>A</title></item></channel>")), ["A"]);
}

#[test]
fn atom_in_both_versions_is_read() {
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>1</id>\
        <title type='html'>A &amp;amp; B</title><link rel='self' href='/s'/><link href='/a'/>\
        <updated>2024-01-02T03:04:05Z</updated><author><name>Ann</name></author>\
        <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div></content>\
        </entry></feed>";
    let feed = read(atom);
    assert_eq!(feed.entries[0].link.as_deref(), Some("https://example.org/a"));
    assert_eq!(feed.entries[0].content_html.as_deref(), Some("<p>x</p>"));
    let old = "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>T</title><entry>\
        <title>A</title><link rel='alternate' type='text/html' href='https://example.org/a'/>\
        <issued>2004-05-06T07:08:09Z</issued><content type='text/html' mode='escaped'>&lt;b&gt;x\
        &lt;/b&gt;</content></entry></feed>";
    let feed = read(old);
    assert_eq!(feed.entries[0].published, date::parse("2004-05-06T07:08:09Z"));
    assert_eq!(feed.entries[0].content_html.as_deref(), Some("<b>x</b>"));
}

#[test]
fn json_feed_is_read_even_with_a_wrong_type_in_it() {
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[
        {"id":7,"url":"/a","content_text":"x < y","date_published":"2024-01-02T03:04:05Z",
         "authors":[{"name":"Ann"}],"title":null},"odd",{"id":"b","tags":5}]}"#;
    let feed = read(json);
    assert_eq!(feed.entries.len(), 2);
    assert_eq!(feed.problems.len(), 1);
    assert_eq!(feed.entries[0].id.as_deref(), Some("7"));
    assert_eq!(feed.entries[0].content_html.as_deref(), Some("x &lt; y"));
}

#[test]
fn a_truncated_feed_still_gives_its_whole_articles() {
    let cut = &RSS[..RSS.find("<title>Two").expect("is there") + 12];
    let feed = read(cut);
    assert_eq!(titles(&feed), ["One"]);
    assert_eq!(feed.title.as_deref(), Some("News"));
    assert!(!feed.problems.is_empty());
}

#[test]
fn a_broken_entry_costs_only_itself() {
    let broken = RSS.replace("<title>Two</title>", "<title>Two</b></title><x>");
    let feed = read(&broken);
    assert_eq!(feed.entries[0].title.as_deref(), Some("One"));
    assert!(!feed.problems.is_empty());
}

#[test]
fn what_is_no_feed_says_what_it_is() {
    let error = |document: &str| read_feed(document.as_bytes(), None, BASE).expect_err("is none");
    assert_eq!(error(" \n "), ParseError::Empty);
    assert_eq!(error("<!DOCTYPE html><html><body>x</body></html>"), ParseError::WebPage);
    assert_eq!(error("<opml><body/></opml>"), ParseError::NotAFeed);
    assert_eq!(error("just words"), ParseError::NotAFeed);
    assert_eq!(error("{\"a\":1}"), ParseError::NotAFeed);
    assert!(matches!(error("{\"a\":"), ParseError::Broken(_)));
}

#[test]
fn entities_cannot_be_made_to_explode_or_read_files() {
    let bomb = format!(
        "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY f SYSTEM \
         'file:///etc/passwd'>{}]><rss version='2.0'><channel><title>&z;&f;</title>\
         <item><title>A</title></item></channel></rss>",
        "<!ENTITY z '&a;&a;&a;&a;&a;&a;&a;&a;'>".repeat(20)
    );
    let feed = read(&bomb);
    assert_eq!(feed.title.as_deref(), Some("&z;&f;"));
}

#[test]
fn more_entries_than_allowed_are_left_out_and_counted() {
    let items = "<item><title>x</title></item>".repeat(ENTRIES_MAX + 5);
    let feed =
        read(&format!("<rss version='2.0'><channel><title>T</title>{items}</channel></rss>"));
    assert_eq!(feed.entries.len(), ENTRIES_MAX);
    assert!(feed.problems[0].starts_with("5 entries"));
}

proptest! {
    #[test]
    fn any_cut_of_a_feed_is_read_without_panic(at in 0..RSS.len()) {
        let _ = read_feed(&RSS.as_bytes()[..at], None, BASE);
    }

    #[test]
    fn any_damage_to_a_feed_is_survived(at in 0..RSS.len(), byte in any::<u8>()) {
        let mut bytes = RSS.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = read_feed(&bytes, None, BASE);
    }
}

#[test]
fn a_document_of_nested_bases_only_is_read_without_them() {
    let nested = "<a xml:base='b/'>".repeat(100_000);
    let entry = "<entry><title>One</title><id>urn:1</id></entry>";
    let feed = format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entry}{nested}");
    let read = read_feed(feed.as_bytes(), None, "https://e.example/").expect("read");
    assert_eq!(read.entries[0].id.as_deref(), Some("urn:1"));
}
