//! What a source's health says in each state, where a failing one is found again, and taking that.

use crate::support::{SOON, options, start, text};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Behaviour, Origin, TestNode, rss, wait_until};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

fn status(status: u16, headers: &[(&str, &str)]) -> Behaviour {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Behaviour::Status { status, headers: headers.collect() }
}

fn page(body: &str) -> Behaviour {
    Behaviour::Document { kind: "text/html".to_owned(), body: body.as_bytes().to_vec() }
}

/// The port of a server that answers whatever is said to it at once and in the clear.
async fn speaks_no_tls() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot open a port")?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            // A client that goes away is its own affair.
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap_or_default();
        }
    });
    Ok(port)
}

async fn add(node: &TestNode, url: &str) -> Result<Value> {
    // An hour between fetches: what is seen is the first one.
    node.post("/api/v1/sources", &json!({ "url": url, "interval": 3_600 })).await
}

/// Waits until the source was fetched.
async fn fetched(node: &TestNode, source: &Value) -> Result<Value> {
    let path = format!("/api/v1/sources/{}", source["id"]);
    wait_until(&format!("the first fetch of {}", source["url"]), SOON, async || {
        let source = node.get(&path).await?;
        Ok((source["health"]["class"] != "new").then_some(source))
    })
    .await
}

#[tokio::test]
async fn a_source_tells_the_truth_in_each_state() -> Result<()> {
    let origin = Origin::start().await?;
    let port = origin.port();
    let at = |name: &str| format!("http://{name}.test:{port}/feed");
    let feed = |name: &str| rss(name, name, 1..=2);
    let late = Behaviour::Late {
        after: Duration::from_millis(1_500),
        kind: "application/rss+xml".to_owned(),
        body: feed("slow"),
    };
    origin.set("good.test/feed", Behaviour::feed(feed("good")));
    origin.set("slow.test/feed", late);
    origin.set("moved.test/feed", status(301, &[("location", &at("good2"))]));
    origin.set("good2.test/feed", Behaviour::feed(feed("moved")));
    origin.set("gone.test/feed", status(410, &[]));
    origin.set("missing.test/feed", status(404, &[]));
    origin.set("blocked.test/feed", status(403, &[]));
    origin.set("challenge.test/feed", status(403, &[("cf-mitigated", "challenge")]));
    origin.set("busy.test/feed", status(429, &[("retry-after", "7200")]));
    origin.set("broken.test/feed", Behaviour::feed("nothing like a feed"));
    origin.set("page.test/feed", page("<html><body>Welcome</body></html>"));
    origin.set("empty.test/feed", Behaviour::feed(rss("Empty", "empty", [])));
    origin.set("silent.test/feed", Behaviour::Silent);
    origin.set("endless.test/feed", Behaviour::Endless);

    // Address, class, cause, and what its problem must tell.
    let nowhere = "http://nobody.test:1/feed".to_owned();
    let cases = [
        (at("good"), "healthy", None, ""),
        (at("slow"), "slow", None, ""),
        (at("moved"), "moved", None, "good2.test"),
        (at("gone"), "gone", Some("status"), "410"),
        (at("missing"), "failing", Some("status"), "404"),
        (at("blocked"), "failing", Some("blocked"), "403"),
        (at("challenge"), "failing", Some("blocked"), "challenge"),
        (at("busy"), "failing", Some("rate_limited"), "429"),
        (at("broken"), "failing", Some("parse"), "could not read"),
        (at("page"), "failing", Some("parse"), "web page"),
        (at("empty"), "failing", Some("empty"), "never had an article"),
        (at("silent"), "failing", Some("timeout"), "no complete answer"),
        (at("endless"), "failing", Some("too_large"), "body_bytes_max"),
        (
            format!("https://tls.test:{}/feed", speaks_no_tls().await?),
            "failing",
            Some("tls"),
            "certificate",
        ),
        (nowhere, "failing", Some("connect"), "site is up"),
        ("http://10.0.0.1/feed".to_owned(), "failing", Some("forbidden"), "public"),
    ];
    let settings = options(&[])
        .set("fetch.slow_after_seconds", 1)
        .set("fetch.timeout_seconds", 3)
        .set("fetch.body_bytes_max", 1_000_000);
    let node = start(settings).await?;
    let mut added = Vec::new();
    for (url, ..) in &cases {
        added.push(add(&node, url).await.with_context(|| format!("adding {url}"))?);
    }
    for ((url, class, cause, told), source) in cases.iter().zip(&added) {
        let source = fetched(&node, source).await?;
        let health = &source["health"];
        ensure!(health["class"] == *class, "{url}: {source}");
        ensure!(health["cause"].as_str() == *cause, "{url}: {source}");
        let problem = text(&source, "problem").to_lowercase();
        ensure!(problem.contains(&told.to_lowercase()), "{url}: {source}");
        ensure!(problem.is_empty() == told.is_empty(), "{url}: {source}");
        let good = matches!(*class, "healthy" | "slow" | "moved");
        ensure!(source["last_success_at"].is_null() != good, "{url}: {source}");
        ensure!(source["next_fetch_at"].is_null() == (*class == "gone"), "{url}: {source}");
    }
    let path = format!("/api/v1/sources/{}", added[0]["id"]);
    let paused = node.patch(&path, &json!({ "paused": true })).await?;
    ensure!(paused["health"]["class"] == "paused", "{paused}");
    let resumed = node.patch(&path, &json!({ "paused": false })).await?;
    ensure!(resumed["health"]["class"] == "healthy", "{resumed}");
    Ok(())
}

