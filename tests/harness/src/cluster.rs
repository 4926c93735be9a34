//! A cluster of whole nodes as processes on one throw-away PostgreSQL, and everything that can go
//! wrong with it: nodes are killed, frozen and restarted, links cut, the database silenced.
//!
//! Each node has a data folder, a port and a name of its own (`n0`, `n1`, …), and tells PostgreSQL
//! the number of its start, so that every write can be traced to a process.

mod gate;
mod links;
mod member;
mod stored;

use crate::checker::evidence::Evidence;
use crate::kept::free_port;
use crate::node::{NodeOptions, TestNode, wait_until};
use crate::postgres::ThrowawayPostgres;
use crate::redis::ThrowawayRedis;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

use gate::StoreGate;
pub use member::Member;

/// How long the cluster may take to be whole again.
const WHOLE_LIMIT: Duration = Duration::from_secs(90);
/// Shards of a cluster: 256 of readers, 256 of hosts, 4 jobs.
pub const SHARDS: usize = 516;
/// Time-to-live of a lease in the fast profile.
pub const FAST_LEASE: Duration = Duration::from_secs(4);

/// What a cluster is started with.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Number of nodes at first.
    pub nodes: usize,
    /// For every node.
    pub node: NodeOptions,
    /// Whether nodes open links to each other.
    pub links: bool,
    /// Whether PostgreSQL keeps its promises when it is stopped at once (`fsync`).
    pub durable: bool,
    /// Whether they share a Redis, where one is installed.
    pub redis: bool,
    /// Whether each node can be cut off from PostgreSQL; costs a copy of every byte.
    pub gates: bool,
    /// Whether links are encrypted, with certificates made for the purpose.
    pub tls: bool,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            nodes: 3,
            node: NodeOptions::default(),
            links: true,
            durable: false,
            redis: false,
            gates: false,
            tls: false,
        }
    }
}

/// A running cluster; everything of it ends with it.
#[derive(Debug)]
pub struct TestCluster {
    binary: PathBuf,
    options: ClusterOptions,
    database: String,
    members: Vec<Mutex<Member>>,
    addresses: StdMutex<Vec<String>>,
    /// Cut links, from node to node.
    links: StdMutex<BTreeSet<(usize, usize)>>,
    redis: Option<ThrowawayRedis>,
    /// The authority of the nodes and their certificates, if links are encrypted.
    certificates: Option<tempfile::TempDir>,
    /// Last, so that the nodes are gone before it.
    postgres: ThrowawayPostgres,
}

