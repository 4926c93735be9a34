//! The way of a request to its shard: to the actors of this node when it owns the shard, else to
//! the node that does; bounded by permits and by its deadline.
//!
//! A shard between two owners is waited for: a planned change of hands takes less than a second.
//! What a peer asks is answered here or not at all; it never goes on to a third node.

mod door;
mod wire;

use crate::directory::Directory;
use crate::envelope::Envelope;
use crate::host::ShardHost;
use crate::lease_clock::LeaseClock;
use crate::peers::{Door, PeerRequest, Peers, tell_all};
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
use wire::{Announcement, RegionAnswer, write_request};

/// What a caller is asked to wait when a shard has no reachable owner.
const RETRY_UNOWNED: Duration = Duration::from_secs(1);
/// What a caller is asked to wait when too many requests are under way.
const RETRY_OVERLOADED: Duration = Duration::from_millis(250);
/// How long a request waits for a shard between two owners.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long it waits for an owner that lives but cannot be reached: a link is made again in less.
const WAIT_UNREACHABLE: Duration = Duration::from_secs(1);
/// Nobody may say that something has changed; so a request that waits looks again so often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How much the router lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// Requests under way at a time on this node; more are `Overloaded`.
    pub requests_max: usize,
    /// Requests that wait for an owner at a time; more are `Unavailable` at once.
    pub waiting_max: usize,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self { requests_max: 4_096, waiting_max: 1_000 }
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
    /// Somebody looked for an owner in vain: the leases should be read soon.
    is_looking: AtomicBool,
    permits: Semaphore,
    waiting: Semaphore,
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
                is_looking: AtomicBool::new(false),
                permits: Semaphore::new(config.requests_max),
                waiting: Semaphore::new(config.waiting_max),
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
        match self.fence_of(shard) {
            Some(fence) => {
                self.inner.routed.fetch_add(1, Ordering::Relaxed);
                self.deliver(fence, envelope.request, envelope.deadline).await
            }
            None => self.ask_others(shard, envelope).await,
        }
    }

    async fn deliver(
        &self,
        fence: Fence,
        request: H::Request,
        deadline: Instant,
    ) -> Result<H::Answer, Fault> {
        let answer = timeout_at(deadline, self.inner.host.deliver(fence, request)).await;
        answer.unwrap_or_else(|_elapsed| Err(unknown_outcome(fence.shard)))
    }

    /// The shard is not ours: asks who owns it, and waits while nobody does.
    async fn ask_others(
        &self,
        shard: Shard,
        envelope: Envelope<H::Request>,
    ) -> Result<H::Answer, Fault> {
        let began = Instant::now();
        let body = write_request(H::encode_request(&envelope.request)?);
        let mut tries = Tries { again: H::is_repeatable(&envelope.request), redirected: false };
        // Seen before the first look, so that no change in between is missed.
        let mut changes = self.inner.directory.watch();
        loop {
            changes.mark_unchanged();
            if let Some(fence) = self.fence_of(shard) {
                return self.deliver(fence, envelope.request, envelope.deadline).await;
            }
            let owner =
                self.inner.directory.owner_of(shard).filter(|owner| *owner != self.inner.me);
            if let Some(owner) = owner {
                let request = PeerRequest {
                    deadline: envelope.deadline,
                    idempotency_key: envelope.idempotency_key,
                    body: body.clone(),
                };
                match self.ask_owner(owner, request, &mut tries).await {
                    Next::Done(answer) => return answer.and_then(|bytes| H::decode_answer(&bytes)),
                    Next::Redirected => continue,
                    Next::Wait => {}
                }
            }
            let patience = if owner.is_some() { WAIT_UNREACHABLE } else { WAIT_MAX };
            let until = (began + patience).min(envelope.deadline);
            if Instant::now() >= until {
                return Err(self.unowned(shard));
            }
            let Ok(_waits) = self.inner.waiting.try_acquire() else {
                return Err(self.unowned(shard));
            };
            self.inner.is_looking.store(true, Ordering::Relaxed);
            // Whatever ends the wait, the next look decides.
            let look = until.min(Instant::now() + LOOK_EVERY);
            let _changed_or_not = timeout_at(look, changes.changed()).await;
        }
    }

    async fn ask_owner(&self, owner: Incarnation, request: PeerRequest, tries: &mut Tries) -> Next {
        let deadline = request.deadline;
        self.inner.remote.fetch_add(1, Ordering::Relaxed);
        let answer = self.inner.peers.ask(owner, Door::Region, request).await;
        match answer.and_then(RegionAnswer::read) {
            Ok(RegionAnswer::Answer(bytes)) => Next::Done(Ok(bytes)),
            Ok(RegionAnswer::NotOwner(hint)) => {
                self.inner.redirected.fetch_add(1, Ordering::Relaxed);
                self.inner.directory.learn(hint.as_slice());
                let goes_on = hint.is_some_and(|hint| hint.owner != owner) && !tries.redirected;
                tries.redirected = true;
                if goes_on { Next::Redirected } else { Next::Wait }
            }
            // Nothing was done: the owner cannot be reached, or the shard is just leaving it.
            Err(fault) if fault.kind == FaultKind::Unavailable => Next::Wait,
            Err(fault) if fault.kind == FaultKind::Timeout && Instant::now() < deadline => {
                // The link broke and the outcome is unknown.
                if std::mem::take(&mut tries.again) { Next::Wait } else { Next::Done(Err(fault)) }
            }
            Err(fault) => Next::Done(Err(fault)),
        }
    }

    fn unowned(&self, shard: Shard) -> Fault {
        self.inner.unowned.fetch_add(1, Ordering::Relaxed);
        Fault::unavailable(
            format!("shard {shard} has no owner this node can reach; try again shortly"),
            RETRY_UNOWNED,
        )
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
        self.inner.directory.keep_members(&members);
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

    fn announce(&self, announcement: &Announcement) {
        match autoglm_protocol::wire::encode(announcement) {
            Ok(bytes) => tell_all(self.inner.peers.as_ref(), Door::Region, &bytes),
            Err(fault) => tracing::error!(why = %fault.message, "owners could not be announced"),
        }
    }
}

impl<H: ShardHost> Owners for Router<H> {
    fn owner_of(&self, shard: Shard) -> Option<Incarnation> {
        match self.fence_of(shard) {
            Some(_ours) => Some(self.inner.me),
            None => self.inner.directory.owner_of(shard).filter(|owner| *owner != self.inner.me),
        }
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

/// What a request may still try.
struct Tries {
    /// It may be repeated after an outcome that is unknown.
    again: bool,
    redirected: bool,
}

enum Next {
    Done(Result<Vec<u8>, Fault>),
    Redirected,
    Wait,
}

fn unknown_outcome(shard: Shard) -> Fault {
    Fault::new(
        FaultKind::Timeout,
        format!("shard {shard} did not answer before the deadline; the outcome is unknown"),
    )
}
