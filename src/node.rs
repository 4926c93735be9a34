//! One node: puts the rooms together in order, serves until it is told to stop, and takes them
//! apart in reverse order.

mod access;
mod links;
mod prepare;
mod stop;

use crate::config::{Config, EngineEntryKind, engine_specs};
use crate::{guide, telemetry};
use anyhow::{Context, Result, bail};
use autoglm_actors::catalog_models::CatalogModels;
use autoglm_actors::images::IMAGE_BYTES_MAX;
use autoglm_actors::meter::{PipelineMeter, SAMPLE_PERIOD};
use autoglm_actors::source::BuiltInArticles;
use autoglm_actors::tree::{Failure, HubReach, Tree, TreeArgs, TreeConfig, TreeLinks};
use autoglm_api::{ApiConfig, ApiDependencies};
use autoglm_domain::{Clock, Language, ReaderId, SystemClock};
use autoglm_feeds::{ClientConfig, GuardedClient};
use autoglm_inference::LiveTopics;
use autoglm_inference::entities::DICTIONARY_BYTES_MAX;
use autoglm_inference::{Gazetteer, GazetteerExtractor};
use autoglm_models::cache::Caches;
use autoglm_models::{CachedReads, Store};
use autoglm_protocol::port::Readers;
use autoglm_protocol::stage::REQUEST;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use prepare::{open_store, operator_token_path};
pub use stop::Signals;

/// A running node.
#[derive(Debug)]
pub struct Node {
    config: Config,
    address: SocketAddr,
    store: Store,
    tree: Tree,
    draining: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    upkeep: JoinHandle<()>,
}

