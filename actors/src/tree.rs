//! The supervision tree of one node, put together: who is started in which order, with which
//! addresses, and how the parts find each other.
//!
//! Addresses exist before the actors they lead to; so the order of the children is only the order
//! of starting, and of stopping in reverse.

mod addresses;
mod agent;
mod children;
mod engines;
mod faults;
mod ports;
mod shards;
mod sources;
mod transport;
mod websub;
mod writer;

use crate::cache_peers;
use crate::cluster_stores::ClusterStores;
use crate::meter::PipelineMeter;
use crate::meter::timed_peers::TimedPeers;
use crate::readiness::served;
use crate::remote_engine::EngineSpec;
use crate::rollout::LoadModels;
use crate::source::BuiltInArticles;
use crate::supervisor::{RootSupervisor, SupervisorActor};
use crate::writer::{LoadDecoder, WriterConfig};
use addresses::Addresses;
use autoglm_cluster::{
    MembershipConfig, MembershipStore, Peers, Registration, Router, RouterConfig, TransportListener,
};
use autoglm_domain::{Clock, Incarnation};
use autoglm_feeds::GuardedClient;
use autoglm_inference::LiveTopics;
use autoglm_models::cache::Caches;
use autoglm_models::{CachedReads, Dialect, Store};
use autoglm_protocol::agent::Owners;
use autoglm_protocol::cluster_desk::ClusterDesk;
use autoglm_protocol::figures::LoadReport;
use autoglm_protocol::gateway::GatewayHandle;
use autoglm_protocol::membership::MembershipHandle;
use autoglm_protocol::model_desk::ModelDesk;
use autoglm_protocol::port::{Images, Library, Operations, Readers, SourceCommands};
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::{StatusBoard, StatusCell};
use autoglm_protocol::story_desk::StoryDesk;
use autoglm_protocol::topic_desk::TopicDesk;
use autoglm_protocol::websub::HubCallbacks;
use autoglm_protocol::writer::Summaries;
use ports::Ports;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The settings of a node's actors.
#[derive(Debug, Clone)]
pub struct TreeConfig {
    /// As configured.
    pub node_name: String,
    /// As configured.
    pub roles: Vec<String>,
    /// Time within which the node must renew its membership.
    pub lease: Duration,
    /// Time between fetches of a source that asks for nothing else.
    pub fetch_interval: Duration,
    /// Fetches at the same time.
    pub fetch_concurrency: usize,
    /// Fetches at the same time to one host.
    pub host_concurrency: usize,
    /// Pause between fetches from one host.
    pub host_spacing: Duration,
    /// Hosts without that pause: names or `*.suffix`.
    pub unspaced_hosts: Vec<String>,
    /// How fetches introduce themselves.
    pub user_agent: String,
    /// Servers that routes of RSSHub are asked of, in this order.
    pub rsshub_servers: Vec<String>,
    /// Longest time between fetches that a source's own rhythm may lead to; zero follows none.
    pub adaptive_max: Duration,
    /// A good answer that took longer makes a source slow.
    pub slow_after: Duration,
    /// Store and index only.
    pub understanding_paused: bool,
    /// Texts that may wait for the models.
    pub inference_queue_max: usize,
    /// Estimated tokens in one batch.
    pub inference_batch_tokens_max: usize,
    /// Within which time a person wants an answer of the models.
    pub inference_objective: Duration,
    /// Value of `CUDA_VISIBLE_DEVICES`, by which devices are numbered; empty for all.
    pub visible_devices: String,
    /// OpenAI-compatible engines.
    pub engines: Vec<EngineSpec>,
    /// Who writes summaries; `None` for nobody.
    pub writer: Option<WriterWish>,
    /// Articles in the window.
    pub window_articles_max: usize,
    /// Retention in days; 0 keeps everything.
    pub keep_days: u32,
    /// Connected terminals.
    pub terminals_max: usize,
    /// Time between two looks at the figures, and between two at how terminals are spread.
    pub figures_period: Duration,
    /// How hubs reach this node; `None` asks none.
    pub websub: Option<HubReach>,
    /// Faults on purpose: sources whose address contains this.
    pub panic_source: String,
    /// Faults on purpose: `ingest`, `inference`, `shard` or nothing.
    pub panic_once: String,
    /// Every source is fetched so often, whatever its own interval: for measuring.
    pub fetch_interval_override: Option<Duration>,
}

/// Roles of nodes whose devices understand texts.
const UNDERSTANDING_ROLES: [&str; 3] = ["all", "infer", "edge"];

impl TreeConfig {
    /// Whether this node's devices understand texts; else others do it for its readers.
    fn understands(&self) -> bool {
        self.roles.is_empty()
            || self.roles.iter().any(|role| UNDERSTANDING_ROLES.contains(&role.as_str()))
    }
}

