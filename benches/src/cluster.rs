//! Several node processes on one machine with a real PostgreSQL: what changes of hands cost, how
//! fast a node joins, and what two and three nodes carry. One table: wanted and measured.

mod faults;
mod join;
mod throughput;

use crate::setup::Setup;
use anyhow::{Context, Result};
use autoglm_domain::{ReaderId, Shard};
use autoglm_harness::checker::client::{Manner, Participant};
use autoglm_harness::checker::run::{Plan, Report, run as run_checker};
use autoglm_harness::checker::schedule::Step;
use autoglm_harness::{ClusterOptions, Dice, NodeOptions, TestCluster, ThrowawayPostgres};
use comfy_table::Table;
use std::time::Duration;

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

/// Measures everything; a row that fails says why, and the others follow.
pub(crate) async fn run(setup: &Setup, readers: usize) -> Result<()> {
    let mut rows = Vec::new();
    let mut take = |what: &str, measured: Result<Vec<Row>>| match measured {
        Ok(measured) => rows.extend(measured),
        Err(error) => rows.push(Row::new(what, "", format!("FAILED: {error:#}"))),
    };
    take("rolling restart", faults::rolling_restart(setup).await);
    take("kill -9", faults::kill(setup).await);
    take("freeze", faults::freeze(setup).await);
    take("peers cut from each other", faults::cut(setup).await);
    take("PostgreSQL silent", faults::silence(setup).await);
    take("join", join::measure(setup, readers).await);
    take("throughput", throughput::measure(setup).await);
    let cores = std::thread::available_parallelism().context("how many cores are there?")?;
    let mut table = Table::new();
    table.set_header(["what", "wanted", "measured"]);
    for row in rows {
        table.add_row([row.what, row.wanted, row.measured]);
    }
    println!("clusters of whole nodes, PostgreSQL and the readers on {cores} cores");
    println!("{table}");
    Ok(())
}

/// A cluster of this binary in the fast profile, with readers whose shards are known.
pub(crate) async fn cluster(
    setup: &Setup,
    nodes: usize,
    readers: usize,
) -> Result<(TestCluster, Vec<Participant>)> {
    let node = NodeOptions { yaml: "sources: []\n".to_owned(), ..NodeOptions::default() }
        .set("telemetry.log", "warn");
    let options = ClusterOptions { nodes, node, links: true, durable: true, redis: false };
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
