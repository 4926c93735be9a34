//! The region's work beside its mailbox: asking for leases, starting and stopping shards, freeing.

use super::RegionConfig;
use super::ShardRegionArgs;
use super::state::After;
use crate::host::ShardHost;
use crate::store::LeaseStore;
use autoglm_domain::{Fault, FaultKind, Fence, Incarnation, Shard};
use futures_util::stream::{self, StreamExt as _};
use std::pin::pin;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Shards that are started at the same time: a node that takes over has hundreds of them.
const STARTS_AT_ONCE: usize = 32;

/// What a task of the region has found.
#[derive(Debug)]
pub(super) enum Done {
    Acquired { asked: Vec<Shard>, started: Vec<Fence>, refused: Vec<Shard>, fault: Option<Fault> },
    Stopped { fences: Vec<Fence>, after: After, freed: Result<(), Fault> },
    Freed { shards: Vec<Shard>, result: Result<(), Fault> },
    Found { leases: Result<Vec<Fence>, Fault> },
}

/// What a piece of work needs.
pub(super) struct Work<H> {
    leases: Arc<dyn LeaseStore>,
    host: Arc<H>,
    owner: Incarnation,
    config: RegionConfig,
}

impl<H: ShardHost> Work<H> {
    pub(super) fn of(args: &ShardRegionArgs<H>) -> Self {
        Self {
            leases: Arc::clone(&args.leases),
            host: Arc::clone(args.router.host()),
            owner: args.incarnation,
            config: args.config.clone(),
        }
    }

    /// Asks for leases in one call and starts what was granted.
    pub(super) async fn acquire(self, asked: Vec<Shard>) -> Done {
        let call = timeout(self.config.store_limit, self.leases.acquire(self.owner, &asked)).await;
        let (granted, mut fault) = match call.unwrap_or_else(|_| Err(too_slow("acquiring leases")))
        {
            Ok(granted) => (granted, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        let (mut started, mut refused) = (Vec::new(), Vec::new());
        let starts = stream::iter(granted).map(|fence| self.start(fence));
        let mut starts = pin!(starts.buffer_unordered(STARTS_AT_ONCE));
        while let Some((fence, outcome)) = starts.next().await {
            match outcome {
                Ok(()) => started.push(fence),
                Err(problem) => {
                    fault = Some(problem);
                    refused.push(fence.shard);
                }
            }
        }
        Done::Acquired { asked, started, refused, fault }
    }

    async fn start(&self, fence: Fence) -> (Fence, Result<(), Fault>) {
        let start = timeout(self.config.start_limit, self.host.start(fence)).await;
        let outcome = start.unwrap_or_else(|_| Err(too_slow("starting a shard")));
        if outcome.is_err() {
            // Whatever half of it runs must not go on without a lease.
            let stop = timeout(self.config.stop_limit, self.host.stop(fence)).await;
            stop.unwrap_or_default();
        }
        (fence, outcome)
    }

    /// Stops shards, all at a time, and frees their leases if that is to follow.
    pub(super) async fn stop(self, fences: Vec<Fence>, after: After) -> Done {
        let mut stops = JoinSet::new();
        for fence in &fences {
            let (host, fence, limit) = (Arc::clone(&self.host), *fence, self.config.stop_limit);
            stops.spawn(async move {
                if timeout(limit, host.stop(fence)).await.is_err() {
                    tracing::warn!(shard = %fence.shard, "the shard did not stop in time");
                }
            });
        }
        while stops.join_next().await.is_some() {}
        let shards: Vec<Shard> = fences.iter().map(|fence| fence.shard).collect();
        let freed = match after {
            After::Keep => Ok(()),
            After::Free => self.release(&shards).await,
        };
        Done::Stopped { fences, after, freed }
    }

    /// Frees leases of shards that have stopped.
    pub(super) async fn free(self, shards: Vec<Shard>) -> Done {
        let result = self.release(&shards).await;
        Done::Freed { shards, result }
    }

    /// Reads every lease there is.
    pub(super) async fn look(self) -> Done {
        let call = timeout(self.config.store_limit, self.leases.leases()).await;
        Done::Found { leases: call.unwrap_or_else(|_| Err(too_slow("reading leases"))) }
    }

    async fn release(&self, shards: &[Shard]) -> Result<(), Fault> {
        let call = self.leases.release(self.owner, shards);
        let freed = timeout(self.config.store_limit, call).await;
        freed.unwrap_or_else(|_| Err(too_slow("freeing leases")))
    }
}

fn too_slow(what: &str) -> Fault {
    Fault::new(FaultKind::Timeout, format!("{what} took too long; trying again"))
}
