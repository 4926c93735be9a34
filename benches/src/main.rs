//! `autoglm-bench`: the numbers we claim, measured on the real binary and printed as tables.

mod audience;
mod batching;
mod cluster;
mod encoder;
mod helper;
mod idle;
mod latency;
mod link;
mod origin;
mod ranking;
mod reading;
mod scheduling;
mod setup;
mod sources;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// What the product allocates with, so that reading is measured as it runs there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the release binary.
#[derive(Debug, Parser)]
struct Cli {
    /// The binary to measure; `autoglm` beside this program when not given.
    #[arg(long, global = true)]
    binary: Option<PathBuf>,
    /// Where to store; a PostgreSQL server is started for the purpose.
    #[arg(long, global = true, value_delimiter = ',', default_value = "sqlite")]
    databases: Vec<setup::Database>,
    /// Lowest rate of articles per second that is tried.
    #[arg(long, global = true, default_value_t = 1_000)]
    rate_min: u64,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Everything, one after the other.
    All,
    /// Concurrent sources: the highest rate at which articles become durable in time.
    Sources {
        /// Numbers of sources.
        #[arg(long, value_delimiter = ',', default_value = "50,100,200,1000")]
        counts: Vec<usize>,
        /// Also understand, and find the rate without a growing backlog.
        #[arg(long)]
        understanding: bool,
    },
    /// From stored to a connected terminal's frame, with 1,000 terminals of 100 readers.
    Latency,
    /// Ten thousand idle terminals: memory each, and the time of a broadcast.
    Terminals {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        count: usize,
    },
    /// One reader's top 50 over 10,000 articles, and from an event to a changed ranking.
    Ranking,
    /// Reading feeds on one core, beside the bare parser and Python feedparser.
    Reading,
    /// Dynamic batches against none and fixed ones, in virtual time.
    Batching {
        /// All that is random follows from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// What ten thousand sources cost that are not due, and what their fetches cost.
    Scheduling {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        count: usize,
    },
    /// Texts a second of a transformer encoder on the processor, beside onnxruntime, and the
    /// shares of its stages.
    Encoder {
        /// The model's folder; MiniLM where `make setup` puts it when not given.
        #[arg(long)]
        model: Option<PathBuf>,
    },
    /// Memory of an idle node with 1,000 sources and 1,000 readers.
    Idle,
    /// Clusters of one to three nodes: restarts, kills, freezes, joining, throughput, requests to
    /// other nodes, memory of readers, cold keys.
    Cluster {
        /// Readers of the cluster a node joins.
        #[arg(long, default_value_t = 100_000)]
        readers: usize,
        /// Only these parts; all when not given.
        #[arg(long, value_delimiter = ',')]
        only: Vec<cluster::Part>,
        /// Small numbers, only to see that every part runs.
        #[arg(long)]
        quick: bool,
    },
    /// The origin, in a process of its own; used by the others.
    #[command(hide = true)]
    Origin,
    /// One side of a link, in a process of its own; used by `cluster`.
    #[command(hide = true)]
    Link {
        #[command(subcommand)]
        side: link::Side,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    // Only what measures whole nodes needs their binary.
    let setup = || setup::Setup::new(cli.binary.clone(), cli.rate_min, cli.databases.clone());
    match cli.verb {
        Verb::Batching { seed } => {
            batching::run(seed);
            Ok(())
        }
        Verb::Origin => origin::run().await,
        Verb::Link { side } => link::run(side).await,
        Verb::Sources { counts, understanding } => {
            sources::run(&setup()?, &counts, understanding).await
        }
        Verb::Latency => latency::run(&setup()?).await,
        Verb::Terminals { count } => idle::terminals(&setup()?, count).await,
        Verb::Ranking => ranking::run(&setup()?).await,
        Verb::Idle => idle::node(&setup()?).await,
        Verb::Cluster { readers, only, quick } => {
            let scale = if quick { cluster::Scale::quick() } else { cluster::Scale::full(readers) };
            cluster::run(&setup()?, &scale, &only).await
        }
        Verb::Reading => reading::run(),
        Verb::Encoder { model } => encoder::run(model),
        Verb::Scheduling { count } => scheduling::run(&setup()?, count).await,
        Verb::All => {
            let setup = setup()?;
            reading::run()?;
            batching::run(1);
            encoder::run(None)?;
            sources::run(&setup, &[50, 100, 200, 1000], false).await?;
            sources::run(&setup, &[200], true).await?;
            latency::run(&setup).await?;
            idle::terminals(&setup, 10_000).await?;
            ranking::run(&setup).await?;
            idle::node(&setup).await?;
            scheduling::run(&setup, 10_000).await
        }
    }
}
