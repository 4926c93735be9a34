//! An orderly end: not ready at once, drained, gone within 30 s, and nothing acknowledged is lost.

use crate::support::{Newsroom, event, items, options, send, start, wait_for_titles};
use crate::terminal::Terminal;
use anyhow::{Result, ensure};
use autoglm_harness::TestNode;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// What the product promises.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// Asks `/readyz` until nobody answers any more. Returns the statuses in order, each once.
async fn readiness_until_gone(node: &TestNode) -> Vec<u16> {
    let mut seen: Vec<u16> = Vec::new();
    while let Ok(answer) = node.request(Method::GET, "/readyz").send().await {
        let status = answer.status().as_u16();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_is_not_ready_at_once_drained_and_exit_0_within_30_s() -> Result<()> {
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut newsroom = Newsroom::open(&names).await?;
    for name in names {
        newsroom.publish_bulletins(name, 0..5);
    }
    let mut node = start(options(&newsroom.addresses())).await?;
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    let mut terminal = Terminal::connect(&node, None).await?;
    let saves: Vec<Value> = found.iter().take(10).map(|article| event("save", article)).collect();
    let answer = send(&node, &saves).await?;
    ensure!(answer["accepted"] == 10, "{answer}");
    // News that is under way when the signal comes.
    for name in names {
        newsroom.publish_bulletins(name, 5..9);
    }
    node.signal("TERM").await?;
    let seen = readiness_until_gone(&node).await;
    eprintln!("readiness after SIGTERM: {seen:?}, then nobody answers");
    ensure!(seen.iter().all(|status| [200, 503].contains(status)), "{seen:?}");
    ensure!(seen.iter().filter(|status| **status == 200).count() <= 1, "ready again: {seen:?}");
    let code = terminal.until_closed().await?;
    ensure!(code.is_none_or(|code| code == 1012), "terminals are closed with {code:?}");
    let exit = node.wait_for_exit(STOPS_WITHIN).await?;
    ensure!(exit == Some(0), "exit code {exit:?}");
    ensure!(!node.log().contains("panicked"), "{}", node.log());

    node.start_again().await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let kept = node.all("/api/v1/articles?marks=saved").await?;
    let ids = |list: &[Value]| -> BTreeSet<i64> {
        list.iter().filter_map(|article| article["id"].as_i64()).collect()
    };
    ensure!(ids(&kept) == ids(&found[..10]), "{} of 10 marks are left", kept.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_drains_a_node_and_it_ends_well() -> Result<()> {
    let mut node = start(options(&[])).await?;
    let refused = node.request(Method::POST, "/admin/drain").send().await?;
    ensure!(refused.status() == 401, "anybody may drain it: {}", refused.status());
    let token = node.operator_token()?;
    let answer = node.request(Method::POST, "/admin/drain").bearer_auth(token).send().await?;
    ensure!(answer.status() == 202, "{}", answer.status());
    let exit = node.wait_for_exit(STOPS_WITHIN).await?;
    ensure!(exit == Some(0), "exit code {exit:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_removed_stays_removed_after_a_restart() -> Result<()> {
    let mut newsroom = Newsroom::open(&["kept", "removed"]).await?;
    for name in ["kept", "removed"] {
        newsroom.publish_bulletins(name, 0..2);
    }
    let mut node = start(options(&newsroom.addresses())).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let removed = crate::support::source(&node, &newsroom.address("removed")).await?;
    let path = format!("/api/v1/sources/{}", removed["id"]);
    let answer = node.request(Method::DELETE, &path).send().await?;
    ensure!(answer.status() == 204, "{}", answer.status());
    let kept = crate::support::source(&node, &newsroom.address("kept")).await?;
    let path = format!("/api/v1/sources/{}", kept["id"]);
    let renamed = serde_json::json!({ "title": "Mine", "folder": "Reading" });
    let answer = node.request(Method::PATCH, &path).json(&renamed).send().await?;
    ensure!(answer.status() == 200, "{}", answer.status());
    ensure!(node.terminate().await? == Some(0), "it does not stop well");
    node.start_again().await?;
    let sources = items(&node.get("/api/v1/sources").await?);
    let feeds: Vec<&Value> = sources.iter().filter(|source| source["kind"] == "feed").collect();
    ensure!(feeds.len() == 1, "the configuration has brought it back: {feeds:?}");
    ensure!(feeds[0]["title"] == "Mine" && feeds[0]["folder"] == "Reading", "{feeds:?}");
    Ok(())
}
