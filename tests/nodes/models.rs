//! Models change while a node runs: pulled and checked, measured beside those in use, promoted and
//! rolled back, without a lost article and over the death of the node.

use crate::model_hub::ModelHub;
use crate::support::{Newsroom, SOON, articles, binary, options, start};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Item, TestNode, wait_until};
use autoglm_inference::{StaticEncoder, StaticTable, Vocabulary};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// An encoder of our own with some words of the built-in one, written as a folder.
fn small_encoder(parent: &Path) -> Result<PathBuf> {
    let built_in = StaticEncoder::built_in()?;
    let words = ["news", "article", "about", "harbour", "storm", "vote", "treaty", "新闻"];
    let mut values = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let row = built_in.vocabulary().word(word).context("a common word")?;
        // Another space: every row is turned around by a different amount.
        let mut row = built_in.row(row).0;
        row.rotate_left(number + 1);
        values.extend(row);
    }
    let folder = parent.join("small");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("vocab.txt"), words.join("\n"))?;
    std::fs::write(folder.join("table.safetensors"), StaticTable::quantize(&values)?.file())?;
    let lines = words.iter().map(|word| (*word).to_owned()).collect();
    ensure!(Vocabulary::from_lines(lines).len() == words.len());
    Ok(folder)
}

fn item(number: usize) -> Item {
    Item {
        guid: format!("item-{number}"),
        title: format!("News article about the harbour number {number}"),
        html: format!("<p>A storm and a vote about treaty number {number}.</p>"),
    }
}

async fn published(
    node: &TestNode,
    newsroom: &mut Newsroom,
    numbers: std::ops::Range<usize>,
) -> Result<()> {
    let wanted = numbers.end;
    newsroom.publish("north", numbers.map(item));
    wait_until(&format!("{wanted} articles to be placed"), SOON, async || {
        let all = articles(node).await?;
        let placed = all.iter().filter(|article| article["stage"] == "placed").count();
        Ok((placed == wanted).then_some(()))
    })
    .await
}

async fn models(node: &TestNode, arguments: &[&str]) -> Result<Value> {
    let arguments = [&["models"], arguments, &["--json"]].concat();
    let output = node.run_verb(&arguments).await?;
    let [printed, complaint] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    ensure!(output.status.success(), "{arguments:?}: {complaint}");
    serde_json::from_str(&printed).with_context(|| format!("not JSON: {printed}"))
}

async fn wait_for_encoder(node: &TestNode, encoder: &str) -> Result<()> {
    wait_until(&format!("{encoder} to be in use"), SOON, async || {
        let report = node.get_as_operator("/admin/models").await?;
        let is_there = report["rollout"]["active"]["encoder"] == encoder
            && report["rollout"]["candidate"].is_null();
        Ok(is_there.then_some(()))
    })
    .await
}

/// Every article shows a reading by this encoder; answers how many articles there are.
async fn all_read_by(node: &TestNode, encoder: &str) -> Result<usize> {
    let all = articles(node).await?;
    for article in &all {
        let one = node.get(&format!("/api/v1/articles/{}", article["id"])).await?;
        let version = one["model_version"].as_str().unwrap_or_default();
        ensure!(version.starts_with(&format!("{encoder}+")), "{version} instead of {encoder}");
    }
    Ok(all.len())
}

#[tokio::test]
async fn another_encoder_is_measured_promoted_and_rolled_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut newsroom = Newsroom::open(&["north"]).await?;
    let node = start(options(&newsroom.addresses())).await?;
    published(&node, &mut newsroom, 0..20).await?;
    let small = small_encoder(folder.path())?;
    let added = models(&node, &["add", &small.display().to_string()]).await?;
    assert_eq!((&added["name"], &added["version"]), (&json!("small"), &json!(1)));
    models(&node, &["canary", "small-1", "--share", "50"]).await?;
    wait_until("the candidate to be loaded", SOON, async || {
        let report = node.get_as_operator("/admin/models").await?;
        Ok((report["loading"] == false && report["problem"].is_null()).then_some(()))
    })
    .await?;
    published(&node, &mut newsroom, 20..60).await?;
    let report = models(&node, &["status"]).await?;
    let figures = report["versions"].as_array().context("figures")?;
    let candidate = figures
        .iter()
        .find(|one| one["version"].as_str().is_some_and(|v| v.starts_with("small-1")));
    let compared = candidate.context("the candidate's figures")?["compared"].as_u64().unwrap_or(0);
    assert!((5..40).contains(&compared), "{report}");
    assert_eq!(all_read_by(&node, "bilingual-1").await?, 60);
    models(&node, &["promote"]).await?;
    wait_for_encoder(&node, "small-1").await?;
    assert_eq!(all_read_by(&node, "small-1").await?, 60);
    published(&node, &mut newsroom, 60..70).await?;
    models(&node, &["rollback"]).await?;
    wait_for_encoder(&node, "bilingual-1").await?;
    assert_eq!(all_read_by(&node, "bilingual-1").await?, 70);
    let ranked = node.get("/api/v1/recommendations?limit=5").await?;
    assert_eq!(ranked["items"].as_array().map(Vec::len), Some(5), "{ranked}");
    Ok(())
}

