//! What one, two and three nodes carry on the same cores: readers' events that became durable.

use super::{Row, cluster, work_on};
use crate::setup::Setup;
use anyhow::Result;
use autoglm_harness::checker::client::Manner;
use std::time::Duration;

/// Readers who send one event after the other.
const READERS: usize = 256;

pub(super) async fn measure(setup: &Setup) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for nodes in 1..=3 {
        let (cluster, readers) = cluster(setup, nodes, READERS).await?;
        let pause = Duration::from_millis(2);
        let manner = Manner { pause, reads: 0, ..Manner::default() };
        let report =
            work_on(&cluster, &readers, Vec::new(), manner, Duration::from_secs(15)).await?;
        let seconds = (report.ended - report.began) as f64 / 1e6;
        let measures = &report.measures;
        let measured = format!(
            "{:.0} requests/s acknowledged, p50 {:.1} ms, p99 {:.1} ms",
            measures.acknowledged as f64 / seconds,
            measures.time_of(0.5) as f64 / 1e3,
            measures.time_of(0.99) as f64 / 1e3,
        );
        let what = format!("events of {READERS} readers, {nodes} node(s) sharing the cores");
        rows.push(Row::new(&what, "reported", measured));
    }
    Ok(rows)
}
