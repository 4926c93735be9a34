//! What the tests of whole nodes share: origins with news of our own making, and questions to a node.

use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Behaviour, Dice, Item, NodeOptions, Origin, TestNode, rss_of, wait_until};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Longest wait for anything that should happen soon; generous, because CI machines are slow.
pub(crate) const SOON: Duration = Duration::from_secs(90);

/// The program under test.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_autoglm")
}

/// A node that fetches these addresses every second, and finds every `*.test` on loopback.
pub(crate) fn options(addresses: &[String]) -> NodeOptions {
    let mut yaml = String::from("fetch:\n  resolve: { \"*.test\": 127.0.0.1 }\nsources:");
    if addresses.is_empty() {
        yaml.push_str(" []");
    }
    for address in addresses {
        yaml.push_str(&format!("\n  - {{ url: \"{address}\", interval_seconds: 1 }}"));
    }
    yaml.push('\n');
    NodeOptions { yaml, ..NodeOptions::default() }
        .set("fetch.host_spacing_ms", 0)
        .set("fetch.timeout_seconds", 5)
}

/// Starts a node under test.
pub(crate) async fn start(options: NodeOptions) -> Result<TestNode> {
    TestNode::start(binary(), options).await
}

/// An origin whose feeds grow.
pub(crate) struct Newsroom {
    pub(crate) origin: Origin,
    feeds: BTreeMap<String, Vec<Item>>,
}

impl Newsroom {
    /// Opens with empty feeds at `http://{name}.test/feed`.
    pub(crate) async fn open(names: &[&str]) -> Result<Self> {
        let feeds = names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        Ok(Self { origin: Origin::start().await?, feeds })
    }

    /// The address of a feed.
    pub(crate) fn address(&self, name: &str) -> String {
        format!("http://{name}.test:{}/feed", self.origin.port())
    }

    /// The addresses of all feeds.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.feeds.keys().map(|name| self.address(name)).collect()
    }

    /// Adds articles to a feed, which begins with the newest.
    pub(crate) fn publish(&mut self, name: &str, items: impl IntoIterator<Item = Item>) {
        let feed = self.feeds.entry(name.to_owned()).or_default();
        for item in items {
            feed.insert(0, item);
        }
        let body = rss_of(&format!("The {name} news"), feed.iter());
        self.origin.set(&format!("{name}.test/feed"), Behaviour::feed(body));
    }

    /// Adds bulletins with these numbers.
    pub(crate) fn publish_bulletins(
        &mut self,
        name: &str,
        numbers: impl IntoIterator<Item = usize>,
    ) {
        let items: Vec<Item> = numbers.into_iter().map(|number| bulletin(name, number)).collect();
        self.publish(name, items);
    }

    /// The title of everything published.
    pub(crate) fn titles(&self) -> BTreeSet<String> {
        self.feeds.values().flatten().map(|item| item.title.clone()).collect()
    }
}

/// Words for bulletins: enough of them that no two bulletins resemble each other.
const WORDS: [&str; 64] = [
    "harbour",
    "engine",
    "violin",
    "glacier",
    "market",
    "lantern",
    "orchard",
    "satellite",
    "treaty",
    "bakery",
    "compass",
    "drought",
    "election",
    "ferry",
    "granite",
    "hospital",
    "island",
    "jacket",
    "kettle",
    "library",
    "museum",
    "needle",
    "opera",
    "pension",
    "quarry",
    "railway",
    "shelter",
    "tunnel",
    "umbrella",
    "vaccine",
    "wheat",
    "yacht",
    "zebra",
    "anchor",
    "bridge",
    "canal",
    "dancer",
    "eclipse",
    "falcon",
    "garden",
    "helmet",
    "invoice",
    "jungle",
    "kitchen",
    "ladder",
    "mirror",
    "novel",
    "oxygen",
    "pepper",
    "quilt",
    "robot",
    "saddle",
    "theatre",
    "uniform",
    "valley",
    "window",
    "cellar",
    "yogurt",
    "zipper",
    "acorn",
    "basket",
    "candle",
    "desert",
    "elbow",
];

/// An article of its own: invented words, and a title that no other has.
pub(crate) fn bulletin(source: &str, number: usize) -> Item {
    let mut dice =
        Dice::new(source.bytes().fold(number as u64, |sum, byte| sum * 31 + u64::from(byte)));
    let mut words = |count: usize| -> String {
        let chosen: Vec<&str> = (0..count).map(|_| WORDS[dice.below(WORDS.len())]).collect();
        chosen.join(" ")
    };
    Item {
        guid: format!("{source}-{number}"),
        title: format!("Bulletin {} from {source}, number {number}", words(3)),
        html: format!("<p>The {} met the {}. Later the {}.</p>", words(12), words(12), words(8)),
    }
}

