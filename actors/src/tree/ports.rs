//! The ports of a node, over its store and its shards.

use super::children::Shared;
use super::{TreeArgs, ready};
use crate::cluster_desk::StoreClusterDesk;
use crate::images::GuardedImages;
use crate::library::StoreLibrary;
use crate::library::reader_lists::ReaderLists;
use crate::model_desk::NodeModelDesk;
use crate::operations::{NodeOperations, NodeOperationsArgs, RestartChild, RestartTable};
use crate::readers::RegionReaders;
use crate::readers::saved_rankings::SavedRankings;
use crate::shard_host::LocalShards;
use crate::source_commands::StoreSourceCommands;
use crate::source_preview::SourcePreviewer;
use crate::story_desk::StoreStoryDesk;
use crate::summaries::StoreSummaries;
use crate::topic_desk::NodeTopicDesk;
use crate::websub::callbacks::RegistryCallbacks;
use autoglm_cluster::Router;
use autoglm_domain::{FaultKind, SourceId};
use autoglm_protocol::name;
use autoglm_protocol::port::Readers;
use autoglm_protocol::rollout::RolloutHandle;
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;
use autoglm_protocol::story::StoryHandle;
use autoglm_protocol::supervisor::SupervisorHandle;
use std::sync::Arc;

/// What the HTTP interface and the command line reach the node by.
#[derive(Debug, Clone)]
pub(super) struct Ports {
    pub(super) library: StoreLibrary,
    pub(super) sources: StoreSourceCommands,
    pub(super) readers: Arc<dyn Readers>,
    pub(super) images: GuardedImages,
    pub(super) hubs: RegistryCallbacks,
    pub(super) operations: NodeOperations,
    pub(super) stories: StoreStoryDesk,
    pub(super) models: NodeModelDesk,
    pub(super) topics: NodeTopicDesk,
    pub(super) summaries: StoreSummaries,
    pub(super) cluster: StoreClusterDesk,
}

impl Ports {
    pub(super) fn new(
        args: &TreeArgs,
        shared: &Shared,
        router: Router<LocalShards>,
        shards: &Arc<LocalShards>,
    ) -> Self {
        let addresses = &shared.addresses;
        let library = StoreLibrary::new(
            args.store.clone(),
            args.topics.clone(),
            ReaderLists::new(shared.window.clone(), shared.inference(), shared.space.clone()),
            args.models.entity_names(),
            addresses.gateway_status.clone(),
            args.reads.clone(),
        );
        let readers = readers(args, shared, router, &library);
        let sources = StoreSourceCommands::new(
            args.store.clone(),
            args.reads.clone(),
            SourceSupervisorHandle(addresses.sources.clone()),
            Arc::clone(&readers),
            args.config.fetch_interval,
            SourcePreviewer::new(
                shared.web.clone(),
                Arc::clone(&args.clock),
                Arc::clone(&shared.parse_permits),
            ),
        )
        .with_colleagues(shared.colleagues.clone());
        let images = GuardedImages::new(args.images.clone());
        let hubs = RegistryCallbacks::new(shared.hubs.clone())
            .with_colleagues(shared.colleagues.clone(), shared.push_room.clone());
        let operations = NodeOperations::new(operations_args(args, shared, shards));
        let stories = StoreStoryDesk::new(args.store.clone(), StoryHandle(addresses.story.clone()))
            .with_colleagues(shared.colleagues.clone());
        let models = model_desk(args, shared);
        let topics = NodeTopicDesk {
            store: args.store.clone(),
            topics: args.topics.clone(),
            loader: Arc::clone(&args.models),
            rollout: RolloutHandle(addresses.rollout.clone()),
            colleagues: shared.colleagues.clone(),
        };
        let writer = shared.writer.as_ref();
        let writer = writer.map(|writer| (writer.handle.clone(), writer.view.clone()));
        let summaries = StoreSummaries::new(args.store.clone(), writer);
        let cluster = cluster_desk(args, shared);
        Self {
            library,
            sources,
            readers,
            images,
            hubs,
            operations,
            stories,
            models,
            topics,
            summaries,
            cluster,
        }
    }
}