impl TestCluster {
    /// Starts PostgreSQL and the nodes, all at once, and waits until all are ready and every shard
    /// has an owner; skips loudly where there is no PostgreSQL.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start_or_skip(
        test: &str,
        binary: impl AsRef<Path>,
        options: ClusterOptions,
    ) -> Result<Option<Self>> {
        let Some(postgres) = ThrowawayPostgres::start_kind_or_skip(test, options.durable)? else {
            return Ok(None);
        };
        Self::start_on(postgres, binary, options).await.map(Some)
    }

    /// As [`Self::start_or_skip`], on this server.
    ///
    /// # Errors
    /// When a node does not start.
    pub async fn start_on(
        postgres: ThrowawayPostgres,
        binary: impl AsRef<Path>,
        options: ClusterOptions,
    ) -> Result<Self> {
        let database = postgres.create_database("cluster")?;
        let binary = binary.as_ref().to_path_buf();
        migrate(&binary, &database).await?;
        Evidence::of(&postgres, &database).begin()?;
        let redis = options.redis.then(ThrowawayRedis::start).transpose()?;
        let certificates = options.tls.then(tempfile::tempdir).transpose()?;
        let mut cluster = Self {
            binary,
            options,
            database,
            members: Vec::new(),
            addresses: StdMutex::new(Vec::new()),
            links: StdMutex::new(BTreeSet::new()),
            redis,
            certificates,
            postgres,
        };
        for _ in 0..cluster.options.nodes {
            cluster.prepare_node().await?;
        }
        for node in 0..cluster.len() {
            cluster.begin(node).await?;
        }
        for node in 0..cluster.len() {
            cluster.wait_until_ready(node).await?;
        }
        cluster.wait_until_served().await?;
        Ok(cluster)
    }

    async fn prepare_node(&mut self) -> Result<usize> {
        let number = self.members.len();
        let name = format!("n{number}");
        let lease = FAST_LEASE.as_secs();
        let mut options = self.options.node.clone();
        options = options.set("node.name", &name).set("node.lease_seconds", lease);
        let gate = self.options.gates.then(|| StoreGate::to(&self.database)).transpose()?;
        let mut node = TestNode::prepare(&self.binary, options)?;
        if let Some(redis) = &self.redis {
            node.set("cache.redis_url", redis.url());
        }
        if self.options.links {
            let faults = node.directory().join("links");
            std::fs::write(&faults, "")?;
            // One port for the node's whole life, as operators have it: a new start must get it back.
            node.set("cluster.bind", format!("127.0.0.1:{}", free_port()?));
            node.set("testing.link_faults", faults.display());
        }
        if let Some(certificates) = &self.certificates {
            let folder = certificates.path();
            run(&self.binary, &["cluster", "certs", &folder.display().to_string(), &name]).await?;
            node.set("cluster.certificates", folder.join(&name).display());
        }
        self.members.push(Mutex::new(Member::new(name, node, gate)));
        lock(&self.addresses).push(String::new());
        Ok(number)
    }

    /// Adds a node, starts it and waits until it is ready; its number.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn add_node(&mut self) -> Result<usize> {
        let number = self.prepare_node().await?;
        self.start_again(number).await?;
        Ok(number)
    }

    /// Number of nodes, whether they run or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A node, for this caller alone.
    ///
    /// # Panics
    /// When there is no node of this number.
    pub async fn node(&self, number: usize) -> MutexGuard<'_, Member> {
        self.members[number].lock().await
    }

    /// `host:port` of every node; they stay when nodes are started again.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        lock(&self.addresses).clone()
    }

    /// The database server.
    #[must_use]
    pub fn postgres(&self) -> &ThrowawayPostgres {
        &self.postgres
    }

    /// The Redis the nodes share.
    #[must_use]
    pub fn redis(&self) -> Option<&ThrowawayRedis> {
        self.redis.as_ref()
    }

    /// What the database saw.
    #[must_use]
    pub fn evidence(&self) -> Evidence<'_> {
        Evidence::of(&self.postgres, &self.database)
    }

    /// Asks the database in SQL.
    ///
    /// # Errors
    /// What the database says.
    pub fn query(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        self.postgres.query(&self.database, sql)
    }

    /// Starts a node that has ended, under its name, without waiting.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub async fn begin(&self, number: usize) -> Result<()> {
        self.node(number).await.begin_again(&self.database)
    }

    /// Waits until a node that was begun is ready.
    ///
    /// # Errors
    /// When it does not become ready; the message holds its log.
    pub async fn wait_until_ready(&self, number: usize) -> Result<()> {
        let mut node = self.node(number).await;
        node.wait_until_ready().await?;
        node.address().clone_into(&mut lock(&self.addresses)[number]);
        Ok(())
    }

    /// Starts a node that has ended and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn start_again(&self, number: usize) -> Result<()> {
        self.begin(number).await?;
        self.wait_until_ready(number).await
    }

    /// Kills a node without a warning.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&self, number: usize) -> Result<()> {
        self.node(number).await.kill_now().await
    }

    /// Ends a node as an operator does.
    ///
    /// # Errors
    /// When it does not end well.
    pub async fn terminate(&self, number: usize) -> Result<()> {
        let mut node = self.node(number).await;
        let code = node.stop_well().await?;
        ensure!(code == Some(0), "{} ended with {code:?}:\n{}", node.name(), node.log());
        Ok(())
    }

    /// Freezes a node (`SIGSTOP`).
    ///
    /// # Errors
    /// When it has ended.
    pub async fn freeze(&self, number: usize) -> Result<()> {
        self.node(number).await.signal("STOP").await
    }

    /// Lets a frozen node go on (`SIGCONT`).
    ///
    /// # Errors
    /// When it has ended.
    pub async fn thaw(&self, number: usize) -> Result<()> {
        self.node(number).await.signal("CONT").await
    }

    /// Cuts a node off from PostgreSQL in silence, or joins it to it again; what was on its way
    /// arrives then.
    ///
    /// # Errors
    /// When the cluster was started without gates.
    pub async fn cut_off_store(&self, number: usize, cut: bool) -> Result<()> {
        self.node(number).await.cut_off_store(cut)
    }

    /// Waits until every shard is owned by a live node.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn wait_until_served(&self) -> Result<()> {
        wait_until("an owner of every shard", WHOLE_LIMIT, async || {
            let shares = self.shares()?;
            ensure!(shares.values().sum::<usize>() == SHARDS, "owned: {shares:?}");
            Ok(Some(()))
        })
        .await
    }

    /// Waits until every running node says that it is ready.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn wait_until_all_ready(&self) -> Result<()> {
        for number in 0..self.len() {
            let node = self.node(number).await;
            wait_until(&format!("{} to be ready", node.name()), WHOLE_LIMIT, async || {
                let answer = node.request(reqwest::Method::GET, "/readyz").send().await?;
                let status = answer.status();
                ensure!(status == 200, "{status}: {}", answer.text().await?);
                Ok(Some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// The cluster as a node sees it.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn seen_by(&self, number: usize) -> Result<Value> {
        self.node(number).await.get_as_operator("/admin/cluster").await
    }

    /// Names of the live members in a node's view.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn members_seen_by(&self, number: usize) -> Result<BTreeSet<String>> {
        let seen = self.seen_by(number).await?;
        let members = seen["members"].as_array().cloned().unwrap_or_default();
        Ok(members.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect())
    }
}

fn lock<T>(mutex: &StdMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Brings the schema up to date, so that notes can be taken before the first node starts.
async fn migrate(binary: &Path, database: &str) -> Result<()> {
    run(binary, &["migrate", "--set", &format!("database.url={database}")]).await
}

/// Runs the program in an empty folder and waits for its end.
async fn run(binary: &Path, arguments: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let output = tokio::process::Command::new(binary)
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .await
        .with_context(|| format!("cannot run {}", binary.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed: {errors}", arguments.join(" "));
    Ok(())
}
