//! What one, two and three nodes carry on the same cores: readers' events that became durable, and
//! whose processor time that took.

use super::{Row, cluster, wait_until_even, work_on};
use crate::setup::{Setup, machine_time, processor_time};
use anyhow::{Context, Result};
use autoglm_harness::TestCluster;
use autoglm_harness::checker::client::Manner;
use std::time::{Duration, Instant};

/// Readers who send one event after the other.
const READERS: usize = 256;
/// How long they are watched.
const PERIOD: Duration = Duration::from_secs(15);

pub(super) async fn measure(setup: &Setup) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for nodes in 1..=3 {
        let (cluster, readers) = cluster(setup, nodes, READERS).await?;
        wait_until_even(&cluster).await?;
        let manner = Manner { pause: Duration::from_millis(2), reads: 0, ..Manner::default() };
        let (before, began) = (Usage::read(&cluster).await?, Instant::now());
        let report = work_on(&cluster, &readers, Vec::new(), manner, PERIOD).await?;
        let usage = Usage::read(&cluster).await?.since(before, began.elapsed());
        let seconds = (report.ended - report.began) as f64 / 1e6;
        let measures = &report.measures;
        let measured = format!(
            "{:.0} requests/s acknowledged, p50 {:.1} ms, p99 {:.1} ms, {} tries failed; {usage}",
            measures.acknowledged as f64 / seconds,
            measures.time_of(0.5) as f64 / 1e3,
            measures.time_of(0.99) as f64 / 1e3,
            measures.failed_attempts,
        );
        let what = format!("events of {READERS} readers, {nodes} node(s) sharing the cores");
        rows.push(Row::new(&what, "reported", measured));
    }
    Ok(rows)
}

/// Processor time, in cores.
#[derive(Debug, Clone, Copy)]
struct Usage {
    nodes: f64,
    readers: f64,
    /// Of everything on the machine.
    all: f64,
}

impl Usage {
    /// What has been used so far, in seconds.
    async fn read(cluster: &TestCluster) -> Result<Self> {
        let mut nodes = 0.0;
        for number in 0..cluster.len() {
            let process = cluster.node(number).await.process_id().context("a node has ended")?;
            nodes += processor_time(process)?.as_secs_f64();
        }
        let readers = processor_time(std::process::id())?.as_secs_f64();
        Ok(Self { nodes, readers, all: machine_time()?.as_secs_f64() })
    }

    fn since(self, before: Self, period: Duration) -> Self {
        let cores = |now: f64, then: f64| (now - then) / period.as_secs_f64();
        Self {
            nodes: cores(self.nodes, before.nodes),
            readers: cores(self.readers, before.readers),
            all: cores(self.all, before.all),
        }
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rest = (self.all - self.nodes - self.readers).max(0.0);
        write!(
            formatter,
            "cores used: nodes {:.2}, readers {:.2}, PostgreSQL and the rest {rest:.2}",
            self.nodes, self.readers
        )
    }
}
