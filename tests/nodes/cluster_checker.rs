//! The checker: readers at work on three nodes with encrypted links while they are killed, frozen,
//! restarted and cut off from each other and from PostgreSQL, and PostgreSQL and Redis fall silent,
//! all drawn from a seed.

use crate::cluster::Bench;
use anyhow::Result;
use autoglm_harness::Dice;
use autoglm_harness::checker::client::Manner;
use autoglm_harness::checker::schedule::{Means, schedule};
use autoglm_harness::cluster::FAST_LEASE;
use std::time::Duration;

/// How long things go wrong; `AUTOGLM_CHECKER_SECONDS` says otherwise.
const SECONDS: u64 = 120;
/// Readers at work.
const READERS: usize = 24;
/// Nodes.
const NODES: usize = 3;

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_a_cluster_every_acknowledged_event_is_there_once_and_in_order()
-> Result<()> {
    let test = "whatever_happens_to_a_cluster_every_acknowledged_event_is_there_once_and_in_order";
    let seed = given("AUTOGLM_CHECKER_SEED").unwrap_or_else(Dice::fresh_seed);
    let seconds = given("AUTOGLM_CHECKER_SECONDS").unwrap_or(SECONDS);
    eprintln!("{test}: AUTOGLM_CHECKER_SEED={seed} AUTOGLM_CHECKER_SECONDS={seconds}");
    let Some(bench) = Bench::start_whole(test, NODES, READERS).await? else { return Ok(()) };
    let means = Means {
        nodes: NODES,
        links: true,
        gates: true,
        redis: true,
        durable: true,
        lease: FAST_LEASE,
    };
    let steps = schedule(&mut Dice::new(seed), Duration::from_secs(seconds), means);
    for step in &steps {
        eprintln!("  {:6.1} s  {}", step.at.as_secs_f64(), step.fault);
    }
    let report = bench.run(test, steps, Manner::default()).await?;
    eprintln!(
        "{test}: seed {seed}: {} events stored, {} changes of hands, {}",
        report.events, report.lease_changes, report.measures
    );
    Ok(())
}
