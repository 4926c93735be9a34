//! One fault at a time in a cluster: nothing acknowledged is lost, and somebody owns every shard again.

use crate::cluster::Bench;
use anyhow::{Result, ensure};
use autoglm_harness::checker::client::Manner;
use autoglm_harness::checker::schedule::{Fault, Step};
use autoglm_harness::cluster::FAST_LEASE;
use autoglm_harness::wait_until;
use std::time::Duration;

fn at(seconds: u64, fault: Fault) -> Step {
    Step { at: Duration::from_secs(seconds), fault }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_frozen_for_longer_than_its_lease_writes_nothing_when_it_goes_on() -> Result<()> {
    let test = "an_owner_frozen_for_longer_than_its_lease_writes_nothing_when_it_goes_on";
    let Some(bench) = Bench::start(test, 2, 12).await? else { return Ok(()) };
    let frozen = bench.cluster.incarnation(1)?;
    let other = bench.cluster.incarnation(0)?;
    // Requests under way reach the frozen node and are there when it goes on.
    let steps = vec![at(2, Fault::Freeze(1, FAST_LEASE * 2))];
    let manner = Manner { attempt_limit: Duration::from_secs(1), ..Manner::default() };
    let report = bench.run(test, steps, manner).await?;
    ensure!(report.lease_changes > 0, "nobody took the shards of the frozen node");
    // Whatever rows the frozen one held, the other goes on.
    ensure!(bench.cluster.incarnation(0)? == other, "the other node lost its membership too");
    wait_until("the frozen node as a new incarnation", Duration::from_secs(60), async || {
        Ok((bench.cluster.incarnation(1)? > frozen).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_cut_off_from_its_peers_keeps_what_it_owns() -> Result<()> {
    let test = "a_node_cut_off_from_its_peers_keeps_what_it_owns";
    let Some(bench) = Bench::start(test, 3, 12).await? else { return Ok(()) };
    let before = bench.cluster.incarnation(2)?;
    let steps = vec![at(2, Fault::Isolate(2, Duration::from_secs(6)))];
    bench.run(test, steps, Manner::default()).await?;
    ensure!(bench.cluster.incarnation(2)? == before, "a cut link cost a node its membership");
    Ok(())
}
