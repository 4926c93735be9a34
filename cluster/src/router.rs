//! The way of a request to its shard: looked up in a snapshot, delivered beside every mailbox,
//! bounded by permits and by its deadline.

use crate::envelope::Envelope;
use crate::host::ShardHost;
use crate::lease_clock::LeaseClock;
use arc_swap::ArcSwap;
use autoglm_domain::{Fault, FaultKind, Fence, Shard};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// What a caller is asked to wait when a shard has no reachable owner: a planned change of hands
/// takes less.
const RETRY_UNOWNED: Duration = Duration::from_secs(1);
/// What a caller is asked to wait when too many requests are under way.
const RETRY_OVERLOADED: Duration = Duration::from_millis(250);

/// How much the router lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// Requests under way at a time on this node; more are `Overloaded`.
    pub requests_max: usize,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self { requests_max: 4_096 }
    }
}

/// The shards of this node by their fences.
pub(crate) type RoutingTable = HashMap<Shard, Fence>;

struct Inner<H: ShardHost> {
    host: Arc<H>,
    lease: LeaseClock,
    table: ArcSwap<RoutingTable>,
    permits: Semaphore,
    requests_max: usize,
    routed: AtomicU64,
    unowned: AtomicU64,
}

/// Routes requests to the owners of their shards; cloning shares everything.
pub struct Router<H: ShardHost> {
    inner: Arc<Inner<H>>,
}

impl<H: ShardHost> Clone for Router<H> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<H: ShardHost> fmt::Debug for Router<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Router")
            .field("owned", &self.inner.table.load().len())
            .field("routed", &self.routed_total())
            .finish_non_exhaustive()
    }
}

impl<H: ShardHost> Router<H> {
    /// A router that owns nothing yet; the region fills its table.
    #[must_use]
    pub fn new(host: Arc<H>, lease: LeaseClock, config: &RouterConfig) -> Self {
        Self {
            inner: Arc::new(Inner {
                host,
                lease,
                table: ArcSwap::from_pointee(RoutingTable::new()),
                permits: Semaphore::new(config.requests_max),
                requests_max: config.requests_max,
                routed: AtomicU64::new(0),
                unowned: AtomicU64::new(0),
            }),
        }
    }

    /// Asks the owner of the request's shard and waits at most `limit`.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn request(&self, request: H::Request, limit: Duration) -> Result<H::Answer, Fault> {
        self.ask(Envelope::within(limit, request)).await
    }

    /// Asks the owner of the request's shard.
    ///
    /// # Errors
    /// `Unavailable` while the shard has no reachable owner, `Overloaded` when too many requests
    /// are under way, `Timeout` after the deadline (the outcome is then unknown), `Invalid` for an
    /// unknown wire version, or what the shard answers.
    pub async fn ask(&self, envelope: Envelope<H::Request>) -> Result<H::Answer, Fault> {
        let now = Instant::now();
        envelope.check(now)?;
        let shard = H::shard_of(&envelope.request);
        let Some(fence) = self.fence_of(shard) else {
            self.inner.unowned.fetch_add(1, Ordering::Relaxed);
            return Err(Fault::unavailable(
                format!("shard {shard} has no owner this node can reach; try again shortly"),
                RETRY_UNOWNED,
            ));
        };
        let Ok(_permit) = self.inner.permits.try_acquire() else {
            return Err(Fault::overloaded(
                format!("{} requests to shards are under way already", self.inner.requests_max),
                RETRY_OVERLOADED,
            ));
        };
        self.inner.routed.fetch_add(1, Ordering::Relaxed);
        let delivery = self.inner.host.deliver(fence, envelope.request);
        match tokio::time::timeout_at(envelope.deadline, delivery).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(Fault::new(
                FaultKind::Timeout,
                format!("shard {shard} did not answer before the deadline; the outcome is unknown"),
            )),
        }
    }

    /// The fence of a shard this node owns now.
    #[must_use]
    pub fn fence_of(&self, shard: Shard) -> Option<Fence> {
        let fence = self.inner.table.load().get(&shard).copied()?;
        self.inner.lease.is_valid(Instant::now()).then_some(fence)
    }

    /// Every shard this node owns now, in no order.
    #[must_use]
    pub fn owned(&self) -> Vec<Fence> {
        self.inner.table.load().values().copied().collect()
    }

    /// Requests delivered to shards since the start.
    #[must_use]
    pub fn routed_total(&self) -> u64 {
        self.inner.routed.load(Ordering::Relaxed)
    }

    /// Requests refused because their shard had no reachable owner.
    #[must_use]
    pub fn unowned_total(&self) -> u64 {
        self.inner.unowned.load(Ordering::Relaxed)
    }

    pub(crate) fn publish(&self, table: RoutingTable) {
        self.inner.table.store(Arc::new(table));
    }

    pub(crate) fn host(&self) -> &Arc<H> {
        &self.inner.host
    }
}
