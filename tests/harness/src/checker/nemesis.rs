//! Carries out a schedule: each fault in a task of its own, begun at its moment and ended at its end.

use super::client::now;
use super::history::Micros;
use super::schedule::{Fault, Step};
use crate::cluster::TestCluster;
use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What was really done when.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Mutex<Vec<(Micros, String)>>,
}

impl Journal {
    fn note(&self, what: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push((now(), what));
    }

    /// The lines with seconds since `zero`.
    #[must_use]
    pub fn describe(&self, zero: Micros) -> String {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lines.sort();
        let line = |(moment, what): &(Micros, String)| {
            format!("  {:8.3} s  {what}\n", moment.saturating_sub(zero) as f64 / 1e6)
        };
        lines.iter().map(line).collect()
    }
}

/// Carries out the schedule and waits until all its faults are over.
///
/// # Errors
/// When a fault cannot be made, or a node does not end or start as it should.
pub async fn carry_out(cluster: &TestCluster, steps: &[Step], journal: &Journal) -> Result<()> {
    let began = tokio::time::Instant::now();
    let each = steps.iter().map(|step| async move {
        tokio::time::sleep_until(began + step.at).await;
        journal.note(step.fault.to_string());
        let done = carry_out_one(cluster, step.fault).await;
        journal.note(format!("{}: over", step.fault));
        done.with_context(|| step.fault.to_string())
    });
    try_join_all(each).await.map(drop)
}

async fn carry_out_one(cluster: &TestCluster, fault: Fault) -> Result<()> {
    let pause = |lasts: Duration| tokio::time::sleep(lasts);
    match fault {
        Fault::Kill(node, lasts) => {
            cluster.kill(node).await?;
            pause(lasts).await;
            start(cluster, node).await
        }
        Fault::Restart(node) => {
            cluster.terminate(node).await?;
            start(cluster, node).await
        }
        Fault::Freeze(node, lasts) => {
            cluster.freeze(node).await?;
            pause(lasts).await;
            cluster.thaw(node).await
        }
        Fault::Isolate(node, lasts) => {
            cluster.isolate(node, true).await?;
            pause(lasts).await;
            cluster.isolate(node, false).await
        }
        Fault::Cut(one, other, lasts) => {
            cluster.cut(one, other).await?;
            pause(lasts).await;
            cluster.mend(one, other).await
        }
        Fault::CutOffStore(node, lasts) => {
            cluster.cut_off_store(node, true).await?;
            pause(lasts).await;
            cluster.cut_off_store(node, false).await
        }
        Fault::PausePostgres(lasts) => {
            cluster.postgres().pause()?;
            pause(lasts).await;
            cluster.postgres().resume();
            Ok(())
        }
        Fault::StopPostgres(lasts) => {
            cluster.postgres().stop()?;
            pause(lasts).await;
            cluster.postgres().restart()
        }
        Fault::PauseRedis(lasts) => {
            let redis = cluster.redis().context("there is no Redis")?;
            redis.pause()?;
            pause(lasts).await;
            redis.resume()
        }
        Fault::KillRedis(lasts) => {
            let redis = cluster.redis().context("there is no Redis")?;
            redis.kill()?;
            pause(lasts).await;
            redis.restart()
        }
    }
}

/// A node that cannot start while PostgreSQL is away ends, as it should; whoever runs it starts it
/// again.
async fn start(cluster: &TestCluster, node: usize) -> Result<()> {
    const TRIES: usize = 3;
    for _ in 1..TRIES {
        if cluster.start_again(node).await.is_ok() {
            return Ok(());
        }
        cluster.kill(node).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    cluster.start_again(node).await
}
