//! Feeds as they should not be: each ends in a clear state of health, none disturbs another.

use crate::support::{
    Newsroom, SOON, actors, articles, items, options, restarted, source, start, text,
};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Behaviour, Item, TestNode, rss, rss_of, wait_until};
use serde_json::Value;
use std::collections::BTreeSet;

/// Largest document of this test, in bytes.
const BODY_MAX: usize = 200_000;

/// Memory that the node may take at most while it reads them, in MiB.
const MEMORY_MAX: u64 = 600;

/// What a feed does, and what must be said about it.
struct Case {
    name: &'static str,
    behaviour: Behaviour,
    class: &'static str,
    /// Causes that say it; empty for a feed that is read after all.
    causes: &'static [&'static str],
    /// Titles that are read all the same.
    titles: Vec<String>,
}

fn failing(name: &'static str, behaviour: Behaviour, causes: &'static [&'static str]) -> Case {
    Case { name, behaviour, class: "failing", causes, titles: Vec::new() }
}

fn read_all_the_same(name: &'static str, behaviour: Behaviour, titles: &[&str]) -> Case {
    let titles = titles.iter().map(|title| (*title).to_owned()).collect();
    Case { name, behaviour, class: "healthy", causes: &[], titles }
}

fn document(kind: &str, body: impl Into<Vec<u8>>) -> Behaviour {
    Behaviour::Document { kind: kind.to_owned(), body: body.into() }
}

fn status(status: u16, headers: &[(&str, &str)]) -> Behaviour {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Behaviour::Status { status, headers: headers.collect() }
}

fn connection_cases() -> Vec<Case> {
    vec![
        failing("silent", Behaviour::Silent, &["timeout"]),
        failing("endless", Behaviour::Endless, &["too_large"]),
        failing("closes", Behaviour::Closes, &["connect"]),
        failing("huge", Behaviour::feed(vec![b' '; BODY_MAX + 1]), &["too_large"]),
        read_all_the_same(
            "lying",
            Behaviour::LyingLength {
                kind: "application/rss+xml".to_owned(),
                body: rss("Lying", "lying", 1..=2),
            },
            &["lying article 1", "lying article 2"],
        ),
    ]
}

fn status_cases(port: u16) -> Vec<Case> {
    let here = format!("http://127.0.0.1:{port}/secret");
    let circle = format!("http://circle.test:{port}/feed");
    vec![
        failing("missing", status(404, &[]), &["status"]),
        failing("error", status(500, &[]), &["status"]),
        failing("login", status(401, &[]), &["blocked"]),
        failing("limited", status(429, &[("retry-after", "3600")]), &["rate_limited"]),
        failing("inwards", status(302, &[("location", &here)]), &["forbidden"]),
        failing(
            "metadata",
            status(301, &[("location", "http://169.254.169.254/latest/")]),
            &["forbidden"],
        ),
        failing("file", status(302, &[("location", "file:///etc/passwd")]), &["forbidden"]),
        failing("circle", status(302, &[("location", &circle)]), &["status"]),
        Case {
            name: "gone",
            behaviour: status(410, &[]),
            class: "gone",
            causes: &["status"],
            titles: Vec::new(),
        },
    ]
}

fn document_cases() -> Vec<Case> {
    let mut cut = rss("Cut", "cut", 1..=3);
    let third = cut.windows(13).position(|bytes| bytes == b"cut article 3").unwrap_or_default();
    cut.truncate(third);
    let page = "<!doctype html><html><head><title>A page</title></head><body><p>No feed.</p></body></html>";
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
         <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">\
         <!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\">]>\
         <rss version=\"2.0\"><channel><title>&f;</title></channel></rss>";
    let deep_xml = format!("<rss version=\"2.0\"><channel>{}", "<a>".repeat(60_000));
    let deep_html = Item {
        guid: "deep-html".to_owned(),
        title: "Deep".to_owned(),
        html: "<b><div>".repeat(7_000),
    };
    vec![
        failing("nothing", document("application/rss+xml", ""), &["parse", "empty"]),
        failing("no-article", Behaviour::feed(rss("Empty", "empty", 0..0)), &["empty"]),
        failing("page", document("text/html", page), &["parse"]),
        failing("noise", document("application/rss+xml", noise()), &["parse"]),
        failing(
            "json",
            document("application/json", "{\"items\": 7, \"a\": [[[[[[[[[["),
            &["parse"],
        ),
        failing("entities", document("application/rss+xml", entities), &["parse", "empty"]),
        failing("deep-xml", document("application/rss+xml", deep_xml), &["parse", "empty"]),
        read_all_the_same("deep-html", Behaviour::feed(rss_of("Deep", [&deep_html])), &["Deep"]),
        read_all_the_same("cut", Behaviour::feed(cut), &["cut article 1", "cut article 2"]),
        read_all_the_same(
            "latin",
            document("text/xml; charset=utf-8", mislabelled()),
            &["Café on the hill opens"],
        ),
        read_all_the_same("gbk", document("text/xml", gbk()), &["新闻"]),
    ]
}

/// Bytes that mean nothing, zeros among them.
fn noise() -> Vec<u8> {
    let mut dice = autoglm_harness::Dice::new(7);
    (0..4000).map(|_| dice.below(256) as u8).collect()
}

/// Windows-1252 that claims to be UTF-8.
fn mislabelled() -> Vec<u8> {
    let feed = "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>t</title>\
        <item><guid>latin-1</guid><title>Caf@ on the hill opens</title><link>http://articles.test/latin</link>\
        </item></channel></rss>";
    feed.bytes().map(|byte| if byte == b'@' { 0xE9 } else { byte }).collect()
}

/// The two characters of "news" in GBK.
fn gbk() -> Vec<u8> {
    let mut feed = b"<?xml version=\"1.0\" encoding=\"gb2312\"?><rss version=\"2.0\"><channel>\
        <title>t</title><item><guid>gbk-1</guid><link>http://articles.test/gbk</link><title>"
        .to_vec();
    feed.extend([0xD0, 0xC2, 0xCE, 0xC5]);
    feed.extend_from_slice(b"</title></item></channel></rss>");
    feed
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_feed_ends_in_a_clear_state_and_disturbs_no_other() -> Result<()> {
    let mut newsroom = Newsroom::open(&["good"]).await?;
    newsroom.publish_bulletins("good", 0..3);
    let port = newsroom.origin.port();
    newsroom.origin.set("127.0.0.1/secret", Behaviour::feed(rss("Secret", "secret", 1..=1)));
    let cases: Vec<Case> =
        connection_cases().into_iter().chain(status_cases(port)).chain(document_cases()).collect();
    let mut addresses = newsroom.addresses();
    for case in &cases {
        newsroom.origin.set(&format!("{}.test/feed", case.name), case.behaviour.clone());
        addresses.push(newsroom.address(case.name));
    }
    let private = format!("http://127.0.0.1:{port}/secret");
    addresses.push(private.clone());
    let options =
        options(&addresses).set("fetch.timeout_seconds", 2).set("fetch.body_bytes_max", BODY_MAX);
    let mut node = start(options).await?;
    let process = node.process_id();
    for case in &cases {
        check_case(&node, &newsroom.address(case.name), case).await?;
    }
    check_private(&node, &newsroom, &private).await?;
    check_details(&node, &newsroom).await?;
    newsroom.publish_bulletins("good", 3..5);
    check_others(&node, &newsroom, &cases).await?;
    // After further fetches every source still says the same.
    for case in &cases {
        judge(case, &source(&node, &newsroom.address(case.name)).await?)
            .with_context(|| format!("{} has changed its mind", case.name))?;
    }
    ensure!(node.process_id() == process && process.is_some(), "the process ended");
    let peak = peak_memory(process.unwrap_or_default())?;
    eprintln!("{} hostile feeds, {peak} MiB at most", cases.len());
    ensure!(peak <= MEMORY_MAX, "{peak} MiB of memory");
    ensure!(node.terminate().await? == Some(0), "it does not stop well");
    Ok(())
}

/// The most memory a process ever had, in MiB.
fn peak_memory(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = line.and_then(|line| line.split_whitespace().next()).context("no VmHWM")?;
    Ok(peak.parse::<u64>()? / 1024)
}

async fn check_case(node: &TestNode, address: &str, case: &Case) -> Result<()> {
    let what = format!("{} to be {} {:?}", case.name, case.class, case.causes);
    wait_until(&what, SOON, async || {
        judge(case, &source(node, address).await?)?;
        Ok(Some(()))
    })
    .await
}

/// Checks that a source says what is the matter with it.
fn judge(case: &Case, source: &Value) -> Result<()> {
    ensure!(source["health"]["class"] == case.class, "{source}");
    if case.causes.is_empty() {
        ensure!(source["health"]["cause"].is_null() && source["problem"].is_null(), "{source}");
        ensure!(source["last_success_at"].is_string(), "{source}");
        return Ok(());
    }
    let cause = text(&source["health"], "cause");
    ensure!(case.causes.contains(&cause), "{source}");
    ensure!(text(source, "problem").len() > 10, "it does not say why: {source}");
    ensure!(case.class == "gone" || source["next_fetch_at"].is_string(), "{source}");
    Ok(())
}

/// A private address is never dialled, neither directly nor by redirect.
async fn check_private(node: &TestNode, newsroom: &Newsroom, address: &str) -> Result<()> {
    wait_until("the private address to be refused", SOON, async || {
        let source = source(node, address).await?;
        ensure!(source["health"]["cause"] == "forbidden", "{source}");
        Ok(Some(()))
    })
    .await?;
    let visits = newsroom.origin.requests("127.0.0.1/secret");
    ensure!(visits == 0, "the private address was fetched {visits} times");
    Ok(())
}

async fn check_details(node: &TestNode, newsroom: &Newsroom) -> Result<()> {
    let limited = source(node, &newsroom.address("limited")).await?;
    let next = chrono::DateTime::parse_from_rfc3339(text(&limited, "next_fetch_at"))?;
    let wait = next.signed_duration_since(chrono::Utc::now()).num_minutes();
    ensure!(wait >= 50, "Retry-After asks for an hour, it waits {wait} minutes: {limited}");
    let gone = source(node, &newsroom.address("gone")).await?;
    ensure!(gone["next_fetch_at"].is_null(), "it is fetched again: {gone}");
    ensure!(newsroom.origin.requests("gone.test/feed") == 1, "410 was asked again");
    let operated = items(&node.get_as_operator("/admin/sources").await?);
    let silent = operated.iter().find(|row| text(row, "url").contains("silent.test"));
    let silent = silent.context("the operator does not see it")?;
    ensure!(silent["consecutive_failures"].as_i64() > Some(0), "{silent}");
    ensure!(text(silent, "host").starts_with("silent.test:"), "{silent}");
    Ok(())
}

/// Everything readable arrived, nothing was restarted.
async fn check_others(node: &TestNode, newsroom: &Newsroom, cases: &[Case]) -> Result<()> {
    let mut titles: BTreeSet<String> = newsroom.titles();
    titles.extend(cases.iter().flat_map(|case| case.titles.clone()));
    let what = format!("{} articles", titles.len());
    wait_until(&what, SOON, async || {
        let found = articles(node).await?;
        let found: Vec<&Value> =
            found.iter().filter(|article| article["stage"] == "placed").collect();
        let missing: Vec<_> = titles
            .iter()
            .filter(|title| !found.iter().any(|article| text(article, "title") == title.as_str()))
            .collect();
        ensure!(missing.is_empty(), "{missing:?}");
        Ok(Some(()))
    })
    .await?;
    let restarted = restarted(node).await?;
    ensure!(restarted.is_empty(), "restarted: {restarted:?}");
    let unwell: Vec<Value> =
        actors(node).await?.into_values().filter(|actor| actor["state"] == "parked").collect();
    ensure!(unwell.is_empty(), "parked: {unwell:?}");
    Ok(())
}