#[tokio::test]
async fn a_source_that_died_is_found_again_and_goes_on_where_a_person_says_so() -> Result<()> {
    let origin = Origin::start().await?;
    let at = |path: &str| format!("http://blog.test:{}{path}", origin.port());
    origin.set("blog.test/feed", Behaviour::feed(rss("Blog", "blog", 1..=2)));
    let mut node = start(options(&[])).await?;
    let source = add(&node, &at("/feed")).await?;
    let source = fetched(&node, &source).await?;
    ensure!(source["offered_url"].is_null(), "{source}");

    // The site is rebuilt: the feed is elsewhere, and the old address says it is gone.
    origin.set("blog.test/feed", status(410, &[]));
    origin.set("blog.test/new.xml", Behaviour::feed(rss("Blog", "blog", 1..=3)));
    let home = "<html><head><link rel=alternate type='application/rss+xml' href='/new.xml'></head>";
    origin.set("blog.test/", page(home));
    let path = format!("/api/v1/sources/{}", source["id"]);
    // Nobody answers at the web page the feed named, so the front page of its server is asked.
    node.post(&format!("{path}/refresh"), &json!({})).await.expect_err("it is gone");
    let offered = wait_until("the offer", SOON, async || {
        let source = node.get(&path).await?;
        Ok(source["offered_url"].as_str().map(str::to_owned))
    })
    .await?;
    ensure!(offered == at("/new.xml"), "{offered}");

    // The offer outlives the process.
    node.kill().await?;
    node.start_again().await?;
    let source = node.get(&path).await?;
    ensure!(source["health"]["class"] == "gone" && source["offered_url"] == offered, "{source}");
    let id = source["id"].to_string();
    let output = node.run_verb(&["source", "change", &id, "--url", &offered]).await?;
    ensure!(output.status.success(), "{output:?}");
    wait_until("the third article", SOON, async || {
        let articles = node.all("/api/v1/articles").await?;
        let found = articles.iter().filter(|article| article["source_id"] == source["id"]);
        Ok((found.count() == 3).then_some(()))
    })
    .await?;
    let source = fetched(&node, &source).await?;
    ensure!(source["health"]["class"] == "healthy" && source["url"] == offered, "{source}");
    ensure!(source["offered_url"].is_null(), "{source}");
    Ok(())
}
