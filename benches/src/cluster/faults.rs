//! What readers feel when a node is restarted, killed, frozen or cut off, or PostgreSQL is silent.

use super::{Row, cluster, detection, wait_until_even, work};
use crate::setup::Setup;
use anyhow::{Context, Result};
use autoglm_harness::checker::client::{Manner, now};
use autoglm_harness::checker::ownership::owned_again;
use autoglm_harness::checker::run::Report;
use autoglm_harness::checker::schedule::{Fault, Step};
use autoglm_harness::cluster::FAST_LEASE;
use autoglm_harness::wait_until;
use std::time::Duration;

/// Readers at work.
const READERS: usize = 48;

fn at(seconds: u64, fault: Fault) -> Step {
    Step { at: Duration::from_secs(seconds), fault }
}

async fn with(setup: &Setup, steps: Vec<Step>) -> Result<Report> {
    let (cluster, readers) = cluster(setup, 3, READERS).await?;
    work(&cluster, &readers, steps, Manner::default()).await
}

fn felt(report: &Report) -> String {
    let measures = &report.measures;
    format!(
        "0 lost, 0 doubled of {} events; {} of {} operations failed after one retry; longest pause {:.2} s ({})",
        report.events,
        measures.failed_after_one_retry,
        measures.operations,
        measures.longest_pause() as f64 / 1e6,
        measures.story(),
    )
}

/// Every node is restarted as planned, one after the other.
pub(super) async fn rolling_restart(setup: &Setup) -> Result<Vec<Row>> {
    let steps = (0..3).map(|node| at(3 + 12 * node as u64, Fault::Restart(node))).collect();
    let report = with(setup, steps).await?;
    let wanted = "0 lost, 0 doubled, 0 failed after one retry, longest pause ≤ 1 s";
    Ok(vec![Row::new("rolling planned restart of three nodes", wanted, felt(&report))])
}

/// A node is killed; once under readers' work, and once to see how long nobody owns its shards.
pub(super) async fn kill(setup: &Setup) -> Result<Vec<Row>> {
    let report = with(setup, vec![at(3, Fault::Kill(0, Duration::from_secs(10)))]).await?;
    let felt = Row::new("kill -9 of an owner, readers at work", "0 lost", felt(&report));
    let (cluster, _readers) = cluster(setup, 3, 1).await?;
    let mut times = Vec::new();
    for node in 0..3 {
        // One that has just started owns little that could be missed.
        wait_until_even(&cluster).await?;
        let incarnation = cluster.incarnation(node)?;
        let moment = now();
        cluster.kill(node).await?;
        let (time, _shards) = wait_until("owners", Duration::from_secs(60), async || {
            Ok(owned_again(&cluster.evidence().leases()?, incarnation, moment))
        })
        .await?;
        times.push(time as f64 / 1e6);
        cluster.start_again(node).await?;
        cluster.wait_until_served().await?;
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    let measured = format!("{worst:.2} s, worst of {times:.2?}");
    Ok(vec![felt, Row::new("kill -9: every shard owned again", "≤ 7 s (fast profile)", measured)])
}

/// A node is frozen for twice its lease.
pub(super) async fn freeze(setup: &Setup) -> Result<Vec<Row>> {
    let steps =
        [(3, 1), (25, 2)].map(|(seconds, node)| at(seconds, Fault::Freeze(node, FAST_LEASE * 2)));
    let report = with(setup, steps.to_vec()).await?;
    let measured = format!("0 writes under an old epoch; {}", felt(&report));
    let wanted = "0 writes under an old epoch";
    Ok(vec![Row::new("freeze longer than the lease, then continue", wanted, measured)])
}

/// A node is cut off from its peers, not from PostgreSQL.
pub(super) async fn cut(setup: &Setup) -> Result<Vec<Row>> {
    let report = with(setup, vec![at(3, Fault::Isolate(1, Duration::from_secs(15)))]).await?;
    let measured = format!("no two owners; {}", felt(&report));
    let wanted = "no two owners, recovers by itself";
    let mut rows = vec![Row::new("peers cut from each other for 15 s", wanted, measured)];
    rows.extend(detection::of_peers(setup).await?);
    Ok(rows)
}

/// PostgreSQL says nothing for longer than the lease.
pub(super) async fn silence(setup: &Setup) -> Result<Vec<Row>> {
    let (cluster, readers) = cluster(setup, 3, READERS).await?;
    let steps = vec![at(3, Fault::PausePostgres(FAST_LEASE * 2))];
    let report = work(&cluster, &readers, steps, Manner::default()).await?;
    let began = report.journal.lines().next().context("the fault was not made")?;
    let measured = format!("no two owners; {} ({})", felt(&report), began.trim());
    let wanted = "no two owners, recovers by itself";
    let mut rows = vec![Row::new("PostgreSQL silent for two leases", wanted, measured)];
    rows.extend(detection::of_store(setup).await?);
    Ok(rows)
}
