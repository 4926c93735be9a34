//! Many sources on one node: what it costs to keep their schedule, apart from what fetching costs.

use crate::setup::sources_yaml;
use crate::setup::{Counters, Database, OriginProcess, Setup, processor_time, resident_bytes};
use anyhow::{Context as _, Result};
use autoglm_harness::{NodeOptions, TestNode};
use comfy_table::Table;
use std::time::{Duration, Instant};

/// How long each node is watched. The first fetches are spread over as long, so that a node whose
/// interval this is fetches evenly.
const WATCHED: Duration = Duration::from_secs(60);
/// Longest wait for the first fetches of all sources and what follows from them.
const SETTLED_MAX: Duration = Duration::from_secs(600);
/// Quiet time before a node is watched.
const QUIET: Duration = Duration::from_secs(10);

/// One node over the time it was watched.
struct Row {
    name: String,
    /// Of one core.
    share: f64,
    fetches_per_second: f64,
    resident_before: u64,
    resident_after: u64,
}

/// A node with one source, one with many that are not due, and one that fetches each of them once
/// while it is watched: the differences are the schedule and the fetches.
pub(crate) async fn run(setup: &Setup, count: usize) -> Result<()> {
    let alone = watch(setup, "1 source, not due", 1, None).await?;
    let waiting = watch(setup, &format!("{count} sources, none due"), count, None).await?;
    let name = format!("{count} sources, each due once a minute");
    let fetching = watch(setup, &name, count, Some(WATCHED)).await?;
    let schedule = waiting.share - alone.share;
    let fetches = fetching.fetches_per_second - waiting.fetches_per_second;
    let fetch_ms = 1_000.0 * (fetching.share - waiting.share) / fetches.max(f64::EPSILON);
    let mut table = Table::new();
    table.set_header(["node", "% of a core", "fetches/s", "memory MB", "after a minute MB"]);
    for row in [alone, waiting, fetching] {
        table.add_row([
            row.name,
            format!("{:.2}", 100.0 * row.share),
            format!("{:.1}", row.fetches_per_second),
            format!("{:.1}", row.resident_before as f64 / 1e6),
            format!("{:.1}", row.resident_after as f64 / 1e6),
        ]);
    }
    println!("{table}");
    println!(
        "the schedule of {count} sources: {:.2} % of a core; a fetch that brings nothing new: {fetch_ms:.2} ms",
        100.0 * schedule
    );
    Ok(())
}

async fn watch(setup: &Setup, name: &str, count: usize, every: Option<Duration>) -> Result<Row> {
    let origin = OriginProcess::start()?;
    let database = Setup::database(Database::Sqlite)?;
    let yaml = sources_yaml(count, origin.port).replace("/feed\"", "/still\"");
    let mut options = NodeOptions { yaml, ..NodeOptions::default() }
        .set("fetch.interval_seconds", 86_400)
        .set("telemetry.log", "warn");
    if let Some(every) = every {
        options = options.set("testing.fetch_interval_ms", every.as_millis());
    }
    let node = setup.node(&database, options).await?;
    settle(&node, count).await?;
    let process = node.process_id().context("the node has ended")?;
    let (started, counters) = (Instant::now(), Counters::read(&node).await?);
    let (used, resident_before) = (processor_time(process)?, resident_bytes(process)?);
    tokio::time::sleep(WATCHED).await;
    let seconds = started.elapsed().as_secs_f64();
    let share = (processor_time(process)? - used).as_secs_f64() / seconds;
    let resident_after = resident_bytes(process)?;
    let fetched = Counters::read(&node).await?.since(counters).fetches;
    let name = name.to_owned();
    Ok(Row { name, share, fetches_per_second: fetched / seconds, resident_before, resident_after })
}

/// Until every source has been fetched and its article is placed, and a little longer.
async fn settle(node: &TestNode, count: usize) -> Result<()> {
    autoglm_harness::wait_until("the first fetches", SETTLED_MAX, || async {
        let statistics = node.get("/api/v1/statistics").await?;
        let stored = statistics["articles"]["stored"].as_u64().unwrap_or_default();
        Ok((stored >= count as u64 && statistics["backlog"] == 0).then_some(()))
    })
    .await?;
    tokio::time::sleep(QUIET).await;
    Ok(())
}
