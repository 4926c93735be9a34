//! A full disk: the node says so, goes on serving what it has, and catches up when there is room.

use crate::support::{
    Newsroom, SOON, articles, binary, event, options, refresh, send, wait_for_titles,
};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{TestNode, skip, wait_until};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "a_full_disk_is_said_reads_go_on_and_everything_is_stored_afterwards";

/// A small file system of its own; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Result<Self> {
        std::fs::create_dir_all(at)?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(at)
            .output()
            .context("cannot run mount")?;
        let said = String::from_utf8_lossy(&mounted.stderr).into_owned();
        ensure!(mounted.status.success(), "a small disk cannot be mounted here: {said}");
        Ok(Self(at.to_path_buf()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Writes until nothing fits any more.
    fn fill(&self) -> Result<()> {
        let mut file = File::create(self.ballast())?;
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        Ok(())
    }

    fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a node that still runs must not keep the test from ending.
        if let Err(error) = Command::new("umount").arg("-l").arg(&self.0).status() {
            eprintln!("cannot unmount {}: {error}", self.0.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_reads_go_on_and_everything_is_stored_afterwards() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire", "post"]).await?;
    for name in ["wire", "post"] {
        newsroom.publish_bulletins(name, 0..10);
    }
    let mut node = TestNode::prepare(binary(), options(&newsroom.addresses()))?;
    let disk = match SmallDisk::mount(&node.data_directory()) {
        Ok(disk) => disk,
        Err(error) => {
            skip(NAME, &format!("{error:#}"));
            return Ok(());
        }
    };
    node.start_again().await?;
    let process = node.process_id();
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    disk.fill()?;
    // More than fits in the pages that the database has to spare.
    for name in ["wire", "post"] {
        newsroom.publish_bulletins(name, 10..400);
        refresh(&node, &newsroom.address(name)).await.unwrap_or_default();
    }
    wait_until("the node to say that the disk is full", SOON, async || {
        says_so(&node).await.map(|says| says.then_some(()))
    })
    .await?;
    ensure!(articles(&node).await?.len() >= found.len(), "what was stored cannot be read");
    let search = node.get("/api/v1/search?q=bulletin").await?;
    ensure!(!search["items"].as_array().is_none_or(Vec::is_empty), "nothing is found: {search}");
    // What is acknowledged while the disk is full is durable all the same.
    let save = event("save", &found[0]);
    let acknowledged = send(&node, std::slice::from_ref(&save)).await.is_ok();
    eprintln!("{NAME}: an event on the full disk was acknowledged: {acknowledged}");

    disk.free()?;
    wait_until("an event to be accepted", SOON, async || {
        send(&node, std::slice::from_ref(&save)).await.map(Some)
    })
    .await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    ensure!(node.process_id() == process && process.is_some(), "the process ended");
    let saved = node.all("/api/v1/articles?marks=saved").await?;
    ensure!(saved.len() == 1 && saved[0]["id"] == found[0]["id"], "{saved:?}");
    // What was acknowledged since is on the disk, not only in the memory of the node.
    node.kill().await?;
    node.start_again().await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let saved = node.all("/api/v1/articles?marks=saved").await?;
    ensure!(saved.len() == 1 && saved[0]["id"] == found[0]["id"], "after a kill: {saved:?}");
    ensure!(node.terminate().await? == Some(0), "it does not stop well");
    Ok(())
}

/// Whether the operator can see it: in the state of the actors, the log or the readiness.
async fn says_so(node: &TestNode) -> Result<bool> {
    let is_said = |text: &str| {
        let text = text.to_lowercase();
        text.contains("disk is full")
            || text.contains("disk full")
            || text.contains("no space left")
    };
    let seen = node.get_as_operator("/admin/actors").await?.to_string();
    ensure!(is_said(&node.log()) || is_said(&seen), "neither the log nor /admin/actors says it");
    Ok(true)
}
