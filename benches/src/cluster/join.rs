//! A node joins a cluster with many readers: until it is ready, and until it has its share.

use super::memory::memory_of;
use super::{Row, Scale, cluster};
use crate::setup::Setup;
use anyhow::{Result, ensure};
use autoglm_harness::cluster::SHARDS;
use autoglm_harness::wait_until;
use std::time::Duration;
use tokio::time::Instant;

/// A share that counts as its own: rendezvous hashing does not divide evenly.
const SHARE: usize = SHARDS / 4;

pub(super) async fn measure(setup: &Setup, scale: &Scale) -> Result<Vec<Row>> {
    let readers = scale.readers;
    let (mut cluster, few) = cluster(setup, 1, 1).await?;
    ensure!(few.len() == 1, "no reader");
    let before = memory_of(&cluster).await?;
    cluster.add_readers(readers)?;
    let began = Instant::now();
    let joined = cluster.add_node().await?;
    let ready = began.elapsed();
    wait_until("its share", Duration::from_secs(180), async || {
        let share = cluster.shares()?.remove(&format!("n{joined}")).unwrap_or(0);
        Ok((share >= SHARE).then_some(()))
    })
    .await?;
    let share = began.elapsed();
    let after = memory_of(&cluster).await?;
    let each = after.saturating_sub(before) as f64 / readers as f64;
    let what = format!("join to a cluster with {readers} readers");
    Ok(vec![
        Row::new(&format!("{what}: ready"), "≤ 3 s", format!("{:.2} s", ready.as_secs_f64())),
        Row::new(&format!("{what}: its share"), "≤ 60 s", format!("{:.1} s", share.as_secs_f64())),
        Row::new("memory for each idle reader", "≤ 200 bytes", format!("{each:.0} bytes")),
    ])
}
