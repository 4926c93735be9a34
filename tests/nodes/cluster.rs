//! Several nodes on one PostgreSQL: what tests of them share, and how they start and share out work.

use crate::support::{Newsroom, binary, options, thrown_dice};
use anyhow::{Result, ensure};
use autoglm_domain::{ReaderId, Shard};
use autoglm_harness::checker::client::{Manner, Participant, now};
use autoglm_harness::checker::history::Micros;
use autoglm_harness::checker::ownership::{judge_ownership, owned_again};
use autoglm_harness::checker::run::{Plan, Report, run};
use autoglm_harness::checker::schedule::Step;
use autoglm_harness::cluster::{FAST_LEASE, SHARDS};
use autoglm_harness::{ClusterOptions, TestCluster, wait_until};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// Longest time until a killed owner's shards are owned again: the lease and three seconds.
const OWNED_AGAIN: Duration = Duration::from_secs(FAST_LEASE.as_secs() + 3);

/// One cluster at a time: several would only show how slow the machine is.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A cluster for one test, with readers whose shards are known.
pub(crate) struct Bench {
    pub(crate) cluster: TestCluster,
    pub(crate) readers: Vec<Participant>,
    _alone: MutexGuard<'static, ()>,
}

impl Bench {
    /// Starts it, or skips loudly.
    pub(crate) async fn start(test: &str, nodes: usize, readers: usize) -> Result<Option<Self>> {
        Self::start_as(test, ClusterOptions { nodes, ..Self::plain() }, readers).await
    }

    /// As [`Self::start`] with everything an operator has and everything that can fail: encrypted
    /// links, a Redis, a PostgreSQL that each node can lose alone and that can be stopped.
    pub(crate) async fn start_whole(
        test: &str,
        nodes: usize,
        readers: usize,
    ) -> Result<Option<Self>> {
        let all =
            ClusterOptions { durable: true, redis: true, gates: true, tls: true, ..Self::plain() };
        Self::start_as(test, ClusterOptions { nodes, ..all }, readers).await
    }

    fn plain() -> ClusterOptions {
        let node = options(&[]).set("telemetry.log", "info");
        ClusterOptions { node, ..ClusterOptions::default() }
    }

    /// Starts a cluster of this kind, or skips loudly.
    pub(crate) async fn start_as(
        test: &str,
        options: ClusterOptions,
        readers: usize,
    ) -> Result<Option<Self>> {
        let alone = ONE_AT_A_TIME.lock().await;
        let Some(cluster) = TestCluster::start_or_skip(test, binary(), options).await? else {
            return Ok(None);
        };
        let readers = cluster.add_readers(readers)?;
        cluster.evidence().readers(readers.iter().map(|reader| (reader.id, shard_of(reader))))?;
        Ok(Some(Self { cluster, readers, _alone: alone }))
    }

    /// Readers at work while these things go wrong; everything is judged afterwards.
    pub(crate) async fn run(&self, test: &str, steps: Vec<Step>, manner: Manner) -> Result<Report> {
        self.run_on(test, steps, manner, Duration::from_secs(3)).await
    }

    /// As [`Self::run`], going on for `peace` after the last fault. Once for a cluster: whatever
    /// else its readers have done would be strange to it.
    pub(crate) async fn run_on(
        &self,
        test: &str,
        steps: Vec<Step>,
        manner: Manner,
        peace: Duration,
    ) -> Result<Report> {
        let articles = self.cluster.articles()?;
        let manner = Manner { articles, ..manner };
        let plan = Plan { readers: self.readers.clone(), manner, steps, peace };
        let report = run(&self.cluster, &plan, &mut thrown_dice(test)).await?;
        eprintln!("{test}: {}\n{}", report.measures, report.journal);
        Ok(report)
    }

