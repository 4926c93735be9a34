//! How soon nodes know that something is cut off: a node from its peers, a node from PostgreSQL.

use super::{Row, cluster, cluster_with_gates, wait_until_even};
use crate::setup::Setup;
use anyhow::{Context, Result};
use autoglm_harness::checker::client::now;
use autoglm_harness::checker::ownership::owned_again;
use autoglm_harness::cluster::FAST_LEASE;
use autoglm_harness::{TestCluster, wait_until};
use std::time::{Duration, Instant};

/// Nodes, all linked to each other.
const NODES: usize = 3;
/// The one that is cut off.
const CUT: usize = 1;
/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(60);

/// A node's links to all others fall silent. Nodes read the file of faults twice a second, so that
/// up to half a second of what is measured is the fault that has not begun.
pub(super) async fn of_peers(setup: &Setup) -> Result<Vec<Row>> {
    let (cluster, _readers) = cluster(setup, NODES, 1).await?;
    wait_until_even(&cluster).await?;
    until_links(&cluster, [2.0, 2.0, 2.0]).await?;
    let cut = Instant::now();
    cluster.isolate(CUT, true).await?;
    until_links(&cluster, [1.0, 0.0, 1.0]).await?;
    let detected = cut.elapsed();
    cluster.isolate(CUT, false).await?;
    let mended = Instant::now();
    until_links(&cluster, [2.0, 2.0, 2.0]).await?;
    let measured = format!(
        "known to both sides after {:.2} s, linked again {:.2} s after its end",
        detected.as_secs_f64(),
        mended.elapsed().as_secs_f64(),
    );
    Ok(vec![Row::new("peers cut from each other: detected", "≤ 6 s", measured)])
}

/// A node and PostgreSQL hear nothing of each other for two leases.
pub(super) async fn of_store(setup: &Setup) -> Result<Vec<Row>> {
    let (cluster, _readers) = cluster_with_gates(setup, NODES, 1).await?;
    wait_until_even(&cluster).await?;
    let incarnation = cluster.incarnation(CUT)?;
    let (cut, moment) = (Instant::now(), now());
    cluster.cut_off_store(CUT, true).await?;
    wait_until("the node to give up its shards", LIMIT, async || {
        let owned = figure(&cluster, CUT, "autoglm_shards_owned").await?;
        Ok((owned == 0.0).then_some(()))
    })
    .await?;
    let gave_up = cut.elapsed();
    let (without_owner, shards) = wait_until("other owners", LIMIT, async || {
        Ok(owned_again(&cluster.evidence().leases()?, incarnation, moment))
    })
    .await?;
    let rest = (FAST_LEASE * 2).saturating_sub(cut.elapsed());
    tokio::time::sleep(rest).await;
    cluster.cut_off_store(CUT, false).await?;
    let mended = Instant::now();
    wait_until("a new incarnation", LIMIT, async || {
        Ok((cluster.incarnation(CUT)? > incarnation).then_some(()))
    })
    .await?;
    cluster.wait_until_all_ready().await?;
    let measured = format!(
        "gave up after {:.2} s, before its lease of {} s ended; its {shards} shards were owned again \
         after {:.2} s; ready {:.2} s after its end",
        gave_up.as_secs_f64(),
        FAST_LEASE.as_secs(),
        without_owner as f64 / 1e6,
        mended.elapsed().as_secs_f64(),
    );
    Ok(vec![Row::new("a node cut from PostgreSQL for two leases", "detected ≤ 6 s", measured)])
}

/// Waits until each node says that so many of its links are ready.
async fn until_links(cluster: &TestCluster, wanted: [f64; NODES]) -> Result<()> {
    wait_until("the links", LIMIT, async || {
        for (node, wanted) in wanted.into_iter().enumerate() {
            if figure(cluster, node, "autoglm_cluster_links{state=\"ready\"}").await? != wanted {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await
}

/// The sum of a figure of a node's `/metrics`: of all series whose names begin so.
async fn figure(cluster: &TestCluster, node: usize, name: &str) -> Result<f64> {
    let node = cluster.node(node).await;
    let request = node.request("GET".parse()?, "/metrics").bearer_auth(node.operator_token()?);
    let text = request.send().await?.error_for_status()?.text().await?;
    let values = text.lines().filter(|line| line.starts_with(name));
    let values = values.filter_map(|line| line.rsplit_once(' '));
    values.map(|(_, value)| value.parse::<f64>().context("a figure is no number")).sum()
}
