//! The way of a request to its shard: to the actors of this node when it owns the shard, else to
//! the node that does; bounded by permits and by its deadline.
//!
//! A shard between two owners is waited for: a planned change of hands takes less than a second.
//! What a peer asks is answered here or not at all; it never goes on to a third node.

mod door;
mod remote;
mod wire;

use crate::directory::Directory;
use crate::envelope::Envelope;
use crate::host::ShardHost;
use crate::lease_clock::LeaseClock;
use crate::peers::{Door, PeerRequest, Peers, tell_all};
use crate::placement::{candidates, owner_of};
use arc_swap::ArcSwap;
use autoglm_domain::{Fault, FaultKind, Fence, Incarnation, Shard};
use autoglm_protocol::agent::Owners;
use autoglm_protocol::membership::ClusterView;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use wire::Announcement;

/// What a caller is asked to wait when too many requests are under way.
const RETRY_OVERLOADED: Duration = Duration::from_millis(250);
/// How much the router lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// Requests under way at a time on this node; more are `Overloaded`.
    pub requests_max: usize,
    /// Requests that wait for an owner at a time; more are `Unavailable` at once.
    pub waiting_max: usize,
    /// Bytes of all requests that wait, as they would travel; more are `Unavailable` at once.
    pub waiting_bytes_max: u32,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self { requests_max: 4_096, waiting_max: 1_000, waiting_bytes_max: 4 * 1024 * 1024 }
    }
}

/// The shards of this node by their fences.
pub(crate) type RoutingTable = HashMap<Shard, Fence>;

struct Inner<H: ShardHost> {
    host: Arc<H>,
    lease: LeaseClock,
    me: Incarnation,
    peers: Arc<dyn Peers>,
    table: ArcSwap<RoutingTable>,
    directory: Directory,
    /// What placement is guessed from while nothing is known.
    view: ArcSwap<ClusterView>,
    /// Somebody looked for an owner in vain: the leases should be read soon.
    is_looking: AtomicBool,
    permits: Semaphore,
    waiting: Semaphore,
    waiting_bytes: Semaphore,
    config: RouterConfig,
    routed: AtomicU64,
    remote: AtomicU64,
    redirected: AtomicU64,
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
            .field("routed", &self.counts().routed)
            .finish_non_exhaustive()
    }
}

