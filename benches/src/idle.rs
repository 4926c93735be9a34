//! What a node costs that does nothing: idle terminals, and an idle node with many sources and
//! readers.

use crate::audience::{Arrivals, connect, listen, percentile};
use crate::latency::add_reader;
use crate::origin::ARTICLES_PER_RESPONSE;
use crate::setup::{OriginProcess, Setup, resident_bytes, sources_yaml};
use anyhow::{Context, Result};
use autoglm_harness::NodeOptions;
use comfy_table::Table;
use serde_json::json;
use std::time::{Duration, Instant};

/// Terminals of one reader, idle; then one article for all of them.
pub(crate) async fn terminals(setup: &Setup, count: usize) -> Result<()> {
    let origin = OriginProcess::start()?;
    let running = Setup::database(crate::setup::Database::Sqlite)?;
    let options = NodeOptions { yaml: sources_yaml(1, origin.port), ..NodeOptions::default() }
        .set("fetch.interval_seconds", 86_400)
        .set("telemetry.log", "warn");
    let node = setup.node(&running, options).await?;
    let process = node.process_id().context("the node has ended")?;
    let source = source_id(&node).await?;
    let before = resident_bytes(process)?;
    let arrivals = Arrivals::default();
    let mut listeners = tokio::task::JoinSet::new();
    for _ in 0..count {
        listeners.spawn(listen(connect(node.address(), None).await?, arrivals.clone()));
    }
    let each = (resident_bytes(process)?.saturating_sub(before)) as f64 / count as f64;
    arrivals.take();
    let started = Instant::now();
    node.post(&format!("/api/v1/sources/{source}/refresh"), &json!({})).await?;
    let expected = count * usize::try_from(ARTICLES_PER_RESPONSE)?;
    let mut times: Vec<f64> = Vec::with_capacity(expected);
    while times.len() < expected && started.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        times.extend(arrivals.take());
    }
    let mut table = Table::new();
    table.set_header([
        "idle terminals",
        "memory each KB",
        "articles received",
        "of",
        "p99 ms",
        "last ms",
    ]);
    table.add_row([
        count.to_string(),
        format!("{:.1}", each / 1024.0),
        times.len().to_string(),
        expected.to_string(),
        format!("{:.0}", percentile(&mut times, 0.99)),
        format!("{:.0}", percentile(&mut times, 1.0)),
    ]);
    println!("{table}");
    Ok(())
}

async fn source_id(node: &autoglm_harness::TestNode) -> Result<i64> {
    let sources = node.all("/api/v1/sources").await?;
    let feed = sources.iter().find(|source| source["kind"] == "feed");
    feed.and_then(|source| source["id"].as_i64()).context("the source is not there")
}

/// 1,000 sources and 1,000 readers, nothing to do.
pub(crate) async fn node(setup: &Setup) -> Result<()> {
    let origin = OriginProcess::start()?;
    let running = Setup::database(crate::setup::Database::Sqlite)?;
    let options = NodeOptions { yaml: sources_yaml(1_000, origin.port), ..NodeOptions::default() }
        .set("fetch.interval_seconds", 86_400)
        .set("telemetry.log", "warn");
    let mut node = setup.node(&running, options).await?;
    node.terminate().await?;
    let mut token = String::new();
    for number in 0..1_000 {
        token = add_reader(setup, &node, &format!("reader {number}"))?;
    }
    node.start_again().await?;
    anyhow::ensure!(!token.is_empty(), "no reader was added");
    let process = node.process_id().context("the node has ended")?;
    // Until every source has been fetched once and understood.
    autoglm_harness::wait_until("an idle node", Duration::from_secs(180), || async {
        let statistics = node.get("/api/v1/statistics").await?;
        let stored = statistics["articles"]["stored"].as_i64().unwrap_or_default();
        Ok((stored >= 10_000 && statistics["backlog"] == 0).then_some(()))
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let size = std::fs::metadata(&setup.binary)?.len();
    let mut table = Table::new();
    table.set_header(["idle node", "memory MB", "binary MB"]);
    table.add_row([
        "1,000 sources, 1,000 readers, 10,000 articles".to_owned(),
        format!("{:.0}", resident_bytes(process)? as f64 / 1e6),
        format!("{:.1}", size as f64 / 1e6),
    ]);
    println!("{table}");
    Ok(())
}
