//! One reader's top 50 over a window of 10,000 articles, and from an event's request to a changed
//! ranking, durability included.

use crate::audience::percentile;
use crate::setup::{OriginProcess, Setup, sources_yaml};
use anyhow::{Context, Result};
use autoglm_harness::{NodeOptions, TestNode, wait_until};
use comfy_table::Table;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ROUNDS: usize = 300;

pub(crate) async fn run(setup: &Setup) -> Result<()> {
    let origin = OriginProcess::start()?;
    let mut table = Table::new();
    table.set_header([
        "database",
        "top 50 of 10,000, in the node: p50 ms",
        "p99 ms",
        "over HTTP with articles: p99 ms",
        "event to changed ranking: p50 ms",
        "p99 ms",
    ]);
    for database in setup.databases() {
        let running = Setup::database(database)?;
        let options =
            NodeOptions { yaml: sources_yaml(100, origin.port), ..NodeOptions::default() }
                .set("testing.fetch_interval_ms", 1_000)
                .set("telemetry.log", "warn");
        let mut node = setup.node(&running, options).await?;
        wait_until("10,000 placed articles", Duration::from_secs(180), || async {
            let statistics = node.get("/api/v1/statistics").await?;
            Ok((statistics["articles"]["understood"].as_i64() > Some(11_000)).then_some(()))
        })
        .await?;
        // From here on nothing arrives, so that only the ranking is measured.
        node.set("testing.fetch_interval_ms", 0);
        node.set("fetch.interval_seconds", 86_400);
        node.terminate().await?;
        node.start_again().await?;
        warm(&node).await?;
        let mut requests = Vec::new();
        let mut events = Vec::new();
        for _ in 0..ROUNDS {
            requests.push(timed(recommend(&node)).await?.1);
        }
        for _ in 0..ROUNDS {
            events.push(event_to_ranking(&node).await?);
        }
        let stages = node.get_as_operator("/admin/pipeline").await?;
        let rank =
            stages["stages"].as_array().and_then(|all| all.iter().find(|s| s["name"] == "rank"));
        let rank = rank.context("no stage called rank")?;
        table.add_row([
            running.name.to_owned(),
            format!("{:.2}", rank["p50_ms"].as_f64().unwrap_or(f64::NAN)),
            format!("{:.2}", rank["p99_ms"].as_f64().unwrap_or(f64::NAN)),
            format!("{:.2}", percentile(&mut requests, 0.99)),
            format!("{:.2}", percentile(&mut events, 0.5)),
            format!("{:.2}", percentile(&mut events, 0.99)),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// Waits until what was fetched has been placed and lists are full: what is measured afterwards is
/// ranking, not ranking beside a backlog.
async fn warm(node: &TestNode) -> Result<()> {
    wait_until("an empty backlog", Duration::from_secs(180), || async {
        let statistics = node.get("/api/v1/statistics").await?;
        Ok((statistics["backlog"].as_i64() == Some(0)).then_some(()))
    })
    .await?;
    wait_until("a full ranking", Duration::from_secs(60), || async {
        let list = recommend(node).await?;
        Ok((list["items"].as_array().map_or(0, Vec::len) == 50).then_some(()))
    })
    .await
}

async fn recommend(node: &TestNode) -> Result<Value> {
    node.get("/api/v1/recommendations?limit=50").await
}

async fn timed<T>(work: impl Future<Output = Result<T>>) -> Result<(T, f64)> {
    let started = Instant::now();
    let outcome = work.await?;
    Ok((outcome, started.elapsed().as_secs_f64() * 1_000.0))
}

/// Hides the first article; the time until a list without it is there.
async fn event_to_ranking(node: &TestNode) -> Result<f64> {
    let list = recommend(node).await?;
    let first = list["items"][0]["article"]["id"].clone();
    let id = uuid::Uuid::new_v4();
    let event = json!({ "events": [{ "id": id, "kind": "hide", "article_id": first,
        "at": "2026-01-01T00:00:00Z" }] });
    let change = async {
        node.post("/api/v1/events", &event).await?;
        recommend(node).await
    };
    let (after, milliseconds) = timed(change).await?;
    let still =
        after["items"].as_array().into_iter().flatten().any(|i| i["article"]["id"] == first);
    anyhow::ensure!(!still, "a hidden article is still in the ranking");
    Ok(milliseconds)
}
