//! One reader shard: started by its first request, and closed for ever when its lease goes.

use super::{LocalShards, RETRY_AFTER, Run};
use autoglm_domain::{Fault, Fence};
use autoglm_protocol::cache_shard::{CacheShardHandle, CacheShardMessage};
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest};
use autoglm_protocol::recommender_shard::{RecommenderShardHandle, RecommenderShardMessage};
use autoglm_protocol::supervisor::SupervisorHandle;
use tokio::sync::Mutex;

/// The two actors of a shard that runs.
#[derive(Debug, Clone)]
struct Handles {
    cache: CacheShardHandle,
    recommender: RecommenderShardHandle,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Running { run: Run, handles: Handles },
    Closed,
}

/// One reader shard under one fence.
#[derive(Debug)]
pub(crate) struct ReaderShard {
    fence: Fence,
    /// Locked while the shard starts or stops, never while it answers.
    phase: Mutex<Phase>,
}

impl ReaderShard {
    pub(crate) fn new(fence: Fence) -> Self {
        Self { fence, phase: Mutex::new(Phase::Idle) }
    }

    pub(crate) fn fence(&self) -> Fence {
        self.fence
    }

    pub(crate) async fn deliver(
        &self,
        host: &LocalShards,
        request: ReaderRequest,
    ) -> Result<ReaderAnswer, Fault> {
        let Handles { cache, recommender } = self.handles(host).await?;
        match request {
            ReaderRequest::Recommend { reader, limit, seed } => {
                recommender.recommend(reader, limit, seed).await.map(ReaderAnswer::Recommended)
            }
            ReaderRequest::Watch { reader, .. }
            | ReaderRequest::SubscriptionsChanged { reader } => {
                // A hint, bounded by the router's permits; a recommender that restarts reads the
                // subscriptions anyway.
                let changed = RecommenderShardMessage::SubscriptionsChanged(reader);
                recommender.0.cast(changed).unwrap_or_default();
                cache.request(request).await
            }
            _ => cache.request(request).await,
        }
    }

    /// The shard's actors, started if they do not run.
    async fn handles(&self, host: &LocalShards) -> Result<Handles, Fault> {
        let mut phase = self.phase.lock().await;
        match &*phase {
            Phase::Running { handles, .. } => return Ok(handles.clone()),
            Phase::Closed => {
                let message = format!("shard {} is moving to another node", self.fence.shard);
                return Err(Fault::unavailable(message, RETRY_AFTER));
            }
            Phase::Idle => {}
        }
        let (children, cache, recommender) = (host.args.readers)(self.fence);
        let run = host.run(self.fence.shard, children).await?;
        let handles = Handles { cache, recommender };
        *phase = Phase::Running { run, handles: handles.clone() };
        Ok(handles)
    }

    /// The supervisor, when this shard runs and has a child of that name.
    pub(crate) async fn supervisor_of(&self, name: &str) -> Option<SupervisorHandle> {
        match &*self.phase.lock().await {
            Phase::Running { run, .. } => run.supervisor_of(name),
            _ => None,
        }
    }

    /// The parent has died and the actors with it.
    pub(crate) async fn forget_run(&self) {
        let mut phase = self.phase.lock().await;
        if matches!(*phase, Phase::Running { .. }) {
            *phase = Phase::Idle;
        }
    }

    /// Drains and stops the actors; the cache first, because it feeds the recommender.
    pub(crate) async fn close(&self, host: &LocalShards) {
        let mut phase = self.phase.lock().await;
        let old = std::mem::replace(&mut *phase, Phase::Closed);
        let Phase::Running { run, handles } = old else { return };
        let limit = host.args.drain_limit;
        let Handles { cache, recommender } = handles;
        let drained = cache.0.call(limit, |reply| CacheShardMessage::Drain { reply }).await;
        self.complain("cache", drained);
        let drained = recommender.0.call(limit, |reply| RecommenderShardMessage::Drain { reply });
        self.complain("recommender", drained.await);
        host.end(&run).await;
    }

    fn complain(&self, who: &str, drained: Result<(), Fault>) {
        if let Err(fault) = drained {
            let shard = self.fence.shard;
            tracing::warn!(%shard, who, why = %fault.message, "a shard was not drained");
        }
    }
}
