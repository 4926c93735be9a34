//! The children of the root in their order, each as a specification its supervisor can repeat.

use super::addresses::Addresses;
use super::engines::Engines;
use super::faults::{FailingClock, failing_hint, failing_model};
use super::ports::Ports;
use super::transport::Links;
use super::writer::Writer;
use super::{TreeArgs, TreeConfig};
use crate::article_window::{
    ArticleWindowActor, ArticleWindowArgs, ArticleWindowCell, ArticleWindowConfig, ForwardMemory,
    PlacedListeners, new_forward_memory, new_window_cell,
};
use crate::cluster_stores::ClusterStores;
use crate::colleagues::{Colleagues, LateOwners};
use crate::device_gauges::{DeviceGaugesActor, DeviceGaugesArgs};
use crate::figures::FigureBoard;
use crate::gateway::{GatewayActor, GatewayArgs, GatewayConfig, Gateways, Pace, Places};
use crate::host_limiter::{HostLimiter, HostLimiterConfig};
use crate::index::{IndexActor, IndexArgs};
use crate::inference::{DeviceSpec, LoadModel};
use crate::inference_gateway::PeerLoads;
use crate::inference_pool::{InferencePool, InferencePoolArgs, InferencePoolConfig};
use crate::ingest::{IngestActor, IngestArgs, IngestConfig};
use crate::live_models::{LiveModels, VectorSpace};
use crate::meter::PipelineMeter;
use crate::rollout::{RolloutActor, RolloutArgs, current_rollout};
use crate::shard_host::LocalShards;
use crate::source_supervisor::OwnedHosts;
use crate::supervisor::{ChildSpec, Restart, SupervisorArgs};
use crate::understand::{UnderstandActor, UnderstandArgs, UnderstandConfig};
use crate::web::PoliteWeb;
use crate::websub::callbacks::PushRoom;
use crate::websub::registry::HubRegistry;
use autoglm_cluster::{
    LeaseClock, MembershipActor, MembershipArgs, RegionConfig, Router, ShardRegionActor,
    ShardRegionArgs,
};
use autoglm_domain::{Clock, Incarnation};
use autoglm_inference::{BatchLimits, Device, DeviceKind, Padding, discover_devices};
use autoglm_protocol::agent::WaitingFor;
use autoglm_protocol::device_gauges::DeviceGaugesStatus;
use autoglm_protocol::name;
use autoglm_protocol::status::{StatusBoard, StatusCell};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// What the parts of a tree share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) args: TreeArgs,
    pub(super) incarnation: Incarnation,
    pub(super) addresses: Addresses,
    pub(super) board: StatusBoard,
    pub(super) meter: PipelineMeter,
    pub(super) owned_hosts: OwnedHosts,
    pub(super) shard_clock: Arc<dyn Clock>,
    pub(super) window: ArticleWindowCell,
    pub(super) window_config: ArticleWindowConfig,
    pub(super) listeners: PlacedListeners,
    pub(super) gateways: Gateways,
    /// The other nodes.
    pub(super) colleagues: Colleagues,
    /// Who owns which shard; said by the router once it is there.
    pub(super) owners: LateOwners,
    /// How much their devices have to do.
    pub(super) loads: PeerLoads,
    /// How long things take there and here.
    pub(super) figures: FigureBoard,
    /// Room for documents that hubs push.
    pub(super) push_room: PushRoom,
    pub(super) rankings: Arc<Semaphore>,
    /// The models of the devices.
    pub(super) live: LiveModels,
    /// The space of the vectors in memory.
    pub(super) space: VectorSpace,
    pub(super) gauges: StatusCell<DeviceGaugesStatus>,
    /// The way to the sources.
    pub(super) web: PoliteWeb,
    /// The subscriptions at hubs; `None` while WebSub is off.
    pub(super) hubs: Option<HubRegistry>,
    /// The remote engines.
    pub(super) engines: Engines,
    /// Who writes summaries; `None` for nobody.
    pub(super) writer: Option<Writer>,
    /// Documents read at a time, as many as cores.
    pub(super) parse_permits: Arc<Semaphore>,
    memory: Arc<Mutex<ForwardMemory>>,
}