/// Who writes summaries, and how much.
#[derive(Debug, Clone)]
pub struct WriterWish {
    /// An engine for words, or else a decoder of the folder of models, with its version.
    pub name: String,
    /// How much.
    pub config: WriterConfig,
}

/// How hubs reach a node, and for how long they are asked to push.
#[derive(Debug, Clone)]
pub struct HubReach {
    /// The address of the installation as hubs see it.
    pub public_url: String,
    /// The lease that is asked for.
    pub lease: Duration,
}

/// What a tree is made of.
#[derive(Debug, Clone)]
pub struct TreeArgs {
    /// The store, migrated.
    pub store: Store,
    /// What is remembered of the store.
    pub reads: CachedReads,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fetches sources.
    pub client: GuardedClient,
    /// Fetches pictures.
    pub images: GuardedClient,
    /// Where models come from.
    pub models: Arc<dyn LoadModels>,
    /// The node's classifier; the same that `models` hands out.
    pub topics: LiveTopics,
    /// Where decoders come from.
    pub decoders: Arc<dyn LoadDecoder>,
    /// The other nodes; [`autoglm_cluster::NoPeers`] alone.
    pub peers: Arc<dyn Peers>,
    /// What `reads` are remembered in.
    pub caches: Caches,
    /// Where links from other nodes come in; these take the place of `peers`.
    pub links: Option<TreeLinks>,
    /// Articles of built-in sources.
    pub built_in: BuiltInArticles,
    /// Set to true when the operator drains the node.
    pub draining: watch::Sender<bool>,
    /// Settings.
    pub config: TreeConfig,
}

/// The links of a node to others.
#[derive(Debug, Clone)]
pub struct TreeLinks {
    /// Where they come in.
    pub listener: TransportListener,
    /// `host:port` by which other nodes reach that.
    pub advertise: String,
    /// Where tests ask for faults.
    pub fault_file: Option<PathBuf>,
}

/// Why a tree must be given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The node could not renew its membership in time (the database was away, the process was
    /// frozen). A new incarnation may start on the same data.
    MembershipLost(String),
    /// An actor failed for good. Only a person can tell whether a new start helps.
    Ended(String),
}

/// A running tree.
pub struct Tree {
    root: RootSupervisor,
    addresses: Addresses,
    ports: Ports,
    store: Store,
    meter: PipelineMeter,
    lost: watch::Receiver<Option<String>>,
    peers: Arc<dyn Peers>,
    /// Kept for the actors that ask who owns what.
    _owners: Arc<dyn Owners>,
}

