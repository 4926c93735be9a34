//! `kill -9` at any moment: nothing stored is lost, nothing is doubled, no acknowledged event is lost.

use crate::support::{
    Newsroom, SOON, articles, event, options, send, start, text, thrown_dice, wait_for_titles,
};
use anyhow::{Result, ensure};
use autoglm_harness::{Dice, NodeOptions, TestNode, wait_until};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How hard it is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) kills: usize,
    pub(crate) sources: usize,
    /// Articles of each source before the first start.
    pub(crate) at_first: usize,
    /// Articles of each source added while the node is killed.
    pub(crate) later: usize,
}

/// The same on every database.
pub(crate) async fn check(
    test: &str,
    plan: Plan,
    adapt: impl FnOnce(NodeOptions) -> NodeOptions,
) -> Result<()> {
    let mut dice = thrown_dice(test);
    let names: Vec<String> = (0..plan.sources).map(|number| format!("s{number}")).collect();
    let mut newsroom =
        Newsroom::open(&names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    for name in &names {
        newsroom.publish_bulletins(name, 0..plan.at_first);
    }
    let mut node = start(adapt(options(&newsroom.addresses()))).await?;
    let mut saved: BTreeSet<i64> = BTreeSet::new();
    for round in 0..plan.kills {
        survive(&mut node, &newsroom, &mut dice, &mut saved).await?;
        let share = |round: usize| plan.at_first + plan.later * round / plan.kills;
        for name in &names {
            newsroom.publish_bulletins(name, share(round)..share(round + 1));
        }
        // A node that has not finished starting is killed too.
        if round % 3 == 2 {
            node.begin()?;
            wait_for_fetches(&newsroom, dice.below(plan.sources)).await.unwrap_or_default();
            node.kill().await?;
        }
        node.start_again().await?;
    }
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    eprintln!(
        "{test}: {} articles after {} kills, {} acknowledged events",
        found.len(),
        plan.kills + plan.kills / 3,
        saved.len()
    );
    check_search(&node, &found).await?;
    check_events(&node, &saved).await
}

/// Runs for a random number of fetches, saves an article on the way, and is killed.
async fn survive(
    node: &mut TestNode,
    newsroom: &Newsroom,
    dice: &mut Dice,
    saved: &mut BTreeSet<i64>,
) -> Result<()> {
    wait_for_fetches(newsroom, 1 + dice.below(60)).await?;
    // Whatever the node says now counts; a node that is busy may refuse.
    if let Ok(list) = node.get("/api/v1/articles?limit=200").await {
        let list = list["items"].as_array().cloned().unwrap_or_default();
        let fresh: Vec<&Value> = list
            .iter()
            .filter(|article| article["id"].as_i64().is_some_and(|id| !saved.contains(&id)))
            .collect();
        if !fresh.is_empty() {
            let article = fresh[dice.below(fresh.len())];
            if send(node, &[event("save", article)]).await.is_ok() {
                saved.extend(article["id"].as_i64());
            }
        }
    }
    node.kill().await
}

async fn wait_for_fetches(newsroom: &Newsroom, more: usize) -> Result<()> {
    let goal = newsroom.origin.requests_total() + more;
    wait_until(&format!("{more} more fetches"), SOON, async || {
        Ok((newsroom.origin.requests_total() >= goal).then_some(()))
    })
    .await
}

/// Every article is found by the word that all of them have, and by its own.
async fn check_search(node: &TestNode, found: &[Value]) -> Result<()> {
    let mut hits: BTreeMap<i64, usize> = BTreeMap::new();
    for hit in node.all("/api/v1/search?q=bulletin").await? {
        *hits.entry(hit["id"].as_i64().unwrap_or_default()).or_default() += 1;
    }
    let stored: BTreeSet<i64> = found.iter().filter_map(|article| article["id"].as_i64()).collect();
    let missing: Vec<_> = stored.iter().filter(|id| !hits.contains_key(id)).collect();
    ensure!(missing.is_empty(), "stored, but not found: {missing:?}");
    ensure!(hits.values().all(|count| *count == 1), "found twice: {hits:?}");
    for article in found.iter().step_by(50) {
        let query: String =
            url::form_urlencoded::byte_serialize(text(article, "title").as_bytes()).collect();
        let page = node.get(&format!("/api/v1/search?q={query}")).await?;
        ensure!(page["items"][0]["id"] == article["id"], "{article} is not found by its title");
    }
    Ok(())
}

async fn check_events(node: &TestNode, saved: &BTreeSet<i64>) -> Result<()> {
    ensure!(!saved.is_empty(), "no event was ever acknowledged");
    let kept = node.all("/api/v1/articles?marks=saved").await?;
    let kept: BTreeSet<i64> = kept.iter().filter_map(|article| article["id"].as_i64()).collect();
    let lost: Vec<_> = saved.difference(&kept).collect();
    ensure!(lost.is_empty(), "acknowledged events are lost: {lost:?}");
    ensure!(articles(node).await?.iter().any(|article| article["marks"]["saved"] == true));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_during_ingest_ten_times_loses_and_doubles_nothing() -> Result<()> {
    let plan = Plan { kills: 10, sources: 40, at_first: 10, later: 15 };
    check("kill_9_during_ingest_ten_times_loses_and_doubles_nothing", plan, |options| options).await
}