impl Shared {
    pub(super) fn new(
        args: &TreeArgs,
        incarnation: Incarnation,
        addresses: &Addresses,
        board: &StatusBoard,
        meter: &PipelineMeter,
    ) -> Self {
        let window_config = ArticleWindowConfig {
            articles_max: args.config.window_articles_max,
            ..ArticleWindowConfig::default()
        };
        let shard_clock: Arc<dyn Clock> = match args.config.panic_once.as_str() {
            "shard" => Arc::new(FailingClock::new(Arc::clone(&args.clock))),
            _ => Arc::clone(&args.clock),
        };
        let engines = Engines::new(args);
        let owners = LateOwners::default();
        let known = Arc::new(owners.clone());
        let colleagues = Colleagues::new(incarnation, Arc::clone(&args.peers), known);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            args: args.clone(),
            incarnation,
            addresses: addresses.clone(),
            board: board.clone(),
            meter: meter.clone(),
            owned_hosts: OwnedHosts::default(),
            shard_clock,
            window: new_window_cell(window_config.articles_max),
            memory: new_forward_memory(&window_config),
            window_config,
            listeners: PlacedListeners::default(),
            gateways: Gateways::of(colleagues.clone()),
            colleagues,
            owners,
            loads: PeerLoads::default(),
            figures: FigureBoard::default(),
            push_room: PushRoom::default(),
            rankings: Arc::new(Semaphore::new(cores)),
            live: LiveModels::default(),
            space: VectorSpace::default(),
            gauges: StatusCell::default(),
            web: polite_web(args),
            hubs: super::websub::registry(args, addresses),
            writer: Writer::new(args, incarnation, &engines),
            engines,
            parse_permits: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Vectors in memory begin in the space of the models in use, so that nothing is read twice at
    /// the start. Without the store that is found out later.
    pub(super) async fn begin_space(&self) {
        match current_rollout(&self.args.store, self.args.models.as_ref()).await {
            Ok(rollout) => {
                self.space.want(&rollout.active.encoder);
                self.space.show(self.space.wanted());
            }
            Err(fault) => tracing::warn!("the rollout could not be read at the start: {fault}"),
        }
    }

    fn config(&self) -> &TreeConfig {
        &self.args.config
    }
}

fn polite_web(args: &TreeArgs) -> PoliteWeb {
    let config = &args.config;
    let limiter = HostLimiter::new(HostLimiterConfig {
        per_host_max: config.host_concurrency,
        spacing: config.host_spacing,
        unspaced: config.unspaced_hosts.clone(),
        total_max: config.fetch_concurrency,
        ..HostLimiterConfig::default()
    });
    let servers = config.rsshub_servers.clone();
    PoliteWeb::new(args.client.clone(), limiter, &config.user_agent, servers)
}

/// What ties the node to the cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) router: Router<LocalShards>,
    pub(super) lease: LeaseClock,
    pub(super) lost: watch::Sender<Option<String>>,
    pub(super) transport: Option<Links>,
}

/// The root with its children: first what others send to, last what brings work in.
pub(super) fn root(
    shared: &Shared,
    ports: &Ports,
    shards: &Arc<LocalShards>,
    cluster: Cluster,
) -> SupervisorArgs {
    let Cluster { router, lease, lost, transport } = cluster;
    let mut children = vec![
        gateway(shared, ports),
        window(shared),
        rollout(shared),
        inference_pool(shared),
        understand(shared),
        index(shared),
        ingest(shared),
        shards.child_spec(),
        shared.agent_child(),
        shared.figures_child(),
    ];
    children.extend(device_gauges(shared));
    children.extend(shared.engines.children());
    children.extend(shared.writer.as_ref().map(Writer::child));
    children.extend(shared.websub_child());
    children.extend(transport.map(|links| links.child(shared)));
    children.extend([
        shared.source_supervisor_child(),
        region(shared, router, lease.clone()),
        membership(shared, lease, lost),
    ]);
    SupervisorArgs {
        address: shared.addresses.root.clone(),
        ..SupervisorArgs::new(name::NODE_SUPERVISOR, children, shared.board.clone())
    }
}

