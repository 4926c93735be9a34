//! From fetched to the coalesced frame of a connected terminal: 1,000 terminals of 100 readers who
//! follow 20 sources each, at 200 articles a second.

use crate::audience::{Arrivals, connect, listen, percentile};
use crate::origin::ARTICLES_PER_RESPONSE;
use crate::setup::{Counters, OriginProcess, Setup, sources_yaml};
use anyhow::{Context, Result};
use autoglm_harness::{NodeOptions, TestNode};
use comfy_table::Table;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

const READERS: usize = 100;
const TERMINALS_EACH: usize = 10;
const SOURCES: usize = 200;
const SOURCES_EACH: usize = 20;
const ARTICLES_PER_SECOND: u64 = 200;
const MEASURED: Duration = Duration::from_secs(20);

pub(crate) async fn run(setup: &Setup) -> Result<()> {
    let mut table = Table::new();
    table.set_header([
        "database",
        "articles/s",
        "frames' articles",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "max ms",
    ]);
    for database in setup.databases() {
        let running = Setup::database(database)?;
        let origin = OriginProcess::start()?;
        let interval_ms = SOURCES as u64 * ARTICLES_PER_RESPONSE * 1_000 / ARTICLES_PER_SECOND;
        let options =
            NodeOptions { yaml: sources_yaml(SOURCES, origin.port), ..NodeOptions::default() }
                .set("testing.fetch_interval_ms", interval_ms)
                .set("telemetry.log", "warn");
        let mut node = setup.node(&running, options).await?;
        let tokens = readers(setup, &mut node).await?;
        let arrivals = Arrivals::default();
        let mut listeners = tokio::task::JoinSet::new();
        for token in &tokens {
            for _ in 0..TERMINALS_EACH {
                let socket = connect(node.address(), Some(token)).await?;
                listeners.spawn(listen(socket, arrivals.clone()));
            }
        }
        // The first responses of all sources come at once; measure the steady state.
        tokio::time::sleep(Duration::from_millis(interval_ms + 5_000)).await;
        arrivals.take();
        let before = Counters::read(&node).await?;
        tokio::time::sleep(MEASURED).await;
        let delta = Counters::read(&node).await?.since(before);
        let mut times = arrivals.take();
        table.add_row([
            running.name.to_owned(),
            format!("{:.0}", delta.placed / MEASURED.as_secs_f64()),
            times.len().to_string(),
            format!("{:.0}", percentile(&mut times, 0.5)),
            format!("{:.0}", percentile(&mut times, 0.9)),
            format!("{:.0}", percentile(&mut times, 0.99)),
            format!("{:.0}", percentile(&mut times, 1.0)),
        ]);
    }
    println!("stored → understood → in the frame of one of 1,000 terminals of 100 readers");
    println!("{table}");
    Ok(())
}

/// Adds readers with the node stopped, then subscribes each to their own sources over HTTP.
async fn readers(setup: &Setup, node: &mut TestNode) -> Result<Vec<String>> {
    let items = node.all("/api/v1/sources").await?;
    let urls: Vec<String> = items
        .iter()
        .filter_map(|source| source["url"].as_str().filter(|url| url.starts_with("http")))
        .map(str::to_owned)
        .collect();
    node.terminate().await?;
    let mut tokens = Vec::with_capacity(READERS);
    for number in 0..READERS {
        tokens.push(add_reader(setup, node, &format!("reader {number}"))?);
    }
    node.start_again().await?;
    for (number, token) in tokens.iter().enumerate() {
        for step in 0..SOURCES_EACH {
            let url = &urls[(number * SOURCES_EACH + step) % urls.len()];
            let request = node.request("POST".parse()?, "/api/v1/sources");
            let answer = request.bearer_auth(token).json(&json!({ "url": url })).send().await?;
            answer.error_for_status().context("a reader cannot subscribe")?;
        }
    }
    Ok(tokens)
}

/// `autoglm reader add`, as an operator does it.
pub(crate) fn add_reader(setup: &Setup, node: &TestNode, name: &str) -> Result<String> {
    let output = Command::new(&setup.binary)
        .arg("--config")
        .arg(node.directory().join("config.yaml"))
        .arg("--data")
        .arg(node.directory().join("data"))
        .args(node.database_arguments())
        .args(["--json", "reader", "add", name])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer: Value = serde_json::from_str(text.trim()).with_context(|| {
        format!("reader add failed: {}", String::from_utf8_lossy(&output.stderr))
    })?;
    answer["token"].as_str().map(str::to_owned).context("reader add printed no token")
}
