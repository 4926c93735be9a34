//! All stages of one node over a real store, wired as the composition root wires them.

use super::{eventually, onlooker};
use crate::index::{IndexActor, IndexArgs};
use crate::inference::{DeviceSpec, LoadModel};
use crate::inference_pool::{InferencePool, InferencePoolArgs, InferencePoolConfig};
use crate::ingest::{IngestActor, IngestArgs, IngestConfig};
use crate::janitor::{JanitorArgs, JanitorConfig, StageHints};
use crate::meter::PipelineMeter;
use crate::stage::Hint;
use crate::story::{StoryActor, StoryArgs, StoryConfig};
use crate::understand::{UnderstandActor, UnderstandArgs, UnderstandConfig};
use autoglm_domain::{Fence, Single, SystemClock};
use autoglm_inference::{ModelRegistry, Understander};
use autoglm_models::Store;
use autoglm_protocol::Address;
use autoglm_protocol::article_window::ArticleWindowHandle;
use autoglm_protocol::index::IndexHandle;
use autoglm_protocol::inference_pool::InferencePoolHandle;
use autoglm_protocol::ingest::IngestHandle;
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::{StatusBoard, StatusCell};
use autoglm_protocol::story::StoryHandle;
use autoglm_protocol::understand::UnderstandHandle;
use ractor::ActorCell;
use std::sync::Arc;
use std::time::Duration;

/// All stages of one node.
pub(crate) struct Line {
    pub(crate) store: Store,
    pub(crate) ingest: IngestArgs,
    pub(crate) index: IndexArgs,
    pub(crate) understand: UnderstandArgs,
    pub(crate) pool: InferencePoolArgs,
    pub(crate) story: StoryArgs,
    pub(crate) meter: PipelineMeter,
}

/// The cells of the actors of a line.
pub(crate) struct Cells {
    pub(crate) ingest: ActorCell,
    pub(crate) index: ActorCell,
    pub(crate) understand: ActorCell,
    pub(crate) pool: ActorCell,
    pub(crate) story: ActorCell,
}

pub(crate) async fn owned(store: &Store) -> Fence {
    let node = store.register_node("n1", "127.0.0.1:1", &[]).await.expect("a node");
    store.renew_node(node, Duration::from_secs(600)).await.expect("a view");
    store.acquire_leases(node, &[Single::Story.shard()]).await.expect("leases").remove(0)
}

pub(crate) fn hint<H: Clone + Send + Sync + 'static>(handle: H, wake: fn(&H)) -> Hint {
    Hint::new(move || wake(&handle))
}

pub(crate) fn line(store: &Store, fence: Fence, load: LoadModel) -> Line {
    let meter = PipelineMeter::new(Arc::new(SystemClock));
    let (index, understand) = (Address::new("index", 8), Address::new("understand", 8));
    let (pool, story) = (Address::new("inference-pool", 64), Address::new("story", 8));
    Line {
        store: store.clone(),
        ingest: IngestArgs {
            store: store.clone(),
            config: IngestConfig::default(),
            meter: meter.clone(),
            on_stored: hint(IndexHandle(index.clone()), IndexHandle::wake),
            address: Address::new("ingest", 64),
            status: StatusCell::default(),
        },
        index: IndexArgs {
            store: store.clone(),
            claimant: fence.owner,
            meter: meter.clone(),
            on_indexed: hint(UnderstandHandle(understand.clone()), UnderstandHandle::wake),
            address: index,
            status: StatusCell::default(),
        },
        understand: UnderstandArgs {
            store: store.clone(),
            claimant: fence.owner,
            pool: InferencePoolHandle(pool.clone()).into(),
            config: UnderstandConfig::default(),
            meter: meter.clone(),
            on_understood: hint(StoryHandle(story.clone()), StoryHandle::wake),
            address: understand,
            status: StatusCell::default(),
        },
        pool: InferencePoolArgs {
            devices: vec![DeviceSpec { name: "cpu".into(), kind: "cpu".into(), load }],
            config: InferencePoolConfig::default(),
            board: StatusBoard::default(),
            address: pool,
            status: StatusCell::default(),
        },
        story: StoryArgs {
            space: crate::live_models::VectorSpace::default(),
            store: store.clone(),
            fence,
            region: ShardRegionHandle(Address::new("shard-region", 8)),
            window: ArticleWindowHandle(Address::new("article-window", 8)),
            colleagues: crate::colleagues::Colleagues::default(),
            config: StoryConfig::default(),
            clock: Arc::new(SystemClock),
            meter: meter.clone(),
            address: story,
            status: StatusCell::default(),
        },
        meter,
    }
}

pub(crate) fn built_in() -> LoadModel {
    let models = ModelRegistry::built_in().expect("models");
    LoadModel::shared(Understander::from_defaults(&models).expect("models"))
}

impl Line {
    pub(crate) async fn start(&self) -> Cells {
        let root = onlooker().await;
        let failed = "an actor";
        Cells {
            pool: InferencePool::spawn(self.pool.clone(), root.clone()).await.expect(failed),
            story: StoryActor::spawn(self.story.clone(), root.clone()).await.expect(failed),
            understand: UnderstandActor::spawn(self.understand.clone(), root.clone())
                .await
                .expect(failed),
            index: IndexActor::spawn(self.index.clone(), root.clone()).await.expect(failed),
            ingest: IngestActor::spawn(self.ingest.clone(), root).await.expect(failed),
        }
    }

    pub(crate) fn ingest(&self) -> IngestHandle {
        IngestHandle(self.ingest.address.clone())
    }

    pub(crate) async fn all_placed(&self, articles: i64) {
        eventually("all articles are placed", || async {
            let counts = self.store.stage_counts().await.expect("counts");
            counts.placed == articles && counts.stored + counts.indexed + counts.understood == 0
        })
        .await;
    }
}

pub(crate) fn janitor(line: &Line) -> JanitorArgs {
    JanitorArgs {
        store: line.store.clone(),
        config: JanitorConfig { round_every: Duration::from_millis(20), keep_days: 90 },
        clock: Arc::new(SystemClock),
        meter: line.meter.clone(),
        hints: StageHints {
            index: hint(IndexHandle(line.index.address.clone()), IndexHandle::wake),
            understand: hint(
                UnderstandHandle(line.understand.address.clone()),
                UnderstandHandle::wake,
            ),
            story: hint(StoryHandle(line.story.address.clone()), StoryHandle::wake),
        },
        address: Address::new("janitor", 4),
        status: StatusCell::default(),
    }
}