fn readers(
    args: &TreeArgs,
    shared: &Shared,
    router: Router<LocalShards>,
    library: &StoreLibrary,
) -> Arc<dyn Readers> {
    let saved = SavedRankings::new(
        args.store.clone(),
        shared.window.clone(),
        shared.space.clone(),
        Arc::clone(&args.clock),
        Arc::clone(&shared.rankings),
    );
    Arc::new(RegionReaders::new(Arc::new(router), library.clone(), saved))
}

fn model_desk(args: &TreeArgs, shared: &Shared) -> NodeModelDesk {
    let addresses = &shared.addresses;
    NodeModelDesk {
        store: args.store.clone(),
        loader: Arc::clone(&args.models),
        live: shared.live.clone(),
        rollout: RolloutHandle(addresses.rollout.clone()),
        colleagues: shared.colleagues.clone(),
        node: addresses.rollout_status.clone(),
        reread: addresses.reread_status.clone(),
    }
}

fn cluster_desk(args: &TreeArgs, shared: &Shared) -> StoreClusterDesk {
    let links = shared.addresses.transport_status.clone();
    StoreClusterDesk {
        node: args.config.node_name.clone(),
        store: args.store.clone(),
        membership: shared.addresses.membership_status.clone(),
        links: Arc::new(move || super::transport::reports(&links)),
        figures: shared.figures.clone(),
    }
}

fn operations_args(
    args: &TreeArgs,
    shared: &Shared,
    shards: &Arc<LocalShards>,
) -> NodeOperationsArgs {
    let addresses = &shared.addresses;
    let draining = args.draining.clone();
    let (store, own) = (args.store.clone(), addresses.clone());
    NodeOperationsArgs {
        node: args.config.node_name.clone(),
        incarnation: shared.incarnation,
        board: shared.board.clone(),
        meter: shared.meter.clone(),
        pool: addresses.pool_status.clone(),
        gauges: shared.gauges.clone(),
        store: args.store.clone(),
        restarts: restarts(shared, shards),
        drain: Arc::new(move || {
            draining.send_replace(true);
        }),
        ready: Arc::new(move || {
            let (store, own) = (store.clone(), own.clone());
            Box::pin(async move { ready(&store, &own).await })
        }),
    }
}

/// Who restarts whom: the root its children, the shard host its shards, the sources themselves.
fn restarts(shared: &Shared, shards: &Arc<LocalShards>) -> RestartTable {
    let table = RestartTable::default();
    let root = SupervisorHandle(shared.addresses.root.clone());
    table.insert("*", by_supervisor(root));
    let singles = [name::STORY, name::POPULARITY, name::JANITOR, name::REREAD].map(str::to_owned);
    let reader_shards = ["cache-shard-*", "recommender-shard-*"].map(str::to_owned);
    for pattern in singles.into_iter().chain(reader_shards) {
        table.insert(pattern, by_shard_host(Arc::clone(shards)));
    }
    let sources = SourceSupervisorHandle(shared.addresses.sources.clone());
    table.insert("source-*", by_refresh(sources));
    table
}

fn by_supervisor(supervisor: SupervisorHandle) -> RestartChild {
    Arc::new(move |child| {
        let supervisor = supervisor.clone();
        Box::pin(async move { supervisor.restart(&child).await })
    })
}

fn by_shard_host(shards: Arc<LocalShards>) -> RestartChild {
    Arc::new(move |child| {
        let shards = Arc::clone(&shards);
        Box::pin(async move { shards.restart(&child).await })
    })
}

/// A source is put back to work by fetching it.
fn by_refresh(sources: SourceSupervisorHandle) -> RestartChild {
    Arc::new(move |child| {
        let sources = sources.clone();
        Box::pin(async move {
            let id = child.strip_prefix("source-").and_then(|id| id.parse().ok());
            let id = SourceId(id.unwrap_or_default());
            match sources.refresh(id).await {
                // It works again; how its fetch ended is told by its health.
                Err(fault) if fault.kind == FaultKind::Unavailable => Ok(()),
                answer => answer.map(|_new_articles| ()),
            }
        })
    })
}