impl<H: ShardHost> Router<H> {
    /// A router that owns nothing yet; the region fills its table.
    #[must_use]
    pub fn new(
        host: Arc<H>,
        lease: LeaseClock,
        me: Incarnation,
        peers: Arc<dyn Peers>,
        config: &RouterConfig,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                host,
                lease,
                me,
                peers,
                table: ArcSwap::from_pointee(RoutingTable::new()),
                directory: Directory::default(),
                view: ArcSwap::from_pointee(ClusterView::default()),
                is_looking: AtomicBool::new(false),
                permits: Semaphore::new(config.requests_max),
                waiting: Semaphore::new(config.waiting_max),
                waiting_bytes: Semaphore::new(config.waiting_bytes_max as usize),
                config: config.clone(),
                routed: AtomicU64::new(0),
                remote: AtomicU64::new(0),
                redirected: AtomicU64::new(0),
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

    /// Asks the owner of the request's shard, wherever it is.
    ///
    /// # Errors
    /// `Unavailable` while the shard has no reachable owner, `Overloaded` when too many requests
    /// are under way, `Timeout` when there was no answer (the outcome is then unknown), `Invalid`
    /// for an unknown wire version, or what the shard answers.
    pub async fn ask(&self, envelope: Envelope<H::Request>) -> Result<H::Answer, Fault> {
        envelope.check(Instant::now())?;
        let Ok(_permit) = self.inner.permits.try_acquire() else {
            return Err(Fault::overloaded(
                format!(
                    "{} requests to shards are under way already",
                    self.inner.config.requests_max
                ),
                RETRY_OVERLOADED,
            ));
        };
        let shard = H::shard_of(&envelope.request);
        if let Some(fence) = self.fence_of(shard) {
            // The shard may be leaving just now; then the request follows it.
            let answer = self.deliver(fence, envelope.request.clone(), envelope.deadline).await;
            if !self.has_left(fence, &answer) {
                return answer;
            }
        }
        self.ask_others(shard, envelope).await
    }

    /// Whether a shard did nothing because it was leaving this node.
    fn has_left(&self, fence: Fence, answer: &Result<H::Answer, Fault>) -> bool {
        let refused = matches!(answer, Err(fault) if fault.kind == FaultKind::Unavailable);
        refused && self.fence_of(fence.shard) != Some(fence)
    }

    async fn deliver(
        &self,
        fence: Fence,
        request: H::Request,
        deadline: Instant,
    ) -> Result<H::Answer, Fault> {
        self.inner.routed.fetch_add(1, Ordering::Relaxed);
        let answer = timeout_at(deadline, self.inner.host.deliver(fence, request)).await;
        answer.unwrap_or_else(|_elapsed| Err(unknown_outcome(fence.shard)))
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

    /// What it has done since the start.
    #[must_use]
    pub fn counts(&self) -> RouterCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RouterCounts {
            routed: read(&self.inner.routed),
            remote: read(&self.inner.remote),
            redirected: read(&self.inner.redirected),
            unowned: read(&self.inner.unowned),
            waiting: self.inner.config.waiting_max - self.inner.waiting.available_permits(),
            known_owners: self.inner.directory.len(),
        }
    }

    pub(crate) fn publish(&self, table: RoutingTable) {
        let changed = table != **self.inner.table.load();
        self.inner.table.store(Arc::new(table));
        if changed {
            self.inner.directory.touch();
        }
    }

    pub(crate) fn host(&self) -> &Arc<H> {
        &self.inner.host
    }

    /// What the table of leases says.
    pub(crate) fn learn(&self, leases: &[Fence]) {
        self.inner.directory.learn(leases);
    }

    /// Whoever is no member can own nothing that is reached.
    pub(crate) fn view_changed(&self, view: &ClusterView) {
        let members = view.members.iter().map(|member| member.incarnation).collect();
        self.inner.view.store(Arc::new(view.clone()));
        self.inner.directory.keep_members(&members);
    }

    /// Who should own a shard, when nobody has said who does.
    fn placed(&self, shard: Shard) -> Option<Incarnation> {
        owner_of(shard, &candidates(&self.inner.view.load(), shard.kind))
    }

    /// Whether somebody looked for an owner in vain since the last time this was asked.
    pub(crate) fn take_looking(&self) -> bool {
        self.inner.is_looking.swap(false, Ordering::Relaxed)
    }

    /// Tells every peer what is owned here now.
    pub(crate) fn announce_owned(&self, fences: &[Fence]) {
        self.announce(&Announcement::Owned(fences.to_vec()));
    }

    /// Tells every peer what is free now.
    pub(crate) fn announce_freed(&self, shards: &[Shard]) {
        self.announce(&Announcement::Freed(shards.to_vec()));
    }

    /// Waits until every peer that can be reached has taken in what it was told so far, and at most
    /// `limit`. A link that is closed drops what is still queued on it.
    pub(crate) async fn told_everybody(&self, limit: Duration) {
        let peers = &self.inner.peers;
        let asks = peers.reachable().into_iter().map(|peer| {
            // What goes through one door arrives in order; an empty request only asks for that.
            peers.ask(peer, Door::Region, PeerRequest::within(limit, Vec::new()))
        });
        for answer in futures_util::future::join_all(asks).await {
            if let Err(fault) = answer {
                tracing::debug!(why = %fault.message, "a peer may not have heard what is free");
            }
        }
    }

    fn announce(&self, announcement: &Announcement) {
        match autoglm_protocol::wire::encode(announcement) {
            Ok(bytes) => tell_all(self.inner.peers.as_ref(), Door::Region, &bytes),
            Err(fault) => tracing::error!(why = %fault.message, "owners could not be announced"),
        }
    }
}

impl<H: ShardHost> Owners for Router<H> {
    fn owner_of(&self, shard: Shard) -> Option<Incarnation> {
        if self.fence_of(shard).is_some() {
            return Some(self.inner.me);
        }
        let known = self.inner.directory.owner_of(shard).filter(|owner| *owner != self.inner.me);
        if known.is_none() {
            self.doubt();
        }
        known
    }

    /// Whoever tries again in a second hears what the leases say.
    fn doubt(&self) {
        self.inner.is_looking.store(true, Ordering::Relaxed);
    }
}

/// What a router has done since its start, and what it is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouterCounts {
    /// Requests delivered to shards of this node.
    pub routed: u64,
    /// Requests sent to other nodes.
    pub remote: u64,
    /// Answers of nodes that did not own the shard any more.
    pub redirected: u64,
    /// Requests that found no reachable owner in time.
    pub unowned: u64,
    /// Requests that wait for an owner now.
    pub waiting: usize,
    /// Shards of other nodes whose owner is known.
    pub known_owners: usize,
}

fn unknown_outcome(shard: Shard) -> Fault {
    Fault::new(
        FaultKind::Timeout,
        format!("shard {shard} did not answer before the deadline; the outcome is unknown"),
    )
}

#[cfg(test)]
mod tests;
