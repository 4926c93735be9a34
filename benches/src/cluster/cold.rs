//! A cold key that everybody wants at once: thousands of requests for the same reader wait at three
//! whole nodes, and the nodes' own count says how often it was loaded from PostgreSQL.

use super::crowd::Crowd;
use super::{Row, Scale, cache, wait_until_even};
use crate::setup::{Setup, metric};
use anyhow::Result;
use autoglm_harness::{ClusterOptions, NodeOptions, TestCluster, ThrowawayPostgres, wait_until};
use std::time::Duration;

const NODES: usize = 3;
/// Longest wait for links.
const LINKED_WITHIN: Duration = Duration::from_secs(30);
/// A reader: shared by all nodes, fresh for half a minute.
const PATH: &str = "/api/v1/me";
/// Its cache's count of loads.
const LOADS: &str = "autoglm_cache_loads_total{cache=\"readers\"}";
/// How often the key's owner did not answer in time, so that a node loaded it itself.
const IN_VAIN: &str = "autoglm_cache_peer_failures_total{cache=\"readers\"}";

/// When the nodes begin to answer.
#[derive(Debug, Clone, Copy)]
enum Gate {
    /// When the first request is there: the load is often over before the last one is sent.
    Open,
    /// When all requests are there; until then the nodes are frozen. They wake with more to do than
    /// they can within the time an owner is waited for.
    Frozen,
}

pub(super) async fn measure(setup: &Setup, scale: &Scale) -> Result<Vec<Row>> {
    let mut rows = whole_nodes(setup, scale).await?;
    rows.extend(cache::measure(scale).await?);
    Ok(rows)
}

async fn whole_nodes(setup: &Setup, scale: &Scale) -> Result<Vec<Row>> {
    let node = NodeOptions { yaml: "sources: []\n".to_owned(), ..NodeOptions::default() }
        .set("telemetry.log", "warn");
    let options = ClusterOptions {
        nodes: NODES,
        node,
        durable: true,
        redis: true,
        ..ClusterOptions::default()
    };
    let cluster =
        TestCluster::start_on(ThrowawayPostgres::start()?, &setup.binary, options).await?;
    wait_until_linked(&cluster).await?;
    wait_until_even(&cluster).await?;
    let mut crowd = Crowd::gather(scale.callers, &cluster.addresses()).await?;
    let mut rows = Vec::new();
    for gate in [Gate::Open, Gate::Frozen] {
        rows.push(rounds(&cluster, &mut crowd, gate, scale).await?);
    }
    Ok(rows)
}

/// Each round everybody wants a reader nobody has asked for before.
async fn rounds(
    cluster: &TestCluster,
    crowd: &mut Crowd,
    gate: Gate,
    scale: &Scale,
) -> Result<Row> {
    let (mut loads, mut at_once, mut slowest, mut in_vain) = (Vec::new(), usize::MAX, 0.0, 0.0);
    for reader in cluster.add_readers(scale.rounds)? {
        let before = (total(cluster, LOADS).await?, total(cluster, IN_VAIN).await?);
        let asked = match gate {
            Gate::Open => crowd.ask(PATH, &reader.token, async { Ok(()) }).await?,
            Gate::Frozen => {
                freeze(cluster).await?;
                crowd.ask(PATH, &reader.token, thaw(cluster)).await?
            }
        };
        loads.push(total(cluster, LOADS).await? - before.0);
        in_vain += total(cluster, IN_VAIN).await? - before.1;
        at_once = at_once.min(asked.at_once);
        slowest = asked.took.as_secs_f64().max(slowest);
    }
    let how = match gate {
        Gate::Open => "requests come to",
        Gate::Frozen => "requests wait, when they wake, at",
    };
    let what = format!(
        "a cold key: {} {how} {NODES} whole nodes with PostgreSQL and Redis",
        scale.callers
    );
    let measured = format!(
        "loads {loads:.0?}, one number a round; at least {at_once} sent before the first answer; \
         all answered within {slowest:.2} s; an owner did not answer in its 100 ms {in_vain:.0} times"
    );
    Ok(Row::new(&what, "exactly 1 load", measured))
}

/// A node that reaches no other takes every key for its own.
async fn wait_until_linked(cluster: &TestCluster) -> Result<()> {
    for node in 0..NODES {
        wait_until("links to all others", LINKED_WITHIN, async || {
            let seen = cluster.seen_by(node).await?;
            let members = seen["members"].as_array().into_iter().flatten();
            let ready = members.filter(|member| member["link"]["state"] == "ready").count();
            Ok((ready == NODES - 1).then_some(()))
        })
        .await?;
    }
    Ok(())
}

async fn freeze(cluster: &TestCluster) -> Result<()> {
    for node in 0..NODES {
        cluster.freeze(node).await?;
    }
    Ok(())
}

async fn thaw(cluster: &TestCluster) -> Result<()> {
    for node in 0..NODES {
        cluster.thaw(node).await?;
    }
    Ok(())
}

/// A figure of all nodes together.
async fn total(cluster: &TestCluster, name: &str) -> Result<f64> {
    let mut sum = 0.0;
    for node in 0..NODES {
        sum += metric(&*cluster.node(node).await, name).await?;
    }
    Ok(sum)
}
