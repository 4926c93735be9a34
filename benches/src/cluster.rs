//! Several node processes on one machine with a real PostgreSQL: what changes of hands cost, how
//! fast a node joins, what two and three nodes carry, what a request to another node costs and what
//! a reader, and how often a cold key is loaded. One table: wanted and measured.

mod cache;
mod cold;
mod crowd;
mod detection;
mod faults;
mod join;
mod memory;
mod region;
mod throughput;

use crate::setup::Setup;
use anyhow::{Context, Result};
use autoglm_domain::{ReaderId, Shard};
use autoglm_harness::checker::client::{Manner, Participant};
use autoglm_harness::checker::run::{Plan, Report, run as run_checker};
use autoglm_harness::checker::schedule::Step;
use autoglm_harness::cluster::SHARDS;
use autoglm_harness::{
    ClusterOptions, Dice, NodeOptions, TestCluster, ThrowawayPostgres, wait_until,
};
use clap::ValueEnum as _;
use comfy_table::Table;
use std::time::Duration;

/// How far a node's part may be from an even one before a measurement begins.
const UNEVEN: usize = SHARDS / 8;

/// One line of the table.
pub(crate) struct Row {
    what: String,
    wanted: String,
    measured: String,
}

impl Row {
    pub(crate) fn new(what: &str, wanted: &str, measured: String) -> Self {
        Self { what: what.to_owned(), wanted: wanted.to_owned(), measured }
    }
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// A planned restart of one node after the other.
    Restart,
    /// An owner killed without a warning.
    Kill,
    /// An owner frozen for longer than its lease.
    Freeze,
    /// A node cut off from its peers.
    Cut,
    /// PostgreSQL silent, for all nodes or for one.
    Silence,
    /// A node joining a cluster with many readers.
    Join,
    /// Events of many readers.
    Throughput,
    /// A request to a shard of another node, beside bare ractor_cluster.
    Region,
    /// Memory for each reader who does something.
    Memory,
    /// A cold key that everybody wants at once, and how fast the cache answers.
    Cold,
}

/// How much of everything.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// Readers of the cluster a node joins.
    pub(crate) readers: usize,
    /// Readers who do something on a node.
    active: usize,
    /// Callers who want the same thing at once.
    callers: usize,
    /// How often what is taken in turns is repeated.
    rounds: usize,
    /// How long each turn lasts.
    period: Duration,
    /// Whether the numbers mean nothing.
    is_quick: bool,
}

impl Scale {
    /// For numbers that mean something.
    pub(crate) fn full(readers: usize) -> Self {
        let period = Duration::from_secs(3);
        Self { readers, active: 5_000, callers: 10_000, rounds: 7, period, is_quick: false }
    }

    /// Only to see that every part runs to its end.
    pub(crate) fn quick() -> Self {
        let period = Duration::from_millis(300);
        Self { readers: 1_000, active: 100, callers: 300, rounds: 2, period, is_quick: true }
    }
}

impl Part {
    async fn measure(self, setup: &Setup, scale: &Scale) -> Result<Vec<Row>> {
        match self {
            Self::Restart => faults::rolling_restart(setup).await,
            Self::Kill => faults::kill(setup).await,
            Self::Freeze => faults::freeze(setup).await,
            Self::Cut => faults::cut(setup).await,
            Self::Silence => faults::silence(setup).await,
            Self::Join => join::measure(setup, scale).await,
            Self::Throughput => throughput::measure(setup).await,
            Self::Region => region::measure(scale),
            Self::Memory => memory::measure(setup, scale).await,
            Self::Cold => cold::measure(setup, scale).await,
        }
    }
}

/// Measures these parts, or all; a part that fails says why, and the others follow.
pub(crate) async fn run(setup: &Setup, scale: &Scale, only: &[Part]) -> Result<()> {
    let mut rows = Vec::new();
    for part in Part::value_variants() {
        if !only.is_empty() && !only.contains(part) {
            continue;
        }
        match part.measure(setup, scale).await {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                rows.push(Row::new(&format!("{part:?}"), "", format!("FAILED: {error:#}")));
            }
        }
    }
    let cores = std::thread::available_parallelism().context("how many cores are there?")?;
    let mut table = Table::new();
    table.set_header(["what", "wanted", "measured"]);
    for row in rows {
        table.add_row([row.what, row.wanted, row.measured]);
    }
    println!("clusters of whole nodes, PostgreSQL and the readers on {cores} cores");
    println!("{table}");
    if scale.is_quick {
        println!("these were small numbers, only to see that every part runs");
    }
    Ok(())
}

/// A cluster of this binary in the fast profile, with readers whose shards are known.
pub(crate) async fn cluster(
    setup: &Setup,
    nodes: usize,
    readers: usize,
) -> Result<(TestCluster, Vec<Participant>)> {
    cluster_with(setup, nodes, readers, false).await
}

/// As [`cluster`], and each node can be cut off from PostgreSQL; a copy of every byte more.
pub(crate) async fn cluster_with_gates(
    setup: &Setup,
    nodes: usize,
    readers: usize,
) -> Result<(TestCluster, Vec<Participant>)> {
    cluster_with(setup, nodes, readers, true).await
}

async fn cluster_with(
    setup: &Setup,
    nodes: usize,
    readers: usize,
    gates: bool,
) -> Result<(TestCluster, Vec<Participant>)> {
    let node = NodeOptions { yaml: "sources: []\n".to_owned(), ..NodeOptions::default() }
        .set("telemetry.log", "warn");
    let options = ClusterOptions { nodes, node, durable: true, gates, ..ClusterOptions::default() };
    let cluster =
        TestCluster::start_on(ThrowawayPostgres::start()?, &setup.binary, options).await?;
    let readers = cluster.add_readers(readers)?;
    Ok((cluster, readers))
}

/// Readers at work while these things go wrong; a broken promise is an error.
pub(crate) async fn work(
    cluster: &TestCluster,
    readers: &[Participant],
    steps: Vec<Step>,
    manner: Manner,
) -> Result<Report> {
    work_on(cluster, readers, steps, manner, Duration::from_secs(3)).await
}

/// As [`work`], going on for `peace` after the last fault.
pub(crate) async fn work_on(
    cluster: &TestCluster,
    readers: &[Participant],
    steps: Vec<Step>,
    manner: Manner,
    peace: Duration,
) -> Result<Report> {
    let shard = |reader: &Participant| Shard::of_reader(ReaderId(reader.id)).index;
    cluster.evidence().readers(readers.iter().map(|reader| (reader.id, shard(reader))))?;
    let manner = Manner { articles: cluster.articles()?, ..manner };
    let plan = Plan { readers: readers.to_vec(), manner, steps, peace };
    run_checker(cluster, &plan, &mut Dice::new(Dice::fresh_seed())).await
}

/// Shards are moved to nodes that have just started; that is not what is measured here.
pub(crate) async fn wait_until_even(cluster: &TestCluster) -> Result<()> {
    let fair = SHARDS / cluster.len();
    wait_until("even parts", Duration::from_secs(180), async || {
        let shares = cluster.shares()?;
        let is_even = |share: &usize| share.abs_diff(fair) <= UNEVEN;
        Ok((shares.len() == cluster.len() && shares.values().all(is_even)).then_some(()))
    })
    .await
}