    /// How long the shards of an incarnation were without an owner after `moment`, checked against
    /// the limit.
    pub(crate) async fn check_owned_again(
        &self,
        test: &str,
        incarnation: i64,
        moment: Micros,
    ) -> Result<()> {
        let (micros, shards) = wait_until("an owner of every shard", 3 * OWNED_AGAIN, async || {
            Ok(owned_again(&self.cluster.evidence().leases()?, incarnation, moment))
        })
        .await?;
        let time = Duration::from_micros(micros);
        eprintln!("{test}: {shards} shards were owned again after {time:?}");
        ensure!(shards > 0, "the killed node owned nothing");
        ensure!(time <= OWNED_AGAIN, "owned again only after {time:?}");
        Ok(())
    }

    /// Checks the leases and the writers of everything so far.
    pub(crate) fn check_ownership(&self) -> Result<()> {
        let evidence = self.cluster.evidence();
        let found = judge_ownership(&evidence.leases()?, &evidence.nodes()?, &evidence.writes()?);
        ensure!(found.is_empty(), "{found:?}");
        Ok(())
    }
}

/// The shard of a reader.
pub(crate) fn shard_of(reader: &Participant) -> u16 {
    Shard::of_reader(ReaderId(reader.id)).index
}

/// Waits until each of so many nodes has its share of the shards, and checks that all see all.
pub(crate) async fn check_shares(bench: &Bench, test: &str, nodes: usize) -> Result<()> {
    let shares = wait_until("a fair share of each", Duration::from_secs(60), async || {
        let shares = bench.cluster.shares()?;
        let fair = shares.values().all(|share| *share > SHARDS / (2 * nodes));
        ensure!(shares.len() == nodes && fair, "{shares:?}");
        Ok(Some(shares))
    })
    .await?;
    eprintln!("{test}: {shares:?}");
    for node in 0..nodes {
        let seen = bench.cluster.members_seen_by(node).await?;
        ensure!(seen.len() == nodes, "node {node} sees {seen:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_gets_its_share_and_when_it_is_killed_others_have_it_within_the_lease_and_three_seconds()
-> Result<()> {
    let test = "a_node_that_joins_gets_its_share_and_when_it_is_killed_others_have_it";
    let Some(mut bench) = Bench::start(test, 1, 12).await? else { return Ok(()) };
    let began = now();
    let joined = bench.cluster.add_node().await?;
    let ready = Duration::from_micros(now() - began);
    let moving = async {
        check_shares(&bench, test, 2).await?;
        anyhow::Ok(Duration::from_micros(now() - began))
    };
    let working = bench.run_on(test, Vec::new(), Manner::default(), Duration::from_secs(12));
    let (share, report) = tokio::join!(moving, working);
    report?;
    eprintln!("{test}: ready after {ready:?}, its share after {:?}", share?);
    bench.cluster.wait_until_served().await?;

    let incarnation = bench.cluster.incarnation(joined)?;
    let moment = now();
    bench.cluster.kill(joined).await?;
    bench.check_owned_again(test, incarnation, moment).await?;
    bench.check_ownership()
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_fetched_by_one_node_each() -> Result<()> {
    let test = "sources_are_fetched_by_one_node_each";
    let _alone = ONE_AT_A_TIME.lock().await;
    let names: Vec<String> = (0..12).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut newsroom = Newsroom::open(&names).await?;
    for name in &names {
        newsroom.publish_bulletins(name, 0..3);
    }
    let node = options(&newsroom.addresses());
    let options = ClusterOptions { nodes: 2, node, ..ClusterOptions::default() };
    let Some(cluster) = TestCluster::start_or_skip(test, binary(), options).await? else {
        return Ok(());
    };
    for name in &names {
        newsroom.publish_bulletins(name, 3..6);
    }
    let node = cluster.node(0).await;
    crate::support::wait_for_titles(&node, &newsroom.titles()).await?;
    drop(node);
    cluster.kill(1).await?;
    for name in &names {
        newsroom.publish_bulletins(name, 6..9);
    }
    let node = cluster.node(0).await;
    crate::support::wait_for_titles(&node, &newsroom.titles()).await.map(drop)
}