fn gateway(shared: &Shared, ports: &Ports) -> ChildSpec {
    let args = GatewayArgs {
        config: GatewayConfig {
            terminals_max: shared.config().terminals_max,
            incarnation: shared.incarnation,
            pace: Pace::with_period(shared.config().figures_period),
        },
        readers: Arc::clone(&ports.readers),
        gateways: shared.gateways.clone(),
        places: Places {
            me: shared.incarnation,
            membership: shared.addresses.membership_status.clone(),
            figures: shared.figures.clone(),
            draining: shared.args.draining.subscribe(),
        },
        meter: shared.meter.clone(),
        address: shared.addresses.gateway.clone(),
        status: shared.addresses.gateway_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::GATEWAY, Restart::Permanent, &status, move |supervisor| {
        Box::pin(GatewayActor::spawn(args.clone(), supervisor))
    })
}

fn window(shared: &Shared) -> ChildSpec {
    let args = ArticleWindowArgs {
        config: shared.window_config.clone(),
        store: shared.args.store.clone(),
        cell: shared.window.clone(),
        listeners: shared.listeners.clone(),
        memory: Arc::clone(&shared.memory),
        clock: Arc::clone(&shared.args.clock),
        space: shared.space.clone(),
        address: shared.addresses.window.clone(),
        status: shared.addresses.window_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::ARTICLE_WINDOW, Restart::Permanent, &status, move |supervisor| {
        Box::pin(ArticleWindowActor::spawn(args.clone(), supervisor))
    })
}

fn inference_pool(shared: &Shared) -> ChildSpec {
    let config = shared.config();
    let mut limits = BatchLimits {
        batch_tokens_max: config.inference_batch_tokens_max,
        ..BatchLimits::default()
    };
    limits.objectives[0] = config.inference_objective;
    let args = InferencePoolArgs {
        devices: devices(shared),
        config: InferencePoolConfig { limits, ..InferencePoolConfig::default() },
        board: shared.board.clone(),
        address: shared.addresses.pool.clone(),
        status: shared.addresses.pool_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::INFERENCE_POOL, Restart::Permanent, &status, move |supervisor| {
        Box::pin(InferencePool::spawn(args.clone(), supervisor))
    })
}

/// How long a device waits for its first models before its actor is started anew: large ones take
/// minutes to read.
pub(super) const FIRST_MODELS_WITHIN: Duration = Duration::from_secs(600);

/// Every device of this machine with the models that are in use, or the engine that makes vectors
/// in their place.
fn devices(shared: &Shared) -> Vec<DeviceSpec> {
    if !shared.config().understands() {
        return Vec::new();
    }
    let engines = shared.engines.devices(&shared.args);
    if !engines.is_empty() {
        return engines;
    }
    let load = |device: &str| {
        let (live, device) = (shared.live.clone(), device.to_owned());
        let (seen, name) = (live.clone(), device.clone());
        let load = match shared.config().panic_once.as_str() {
            "inference" => failing_model(live, device),
            _ => LoadModel::new(move || Ok(Box::new(live.wait(&device, FIRST_MODELS_WITHIN)?))),
        };
        load.labelled(move || seen.label(&name))
    };
    discover_devices()
        .into_iter()
        .map(|device| DeviceSpec {
            load: load(&device.name).padded(padding_of(device.kind)),
            name: device.name,
            kind: format!("{:?}", device.kind).to_lowercase(),
        })
        .collect()
}

/// The tool that comes with NVIDIA's driver.
const DRIVER_TOOL: &str = "nvidia-smi";

/// Only where there is a device whose driver has something to say.
fn device_gauges(shared: &Shared) -> Option<ChildSpec> {
    let has_driver = |device: &Device| device.kind == DeviceKind::Cuda;
    discover_devices().iter().any(has_driver).then(|| {
        let args = DeviceGaugesArgs {
            program: DRIVER_TOOL.into(),
            visible: shared.config().visible_devices.clone(),
            status: shared.gauges.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::DEVICE_GAUGES, Restart::Permanent, &status, move |supervisor| {
            Box::pin(DeviceGaugesActor::spawn(args.clone(), supervisor))
        })
    })
}

