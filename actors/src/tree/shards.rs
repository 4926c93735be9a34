//! What runs when this node owns a shard: the two actors of a reader shard, and the single jobs.

use super::children::Shared;
use crate::cache_shard::{CacheShardActor, CacheShardArgs, CacheShardConfig};
use crate::colleagues::Clicks;
use crate::janitor::{JanitorActor, JanitorArgs, JanitorConfig, StageHints};
use crate::popularity::{PopularityActor, PopularityArgs, PopularityConfig};
use crate::recommender_shard::{
    RecommenderShardActor, RecommenderShardArgs, RecommenderShardConfig,
};
use crate::reread::{RereadActor, RereadArgs};
use crate::shard_host::{LocalShards, LocalShardsArgs};
use crate::story::{StoryActor, StoryArgs, StoryConfig};
use crate::supervisor::{ChildSpec, Restart};
use autoglm_domain::{Fence, Single};
use autoglm_protocol::Address;
use autoglm_protocol::agent::WaitingFor;
use autoglm_protocol::article_window::ArticleWindowHandle;
use autoglm_protocol::cache_shard::CacheShardHandle;
use autoglm_protocol::inference_pool::InferencePoolHandle;
use autoglm_protocol::name;
use autoglm_protocol::popularity::PopularityHandle;
use autoglm_protocol::recommender_shard::RecommenderShardHandle;
use autoglm_protocol::rollout::RolloutHandle;
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::StatusCell;
use std::sync::Arc;

/// Requests one shard admits; more are `Overloaded`.
const SHARD_REQUESTS_MAX: usize = 256;

impl Shared {
    fn region(&self) -> ShardRegionHandle {
        ShardRegionHandle(self.addresses.shard_region.clone())
    }

    /// The shards of this node; runs nothing yet.
    pub(super) fn local_shards(&self) -> Arc<LocalShards> {
        let (readers, singles) = (self.clone(), self.clone());
        let gateways = self.gateways.clone();
        let args = LocalShardsArgs::new(
            Arc::new(move |fence| readers.reader_shard(fence)),
            Arc::new(move |single, fence| singles.single(single, fence)),
            self.addresses.sources.clone(),
            Arc::clone(&self.owned_hosts),
            self.board.clone(),
        );
        LocalShards::new(LocalShardsArgs {
            on_reader_shard: Arc::new(move |shard| gateways.shard_started(shard)),
            ..args
        })
    }

    /// The two actors of a reader shard: first the recommender, because the cache feeds it.
    fn reader_shard(
        &self,
        fence: Fence,
    ) -> (Vec<ChildSpec>, CacheShardHandle, RecommenderShardHandle) {
        let index = fence.shard.index;
        let recommender = RecommenderShardHandle(Address::new(
            name::recommender_shard(index),
            SHARD_REQUESTS_MAX,
        ));
        let cache = CacheShardHandle(Address::new(name::cache_shard(index), SHARD_REQUESTS_MAX));
        let children = vec![
            self.recommender(fence, recommender.clone()),
            self.cache(fence, cache.clone(), recommender.clone()),
        ];
        (children, cache, recommender)
    }

    fn recommender(&self, fence: Fence, handle: RecommenderShardHandle) -> ChildSpec {
        let args = RecommenderShardArgs {
            config: RecommenderShardConfig::default(),
            fence,
            store: self.args.store.clone(),
            window: self.window.clone(),
            space: self.space.clone(),
            rankings: Arc::clone(&self.rankings),
            region: self.region(),
            clock: Arc::clone(&self.args.clock),
            meter: self.meter.clone(),
            address: handle.0,
            status: StatusCell::default(),
        };
        let status = args.status.clone();
        let name = name::recommender_shard(fence.shard.index);
        ChildSpec::new(name, Restart::Permanent, &status, move |supervisor| {
            Box::pin(RecommenderShardActor::spawn(args.clone(), supervisor))
        })
    }

