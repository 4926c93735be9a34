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

/// What a source's health must say.
struct Case {
    url: String,
    class: &'static str,
    cause: Option<&'static str>,
    /// What its problem must tell, in lower case; empty for no problem.
    told: &'static str,
}

/// One source for each way an answer can be.
async fn cases(origin: &Origin) -> Result<Vec<Case>> {
    let port = origin.port();
    let feed = |name: &str| rss(name, name, 1..=2);
    let late = Behaviour::Late {
        after: Duration::from_millis(1_500),
        kind: "application/rss+xml".to_owned(),
        body: feed("slow"),
    };
    let moved = status(301, &[("location", &format!("http://good2.test:{port}/feed"))]);
    origin.set("good2.test/feed", Behaviour::feed(feed("moved")));
    let failing = |cause| ("failing", Some(cause));
    let answers = [
        ("good", Behaviour::feed(feed("good")), ("healthy", None), ""),
        ("slow", late, ("slow", None), ""),
        ("moved", moved, ("moved", None), "good2.test"),
        ("gone", status(410, &[]), ("gone", Some("status")), "410"),
        ("missing", status(404, &[]), failing("status"), "404"),
        ("blocked", status(403, &[]), failing("blocked"), "403"),
        (
            "challenge",
            status(403, &[("cf-mitigated", "challenge")]),
            failing("blocked"),
            "challenge",
        ),
        ("busy", status(429, &[("retry-after", "7200")]), failing("rate_limited"), "429"),
        ("broken", Behaviour::feed("nothing like a feed"), failing("parse"), "could not read"),
        ("page", page("<html><body>Welcome</body></html>"), failing("parse"), "web page"),
        ("empty", Behaviour::feed(rss("Empty", "empty", [])), failing("empty"), "never had"),
        ("silent", Behaviour::Silent, failing("timeout"), "no complete answer"),
        ("endless", Behaviour::Endless, failing("too_large"), "body_bytes_max"),
    ];
    let mut cases = Vec::new();
    for (name, answer, (class, cause), told) in answers {
        origin.set(&format!("{name}.test/feed"), answer);
        cases.push(Case { url: format!("http://{name}.test:{port}/feed"), class, cause, told });
    }
    let tls = format!("https://tls.test:{}/feed", speaks_no_tls().await?);
    for (url, cause, told) in [
        (tls, "tls", "certificate"),
        ("http://nobody.test:1/feed".to_owned(), "connect", "site is up"),
        ("http://10.0.0.1/feed".to_owned(), "forbidden", "public"),
    ] {
        cases.push(Case { url, class: "failing", cause: Some(cause), told });
    }
    Ok(cases)
}

impl Case {
    fn check(&self, source: &Value) -> Result<()> {
        let (url, health) = (&self.url, &source["health"]);
        ensure!(health["class"] == self.class, "{url}: {source}");
        ensure!(health["cause"].as_str() == self.cause, "{url}: {source}");
        let problem = text(source, "problem").to_lowercase();
        ensure!(problem.contains(self.told), "{url}: {source}");
        ensure!(problem.is_empty() == self.told.is_empty(), "{url}: {source}");
        let good = matches!(self.class, "healthy" | "slow" | "moved");
        ensure!(source["last_success_at"].is_null() != good, "{url}: {source}");
        ensure!(source["next_fetch_at"].is_null() == (self.class == "gone"), "{url}: {source}");
        Ok(())
    }
}

#[tokio::test]
async fn a_source_tells_the_truth_in_each_state() -> Result<()> {
    let origin = Origin::start().await?;
    let cases = cases(&origin).await?;
    let settings = options(&[])
        .set("fetch.slow_after_seconds", 1)
        .set("fetch.timeout_seconds", 3)
        .set("fetch.body_bytes_max", 1_000_000);
    let node = start(settings).await?;
    let mut added = Vec::new();
    for case in &cases {
        let source = add(&node, &case.url).await;
        added.push(source.with_context(|| format!("adding {}", case.url))?);
    }
    for (case, source) in cases.iter().zip(&added) {
        case.check(&fetched(&node, source).await?)?;
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