/// Encoders lay out a batch on a graphics processor in few shapes, each of which is tuned once.
fn padding_of(kind: DeviceKind) -> Padding {
    match kind {
        DeviceKind::Cpu => Padding::None,
        _ => Padding::Ladder,
    }
}

/// Before the pool, whose devices wait for what it loads.
fn rollout(shared: &Shared) -> ChildSpec {
    let args = RolloutArgs {
        store: shared.args.store.clone(),
        loader: Arc::clone(&shared.args.models),
        // An engine's models are its own affair.
        devices: match shared.engines.make_vectors() || !shared.config().understands() {
            true => Vec::new(),
            false => discover_devices().into_iter().map(|device| device.name).collect(),
        },
        live: shared.live.clone(),
        space: shared.space.clone(),
        topics: shared.args.topics.clone(),
        address: shared.addresses.rollout.clone(),
        status: shared.addresses.rollout_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::ROLLOUT, Restart::Permanent, &status, move |supervisor| {
        Box::pin(RolloutActor::spawn(args.clone(), supervisor))
    })
}

fn understand(shared: &Shared) -> ChildSpec {
    let args = UnderstandArgs {
        store: shared.args.store.clone(),
        claimant: shared.incarnation,
        pool: shared.inference(),
        config: UnderstandConfig {
            // A node without devices leaves the articles to those that have some.
            paused: shared.config().understanding_paused || !shared.config().understands(),
            ..UnderstandConfig::default()
        },
        meter: shared.meter.clone(),
        on_understood: shared.wakes(WaitingFor::Placing),
        address: shared.addresses.understand.clone(),
        status: shared.addresses.understand_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::UNDERSTAND, Restart::Permanent, &status, move |supervisor| {
        Box::pin(UnderstandActor::spawn(args.clone(), supervisor))
    })
}

fn index(shared: &Shared) -> ChildSpec {
    let args = IndexArgs {
        store: shared.args.store.clone(),
        claimant: shared.incarnation,
        meter: shared.meter.clone(),
        on_indexed: shared.wakes(WaitingFor::Understanding),
        address: shared.addresses.index.clone(),
        status: shared.addresses.index_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::INDEX, Restart::Permanent, &status, move |supervisor| {
        Box::pin(IndexActor::spawn(args.clone(), supervisor))
    })
}

fn ingest(shared: &Shared) -> ChildSpec {
    let hint = shared.wakes(WaitingFor::Index);
    let args = IngestArgs {
        store: shared.args.store.clone(),
        config: IngestConfig::default(),
        meter: shared.meter.clone(),
        on_stored: match shared.config().panic_once.as_str() {
            "ingest" => failing_hint(hint),
            _ => hint,
        },
        address: shared.addresses.ingest.clone(),
        status: shared.addresses.ingest_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::INGEST, Restart::Permanent, &status, move |supervisor| {
        Box::pin(IngestActor::spawn(args.clone(), supervisor))
    })
}

fn region(shared: &Shared, router: Router<LocalShards>, lease: LeaseClock) -> ChildSpec {
    let args = ShardRegionArgs {
        incarnation: shared.incarnation,
        leases: Arc::new(ClusterStores(shared.args.store.clone())),
        lease,
        membership: shared.addresses.membership_status.clone(),
        router,
        config: RegionConfig::default(),
        address: shared.addresses.shard_region.clone(),
        status: shared.addresses.shard_region_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::SHARD_REGION, Restart::Permanent, &status, move |supervisor| {
        Box::pin(ShardRegionActor::spawn(args.clone(), supervisor))
    })
}

fn membership(
    shared: &Shared,
    lease: LeaseClock,
    lost: watch::Sender<Option<String>>,
) -> ChildSpec {
    let args = MembershipArgs {
        incarnation: shared.incarnation,
        store: Arc::new(ClusterStores(shared.args.store.clone())),
        lease,
        region: shared.addresses.shard_region.clone(),
        lost,
        address: shared.addresses.membership.clone(),
        status: shared.addresses.membership_status.clone(),
    };
    let status = args.status.clone();
    ChildSpec::new(name::MEMBERSHIP, Restart::Permanent, &status, move |supervisor| {
        Box::pin(MembershipActor::spawn(args.clone(), supervisor))
    })
}