/// A node that lost its membership starts again in the same process: nothing of it may stay.
impl Drop for Tree {
    fn drop(&mut self) {
        self.peers.close();
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tree").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Tree {
    /// Registers the node and starts all its actors.
    ///
    /// # Errors
    /// What did not start, and why.
    pub async fn start(mut args: TreeArgs) -> Result<Self, String> {
        let membership = MembershipConfig {
            ttl: args.config.lease,
            alone: args.store.dialect() == Dialect::Sqlite,
        };
        let incarnation = register(&args).await?;
        let transport = transport::prepare(&mut args, incarnation).await?;
        cache_peers::connect(&args.caches, incarnation, &args.peers);
        let (lost_sender, lost) = watch::channel(None);
        let board = StatusBoard::default();
        let meter = PipelineMeter::new(Arc::clone(&args.clock));
        let addresses = Addresses::new(&args.config);
        let shared = children::Shared::new(&args, incarnation, &addresses, &board, &meter);
        websub::forget_if_off(&args).await;
        shared.begin_space().await;
        let lease = membership.lease_clock();
        let router_config = RouterConfig::default();
        let shards = shared.local_shards();
        let peers = Arc::new(TimedPeers::new(Arc::clone(&args.peers), meter.clone()));
        let router =
            Router::new(Arc::clone(&shards), lease.clone(), incarnation, peers, &router_config);
        let owners: Arc<dyn Owners> = Arc::new(router.clone());
        shared.owners.are(&owners);
        let ports = Ports::new(&args, &shared, router.clone(), &shards);
        let cluster = children::Cluster { router, lease, lost: lost_sender, transport };
        let root = children::root(&shared, &ports, &shards, cluster);
        let root = SupervisorActor::spawn_root(root).await.map_err(|error| error.to_string())?;
        let peers = args.peers;
        Ok(Self { root, addresses, ports, store: args.store, meter, lost, peers, _owners: owners })
    }

    /// Whether every shard has its owner and the database answers; the text says what is missing.
    ///
    /// # Errors
    /// What is missing.
    pub async fn ready(&self) -> Result<(), String> {
        ready(&self.store, &self.addresses).await
    }

    /// Waits until something happens that this tree must not survive.
    pub async fn failed(&mut self) -> Failure {
        tokio::select! {
            lost = self.lost.wait_for(Option::is_some) => match lost {
                Ok(reason) => Failure::MembershipLost(reason.clone().unwrap_or_default()),
                Err(_closed) => Failure::Ended("the membership actor is gone".to_owned()),
            },
            ended = self.root.wait() => Failure::Ended(match ended {
                Ok(()) => "all actors have stopped".to_owned(),
                Err(reason) => reason,
            }),
        }
    }

    /// Leaves the cluster and gives every shard up, saved.
    pub async fn release_shards(&self, within: Duration) {
        let membership = MembershipHandle(self.addresses.membership.clone());
        if let Err(fault) = membership.drain().await {
            tracing::warn!(%fault, "the cluster could not be told that this node leaves");
        }
        let region = ShardRegionHandle(self.addresses.shard_region.clone());
        if let Err(fault) = region.release_all(within).await {
            tracing::warn!(%fault, "shards were not given up in order; the next start takes them");
        }
    }

    /// Stops every actor, last started first.
    pub async fn stop(&self, within: Duration) {
        let root = autoglm_protocol::supervisor::SupervisorHandle(self.addresses.root.clone());
        if let Err(fault) = root.stop_children(within).await {
            tracing::warn!(%fault, "actors did not stop in order");
        }
        self.root.cell.stop(None);
    }

    /// Reads.
    #[must_use]
    pub fn library(&self) -> Arc<dyn Library> {
        Arc::new(self.ports.library.clone())
    }

    /// Commands about sources.
    #[must_use]
    pub fn sources(&self) -> Arc<dyn SourceCommands> {
        Arc::new(self.ports.sources.clone())
    }

    /// The way to the readers' owners.
    #[must_use]
    pub fn readers(&self) -> Arc<dyn Readers> {
        Arc::clone(&self.ports.readers)
    }

    /// Pictures.
    #[must_use]
    pub fn images(&self) -> Arc<dyn Images> {
        Arc::new(self.ports.images.clone())
    }

    /// What hubs may say.
    #[must_use]
    pub fn hubs(&self) -> Arc<dyn HubCallbacks> {
        Arc::new(self.ports.hubs.clone())
    }

    /// What the operator may see and do.
    #[must_use]
    pub fn operations(&self) -> Arc<dyn Operations> {
        Arc::new(self.ports.operations.clone())
    }

    /// What the operator may see of stories and decide about them.
    #[must_use]
    pub fn stories(&self) -> Arc<dyn StoryDesk> {
        Arc::new(self.ports.stories.clone())
    }

    /// What the operator may see of models and change about them.
    #[must_use]
    pub fn models(&self) -> Arc<dyn ModelDesk> {
        Arc::new(self.ports.models.clone())
    }

    /// What the operator may see of the cluster and wish of its nodes.
    #[must_use]
    pub fn cluster(&self) -> Arc<dyn ClusterDesk> {
        Arc::new(self.ports.cluster.clone())
    }

    /// Topics that people edit.
    #[must_use]
    pub fn topics(&self) -> Arc<dyn TopicDesk> {
        Arc::new(self.ports.topics.clone())
    }

    /// Summaries as readers see and ask for them.
    #[must_use]
    pub fn summaries(&self) -> Arc<dyn Summaries> {
        Arc::new(self.ports.summaries.clone())
    }

    /// Live push.
    #[must_use]
    pub fn gateway(&self) -> GatewayHandle {
        GatewayHandle(self.addresses.gateway.clone())
    }

    /// How busy this node is.
    #[must_use]
    pub fn load(&self) -> StatusCell<LoadReport> {
        self.addresses.load_report.clone()
    }

    /// The way of an article in figures.
    #[must_use]
    pub fn meter(&self) -> PipelineMeter {
        self.meter.clone()
    }
}

async fn register(args: &TreeArgs) -> Result<Incarnation, String> {
    let registration = Registration {
        name: args.config.node_name.clone(),
        address: args.links.as_ref().map(|links| links.advertise.clone()).unwrap_or_default(),
        roles: args.config.roles.clone(),
    };
    let registered = ClusterStores(args.store.clone()).register(&registration).await;
    registered.map_err(|fault| format!("the node cannot be registered: {fault}"))
}

/// Ready: the database answers, the node is a member, and its shards are served.
async fn ready(store: &Store, addresses: &Addresses) -> Result<(), String> {
    store.ping().await.map_err(|error| error.to_string())?;
    served(&addresses.membership_status.get(), &addresses.shard_region_status.get())
}

#[cfg(test)]
mod tests;