    fn cache(
        &self,
        fence: Fence,
        handle: CacheShardHandle,
        recommender: RecommenderShardHandle,
    ) -> ChildSpec {
        let args = CacheShardArgs {
            config: CacheShardConfig::default(),
            fence,
            store: self.args.store.clone(),
            recommender,
            popularity: self.clicks(),
            region: self.region(),
            listeners: self.listeners.clone(),
            gateways: self.gateways.clone(),
            clock: Arc::clone(&self.shard_clock),
            address: handle.0,
            status: StatusCell::default(),
        };
        let status = args.status.clone();
        let name = name::cache_shard(fence.shard.index);
        ChildSpec::new(name, Restart::Permanent, &status, move |supervisor| {
            Box::pin(CacheShardActor::spawn(args.clone(), supervisor))
        })
    }

    fn clicks(&self) -> Clicks {
        let own = PopularityHandle(self.addresses.popularity.clone());
        Clicks::new(own, self.colleagues.clone())
    }

    /// One of the jobs of which the cluster has one.
    fn single(&self, single: Single, fence: Fence) -> ChildSpec {
        match single {
            Single::Story => self.story(fence),
            Single::Popularity => self.popularity(fence),
            Single::Janitor => self.janitor(),
            Single::Reread => self.reread(),
        }
    }

    fn story(&self, fence: Fence) -> ChildSpec {
        let args = StoryArgs {
            store: self.args.store.clone(),
            fence,
            region: self.region(),
            window: ArticleWindowHandle(self.addresses.window.clone()),
            colleagues: self.colleagues.clone(),
            config: StoryConfig::default(),
            space: self.space.clone(),
            clock: Arc::clone(&self.args.clock),
            meter: self.meter.clone(),
            address: self.addresses.story.clone(),
            status: self.addresses.story_status.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::STORY, Restart::Permanent, &status, move |supervisor| {
            Box::pin(StoryActor::spawn(args.clone(), supervisor))
        })
    }

    fn popularity(&self, fence: Fence) -> ChildSpec {
        let args = PopularityArgs {
            store: self.args.store.clone(),
            fence,
            region: self.region(),
            window: ArticleWindowHandle(self.addresses.window.clone()),
            colleagues: self.colleagues.clone(),
            config: PopularityConfig::default(),
            clock: Arc::clone(&self.args.clock),
            address: self.addresses.popularity.clone(),
            status: self.addresses.popularity_status.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::POPULARITY, Restart::Permanent, &status, move |supervisor| {
            Box::pin(PopularityActor::spawn(args.clone(), supervisor))
        })
    }

    fn reread(&self) -> ChildSpec {
        let args = RereadArgs {
            store: self.args.store.clone(),
            loader: Arc::clone(&self.args.models),
            pool: InferencePoolHandle(self.addresses.pool.clone()),
            window: ArticleWindowHandle(self.addresses.window.clone()),
            colleagues: self.colleagues.clone(),
            rollout: RolloutHandle(self.addresses.rollout.clone()),
            topics: self.args.topics.clone(),
            paused: self.args.config.understanding_paused,
            address: self.addresses.reread.clone(),
            status: self.addresses.reread_status.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::REREAD, Restart::Permanent, &status, move |supervisor| {
            Box::pin(RereadActor::spawn(args.clone(), supervisor))
        })
    }

    fn janitor(&self) -> ChildSpec {
        let args = JanitorArgs {
            store: self.args.store.clone(),
            config: JanitorConfig {
                keep_days: self.args.config.keep_days,
                ..JanitorConfig::default()
            },
            clock: Arc::clone(&self.args.clock),
            meter: self.meter.clone(),
            hints: StageHints {
                index: self.wakes(WaitingFor::Index),
                understand: self.wakes(WaitingFor::Understanding),
                story: self.wakes(WaitingFor::Placing),
            },
            address: self.addresses.janitor.clone(),
            status: self.addresses.janitor_status.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::JANITOR, Restart::Permanent, &status, move |supervisor| {
            Box::pin(JanitorActor::spawn(args.clone(), supervisor))
        })
    }
}
