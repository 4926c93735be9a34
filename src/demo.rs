//! `autoglm demo`: a whole node on sources and readers of its own making, without any network.

mod audience;
mod newsroom;
mod origin;

use crate::config::{Config, SourceConfig};
use crate::node::{Ended, Node, Signals};
use anyhow::{Result, bail};
use audience::Visitor;
use autoglm_domain::Language;
use clap::Args;
use origin::Origin;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// How big the demonstration is.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Sources of the origin server.
    #[arg(long, default_value_t = 200)]
    sources: usize,
    /// Articles published every second.
    #[arg(long, default_value_t = 5.0)]
    rate: f64,
    /// Simulated readers.
    #[arg(long, default_value_t = 20)]
    readers: usize,
    /// The same seed invents the same news.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Articles every source has when the demonstration starts.
const ARTICLES_AT_START: usize = 4;
/// Sources ask so often that the page moves.
const FETCH_INTERVAL_SECONDS: u64 = 10;

/// Runs the demonstration until a signal.
///
/// # Errors
/// As for a node; and when no port on loopback can be opened for the origin.
pub async fn run(config: Config, args: DemoArgs) -> Result<()> {
    anyhow::ensure!((1..=999).contains(&args.sources), "--sources must be between 1 and 999");
    anyhow::ensure!(args.rate.is_finite() && args.rate >= 0.0, "--rate must not be negative");
    let mut signals = Signals::listen()?;
    let stop = CancellationToken::new();
    let origin = Origin::start(args.sources, args.seed, stop.clone()).await?;
    for _ in 0..args.sources * ARTICLES_AT_START / 3 {
        origin.publish();
    }
    let node = Node::start(demo_config(config, &origin)).await?;
    let mut helpers = tokio::task::JoinSet::new();
    helpers.spawn(origin.keep_publishing(args.rate, stop.clone()));
    for visitor in visitors(&node, args.readers).await? {
        helpers.spawn(visitor.keep_reading(node.readers(), stop.clone()));
    }
    let outcome = node.run(&mut signals).await;
    stop.cancel();
    helpers.shutdown().await;
    match outcome? {
        Ended::Stopped => Ok(()),
        Ended::MembershipLost => bail!("the database was away for too long; start the demo again"),
    }
}

/// Its own folder, its own sources, and the one exemption from the private-network rule.
fn demo_config(mut config: Config, origin: &Origin) -> Config {
    if config.node.data_directory == Path::new("./data") {
        config.node.data_directory = PathBuf::from("./data-demo");
    }
    config.fetch.resolve.insert("*.demo".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    config.fetch.host_spacing_ms = 0;
    config.sources = origin
        .sources()
        .into_iter()
        .map(|(url, title, folder)| SourceConfig {
            url,
            title,
            folder,
            interval_seconds: FETCH_INTERVAL_SECONDS,
            ..SourceConfig::default()
        })
        .collect();
    config
}

async fn visitors(node: &Node, count: usize) -> Result<Vec<Visitor>> {
    let mut visitors = Vec::with_capacity(count);
    for number in 1..=count {
        let language = if number % 2 == 0 { Language::CHINESE } else { Language::ENGLISH };
        let reader = node.ensure_reader(&format!("visitor {number}"), language).await?;
        visitors.push(Visitor::new(reader));
    }
    Ok(visitors)
}