/// How long the shards may take to find their owner before the node gives up starting.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Pause between two attempts to start again after the membership was lost.
const START_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Starts a node and runs it until a signal. A node that lost its membership, because the database
/// was away for longer than its lease, starts again as a new incarnation.
///
/// # Errors
/// When it cannot start, or an actor failed for good.
pub async fn run_until_signal(mut config: Config) -> Result<()> {
    let mut signals = Signals::listen()?;
    let mut node = Node::start(config.clone()).await?;
    // A port that was chosen by the system stays the node's port.
    config.server.bind = node.address;
    while let Ended::MembershipLost = node.run(&mut signals).await? {
        match start_again(&config, &mut signals).await {
            Some(again) => node = again,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Tries until it works; `None` when a signal comes first.
async fn start_again(config: &Config, signals: &mut Signals) -> Option<Node> {
    loop {
        tokio::select! {
            () = signals.next() => return None,
            started = Node::start(config.clone()) => match started {
                Ok(node) => return Some(node),
                Err(error) => tracing::warn!(error = format!("{error:#}"), "cannot start again yet"),
            },
        }
        tokio::select! {
            () = signals.next() => return None,
            () = tokio::time::sleep(START_AGAIN_AFTER) => {}
        }
    }
}

/// How a node's run ended, when it was no failure for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By a signal or the operator.
    Stopped,
    /// It must start again as a new incarnation.
    MembershipLost,
}

impl Node {
    /// Starts everything; the node is ready when this returns.
    ///
    /// # Errors
    /// A port in use, a folder that cannot be written, a database that does not answer, an actor
    /// that does not start: each says what it is and what to do.
    pub async fn start(config: Config) -> Result<Self> {
        // The port first: it is what most often fails, and nothing has to be undone.
        let listener = prepare::listen(config.server.bind).await?;
        let address = listener.local_addr().context("the port has no address")?;
        let store = open_store(&config).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        prepare::first_rows(&store, &config).await?;
        let operator_token = prepare::operator_token(&store, &config).await?;
        let caches = links::caches(&config, &store).await?;
        let reads = CachedReads::new(store.clone(), &caches);
        let (draining, drained) = watch::channel(false);
        let links = links::open(&config).await?;
        let tree = Tree::start(tree_args(
            &config,
            &store,
            (&reads, &caches),
            &clock,
            draining.clone(),
            links,
        )?)
        .await
        .map_err(|reason| anyhow::anyhow!("the actors do not start: {reason}"))?;
        let api = api_config(&config, address);
        let connections_max = api.connections_max();
        let router =
            autoglm_api::router(dependencies(&tree, &config, reads, clock, drained.clone()), api);
        let serve = autoglm_api::serve(listener, router, connections_max, stop::drained(drained));
        let server = tokio::spawn(serve);
        let upkeep = tokio::spawn(upkeep(tree.meter()));
        let node = Self { config, address, store, tree, draining, server, upkeep };
        node.wait_until_ready().await?;
        node.announce(&operator_token)?;
        Ok(node)
    }

    /// The way to the readers' owners, as terminals use it.
    #[must_use]
    pub fn readers(&self) -> Arc<dyn Readers> {
        self.tree.readers()
    }

    /// A reader of this name who follows every source; made when missing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ensure_reader(&self, name: &str, language: Language) -> Result<ReaderId> {
        prepare::ensure_reader(&self.store, name, language).await
    }

    /// Runs until SIGTERM, SIGINT, the operator's drain, or a failure; then stops in order.
    ///
    /// # Errors
    /// When an actor failed for good.
    pub async fn run(mut self, signals: &mut Signals) -> Result<Ended> {
        let failure = stop::wait(&mut self.tree, signals, self.draining.subscribe()).await;
        if let Some(failure) = &failure {
            tracing::error!(?failure, "the node must stop");
        }
        let limit = Duration::from_secs(self.config.node.shutdown_seconds);
        self.stop(limit).await;
        match failure {
            None => Ok(Ended::Stopped),
            Some(Failure::MembershipLost(_)) => Ok(Ended::MembershipLost),
            Some(Failure::Ended(reason)) => bail!("{reason}"),
        }
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let deadline = tokio::time::Instant::now() + READY_WITHIN;
        loop {
            match self.tree.ready().await {
                Ok(()) => return Ok(()),
                Err(why) if tokio::time::Instant::now() > deadline => {
                    bail!("the node did not become ready within {READY_WITHIN:?}: {why}");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn announce(&self, operator_token: &str) -> Result<()> {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            // Nobody can open 0.0.0.0; from this machine loopback is the same port.
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        crate::cli::print_line(&format!("Open-AutoGLM is ready at http://{address}"))?;
        crate::cli::print_line(&format!(
            "operator: http://{address}/operator#token={operator_token}"
        ))?;
        if !autoglm_api::page_is_embedded() {
            crate::cli::print_line(
                "the page is not built into this binary; install Node 20.19 or newer and run `make run`",
            )?;
        }
        for remark in &autoglm_inference::Discovery::of_this_machine().remarks {
            tracing::warn!("{remark}");
        }
        tracing::info!(%address, database = ?self.store.dialect(), "ready");
        Ok(())
    }

    async fn stop(self, limit: Duration) {
        self.draining.send_replace(true);
        let order = stop::Order { tree: self.tree, server: self.server, store: self.store };
        if tokio::time::timeout(limit, order.run()).await.is_err() {
            tracing::warn!(?limit, "not everything stopped in time; the next start finishes it");
        }
        self.upkeep.abort();
    }
}

/// Samples the pipeline and folds metric samples away every few seconds.
async fn upkeep(meter: PipelineMeter) {
    let mut tick = tokio::time::interval(SAMPLE_PERIOD);
    loop {
        tick.tick().await;
        meter.sample();
        telemetry::upkeep_metrics();
    }
}

fn tree_args(
    config: &Config,
    store: &Store,
    (reads, caches): (&CachedReads, &Caches),
    clock: &Arc<dyn Clock>,
    draining: watch::Sender<bool>,
    links: Option<TreeLinks>,
) -> Result<TreeArgs> {
    let client = GuardedClient::new(&client_config(config))
        .context("cannot build the client that fetches sources")?;
    let topics = LiveTopics::built_in().context("the built-in topics cannot be used")?;
    let builtin_clock = Arc::clone(clock);
    let models = Arc::new(catalog_models(config)?.with_topics(topics.clone()));
    Ok(TreeArgs {
        store: store.clone(),
        reads: reads.clone(),
        clock: Arc::clone(clock),
        client,
        images: image_client(config)?,
        topics,
        decoders: Arc::clone(&models) as _,
        models,
        peers: Arc::new(autoglm_cluster::NoPeers),
        links,
        caches: caches.clone(),
        built_in: BuiltInArticles::new(move |source| guide::drafts(source, builtin_clock.now())),
        draining,
        config: TreeConfig {
            node_name: config.node_name(),
            roles: config.node.roles.clone(),
            lease: Duration::from_secs(config.node.lease_seconds),
            fetch_interval: Duration::from_secs(config.fetch.interval_seconds),
            fetch_concurrency: config.fetch.concurrency,
            host_concurrency: config.fetch.host_concurrency,
            host_spacing: Duration::from_millis(config.fetch.host_spacing_ms),
            unspaced_hosts: config.fetch.resolve.keys().cloned().collect(),
            user_agent: config.fetch.user_agent.clone(),
            rsshub_servers: config.fetch.rsshub_servers.clone(),
            adaptive_max: Duration::from_secs(config.fetch.adaptive_max_seconds),
            slow_after: Duration::from_secs(config.fetch.slow_after_seconds),
            visible_devices: crate::config::visible_devices(),
            understanding_paused: config.understanding.paused,
            inference_queue_max: config.understanding.queue_max,
            inference_batch_tokens_max: config.understanding.batch_tokens_max,
            inference_objective: Duration::from_millis(config.understanding.objective_ms),
            engines: engine_specs(&config.understanding.engines)?,
            writer: config.understanding.writer_wish(),
            window_articles_max: config.ranking.window_articles_max,
            keep_days: config.retention.keep_days,
            terminals_max: config.server.terminals_max,
            figures_period: config.testing.figures_period(),
            websub: hub_reach(config),
            panic_source: config.testing.panic_source.clone(),
            panic_once: config.testing.panic_once.clone(),
            fetch_interval_override: (config.testing.fetch_interval_ms > 0)
                .then(|| Duration::from_millis(config.testing.fetch_interval_ms)),
        },
    })
}

/// Where hubs can push, they are asked to.
fn hub_reach(config: &Config) -> Option<HubReach> {
    let Some(url) = config.address_for_hubs() else {
        tracing::info!("no hub is asked to push: server.public_url is no https address");
        return None;
    };
    let lease = Duration::from_secs(config.fetch.websub_lease_seconds);
    Some(HubReach { public_url: url.to_owned(), lease })
}

/// The built-in models and those of the folder; an engine that makes vectors takes the encoder's place.
fn catalog_models(config: &Config) -> Result<CatalogModels> {
    let engines = &config.understanding.engines;
    let maker = engines.iter().find(|engine| engine.kind == EngineEntryKind::Embeddings);
    let model = maker.map(|engine| engine.model.as_str());
    let extractor = extractor(config)?;
    // One dictionary of Chinese words in memory; whatever was shared first stays.
    autoglm_models::segmentation::share_words(Arc::clone(extractor.segmenter()));
    let models = CatalogModels::new(crate::model_folder::catalog(config)).with_engine(model);
    Ok(models.with_extractor(extractor))
}

/// Finds entities, with the names of the configured dictionary.
fn extractor(config: &Config) -> Result<GazetteerExtractor> {
    let path = &config.understanding.dictionary_file;
    if path.is_empty() {
        return Ok(GazetteerExtractor::built_in()?);
    }
    let wrong = || format!("understanding.dictionary_file: {path} cannot be used");
    let file = std::fs::File::open(path).with_context(wrong)?;
    let mut text = String::new();
    // One byte more than is allowed tells that it is too long.
    let limit = DICTIONARY_BYTES_MAX as u64 + 1;
    std::io::Read::read_to_string(&mut std::io::Read::take(file, limit), &mut text)
        .with_context(wrong)?;
    let gazetteer = Gazetteer::with_dictionary(&text).with_context(wrong)?;
    Ok(GazetteerExtractor::new(gazetteer)?)
}

/// Pictures are smaller than feeds.
fn image_client(config: &Config) -> Result<GuardedClient> {
    let limits = ClientConfig { body_bytes_max: IMAGE_BYTES_MAX, ..client_config(config) };
    GuardedClient::new(&limits).context("cannot build the client that fetches pictures")
}

/// The guarded client as configured.
pub(crate) fn client_config(config: &Config) -> ClientConfig {
    ClientConfig {
        user_agent: config.fetch.user_agent.clone(),
        timeout: Duration::from_secs(config.fetch.timeout_seconds),
        connect_timeout: Duration::from_secs(config.fetch.connect_timeout_seconds),
        body_bytes_max: config.fetch.body_bytes_max,
        redirects_max: config.fetch.redirects_max,
        allow_private: config.fetch.allow_private,
        resolve: config.fetch.resolve.iter().map(|(name, ip)| (name.clone(), *ip)).collect(),
        proxies: config.fetch.proxies(),
    }
}

fn dependencies(
    tree: &Tree,
    config: &Config,
    reads: CachedReads,
    clock: Arc<dyn Clock>,
    draining: watch::Receiver<bool>,
) -> ApiDependencies {
    ApiDependencies {
        library: tree.library(),
        sources: tree.sources(),
        readers: tree.readers(),
        gateway: tree.gateway(),
        access: Arc::new(access::NodeAccess::new(reads, &config.server.token)),
        images: tree.images(),
        hubs: tree.hubs(),
        operations: tree.operations(),
        stories: tree.stories(),
        models: tree.models(),
        topics: tree.topics(),
        cluster: tree.cluster(),
        summaries: tree.summaries(),
        metrics: Arc::new(telemetry::render_metrics),
        timed: Arc::new({
            let meter = tree.meter();
            move |took| meter.time(REQUEST, 1, took)
        }),
        load: tree.load(),
        clock,
        draining,
    }
}

fn api_config(config: &Config, address: SocketAddr) -> ApiConfig {
    ApiConfig {
        bind: address,
        allowed_hosts: config.server.allowed_hosts.clone(),
        public_url: Some(config.server.public_url.clone()).filter(|url| !url.is_empty()),
        push_bytes_max: config.fetch.body_bytes_max,
        terminals_max: config.server.terminals_max,
        load_header: config.server.load_header,
        ..ApiConfig::default()
    }
}
