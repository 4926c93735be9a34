//! What an operator can get wrong before the node runs, and what it says about it.

use crate::support::{binary, options, start};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::NodeOptions;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// A node that should refuse to start is given this long to do so.
const REFUSES_WITHIN: Duration = Duration::from_secs(30);

/// Runs the program in a folder of its own, without a node.
pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary());
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(REFUSES_WITHIN, command.output())
        .await
        .with_context(|| format!("{arguments:?} goes on"))?
        .context("cannot run the program")
}

/// Checks that it failed with this code and said all of `words` on standard error.
pub(crate) fn check_failure(output: &Output, code: i32, words: &[&str]) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(code), "{} instead of {code}: {said}", output.status);
    for word in words {
        ensure!(said.contains(word), "it does not say {word:?}: {said}");
    }
    ensure!(!said.contains("panicked"), "{said}");
    Ok(())
}

/// Starts with this configuration file and expects a refusal.
async fn refused(yaml: &str, arguments: &[&str], words: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("config.yaml"), yaml)?;
    check_failure(&run(folder.path(), arguments).await?, 1, words)
        .with_context(|| format!("{yaml:?} {arguments:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_refused_by_naming_the_key_and_the_remedy() -> Result<()> {
    let unknown = ["server.bnid", "did you mean server.bind"];
    refused("server:\n  bnid: 127.0.0.1:1\n", &["check-config"], &unknown).await?;
    refused("server:\n  bnid: 127.0.0.1:1\n", &["serve"], &unknown).await?;
    refused(
        "sources:\n  - { ulr: \"http://a.test/\" }\n",
        &["serve"],
        &["sources[0].ulr", "sources.url"],
    )
    .await?;
    refused(
        "sources:\n  - { url: \"not an address\" }\n",
        &["serve"],
        &["not an address", "http(s)"],
    )
    .await?;
    refused("sources:\n  - { url: \"ftp://a.test/feed\" }\n", &["serve"], &["ftp://a.test/feed"])
        .await?;
    refused("fetch:\n  timeout_seconds: soon\n", &["serve"], &["timeout_seconds"]).await?;
    refused("server:\n  bind: nowhere\n", &["serve"], &["bind"]).await?;
    refused("node:\n  roles: [fetsh]\n", &["serve"], &["fetsh"]).await?;
    refused("server: [\n", &["serve"], &["config.yaml"]).await?;
    refused("", &["--config", "missing.yaml", "serve"], &["missing.yaml", "--config"]).await?;
    refused("", &["--set", "fetch.concurrency", "check-config"], &["KEY=VALUE"]).await?;
    refused("", &["--set", "fetch.concurency=3", "check-config"], &["fetch.concurrency"]).await?;
    refused("", &["--bind", "0.0.0.0:0", "serve"], &["0.0.0.0", "server.token", "127.0.0.1"])
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn check_config_prints_what_counts_and_hides_what_is_secret() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yaml = "server:\n  token: tell-nobody\nfetch:\n  concurrency: 7\n";
    std::fs::write(folder.path().join("config.yaml"), yaml)?;
    let output = run(folder.path(), &["--set", "fetch.timeout_seconds=9", "check-config"]).await?;
    let shown = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{shown}");
    for line in ["concurrency: 7", "timeout_seconds: 9", "interval_seconds: 900"] {
        ensure!(shown.contains(line), "{line} is missing: {shown}");
    }
    ensure!(!shown.contains("tell-nobody"), "the secret is shown: {shown}");
    let output = run(folder.path(), &["--json", "check-config"]).await?;
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    ensure!(
        shown["fetch"]["concurrency"] == 7 && shown["server"]["token"] != "tell-nobody",
        "{shown}"
    );
    ensure!(!folder.path().join("data").exists(), "checking has made a data folder");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_with_the_way_to_choose_another() -> Result<()> {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let address = taken.local_addr()?.to_string();
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("config.yaml"), "sources: []\n")?;
    let output = run(folder.path(), &["--bind", &address, "serve"]).await?;
    let port = taken.local_addr()?.port().to_string();
    check_failure(&output, 1, &[&port, "in use", "--bind"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_cannot_be_written_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("config.yaml"), "sources: []\n")?;
    std::fs::write(folder.path().join("occupied"), "a file")?;
    for data in ["occupied", "occupied/below", "/proc/nothing-here"] {
        let output =
            run(folder.path(), &["--bind", "127.0.0.1:0", "--data", data, "serve"]).await?;
        check_failure(&output, 1, &[data, "--data"]).with_context(|| data.to_owned())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_data_is_refused_and_the_first_goes_on() -> Result<()> {
    let node = start(options(&[])).await?;
    let data = node.data_directory().display().to_string();
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("config.yaml"), "sources: []\n")?;
    let output = run(folder.path(), &["--bind", "127.0.0.1:0", "--data", &data, "serve"]).await?;
    check_failure(&output, 1, &[&data, "in use"])?;
    let output = run(folder.path(), &["--data", &data, "migrate"]).await?;
    check_failure(&output, 1, &[&data, "in use"])?;
    node.get("/api/v1/articles").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_is_named_without_its_password() -> Result<()> {
    let options =
        NodeOptions::default().set("database.url", "postgres://user:tell-nobody@127.0.0.1:1/news");
    let mut node = autoglm_harness::TestNode::prepare(binary(), options)?;
    node.begin()?;
    let code = node.wait_for_exit(REFUSES_WITHIN).await?;
    let log = node.log();
    ensure!(code == Some(1), "{code:?}: {log}");
    ensure!(log.contains("database") && !log.contains("tell-nobody"), "{log}");
    Ok(())
}
