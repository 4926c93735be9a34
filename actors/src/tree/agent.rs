//! What stands behind this node's doors, and the children that tell the others.

use super::children::Shared;
use crate::agent::{AgentActor, AgentArgs, NodeAgent, NodeAgentArgs};
use crate::figures::{FiguresActor, FiguresArgs};
use crate::inference_gateway::{InferenceGateway, InferenceService};
use crate::stage::Hint;
use crate::supervisor::{ChildSpec, Restart};
use crate::topic_list::label;
use autoglm_cluster::Door;
use autoglm_protocol::agent::WaitingFor;
use autoglm_protocol::article_window::ArticleWindowHandle;
use autoglm_protocol::gateway::GatewayHandle;
use autoglm_protocol::index::IndexHandle;
use autoglm_protocol::inference_pool::InferencePoolHandle;
use autoglm_protocol::name;
use autoglm_protocol::popularity::PopularityHandle;
use autoglm_protocol::rollout::RolloutHandle;
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::story::StoryHandle;
use autoglm_protocol::understand::UnderstandHandle;
use std::sync::Arc;

impl Shared {
    /// Opens the doors of this node, and its child that tells others.
    pub(super) fn agent_child(&self) -> ChildSpec {
        let addresses = &self.addresses;
        let service = Arc::new(NodeAgent::new(NodeAgentArgs {
            gateway: GatewayHandle(addresses.gateway.clone()),
            window: ArticleWindowHandle(addresses.window.clone()),
            index: IndexHandle(addresses.index.clone()),
            understand: UnderstandHandle(addresses.understand.clone()),
            story: StoryHandle(addresses.story.clone()),
            popularity: PopularityHandle(addresses.popularity.clone()),
            sources: SourceSupervisorHandle(addresses.sources.clone()),
            owned: Arc::clone(&self.owned_hosts),
            rollout: RolloutHandle(addresses.rollout.clone()),
            room: self.push_room.clone(),
            loads: self.loads.clone(),
            figures: self.figures.clone(),
        }));
        let inference = Arc::new(InferenceService {
            pool: InferencePoolHandle(addresses.pool.clone()),
            status: addresses.pool_status.clone(),
        });
        self.args.peers.open(Door::Agent, Arc::clone(&service) as _);
        self.args.peers.open(Door::Inference, inference);
        let args = AgentArgs {
            colleagues: self.colleagues.clone(),
            service,
            membership: addresses.membership_status.clone(),
            pool: addresses.pool_status.clone(),
            store: self.args.store.clone(),
            clock: Arc::clone(&self.args.clock),
            address: addresses.agent.clone(),
            status: addresses.agent_status.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::AGENT, Restart::Permanent, &status, move |supervisor| {
            Box::pin(AgentActor::spawn(args.clone(), supervisor))
        })
    }

    /// The child that measures this node.
    pub(super) fn figures_child(&self) -> ChildSpec {
        let addresses = &self.addresses;
        let args = FiguresArgs {
            node: self.args.config.node_name.clone(),
            period: self.args.config.figures_period,
            terminals_max: self.args.config.terminals_max,
            colleagues: self.colleagues.clone(),
            meter: self.meter.clone(),
            board: self.figures.clone(),
            pool: addresses.pool_status.clone(),
            gateway: addresses.gateway_status.clone(),
            region: addresses.shard_region_status.clone(),
            membership: addresses.membership_status.clone(),
            report: addresses.load_report.clone(),
            store: self.args.store.clone(),
            clock: Arc::clone(&self.args.clock),
            status: StatusCell::default(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::FIGURES, Restart::Permanent, &status, move |supervisor| {
            Box::pin(FiguresActor::spawn(args.clone(), supervisor))
        })
    }

    /// The way of texts to the devices of this node or of others.
    pub(super) fn inference(&self) -> InferenceGateway {
        let (rollout, topics) = (self.addresses.rollout_status.clone(), self.args.topics.clone());
        InferenceGateway::new(
            InferencePoolHandle(self.addresses.pool.clone()),
            self.addresses.pool_status.clone(),
            Arc::new(move || {
                let in_use = rollout.get();
                let version = in_use.in_use.as_ref().map(|rollout| rollout.active.version());
                let list = topics.taxonomy().revision();
                version.map(|version| label(&version, list)).unwrap_or_default()
            }),
            self.loads.clone(),
            self.colleagues.clone(),
        )
        .timed(self.meter.clone())
    }

    /// Wakes a stage of this node, and those of others every now and then.
    pub(super) fn wakes(&self, stage: WaitingFor) -> Hint {
        let colleagues = self.colleagues.clone();
        let index = IndexHandle(self.addresses.index.clone());
        let understand = UnderstandHandle(self.addresses.understand.clone());
        let story = StoryHandle(self.addresses.story.clone());
        Hint::new(move || {
            match stage {
                WaitingFor::Index => index.wake(),
                WaitingFor::Understanding => understand.wake(),
                WaitingFor::Placing => story.wake(),
            }
            colleagues.waiting(stage);
        })
    }
}
