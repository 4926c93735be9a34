//! What becomes of the entries of a feed.

use super::*;
use crate::parse::read_feed;
use autoglm_domain::{IdentityKind, Language, MINHASH_PERMUTATIONS};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn articles(items: &str) -> Vec<ArticleDraft> {
    let document = format!(
        "<rss version='2.0'><channel><title>T</title><language>en-us</language>{items}\
         </channel></rss>"
    );
    let feed = read_feed(document.as_bytes(), None, "https://example.org/feed").expect("is a feed");
    normalise(feed, SourceId(3), NOW)
}

#[test]
fn an_article_is_clean_dated_and_identified() {
    let found = articles(
        "<item><guid>1</guid><title>Fish &amp;amp; chips</title>\
         <link>http://example.org/a?utm_source=rss</link><pubDate>2024-01-02T03:04:05Z</pubDate>\
         <description>&lt;p&gt;The price of &lt;a href='/x'&gt;cod&lt;/a&gt; is up by a third \
         since the spring.&lt;script&gt;x()&lt;/script&gt;&lt;/p&gt;</description></item>",
    );
    let article = &found[0];
    assert_eq!(article.source_id, SourceId(3));
    assert_eq!(article.identity.kind, IdentityKind::Guid);
    assert_eq!(article.title, "Fish & chips");
    assert_eq!(article.url, "http://example.org/a?utm_source=rss");
    assert_eq!(article.canonical_url, "https://example.org/a");
    assert_eq!(article.language, Some(Language::ENGLISH));
    assert_eq!(article.published_at, Timestamp::from_rfc3339("2024-01-02T03:04:05Z"));
    assert_eq!(article.content_text, "The price of cod is up by a third since the spring.");
    assert!(article.content_html.contains("href=\"http://example.org/x\""));
    assert!(!article.content_html.contains("script"));
    assert_eq!(article.minhash.0.len(), MINHASH_PERMUTATIONS);
}

#[test]
fn doubles_within_a_document_fold_into_the_first() {
    let found = articles(
        "<item><guid>1</guid><title>A</title></item><item><guid>1</guid><title>B</title></item>\
         <item><link>https://example.org/c</link></item>\
         <item><link>https://example.org/c?utm_medium=x</link></item>",
    );
    assert_eq!(
        found.iter().map(|a| a.title.as_str()).collect::<Vec<_>>(),
        ["A", "https://example.org/c"]
    );
}

#[test]
fn an_id_that_every_entry_carries_is_not_believed() {
    let found = articles(
        "<item><guid>blog</guid><link>https://example.org/1</link></item>\
         <item><guid>blog</guid><link>https://example.org/2</link></item>",
    );
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].identity.kind, IdentityKind::CanonicalUrl);
}

#[test]
fn a_date_is_never_in_the_future_and_never_before_the_web() {
    let found = articles(
        "<item><title>A</title><pubDate>2999-01-01T00:00:00Z</pubDate></item>\
         <item><title>B</title><pubDate>1970-01-01T00:00:00Z</pubDate></item>",
    );
    assert_eq!(found[0].published_at, Some(NOW));
    assert_eq!(found[1].published_at, None);
}

#[test]
fn an_entry_without_a_title_gets_the_start_of_its_text() {
    let found = articles(
        "<item><description>Nobody thought of a title. Again.</description></item>\
         <item></item><item><link>javascript:alert(1)</link><title>C</title></item>",
    );
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].title, "Nobody thought of a title. Again.");
    assert_eq!(found[1].url, "");
}

#[test]
fn a_changed_text_changes_the_hash_but_not_the_identity() {
    let one = articles("<item><guid>1</guid><title>A</title><description>x</description></item>");
    let two = articles("<item><guid>1</guid><title>A</title><description>y</description></item>");
    assert_eq!(one[0].identity, two[0].identity);
    assert_ne!(one[0].content_hash, two[0].content_hash);
}

#[test]
fn a_short_title_of_a_feed_without_a_language_is_in_that_of_the_others() {
    let document = "<rss version='2.0'><channel><title>T</title>\
         <item><title>Casting Silver Bullets</title></item>\
         <item><title>What they will do with all of it by the end of the year</title></item>\
         <item><title>How we look at the work of others, and what they have been up to</title></item>\
         <item><title>新しいチップを発表しました</title></item></channel></rss>";
    let feed = read_feed(document.as_bytes(), None, "https://e.example/feed").expect("is a feed");
    let found = normalise(feed, SourceId(1), NOW);
    let languages: Vec<_> = found.iter().filter_map(|article| article.language).collect();
    assert_eq!(
        languages.iter().map(Language::as_str).collect::<Vec<_>>(),
        ["en", "en", "en", "ja"]
    );
}
