//! Every kind of source: previewed, added as the preview says, read, and read again after a kill.

use crate::support::{SOON, options, start};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Behaviour, Origin, TestNode, rss, wait_until};
use serde_json::{Value, json};

fn document(kind: &str, body: impl Into<Vec<u8>>) -> Behaviour {
    Behaviour::Document { kind: kind.to_owned(), body: body.into() }
}

/// A page that lists articles, as sites without a feed have them.
fn list_page(numbers: std::ops::RangeInclusive<usize>) -> Behaviour {
    let rows: String = numbers
        .rev()
        .map(|number| {
            format!(
                "<li class=entry><h3><a href='/read/{number}'>Harbour notice number {number}</a></h3>\
                 <time datetime='2026-11-{number:02}T08:00:00Z'>today</time></li>"
            )
        })
        .collect();
    document("text/html", format!("<html><title>Notices</title><ul>{rows}</ul></html>"))
}

/// A hot list as programming interfaces have them.
fn hot_list(words: &[&str]) -> Behaviour {
    let items: Vec<Value> = words
        .iter()
        .map(|word| json!({"target": {"title": format!("Everybody talks about {word}"), "url": format!("http://hot.test/{word}")}}))
        .collect();
    document("application/json", json!({"code": 0, "data": {"list": items}}).to_string())
}

fn sitemap(names: &[&str]) -> Behaviour {
    let rows: String = names
        .iter()
        .map(|name| {
            format!("<url><loc>http://map.test/{name}</loc><lastmod>2026-11-20</lastmod></url>")
        })
        .collect();
    document("application/xml", format!("<urlset>{rows}</urlset>"))
}

/// Previews an address and adds what the preview proposes.
async fn follow(node: &TestNode, address: &str, kind: &str) -> Result<Value> {
    let preview = node.post("/api/v1/sources/preview", &json!({ "url": address })).await?;
    ensure!(preview["kind"] == kind, "{address} is previewed as {preview}");
    ensure!(preview["article_count"].as_u64() > Some(0), "{preview}");
    let wish = json!({"url": preview["url"], "kind": preview["kind"], "settings": preview["settings"], "interval": 60});
    node.post("/api/v1/sources", &wish).await.with_context(|| format!("adding {wish}"))
}

async fn wait_for(node: &TestNode, title: &str) -> Result<()> {
    let what = format!("the article {title:?}");
    wait_until(&what, SOON, async || {
        let articles = node.all("/api/v1/articles").await?;
        Ok(articles.iter().any(|article| article["title"] == title).then_some(()))
    })
    .await
}

#[tokio::test]
async fn every_kind_of_source_is_previewed_added_and_read_also_after_a_kill() -> Result<()> {
    let origin = Origin::start().await?;
    let at = |name: &str, path: &str| format!("http://{name}.test:{}{path}", origin.port());
    origin.set("page.test/list", list_page(1..=6));
    origin.set("hot.test/api", hot_list(&["tides", "ferries"]));
    origin.set("map.test/news.xml", sitemap(&["the-first-story", "the-second-story"]));
    let index = format!(
        "<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>",
        at("map", "/news.xml")
    );
    origin.set("map.test/sitemap.xml", document("application/xml", index));
    let home =
        "<html><head><link rel=alternate type='application/rss+xml' href='/feed'></head></html>";
    origin.set("blog.test/", document("text/html", home));
    origin.set("blog.test/feed", Behaviour::feed(rss("Blog", "blog", 1..=2)));
    origin.set("hub2.test/city/news", Behaviour::feed(rss("City", "city", 1..=2)));

    let servers = format!("[\"{}\", \"{}\"]", at("hub1", "/"), at("hub2", "/"));
    let mut settings = options(&[]);
    settings.yaml =
        settings.yaml.replace("fetch:", &format!("fetch:\n  rsshub_servers: {servers}"));
    let mut node = start(settings).await?;
    let page = follow(&node, &at("page", "/list"), "page").await?;
    follow(&node, &at("hot", "/api"), "json_api").await?;
    follow(&node, &at("map", "/sitemap.xml"), "sitemap").await?;
    let blog = follow(&node, &at("blog", "/"), "feed").await?;
    ensure!(blog["url"] == at("blog", "/feed"), "the feed of the page: {blog}");
    follow(&node, "rsshub://city/news", "feed").await?;
    for title in [
        "Harbour notice number 6",
        "Everybody talks about ferries",
        "The second story",
        "blog article 1",
        "city article 2",
    ] {
        wait_for(&node, title).await?;
    }

    node.kill().await?;
    origin.set("page.test/list", list_page(1..=7));
    node.start_again().await?;
    let refresh = format!("/api/v1/sources/{}/refresh", page["id"]);
    node.post(&refresh, &json!({})).await?;
    wait_for(&node, "Harbour notice number 7").await
}

