//! Our own defects: an actor that panics comes back, its siblings notice nothing, nothing is lost.

use crate::support::{
    Newsroom, SOON, actors, event, items, options, problem, refresh, refused, restarted, send,
    source, start, text, wait_for_titles,
};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{TestNode, wait_until};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Waits until an actor whose name passes has been restarted and runs again; its name.
async fn wait_for_restart(node: &TestNode, is_meant: fn(&str) -> bool) -> Result<String> {
    wait_until("the restart", SOON, async || {
        let found = actors(node).await?.into_iter().find(|(name, actor)| {
            is_meant(name) && actor["restarts"].as_u64() > Some(0) && actor["state"] == "running"
        });
        let Some((name, actor)) = found else { return Ok(None) };
        ensure!(text(&actor, "reason").contains("panic"), "it does not say why: {actor}");
        Ok(Some(name))
    })
    .await
}

/// Checks that no other actor was restarted.
async fn check_siblings(node: &TestNode, panicked: &str) -> Result<()> {
    let restarted = restarted(node).await?;
    ensure!(restarted.get(panicked) == Some(&1), "{panicked} panicked once: {restarted:?}");
    ensure!(restarted.len() == 1, "others were disturbed: {restarted:?}");
    Ok(())
}

/// Publishes one article at a time, so that each is a write and a batch of its own.
async fn trickle(node: &TestNode, newsroom: &mut Newsroom) -> Result<()> {
    for number in 1..14 {
        newsroom.publish_bulletins("wire", number..=number);
        // A fetch that meets the panic is answered with an error and done again by schedule.
        refresh(node, &newsroom.address("wire")).await.unwrap_or_default();
        wait_for_titles(node, &newsroom.titles()).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_ingest_loses_no_article_and_disturbs_no_other_actor() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..1);
    let node = start(options(&newsroom.addresses()).set("testing.panic_once", "ingest")).await?;
    trickle(&node, &mut newsroom).await?;
    let name = wait_for_restart(&node, |name| name == "ingest").await?;
    check_siblings(&node, &name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_model_loses_no_article_and_disturbs_no_other_actor() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..1);
    let options = options(&newsroom.addresses()).set("testing.panic_once", "inference");
    let node = start(options).await?;
    trickle(&node, &mut newsroom).await?;
    let is_device = |name: &str| name.starts_with("inference-") && name != "inference-pool";
    let name = wait_for_restart(&node, is_device).await?;
    check_siblings(&node, &name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_a_readers_shard_loses_no_acknowledged_event() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..30);
    let options = options(&newsroom.addresses()).set("testing.panic_once", "shard");
    let node = start(options).await?;
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    for article in &found {
        let save = event("save", article);
        // A terminal sends the same event again until it is acknowledged.
        wait_until("an acknowledgement", SOON, async || {
            send(&node, std::slice::from_ref(&save)).await.map(Some)
        })
        .await?;
    }
    let is_shard = |name: &str| name.contains("-shard-");
    let name = wait_for_restart(&node, is_shard).await?;
    let saved = node.all("/api/v1/articles?marks=saved").await?;
    let ids = |list: &[Value]| -> BTreeSet<i64> {
        list.iter().filter_map(|article| article["id"].as_i64()).collect()
    };
    ensure!(ids(&saved) == ids(&found), "{} of {} are saved", saved.len(), found.len());
    let ranked = items(&node.get("/api/v1/recommendations?limit=10").await?);
    ensure!(!ranked.is_empty(), "nothing is recommended any more");
    check_siblings(&node, &name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_always_panics_is_parked_with_its_reason_while_others_go_on() -> Result<()> {
    let mut newsroom = Newsroom::open(&["good", "cursed", "fine"]).await?;
    for name in ["good", "cursed", "fine"] {
        newsroom.publish_bulletins(name, 0..4);
    }
    let options = options(&newsroom.addresses()).set("testing.panic_source", "cursed.test");
    let node = start(options).await?;
    let address = newsroom.address("cursed");
    let parked = wait_until("the source to be parked", SOON, async || {
        let source = source(&node, &address).await?;
        ensure!(source["health"]["cause"] == "parked", "{source}");
        Ok(Some(source))
    })
    .await?;
    ensure!(parked["health"]["class"] == "failing", "{parked}");
    ensure!(text(&parked, "problem").len() > 10, "it does not say why: {parked}");
    let name = format!("source-{}", parked["id"]);
    let actor = wait_until("the actor to be parked", SOON, async || {
        let all = actors(&node).await?;
        let actor = all.get(&name).with_context(|| format!("no {name}"))?;
        Ok((actor["state"] == "parked").then(|| actor.clone()))
    })
    .await?;
    ensure!(text(&actor, "reason").contains("testing.panic_source"), "why: {actor}");
    newsroom.publish_bulletins("good", 4..6);
    newsroom.publish_bulletins("fine", 4..6);
    let titles: BTreeSet<String> =
        newsroom.titles().into_iter().filter(|title| !title.contains("cursed")).collect();
    wait_for_titles(&node, &titles).await?;
    let disturbed: Vec<String> =
        restarted(&node).await?.into_keys().filter(|other| *other != name).collect();
    ensure!(disturbed.is_empty(), "others were disturbed: {disturbed:?}");
    check_restart_by_hand(&node, &name, &actor).await
}

/// The operator starts a parked actor again; it fails again, and that is counted.
async fn check_restart_by_hand(node: &TestNode, name: &str, parked: &Value) -> Result<()> {
    restart(node, name).await?;
    wait_until("the parked actor to have tried again", SOON, async || {
        let all = actors(node).await?;
        let actor = all.get(name).with_context(|| format!("no {name}"))?;
        ensure!(actor["restarts"].as_u64() > parked["restarts"].as_u64(), "{actor}");
        Ok(Some(()))
    })
    .await
}

async fn restart(node: &TestNode, name: &str) -> Result<()> {
    let token = node.operator_token()?;
    let request = node.request(Method::POST, &format!("/admin/actors/{name}/restart"));
    let answer = request.bearer_auth(token).send().await?;
    ensure!(answer.status() == 202, "{name}: {} {}", answer.status(), answer.text().await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_restarts_any_actor_and_the_way_goes_on() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..2);
    let node = start(options(&newsroom.addresses())).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let names = ["ingest", "index", "understand", "inference-pool", "article-window", "gateway"];
    let known = actors(&node).await?;
    for name in names {
        ensure!(known.contains_key(name), "there is no {name}: {:?}", known.keys());
        restart(&node, name).await?;
    }
    wait_until("all actors to run", SOON, async || {
        let all = actors(&node).await?;
        let unwell: Vec<&String> = all
            .iter()
            .filter(|(_, actor)| actor["state"] != "running")
            .map(|(name, _)| name)
            .collect();
        ensure!(unwell.is_empty(), "{unwell:?}");
        Ok(Some(()))
    })
    .await?;
    newsroom.publish_bulletins("wire", 2..6);
    wait_for_titles(&node, &newsroom.titles()).await?;
    let hits = node.all("/api/v1/search?q=bulletin").await?;
    ensure!(hits.len() == 6, "{} are found", hits.len());
    let token = node.operator_token()?;
    let unknown = node.request(Method::POST, "/admin/actors/nobody/restart").bearer_auth(token);
    problem(unknown.json(&json!({})).send().await?, 404, "not_found").await?;
    refused(&node, Method::POST, "/admin/actors/index/restart", 401, "unauthorized").await?;
    Ok(())
}