/// Dice from `AUTOGLM_TEST_SEED`, else another one each time; printed, so that it can be repeated.
pub(crate) fn thrown_dice(test: &str) -> Dice {
    let given = std::env::var("AUTOGLM_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(Dice::fresh_seed);
    eprintln!("{test}: AUTOGLM_TEST_SEED={seed}");
    Dice::new(seed)
}

/// The stored articles of our origins; the product's own guide is left out.
pub(crate) async fn articles(node: &TestNode) -> Result<Vec<Value>> {
    let all = node.all("/api/v1/articles").await?;
    Ok(all.into_iter().filter(is_ours).collect())
}

/// Whether an article comes from an origin of a test.
pub(crate) fn is_ours(article: &Value) -> bool {
    article["url"].as_str().is_some_and(|url| url.starts_with("http://articles.test/"))
}

/// Waits until exactly these titles are there, each once and at the end of its way.
pub(crate) async fn wait_for_titles(
    node: &TestNode,
    titles: &BTreeSet<String>,
) -> Result<Vec<Value>> {
    let what = format!("{} articles at the end of their way", titles.len());
    wait_until(&what, SOON, async || {
        let numbers = node.get("/api/v1/statistics").await?;
        let stored = numbers["articles"]["stored"].as_i64().unwrap_or_default();
        ensure!(stored >= titles.len() as i64 && numbers["backlog"] == 0, "{numbers}");
        let found = articles(node).await?;
        each_once(&found, titles)?;
        Ok(Some(found))
    })
    .await
}

/// Checks that these titles are there, each once, none besides, all at the end of their way.
pub(crate) fn each_once(found: &[Value], titles: &BTreeSet<String>) -> Result<()> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for article in found {
        let title = text(article, "title");
        *counts.entry(title).or_default() += 1;
        ensure!(article["stage"] == "placed", "{title:?} is only {}", article["stage"]);
    }
    let missing: Vec<&String> =
        titles.iter().filter(|title| !counts.contains_key(title.as_str())).collect();
    ensure!(missing.is_empty(), "{} articles are lost: {missing:?}", missing.len());
    let doubled: Vec<_> = counts.iter().filter(|(_, count)| **count != 1).collect();
    ensure!(doubled.is_empty(), "articles are doubled: {doubled:?}");
    let strange: Vec<_> = counts.keys().filter(|title| !titles.contains(**title)).collect();
    ensure!(strange.is_empty(), "nobody published {strange:?}");
    Ok(())
}

/// A text field; empty when it is missing.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The items of a list's answer.
pub(crate) fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().cloned().unwrap_or_default()
}

/// The source at this address, as the reader sees it.
pub(crate) async fn source(node: &TestNode, address: &str) -> Result<Value> {
    let sources = items(&node.get("/api/v1/sources").await?);
    let found = sources.into_iter().find(|source| source["url"] == address);
    found.with_context(|| format!("there is no source {address}"))
}

/// Fetches the source at this address now.
pub(crate) async fn refresh(node: &TestNode, address: &str) -> Result<Value> {
    let id = source(node, address).await?["id"].to_string();
    node.post(&format!("/api/v1/sources/{id}/refresh"), &json!({})).await
}

/// One thing a reader does to an article.
pub(crate) fn event(kind: &str, article: &Value) -> Value {
    json!({
        "id": uuid::Uuid::new_v4(),
        "kind": kind,
        "article_id": article["id"],
        "at": chrono::Utc::now().to_rfc3339(),
        "dwell_ms": if kind == "dwell" { Some(60_000) } else { None },
    })
}

/// Sends events; what is returned is durable.
pub(crate) async fn send(node: &TestNode, events: &[Value]) -> Result<Value> {
    node.post("/api/v1/events", &json!({ "events": events })).await
}

/// Every actor by its name.
pub(crate) async fn actors(node: &TestNode) -> Result<BTreeMap<String, Value>> {
    let list = items(&node.get_as_operator("/admin/actors").await?);
    Ok(list.into_iter().map(|actor| (text(&actor, "name").to_owned(), actor)).collect())
}

/// Names of the actors that were ever restarted, with the number.
pub(crate) async fn restarted(node: &TestNode) -> Result<BTreeMap<String, u64>> {
    let all = actors(node).await?;
    let restarts = |actor: &Value| actor["restarts"].as_u64().unwrap_or_default();
    Ok(all
        .iter()
        .filter(|(_, actor)| restarts(actor) > 0)
        .map(|(name, actor)| (name.clone(), restarts(actor)))
        .collect())
}

/// Reads JSON with any status and checks that it is a problem of this status and kind.
pub(crate) async fn problem(answer: Response, status: u16, kind: &str) -> Result<Value> {
    let (got, url) = (answer.status().as_u16(), answer.url().clone());
    let headers = answer.headers().clone();
    let body = answer.text().await?;
    ensure!(got == status, "{url} answers {got} instead of {status}: {body}");
    let media = headers.get("content-type").and_then(|value| value.to_str().ok());
    ensure!(media == Some("application/problem+json"), "{url} answers as {media:?}: {body}");
    let problem: Value = serde_json::from_str(&body)?;
    ensure!(problem["kind"] == kind && problem["status"] == status, "{url}: {problem}");
    ensure!(!text(&problem, "detail").is_empty(), "{url} does not say why: {problem}");
    ensure!(!text(&problem, "title").is_empty(), "{url} has no title: {problem}");
    Ok(problem)
}

/// Asks and checks the refusal.
pub(crate) async fn refused(
    node: &TestNode,
    method: Method,
    path: &str,
    status: u16,
    kind: &str,
) -> Result<Value> {
    problem(node.request(method, path).send().await?, status, kind).await
}
