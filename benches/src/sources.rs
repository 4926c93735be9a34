//! Concurrent sources: the highest offered rate at which every response's articles are durable in
//! 41 ms on average, without an error. Open loop: the schedule does not wait for the answers of
//! other sources.

use crate::origin::ARTICLES_PER_RESPONSE;
use crate::setup::{Counters, Database, OriginProcess, Setup, sources_yaml};
use anyhow::Result;
use autoglm_harness::NodeOptions;
use comfy_table::Table;
use std::time::{Duration, Instant};

/// Mean from request to durable row that the original system claims at 200 sources.
const MEAN_MAX: Duration = Duration::from_millis(41);
/// Offered rates in articles per second, tried upwards.
const RATES: [u64; 14] = [
    1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 10_000, 12_000, 14_000, 16_000, 20_000,
    24_000,
];
const WARM_UP: Duration = Duration::from_secs(4);
/// The first fetches of many sources are spread: so far apart, and a little more.
const START_SPACING: Duration = Duration::from_millis(12);
const MEASURED: Duration = Duration::from_secs(8);

struct Row {
    rate: f64,
    mean_ms: f64,
    errors: f64,
    backlog: f64,
}

pub(crate) async fn run(setup: &Setup, counts: &[usize], understanding: bool) -> Result<()> {
    let mut table = Table::new();
    table.set_header([
        "database",
        "sources",
        "understanding",
        "articles/s",
        "mean ms",
        "errors",
        "backlog growth/s",
    ]);
    for database in setup.databases() {
        for count in counts {
            let best = best(setup, database, *count, understanding).await?;
            table.add_row([
                format!("{database:?}"),
                count.to_string(),
                if understanding { "on" } else { "paused" }.to_owned(),
                format!("{:.0}", best.rate),
                format!("{:.1}", best.mean_ms),
                format!("{:.0}", best.errors),
                format!("{:.0}", best.backlog),
            ]);
            println!("{database:?}, {count} sources: {:.0} articles/s", best.rate);
        }
    }
    println!("{table}");
    Ok(())
}

async fn best(setup: &Setup, database: Database, count: usize, understanding: bool) -> Result<Row> {
    let mut best = Row { rate: 0.0, mean_ms: 0.0, errors: 0.0, backlog: 0.0 };
    for rate in RATES.into_iter().filter(|rate| *rate >= setup.rate_min) {
        let row = measure(setup, database, count, rate, understanding).await?;
        let kept_up = row.rate >= 0.97 * rate as f64
            && row.errors == 0.0
            && row.mean_ms <= MEAN_MAX.as_secs_f64() * 1000.0
            && (!understanding || row.backlog <= 0.02 * rate as f64);
        println!(
            "  {database:?} {count} sources, offered {rate}: {:.0}/s, mean {:.1} ms, {} errors, backlog {:+.0}/s{}",
            row.rate,
            row.mean_ms,
            row.errors,
            row.backlog,
            if kept_up { "" } else { "  (over)" },
        );
        if !kept_up {
            break;
        }
        best = row;
    }
    Ok(best)
}

async fn measure(
    setup: &Setup,
    database: Database,
    count: usize,
    rate: u64,
    understanding: bool,
) -> Result<Row> {
    let origin = OriginProcess::start()?;
    let running = Setup::database(database)?;
    let interval_ms = (count as u64 * ARTICLES_PER_RESPONSE * 1_000 / rate).max(1);
    let options = NodeOptions { yaml: sources_yaml(count, origin.port), ..NodeOptions::default() }
        .set("testing.fetch_interval_ms", interval_ms)
        .set("understanding.paused", !understanding)
        .set("telemetry.log", "warn");
    let node = setup.node(&running, options).await?;
    let warm_up =
        WARM_UP + START_SPACING * u32::try_from(count)? + Duration::from_millis(interval_ms);
    tokio::time::sleep(warm_up).await;
    let (start, before) = (Instant::now(), Counters::read(&node).await?);
    tokio::time::sleep(MEASURED).await;
    let (elapsed, delta) =
        (start.elapsed().as_secs_f64(), Counters::read(&node).await?.since(before));
    Ok(Row {
        rate: delta.stored / elapsed,
        mean_ms: 1_000.0 * delta.seconds / delta.responses.max(1.0),
        errors: delta.errors,
        backlog: if understanding { (delta.stored - delta.placed) / elapsed } else { 0.0 },
    })
}