#[tokio::test]
async fn a_rebuilt_page_says_what_it_misses_and_robots_are_honoured() -> Result<()> {
    let origin = Origin::start().await?;
    let address = format!("http://page.test:{}/list", origin.port());
    origin.set("page.test/list", list_page(1..=6));
    let node = start(options(&[])).await?;
    let source = follow(&node, &address, "page").await?;
    wait_for(&node, "Harbour notice number 1").await?;
    origin.set("page.test/list", document("text/html", "<main>Soon here: our new site</main>"));
    let refresh = format!("/api/v1/sources/{}/refresh", source["id"]);
    let refused = node.post(&refresh, &json!({})).await.expect_err("nothing can be read");
    ensure!(format!("{refused:#}").contains("no element matches"), "{refused:#}");

    origin.set("shy.test/robots.txt", document("text/plain", "User-agent: *\nDisallow: /"));
    origin.set("shy.test/list", list_page(1..=6));
    let shy = format!("http://shy.test:{}/list", origin.port());
    let wish = json!({ "url": shy, "kind": "page", "settings": {"selectors": {"item": "li"}} });
    let refused = node.post("/api/v1/sources/preview", &wish).await.expect_err("robots.txt");
    ensure!(format!("{refused:#}").contains("robots.txt"), "{refused:#}");
    ensure!(origin.requests("shy.test/list") == 0, "it was not asked for");
    Ok(())
}

#[tokio::test]
async fn new_articles_of_a_source_get_the_text_of_their_pages_once() -> Result<()> {
    let origin = Origin::start().await?;
    let at = |path: &str| format!("http://short.test:{}{path}", origin.port());
    let feed = |numbers: std::ops::RangeInclusive<usize>| {
        let items: String = numbers
            .rev()
            .map(|number| {
                let link = at(&format!("/read/{number}"));
                format!("<item><title>Story {number}</title><link>{link}</link><description>Only the beginning {number}.</description></item>")
            })
            .collect();
        Behaviour::feed(format!("<rss><channel><title>Short</title>{items}</channel></rss>"))
    };
    let page = |number: usize| {
        let text: String = (1..8)
            .map(|part| format!("<p>Paragraph {part} of story {number} tells, in some detail, what happened in the harbour, who was there, and why it matters to the town.</p>"))
            .collect();
        let html = format!(
            "<html><body><nav><a href='/'>Home</a></nav><article><h1>Story {number}</h1>{text}</article></body></html>"
        );
        document("text/html", html)
    };
    origin.set("short.test/feed", feed(1..=1));
    for number in 1..=2 {
        origin.set(&format!("short.test/read/{number}"), page(number));
    }
    let node = start(options(&[])).await?;
    let wish = json!({ "url": at("/feed"), "settings": {"full_text": true} });
    let source = node.post("/api/v1/sources", &wish).await?;
    ensure!(source["full_text"] == true, "{source}");
    wait_for(&node, "Story 1").await?;
    origin.set("short.test/feed", feed(1..=2));
    let refresh = format!("/api/v1/sources/{}/refresh", source["id"]);
    node.post(&refresh, &json!({})).await?;
    wait_for(&node, "Story 2").await?;
    for article in node.all(&format!("/api/v1/articles?source={}", source["id"])).await? {
        let whole = node.get(&format!("/api/v1/articles/{}", article["id"])).await?;
        let html = whole["content_html"].as_str().unwrap_or_default();
        ensure!(html.contains("Paragraph 7 of story"), "not whole: {whole}");
        ensure!(!html.contains("Home"), "with the menu: {whole}");
    }
    ensure!(origin.requests("short.test/read/1") == 1, "a page is fetched once");
    Ok(())
}
