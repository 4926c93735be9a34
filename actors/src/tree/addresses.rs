//! The addresses of a node's actors with their limits, and the cells their statuses are read from.

use super::TreeConfig;
use autoglm_protocol::Address;
use autoglm_protocol::agent::{AgentMessage, AgentStatus};
use autoglm_protocol::article_window::{ArticleWindowMessage, ArticleWindowStatus};
use autoglm_protocol::figures::LoadReport;
use autoglm_protocol::gateway::{GatewayMessage, GatewayStatus};
use autoglm_protocol::index::{IndexMessage, StageStatus};
use autoglm_protocol::inference_pool::{InferencePoolMessage, InferencePoolStatus};
use autoglm_protocol::ingest::{IngestMessage, IngestStatus};
use autoglm_protocol::janitor::{JanitorMessage, JanitorStatus};
use autoglm_protocol::membership::{MembershipMessage, MembershipStatus};
use autoglm_protocol::name;
use autoglm_protocol::popularity::{PopularityMessage, PopularityStatus};
use autoglm_protocol::reread::{RereadMessage, RereadStatus};
use autoglm_protocol::rollout::{RolloutMessage, RolloutStatus};
use autoglm_protocol::shard_region::{ShardRegionMessage, ShardRegionStatus};
use autoglm_protocol::source_supervisor::{SourceSupervisorMessage, SourceSupervisorStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::story::StoryMessage;
use autoglm_protocol::supervisor::SupervisorMessage;
use autoglm_protocol::transport::TransportStatus;
use autoglm_protocol::understand::UnderstandMessage;
use autoglm_protocol::websub::{WebSubMessage, WebSubStatus};

/// Batches of drafts admitted by IngestActor: what all fetchers together may hold in memory.
const INGEST_MAX: usize = 256;
/// Hints and questions to an actor that answers at once.
const SMALL: usize = 64;
/// Batches of placed articles on their way to the window.
const PLACED_MAX: usize = 1_024;
/// Batches of events on their way to the counters.
const EVENTS_MAX: usize = 1_024;

/// One place for every actor there is one of.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) root: Address<SupervisorMessage>,
    pub(super) membership: Address<MembershipMessage>,
    pub(super) membership_status: StatusCell<MembershipStatus>,
    pub(super) transport_status: StatusCell<TransportStatus>,
    pub(super) shard_region: Address<ShardRegionMessage>,
    pub(super) shard_region_status: StatusCell<ShardRegionStatus>,
    pub(super) sources: Address<SourceSupervisorMessage>,
    pub(super) sources_status: StatusCell<SourceSupervisorStatus>,
    pub(super) ingest: Address<IngestMessage>,
    pub(super) ingest_status: StatusCell<IngestStatus>,
    pub(super) index: Address<IndexMessage>,
    pub(super) index_status: StatusCell<StageStatus>,
    pub(super) understand: Address<UnderstandMessage>,
    pub(super) understand_status: StatusCell<StageStatus>,
    pub(super) pool: Address<InferencePoolMessage>,
    pub(super) pool_status: StatusCell<InferencePoolStatus>,
    pub(super) window: Address<ArticleWindowMessage>,
    pub(super) window_status: StatusCell<ArticleWindowStatus>,
    pub(super) story: Address<StoryMessage>,
    pub(super) story_status: StatusCell<StageStatus>,
    pub(super) popularity: Address<PopularityMessage>,
    pub(super) popularity_status: StatusCell<PopularityStatus>,
    pub(super) janitor: Address<JanitorMessage>,
    pub(super) janitor_status: StatusCell<JanitorStatus>,
    pub(super) rollout: Address<RolloutMessage>,
    pub(super) rollout_status: StatusCell<RolloutStatus>,
    pub(super) reread: Address<RereadMessage>,
    pub(super) reread_status: StatusCell<RereadStatus>,
    pub(super) websub: Address<WebSubMessage>,
    pub(super) websub_status: StatusCell<WebSubStatus>,
    pub(super) agent: Address<AgentMessage>,
    pub(super) agent_status: StatusCell<AgentStatus>,
    pub(super) gateway: Address<GatewayMessage>,
    pub(super) gateway_status: StatusCell<GatewayStatus>,
    pub(super) load_report: StatusCell<LoadReport>,
}

impl Addresses {
    /// Addresses nobody answers at yet.
    pub(super) fn new(config: &TreeConfig) -> Self {
        Self {
            root: Address::new(name::NODE_SUPERVISOR, SMALL),
            membership: Address::new(name::MEMBERSHIP, SMALL),
            membership_status: StatusCell::default(),
            transport_status: StatusCell::default(),
            shard_region: Address::new(name::SHARD_REGION, SMALL),
            shard_region_status: StatusCell::default(),
            sources: Address::new(name::SOURCE_SUPERVISOR, SMALL),
            sources_status: StatusCell::default(),
            ingest: Address::new(name::INGEST, INGEST_MAX),
            ingest_status: StatusCell::default(),
            index: Address::new(name::INDEX, SMALL),
            index_status: StatusCell::default(),
            understand: Address::new(name::UNDERSTAND, SMALL),
            understand_status: StatusCell::default(),
            pool: Address::new(name::INFERENCE_POOL, config.inference_queue_max),
            pool_status: StatusCell::default(),
            window: Address::new(name::ARTICLE_WINDOW, PLACED_MAX),
            window_status: StatusCell::default(),
            story: Address::new(name::STORY, SMALL),
            story_status: StatusCell::default(),
            popularity: Address::new(name::POPULARITY, EVENTS_MAX),
            popularity_status: StatusCell::default(),
            janitor: Address::new(name::JANITOR, SMALL),
            janitor_status: StatusCell::default(),
            rollout: Address::new(name::ROLLOUT, SMALL),
            rollout_status: StatusCell::default(),
            reread: Address::new(name::REREAD, SMALL),
            reread_status: StatusCell::default(),
            websub: Address::new(name::WEBSUB, SMALL),
            websub_status: StatusCell::default(),
            agent: Address::new(name::AGENT, SMALL),
            agent_status: StatusCell::default(),
            gateway: Address::new(name::GATEWAY, config.terminals_max.max(SMALL)),
            gateway_status: StatusCell::default(),
            load_report: StatusCell::default(),
        }
    }
}
