//! What every measurement needs: the binary, an origin in its own process, a database, figures
//! from `/metrics` and `/proc`.

use crate::helper::Helper;
use anyhow::{Context, Result};
use autoglm_harness::postgres::ThrowawayPostgres;
use autoglm_harness::{NodeOptions, TestNode};
use std::path::PathBuf;
use std::time::Duration;

/// Where things are.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) binary: PathBuf,
    /// Lower rates are not tried.
    pub(crate) rate_min: u64,
    databases: Vec<Database>,
}

/// Which database a node is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// A database that lives as long as the measurement.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) name: &'static str,
    server: Option<ThrowawayPostgres>,
}

impl Setup {
    pub(crate) fn new(
        binary: Option<PathBuf>,
        rate_min: u64,
        databases: Vec<Database>,
    ) -> Result<Self> {
        let beside = || -> Result<PathBuf> {
            let own = std::env::current_exe().context("this program has no path")?;
            Ok(own.with_file_name("autoglm"))
        };
        let binary = binary.map_or_else(beside, Ok)?;
        anyhow::ensure!(binary.is_file(), "{} is not there; build it first", binary.display());
        Ok(Self { binary, rate_min, databases })
    }

    /// The databases to measure on.
    pub(crate) fn databases(&self) -> Vec<Database> {
        self.databases.clone()
    }

    /// Starts a server when one is needed.
    pub(crate) fn database(database: Database) -> Result<Running> {
        Ok(match database {
            Database::Sqlite => Running { name: "SQLite", server: None },
            Database::Postgres => {
                Running { name: "PostgreSQL", server: Some(ThrowawayPostgres::start()?) }
            }
        })
    }

    /// Starts a node on this database.
    pub(crate) async fn node(&self, database: &Running, options: NodeOptions) -> Result<TestNode> {
        let options = match &database.server {
            Some(server) => {
                let name = format!("bench_{}", uuid::Uuid::new_v4().simple());
                options.set("database.url", server.create_database(&name)?)
            }
            None => options,
        };
        TestNode::start(&self.binary, options).await
    }
}

/// The origin, killed when dropped.
#[derive(Debug)]
pub(crate) struct OriginProcess {
    _process: Helper,
    pub(crate) port: u16,
}

impl OriginProcess {
    pub(crate) fn start() -> Result<Self> {
        let mut process = Helper::start(["origin"])?;
        let port = process.line()?.parse().context("the origin did not print its port")?;
        Ok(Self { _process: process, port })
    }
}

/// YAML with `count` sources on the origin, each a host of its own.
pub(crate) fn sources_yaml(count: usize, port: u16) -> String {
    let mut yaml = String::from(
        "fetch:\n  host_spacing_ms: 0\n  concurrency: 256\n  resolve:\n    \"*.bench\": 127.0.0.1\nsources:\n",
    );
    for number in 1..=count {
        yaml.push_str(&format!(
            "  - {{ url: \"http://s{number:04}.bench:{port}/feed\", title: \"Bench {number}\" }}\n"
        ));
    }
    yaml
}

/// Ticks of `/proc` (`getconf CLK_TCK`): the same on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Time in which the machine's cores were not idle, since it was started.
pub(crate) fn machine_time() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().context("/proc/stat is empty")?;
    let ticks = line.split_whitespace().skip(1).map(str::parse::<f64>);
    let ticks: Vec<f64> = ticks.collect::<Result<_, _>>()?;
    // user, nice, system, idle, waiting for disks, interrupts, soft interrupts
    let busy = ticks.iter().take(7).enumerate().filter(|(place, _)| !matches!(place, 3 | 4));
    Ok(Duration::from_secs_f64(busy.map(|(_, ticks)| ticks).sum::<f64>() / TICKS_PER_SECOND))
}

/// Processor time a process has used.
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name before the bracket may hold anything.
    let (_, fields) = text.rsplit_once(')').context("no name in the process's status")?;
    let ticks = |at: usize| -> Result<f64> {
        let field = fields.split_whitespace().nth(at).context("no processor time")?;
        Ok(field.parse()?)
    };
    Ok(Duration::from_secs_f64((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND))
}

/// Memory a process holds, in bytes.
pub(crate) fn resident_bytes(process: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kib * 1024)
}

/// One figure of a node's `/metrics`: the sum of all lines that begin so.
pub(crate) async fn metric(node: &TestNode, start: &str) -> Result<f64> {
    Ok(sum_of(&metrics(node).await?, start))
}

async fn metrics(node: &TestNode) -> Result<String> {
    let answer = node.request("GET".parse()?, "/metrics").send().await?;
    Ok(answer.error_for_status()?.text().await?)
}

fn sum_of(metrics: &str, start: &str) -> f64 {
    let lines = metrics.lines().filter(|line| line.starts_with(start));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// One moment's counters of a node.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    /// Responses whose articles became durable.
    pub(crate) responses: f64,
    /// Sum of their seconds.
    pub(crate) seconds: f64,
    /// Fetches that ended, whatever they brought.
    pub(crate) fetches: f64,
    /// Articles stored.
    pub(crate) stored: f64,
    /// Articles placed.
    pub(crate) placed: f64,
    /// Errors of fetch and store.
    pub(crate) errors: f64,
}

impl Counters {
    pub(crate) async fn read(node: &TestNode) -> Result<Self> {
        let text = metrics(node).await?;
        let value = |start: &str| sum_of(&text, start);
        Ok(Self {
            responses: value("autoglm_fetch_to_durable_seconds_count"),
            seconds: value("autoglm_fetch_to_durable_seconds_sum"),
            fetches: value("autoglm_stage_items_total{stage=\"fetch\"}"),
            stored: value("autoglm_stage_items_total{stage=\"store\"}"),
            placed: value("autoglm_stage_items_total{stage=\"place\"}"),
            errors: value("autoglm_stage_errors_total{stage=\"fetch\"}")
                + value("autoglm_stage_errors_total{stage=\"store\"}"),
        })
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            responses: self.responses - earlier.responses,
            seconds: self.seconds - earlier.seconds,
            fetches: self.fetches - earlier.fetches,
            stored: self.stored - earlier.stored,
            placed: self.placed - earlier.placed,
            errors: self.errors - earlier.errors,
        }
    }
}