#[tokio::test]
async fn a_promotion_goes_on_after_the_node_was_killed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut newsroom = Newsroom::open(&["north"]).await?;
    let mut node = start(options(&newsroom.addresses())).await?;
    published(&node, &mut newsroom, 0..100).await?;
    models(&node, &["add", &small_encoder(folder.path())?.display().to_string()]).await?;
    models(&node, &["canary", "small-1"]).await?;
    models(&node, &["promote"]).await?;
    node.kill().await?;
    node.start_again().await?;
    wait_for_encoder(&node, "small-1").await?;
    assert_eq!(all_read_by(&node, "small-1").await?, 100);
    Ok(())
}

#[tokio::test]
async fn a_node_without_the_files_of_a_model_says_so_and_stores_articles() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut newsroom = Newsroom::open(&["north"]).await?;
    let mut node = start(options(&newsroom.addresses())).await?;
    published(&node, &mut newsroom, 0..5).await?;
    let refused = node
        .request(Method::POST, "/admin/models/canary")
        .bearer_auth(node.operator_token()?)
        .json(&json!({ "model": "absent-3" }))
        .send()
        .await?;
    assert_eq!(refused.status(), 404);
    models(&node, &["add", &small_encoder(folder.path())?.display().to_string()]).await?;
    models(&node, &["canary", "small-1"]).await?;
    models(&node, &["promote"]).await?;
    wait_for_encoder(&node, "small-1").await?;
    node.terminate().await?;
    std::fs::remove_dir_all(node.data_directory().join("models"))?;
    node.start_again().await?;
    newsroom.publish("north", (5..9).map(item));
    wait_until("new articles to be stored", SOON, async || {
        let report = node.get_as_operator("/admin/models").await?;
        let problem = report["problem"].as_str().unwrap_or_default().to_owned();
        let stored = articles(&node).await?.len() == 9;
        Ok((stored && problem.contains("small-1")).then_some(()))
    })
    .await?;
    Ok(())
}

/// Where a model is pulled to, by the program itself.
async fn pull(hub: &ModelHub, data: &Path) -> Result<std::process::Output> {
    let config = data.join("config.yaml");
    let yaml = format!(
        "node:\n  data_directory: {}\nfetch:\n  resolve: {{ hub.test: 127.0.0.1 }}\n\
         understanding:\n  hub: http://hub.test:{}\n",
        data.join("data").display(),
        hub.port
    );
    std::fs::write(&config, yaml)?;
    let mut command = tokio::process::Command::new(binary());
    command.arg("--config").arg(config).args(["models", "pull", "owner/small", "--json"]);
    Ok(command.output().await?)
}

#[tokio::test]
async fn a_pull_that_breaks_off_is_gone_on_with_and_its_hashes_are_checked() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let small = small_encoder(folder.path())?;
    let hub = ModelHub::start(&small, &["table.safetensors"], None).await?;
    let output = pull(&hub, folder.path()).await?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{complaint}");
    let manifest: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((&manifest["name"], &manifest["kind"]), (&json!("small"), &json!("static_encoder")));
    let asked = hub.asked("table.safetensors");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1].contains("Some"), "{asked:?}");
    let pulled = folder.path().join("data/models/small-1/table.safetensors");
    assert_eq!(std::fs::read(pulled)?, std::fs::read(small.join("table.safetensors"))?);
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_not_what_the_hub_announced_is_refused_and_nothing_is_kept() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let small = small_encoder(folder.path())?;
    let hub = ModelHub::start(&small, &[], Some(&"ab".repeat(32))).await?;
    let output = pull(&hub, folder.path()).await?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        complaint.contains("table.safetensors did not come as the hub announced"),
        "{complaint}"
    );
    assert!(!folder.path().join("data/models/small-1").exists());
    Ok(())
}
