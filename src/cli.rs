//! The command line: verbs, flags and exit codes (0 good, 1 failed, 2 wrong usage, 3 no node answers).

mod client;
mod cluster;
mod distill;
mod evaluate;
mod models;
mod reader;
mod search;
mod source;
mod source_request;
mod status;
mod story;
mod tail;
mod topics;

use crate::config::{Config, Overrides};
use crate::{demo, node, telemetry};
use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

pub use client::{Client, NoNode};

/// A self-hosted news intelligence cluster.
#[derive(Debug, Parser)]
#[command(name = "autoglm", version, about, propagate_version = true)]
pub struct Cli {
    /// Configuration file; `config.yaml` in the current folder when not given.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on, or of the node to talk to.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    bind: Option<String>,
    /// Folder for the database.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Any configuration key, such as `--set fetch.concurrency=8`; for `eval ingest` the folder.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a node (the default).
    Serve,
    /// Run a node on sources and readers of its own making, without any network.
    Demo(demo::DemoArgs),
    /// What the running node is doing.
    Status,
    /// Add, list, remove, import and export sources.
    #[command(subcommand)]
    Source(source::SourceVerb),
    /// Add and list readers, and make tokens.
    #[command(subcommand)]
    Reader(reader::ReaderVerb),
    /// List, merge and split stories, and see what was decided about them.
    #[command(subcommand)]
    Story(story::StoryVerb),
    /// The list of topics articles are sorted by: show, export, import, reset.
    #[command(subcommand)]
    Topics(topics::TopicsVerb),
    /// The nodes of the cluster: status, drain, cordon, rebalance, certs.
    #[command(subcommand)]
    Cluster(cluster::ClusterVerb),
    /// The models on this node: list, pull, add, measure, remove.
    #[command(subcommand)]
    Models(models::ModelsVerb),
    /// Search the stored articles.
    Search(search::SearchArgs),
    /// Show articles as they arrive.
    Tail(tail::TailArgs),
    /// Measure the product on files.
    #[command(subcommand)]
    Eval(evaluate::EvalVerb),
    /// Make small models that learn from large ones.
    #[command(subcommand)]
    Distill(distill::DistillVerb),
    /// Print the effective configuration, secrets hidden.
    CheckConfig,
    /// Bring the database's schema up to date.
    Migrate,
    /// Print the description of the HTTP interface.
    Openapi,
    /// Exit with 0 when the node answers and is ready.
    Healthcheck(HealthcheckArgs),
}

#[derive(Debug, Args)]
struct HealthcheckArgs {
    /// Also require that the node is ready, not only alive.
    #[arg(long)]
    ready: bool,
}

impl Cli {
    fn overrides(&self) -> Result<Overrides> {
        let mut values = Vec::new();
        for pair in &self.set {
            let (key, value) = pair
                .split_once('=')
                .with_context(|| format!("--set {pair:?} is not of the form KEY=VALUE"))?;
            values.push((key.to_owned(), value.to_owned()));
        }
        if let Some(bind) = &self.bind {
            values.push(("server.bind".to_owned(), bind.clone()));
        }
        if let Some(data) = &self.data {
            values.push(("node.data_directory".to_owned(), data.display().to_string()));
        }
        Ok(Overrides { values })
    }
}

/// Runs one verb and turns its outcome into an exit code.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            if error.is::<NoNode>() { ExitCode::from(3) } else { ExitCode::FAILURE }
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command line's own error report")]
fn report(error: &anyhow::Error) {
    eprintln!("autoglm: {error:#}");
}

fn dispatch(mut cli: Cli) -> Result<()> {
    let (verb, json) = (cli.verb.take().unwrap_or(Verb::Serve), cli.json);
    let config = || Config::load(cli.config.as_deref(), &cli.overrides()?);
    match verb {
        Verb::Serve => serve(config()?),
        Verb::Demo(args) => with_telemetry(config()?, |config| demo::run(config, args)),
        Verb::CheckConfig => check_config(&config()?, json),
        Verb::Openapi => print_line(&autoglm_api::openapi_json()),
        // Measuring needs no configuration, and there `--set` names a folder: an option of that
        // verb's own with the same name would collide with the one for all verbs.
        Verb::Eval(verb) => evaluate::run(verb, config, &cli.set, json),
        Verb::Distill(verb) => distill::run(verb, json),
        Verb::Migrate => block_on(migrate(config()?)),
        Verb::Reader(verb) => block_on(reader::run(config()?, verb, json)),
        Verb::Status => block_on(status::run(Client::new(&config()?)?, json)),
        Verb::Source(verb) => block_on(source::run(Client::new(&config()?)?, verb, json)),
        Verb::Story(verb) => block_on(story::run(Client::new(&config()?)?, verb, json)),
        Verb::Topics(verb) => block_on(topics::run(config()?, verb, json)),
        // A configuration that lacks certificates is refused, and these are how one gets them.
        Verb::Cluster(cluster::ClusterVerb::Certs(args)) => cluster::certs(&args, json),
        Verb::Cluster(verb) => block_on(cluster::run(config()?, verb, json)),
        Verb::Models(verb) => block_on(models::run(config()?, verb, json)),
        Verb::Search(args) => block_on(search::run(Client::new(&config()?)?, args, json)),
        Verb::Tail(args) => block_on(tail::run(Client::new(&config()?)?, args, json)),
        Verb::Healthcheck(args) => {
            block_on(status::healthcheck(Client::new(&config()?)?, args.ready))
        }
    }
}

fn serve(config: Config) -> Result<()> {
    with_telemetry(config, node::run_until_signal)
}

/// A thread for parsing and ranking that has nothing to do keeps the memory it used last; it is
/// given up after so long.
const IDLE_THREAD_KEPT: std::time::Duration = std::time::Duration::from_secs(2);

/// Starts logs and metrics, a runtime, and the future; flushes traces at the end.
fn with_telemetry<F>(config: Config, run: impl FnOnce(Config) -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let telemetry = telemetry::start(&config.telemetry)?;
    let outcome = block_on(run(config));
    telemetry.stop();
    outcome
}

fn block_on<F: Future<Output = Result<()>>>(future: F) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE_THREAD_KEPT)
        .build()
        .context("cannot start the asynchronous runtime")?
        .block_on(future)
}

async fn migrate(config: Config) -> Result<()> {
    let store = node::open_store(&config).await?;
    store.close().await;
    print_line("the database is up to date")
}

fn check_config(config: &Config, json: bool) -> Result<()> {
    if json {
        print_line(&serde_json::to_string_pretty(config)?)
    } else {
        print_line(config.describe().trim_end())
    }
}

/// Prints to standard output; a closed pipe (`| head`) is a quiet end, not an error.
pub(crate) fn print_line(text: &str) -> Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}
