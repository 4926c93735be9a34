//! One fault at a time in a cluster: nothing acknowledged is lost, and somebody owns every shard again.

use crate::cluster::Bench;
use anyhow::{Context, Result, ensure};
use autoglm_harness::checker::client::{Manner, Participant, now};
use autoglm_harness::checker::schedule::{Fault, Step};
use autoglm_harness::cluster::{FAST_LEASE, SHARDS};
use autoglm_harness::wait_until;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// What alerts wait for.
const CERTIFICATE_ENDS: &str = "autoglm_cluster_certificate_expires_timestamp_seconds";

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
async fn a_node_cut_off_from_postgresql_for_longer_than_its_lease_writes_nothing_of_then_when_it_is_back()
-> Result<()> {
    let test = "a_node_cut_off_from_postgresql_for_longer_than_its_lease";
    let Some(bench) = Bench::start_whole(test, 2, 12).await? else { return Ok(()) };
    wait_until("an encrypted link", Duration::from_secs(30), async || {
        let node = bench.cluster.node(0).await;
        let metrics = node.request(Method::GET, "/metrics").send().await?;
        let metrics = metrics.error_for_status()?.text().await?;
        let is_linked = metrics.contains("autoglm_cluster_links{state=\"ready\"} 1");
        let ends = metrics.lines().find(|line| line.starts_with(CERTIFICATE_ENDS));
        let Some(ends) = ends.filter(|_| is_linked) else { return Ok(None) };
        let ends: f64 = ends.rsplit(' ').next().context("no figure")?.parse()?;
        ensure!(ends > now() as f64 / 1e6, "its certificate has ended, and links are made");
        Ok(Some(()))
    })
    .await?;
    let (cut, other) = (bench.cluster.incarnation(1)?, bench.cluster.incarnation(0)?);
    let steps = vec![at(2, Fault::CutOffStore(1, FAST_LEASE * 2))];
    let manner = Manner { attempt_limit: Duration::from_secs(1), ..Manner::default() };
    let report = bench.run(test, steps, manner).await?;
    ensure!(report.lease_changes > 0, "nobody took the shards of the node that was cut off");
    ensure!(bench.cluster.incarnation(0)? == other, "the other node lost its membership too");
    wait_until("the node as a new incarnation", Duration::from_secs(60), async || {
        Ok((bench.cluster.incarnation(1)? > cut).then_some(()))
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

/// A reader's ranked list through node 0: whether it is stale.
async fn is_stale(bench: &Bench, reader: &Participant) -> Result<bool> {
    let node = bench.cluster.node(0).await;
    let request = node.request(Method::GET, "/api/v1/recommendations?limit=3");
    let answer = request.bearer_auth(&reader.token).send().await?.error_for_status()?;
    let list: Value = answer.json().await?;
    list["stale"].as_bool().context("a list does not say whether it is stale")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_owner_of_a_reader_is_out_of_reach_lists_are_stale_and_events_are_refused_for_a_moment()
-> Result<()> {
    let test = "while_the_owner_of_a_reader_is_out_of_reach";
    let Some(bench) = Bench::start(test, 2, 2).await? else { return Ok(()) };
    // Everything goes to node 1 and stays there.
    let cordoned = {
        let node = bench.cluster.node(0).await;
        let request = node.request(Method::PATCH, "/admin/cluster/nodes/n0");
        let request = request.bearer_auth(node.operator_token()?);
        request.json(&json!({ "cordoned": true })).send().await?
    };
    ensure!(cordoned.status().is_success(), "{}", cordoned.text().await?);
    wait_until("all shards at node 1", Duration::from_secs(60), async || {
        Ok((bench.cluster.shares()?.get("n1") == Some(&SHARDS)).then_some(()))
    })
    .await?;
    let reader = bench.readers.first().context("no reader")?;
    wait_until("a list by the owner", Duration::from_secs(30), async || {
        Ok((!is_stale(&bench, reader).await?).then_some(()))
    })
    .await?;
    bench.cluster.isolate(1, true).await?;
    wait_until("a stale list", Duration::from_secs(30), async || {
        Ok(is_stale(&bench, reader).await?.then_some(()))
    })
    .await?;
    let article = bench.cluster.articles()?.first().copied().context("no article")?;
    let event = json!({ "events": [{
        "id": uuid::Uuid::new_v4(), "kind": "save", "article_id": article, "at": "2026-01-01T00:00:00Z",
    }] });
    let events = async || -> Result<reqwest::Response> {
        let request = bench.cluster.node(0).await.request(Method::POST, "/api/v1/events");
        Ok(request.bearer_auth(&reader.token).json(&event).send().await?)
    };
    // At first the silence of the link is not known, and an outcome that is unknown is another answer.
    let refused = wait_until("a refusal", Duration::from_secs(30), async || {
        let answer = events().await?;
        ensure!(answer.status() != 200, "nobody could have stored it");
        Ok((answer.status() == 503).then_some(answer))
    })
    .await?;
    let wait = refused.headers().get("retry-after").context("nobody says when to come back")?;
    ensure!(wait.to_str()?.parse::<u64>()? >= 1, "{wait:?}");
    bench.cluster.isolate(1, false).await?;
    wait_until("a list by the owner", Duration::from_secs(30), async || {
        Ok((!is_stale(&bench, reader).await?).then_some(()))
    })
    .await?;
    ensure!(events().await?.status() == 200, "the owner is in reach again");
    Ok(())
}
