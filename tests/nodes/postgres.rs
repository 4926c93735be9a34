//! The same node on PostgreSQL, and PostgreSQL going away and coming back.

use crate::kill::{self, Plan};
use crate::support::{Newsroom, SOON, event, options, problem, send, start, wait_for_titles};
use crate::{articles, ranking, stories, topics};
use anyhow::{Result, ensure};
use autoglm_harness::{NodeOptions, TestNode, ThrowawayPostgres, skip, wait_until};
use reqwest::Method;
use std::path::Path;

/// A server of one's own, or a skip that is counted.
fn server(test: &str) -> Result<Option<ThrowawayPostgres>> {
    ThrowawayPostgres::start_or_skip(test)
}

/// As [`server`], but one that keeps what it has acknowledged when it is stopped at once.
fn durable_server(test: &str) -> Result<Option<ThrowawayPostgres>> {
    match ThrowawayPostgres::start() {
        Ok(server) => Ok(Some(server)),
        Err(error) if std::env::var("AUTOGLM_NO_SKIP").is_ok_and(|value| value == "1") => {
            Err(error)
        }
        Err(error) => {
            skip(test, &format!("{error:#}"));
            Ok(None)
        }
    }
}

fn on(url: &str) -> impl FnOnce(NodeOptions) -> NodeOptions {
    move |options| options.set("database.url", url)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_a_source_becomes_articles_and_what_a_reader_does_counts_at_once()
-> Result<()> {
    let name = "on_postgresql_a_source_becomes_articles_and_what_a_reader_does_counts_at_once";
    let Some(server) = server(name)? else { return Ok(()) };
    articles::check(on(&server.create_database("articles")?)).await?;
    ranking::check(on(&server.create_database("ranking")?)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_kill_9_loses_and_doubles_nothing() -> Result<()> {
    let name = "on_postgresql_kill_9_loses_and_doubles_nothing";
    let Some(server) = server(name)? else { return Ok(()) };
    let plan = Plan { kills: 3, sources: 12, at_first: 6, later: 9 };
    // A killed node's leases are taken when they expire; a short lease makes the test short.
    let url = server.create_database("killed")?;
    kill::check(name, plan, |options| on(&url)(options).set("node.lease_seconds", 4)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_another_list_of_topics_sorts_every_article_again() -> Result<()> {
    let name = "on_postgresql_another_list_of_topics_sorts_every_article_again";
    let Some(server) = server(name)? else { return Ok(()) };
    let url = server.create_database("topics")?;
    topics::check_change_of_the_list(|options| on(&url)(options).set("node.lease_seconds", 4)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_decisions_about_stories_hold_over_kill_9() -> Result<()> {
    let name = "on_postgresql_decisions_about_stories_hold_over_kill_9";
    let Some(server) = server(name)? else { return Ok(()) };
    let url = server.create_database("stories")?;
    stories::check(|options| on(&url)(options).set("node.lease_seconds", 4)).await
}

/// Everything the process holds in its data folder is the operator's token.
fn check_no_sqlite(folder: &Path) -> Result<()> {
    ensure!(!folder.join("autoglm.db").exists(), "there is an SQLite file besides PostgreSQL");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_restarted_in_the_middle_degrades_and_the_node_recovers_by_itself() -> Result<()>
{
    let name = "postgresql_restarted_in_the_middle_degrades_and_the_node_recovers_by_itself";
    let Some(server) = durable_server(name)? else { return Ok(()) };
    let mut newsroom = Newsroom::open(&["wire", "post"]).await?;
    for name in ["wire", "post"] {
        newsroom.publish_bulletins(name, 0..5);
    }
    let url = server.create_database("restarted")?;
    // A restart of the server is shorter than the lease; the test's own looking takes its time.
    let options = on(&url)(options(&newsroom.addresses())).set("node.lease_seconds", 60);
    let mut node = start(options).await?;
    check_no_sqlite(&node.data_directory())?;
    let process = node.process_id();
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    let before = event("save", &found[0]);
    send(&node, std::slice::from_ref(&before)).await?;

    server.stop()?;
    for name in ["wire", "post"] {
        newsroom.publish_bulletins(name, 5..12);
    }
    check_degraded(&node).await?;
    let during = event("save", &found[1]);
    let refused = node
        .request(Method::POST, "/api/v1/events")
        .json(&serde_json::json!({ "events": [during] }))
        .send()
        .await?;
    ensure!(!refused.status().is_success(), "acknowledged without a database");

    server.restart()?;
    wait_until("the node to be ready again", SOON, async || {
        let answer = node.request(Method::GET, "/readyz").send().await?;
        ensure!(answer.status() == 200, "{}", answer.text().await?);
        Ok(Some(()))
    })
    .await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    wait_until("events to be accepted", SOON, async || {
        send(&node, std::slice::from_ref(&during)).await.map(Some)
    })
    .await?;
    let saved = node.all("/api/v1/articles?marks=saved").await?;
    ensure!(saved.len() == 2, "{} marks instead of 2", saved.len());
    ensure!(node.process_id() == process && process.is_some(), "the process ended");
    ensure!(node.terminate().await? == Some(0), "it does not stop well");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_away_for_longer_than_the_lease_is_survived() -> Result<()> {
    let name = "postgresql_away_for_longer_than_the_lease_is_survived";
    let Some(server) = durable_server(name)? else { return Ok(()) };
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..5);
    let url = server.create_database("away")?;
    let options = on(&url)(options(&newsroom.addresses())).set("node.lease_seconds", 4);
    let node = start(options).await?;
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    send(&node, &[event("save", &found[0])]).await?;
    server.stop()?;
    newsroom.publish_bulletins("wire", 5..9);
    wait_until("the shards to be stopped", SOON, async || {
        Ok(node.log().contains("stopping every shard").then_some(()))
    })
    .await?;
    server.restart()?;
    // The same process comes back as a new incarnation; in between it may not answer at all.
    wait_until("the node to be ready again", SOON, async || {
        let answer = node.request(Method::GET, "/readyz").send().await?;
        Ok((answer.status() == 200).then_some(()))
    })
    .await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let saved = node.all("/api/v1/articles?marks=saved").await?;
    ensure!(saved.len() == 1, "{} marks instead of 1", saved.len());
    Ok(())
}

/// Alive, not ready, and every refusal says that it passes.
async fn check_degraded(node: &TestNode) -> Result<()> {
    wait_until("the node to say that it is not ready", SOON, async || {
        let answer = node.request(Method::GET, "/readyz").send().await?;
        ensure!(answer.status() == 503, "{}", answer.status());
        problem(answer, 503, "unavailable").await.map(Some)
    })
    .await?;
    let alive = node.request(Method::GET, "/healthz").send().await?;
    ensure!(alive.status() == 200, "not alive: {}", alive.status());
    let answer = node.request(Method::GET, "/api/v1/articles").send().await?;
    if !answer.status().is_success() {
        ensure!(answer.headers().contains_key("retry-after"), "it does not say when to come back");
        problem(answer, 503, "unavailable").await?;
    }
    Ok(())
}
