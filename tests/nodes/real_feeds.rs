//! Feeds as they are: everything in the collection of real feeds is ingested without a defect of ours.

use crate::support::{items, options, restarted, start, text};
use anyhow::{Result, ensure};
use autoglm_harness::{Behaviour, Origin, corpora, skip, wait_until};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const NAME: &str = "real_feeds_are_ingested_without_a_panic_or_a_restart";
/// Enough for a slow machine without optimisation.
const WITHIN: Duration = Duration::from_secs(240);
/// Larger documents are somebody else's test.
const DOCUMENT_MAX: u64 = 4 * 1024 * 1024;

fn documents(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_note = path.file_name().is_some_and(|name| name == "SOURCE.txt");
        let is_list = path.extension().is_some_and(|extension| extension == "jsonl");
        if path.is_dir() {
            documents(&path, found)?;
        } else if !is_note && !is_list && path.metadata()?.len() <= DOCUMENT_MAX {
            found.push(path);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn real_feeds_are_ingested_without_a_panic_or_a_restart() -> Result<()> {
    let Some(folder) = corpora("ingest/real-feeds") else {
        skip(NAME, "there is no ingest/real-feeds; AUTOGLM_CORPORA names the folder above ingest");
        return Ok(());
    };
    let mut found = Vec::new();
    documents(&folder, &mut found)?;
    found.sort();
    let origin = Origin::start().await?;
    let mut addresses = Vec::new();
    for (number, path) in found.iter().enumerate() {
        let kind = "application/xml".to_owned();
        origin.set(
            &format!("r{number}.test/feed"),
            Behaviour::Document { kind, body: std::fs::read(path)? },
        );
        addresses.push(format!("http://r{number}.test:{}/feed", origin.port()));
    }
    // Old articles are kept, and nothing is fetched twice.
    let mut options = options(&addresses).set("retention.keep_days", 0);
    options.yaml = options.yaml.replace("interval_seconds: 1 ", "interval_seconds: 3600 ");
    let node = start(options).await?;
    // Asked of the origin, which costs the node nothing.
    wait_until("every feed to have been fetched", WITHIN, async || {
        let fetched = origin.requests_total();
        ensure!(fetched >= found.len(), "{fetched} of {}", found.len());
        Ok(Some(()))
    })
    .await?;
    let counts = wait_until("every feed to have been read", WITHIN, async || {
        let sources = items(&node.get("/api/v1/sources").await?);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for source in sources.iter().filter(|source| source["kind"] == "feed") {
            let health = &source["health"];
            let state = format!("{} {}", text(health, "class"), text(health, "cause"));
            *counts.entry(state.trim().to_owned()).or_default() += 1;
        }
        ensure!(!counts.contains_key("new") && !counts.is_empty(), "{counts:?}");
        Ok(Some(counts))
    })
    .await?;
    let numbers = wait_until("the backlog to be worked off", WITHIN, async || {
        let numbers = node.get("/api/v1/statistics").await?;
        ensure!(numbers["backlog"] == 0, "{numbers}");
        Ok(Some(numbers))
    })
    .await?;
    eprintln!("{NAME}: {} documents {counts:?}, {numbers}", found.len());
    ensure!(counts.values().sum::<usize>() == found.len(), "{counts:?} of {}", found.len());
    let healthy = counts.get("healthy").copied().unwrap_or_default();
    ensure!(healthy * 10 >= found.len() * 9, "only {healthy} of {} are read", found.len());
    let restarted = restarted(&node).await?;
    ensure!(restarted.is_empty(), "restarted: {restarted:?}");
    Ok(())
}
