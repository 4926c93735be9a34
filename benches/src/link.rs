//! Two processes that ask each other over a link: over ours, as nodes do, and over bare
//! ractor_cluster. ractor's registries are those of a process, so each side is a process of its own.
//!
//! The caller starts the other side, and then does for each line of its input what the line says:
//! the number of callers and the milliseconds they ask for. It prints one line of [`Times`].

mod bare;
mod region;

use crate::audience::percentile;
use anyhow::{Context, Result, ensure};
use autoglm_cluster::transport::authority::make_development_authority;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};
use tokio::task::JoinSet;

/// Bytes of every request and of every answer.
pub(crate) const BYTES: usize = 100;
/// Longest wait for an answer. Both ways have a limit: without one a call may hang for ever.
const LIMIT: Duration = Duration::from_secs(5);
/// Longest wait for a link.
const LINKED_WITHIN: Duration = Duration::from_secs(30);

/// Over what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Way {
    /// ractor_cluster as it comes: a stock NodeServer and one remotable actor.
    Bare,
    /// Router, transport and region of our nodes, without TLS as on loopback.
    Region,
    /// The same with certificates of both sides.
    RegionTls,
}

/// Which side of a link this process is.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Side {
    /// Starts the other side and asks it.
    Caller {
        /// How.
        way: Way,
    },
    /// Answers calls over bare ractor_cluster.
    BareOwner,
    /// Owns every shard, and answers requests to them.
    RegionOwner {
        /// Where the caller listens.
        caller: SocketAddr,
        /// Folder with the certificates of both.
        #[arg(long)]
        certificates: Option<PathBuf>,
    },
}

/// Runs one side until its input ends.
pub(crate) async fn run(side: Side) -> Result<()> {
    match side {
        Side::Caller { way: Way::Bare } => {
            let (_owner, asker) = bare::call().await?;
            serve(asker).await
        }
        Side::Caller { way: Way::Region } => {
            let (_owner, asker) = region::call(None).await?;
            serve(asker).await
        }
        Side::Caller { way: Way::RegionTls } => {
            let folder = tempfile::tempdir()?;
            make_development_authority(folder.path(), &region::names(), false)?;
            let (_owner, asker) = region::call(Some(folder.path())).await?;
            serve(asker).await
        }
        Side::BareOwner => bare::own().await,
        Side::RegionOwner { caller, certificates } => {
            region::own(caller, certificates.as_deref()).await
        }
    }
}

/// One way to ask the other side.
trait Ask: Clone + Send + 'static {
    /// Sends these bytes to the other side, which sends them back.
    fn ask(&self, bytes: Vec<u8>) -> impl Future<Output = Result<Vec<u8>>> + Send;
}

/// The lines of this process's input.
fn input() -> Lines<BufReader<Stdin>> {
    BufReader::new(tokio::io::stdin()).lines()
}

/// Keeps the answering side alive until the caller is gone.
async fn until_the_input_ends() -> Result<()> {
    let mut lines = input();
    while lines.next_line().await?.is_some() {}
    Ok(())
}

/// Waits until the other side answers, says so, and then measures what each line asks for.
async fn serve(asker: impl Ask) -> Result<()> {
    let began = Instant::now();
    while let Err(error) = asker.ask(request(0)).await {
        ensure!(began.elapsed() < LINKED_WITHIN, "the other side does not answer: {error:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("ready");
    let mut lines = input();
    while let Some(line) = lines.next_line().await? {
        let (callers, period) = line.split_once(' ').context("two numbers are needed")?;
        let period = Duration::from_millis(period.parse()?);
        println!("{}", measure(&asker, callers.parse()?, period).await?);
    }
    Ok(())
}

/// What one caller sends; the first byte chooses a shard.
fn request(caller: usize) -> Vec<u8> {
    let mut bytes = vec![b'x'; BYTES];
    bytes[0] = caller.to_le_bytes()[0];
    bytes
}

/// So many callers ask at once, each its next question when it has its answer.
async fn measure(asker: &impl Ask, callers: usize, period: Duration) -> Result<Times> {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        tasks.spawn(one_after_the_other(asker.clone(), request(caller), began + period));
    }
    let mut times = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        times.extend(ended??);
    }
    let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
    let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    Ok(Times { p50, p99, per_second })
}

/// Microseconds of each question until the end.
async fn one_after_the_other(asker: impl Ask, question: Vec<u8>, end: Instant) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    loop {
        let asked = Instant::now();
        if asked >= end {
            return Ok(times);
        }
        let answer = asker.ask(question.clone()).await?;
        times.push(asked.elapsed().as_secs_f64() * 1e6);
        ensure!(answer == question, "the answer is not what was sent");
    }
}

/// What was measured in one period: microseconds, and answers a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Times {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) per_second: f64,
}

impl std::fmt::Display for Times {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} {}", self.p50, self.p99, self.per_second)
    }
}

impl std::str::FromStr for Times {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let numbers: Vec<f64> =
            line.split(' ').map(str::parse).collect::<Result<_, _>>().with_context(|| {
                format!("a helper should have printed three numbers, not {line:?}")
            })?;
        let [p50, p99, per_second] = numbers[..] else {
            anyhow::bail!("a helper printed {} numbers instead of three", numbers.len())
        };
        Ok(Self { p50, p99, per_second })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_prints_is_read_back() {
        let times = Times { p50: 42.5, p99: 136.25, per_second: 15_700.0 };
        assert_eq!(times.to_string().parse::<Times>().expect("three numbers"), times);
        assert!("42.5 136.25".parse::<Times>().is_err());
        assert!("ready".parse::<Times>().is_err());
    }
}
