//! The other nodes as they are reached by links: the table of doors, credits and counters.

use super::door::DoorMessage;
use super::wire::{WireRequest, read_answer};
use crate::peers::{Door, PeerRequest, PeerService, Peers, check_size, unreachable};
use async_trait::async_trait;
use autoglm_domain::{Fault, FaultKind, Incarnation};
use ractor::ActorRef;
use ractor::rpc::CallResult;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Requests under way to one peer; beyond it callers are told to wait, because every queue below
/// is unbounded.
const ASKS_MAX: usize = 512;
/// Bytes of requests under way to one peer.
const ASK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Hints a second to one peer, and their bytes: a peer that does not read is cut off within
/// seconds, so that what waits for it is bounded by this.
const HINTS_A_SECOND: u32 = 20_000;
const HINT_BYTES_A_SECOND: usize = 16 * 1024 * 1024;
const RETRY_OVERLOADED: Duration = Duration::from_millis(100);

/// What stands behind the doors of this node. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Services(Arc<RwLock<BTreeMap<Door, Arc<dyn PeerService>>>>);

impl fmt::Debug for Services {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Services")
    }
}

impl Services {
    pub(crate) fn behind(&self, door: Door) -> Option<Arc<dyn PeerService>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&door).cloned()
    }
}

/// How many hints have gone in the current second.
#[derive(Debug)]
struct HintMeter {
    since: Instant,
    hints: u32,
    bytes: usize,
}

/// One peer with a link that is ready.
#[derive(Debug)]
pub(crate) struct LinkedPeer {
    doors: BTreeMap<Door, ActorRef<DoorMessage>>,
    asks: Semaphore,
    ask_bytes: AtomicUsize,
    hints: Mutex<HintMeter>,
    asked_total: AtomicU64,
    told_total: AtomicU64,
}

impl LinkedPeer {
    pub(crate) fn new(doors: BTreeMap<Door, ActorRef<DoorMessage>>) -> Self {
        Self {
            doors,
            asks: Semaphore::new(ASKS_MAX),
            ask_bytes: AtomicUsize::new(0),
            hints: Mutex::new(HintMeter { since: Instant::now(), hints: 0, bytes: 0 }),
            asked_total: AtomicU64::new(0),
            told_total: AtomicU64::new(0),
        }
    }

    /// The door through which liveness is asked for.
    pub(crate) fn agent(&self) -> Option<&ActorRef<DoorMessage>> {
        self.doors.get(&Door::Agent)
    }

    /// Requests under way.
    pub(crate) fn under_way(&self) -> usize {
        ASKS_MAX - self.asks.available_permits()
    }

    /// Requests and hints since the link was made.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.asked_total.load(Ordering::Relaxed), self.told_total.load(Ordering::Relaxed))
    }

    fn may_tell(&self, bytes: usize) -> bool {
        let mut meter = self.hints.lock().unwrap_or_else(PoisonError::into_inner);
        if meter.since.elapsed() >= Duration::from_secs(1) {
            *meter = HintMeter { since: Instant::now(), hints: 0, bytes: 0 };
        }
        if meter.hints >= HINTS_A_SECOND || meter.bytes + bytes > HINT_BYTES_A_SECOND {
            return false;
        }
        meter.hints += 1;
        meter.bytes += bytes;
        true
    }
}

/// Gives back the bytes of a request when it has been answered or given up.
struct BytesUnderWay<'a>(&'a AtomicUsize, usize);

impl<'a> BytesUnderWay<'a> {
    fn take(counter: &'a AtomicUsize, bytes: usize) -> Option<Self> {
        let before = counter.fetch_add(bytes, Ordering::AcqRel);
        let taken = Self(counter, bytes);
        (before + bytes <= ASK_BYTES_MAX).then_some(taken)
    }
}

impl Drop for BytesUnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::AcqRel);
    }
}

type Table = BTreeMap<Incarnation, Arc<LinkedPeer>>;

/// The other nodes by links. Usable before the transport runs: then nobody can be reached. Clones
/// share everything.
#[derive(Debug, Clone)]
pub struct LinkedPeers {
    me: Incarnation,
    table: Arc<RwLock<Table>>,
    services: Services,
}

impl LinkedPeers {
    /// Of the node `me`.
    #[must_use]
    pub fn new(me: Incarnation) -> Self {
        Self { me, table: Arc::default(), services: Services::default() }
    }

    /// Whose peers these are.
    #[must_use]
    pub fn me(&self) -> Incarnation {
        self.me
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn table_mut(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn peer(&self, peer: Incarnation) -> Option<Arc<LinkedPeer>> {
        self.table().get(&peer).cloned()
    }

    pub(crate) fn linked(&self, peer: Incarnation, link: LinkedPeer) {
        self.table_mut().insert(peer, Arc::new(link));
    }

    pub(crate) fn unlinked(&self, peer: Incarnation) {
        self.table_mut().remove(&peer);
    }

    pub(crate) fn clear(&self) {
        self.table_mut().clear();
    }
}

#[async_trait]
impl Peers for LinkedPeers {
    async fn ask(
        &self,
        to: Incarnation,
        door: Door,
        request: PeerRequest,
    ) -> Result<Vec<u8>, Fault> {
        check_size(&request.body)?;
        let peer = self.peer(to).ok_or_else(|| unreachable(to))?;
        let actor = peer.doors.get(&door).ok_or_else(|| unreachable(to))?;
        let (Ok(_permit), Some(_bytes)) =
            (peer.asks.try_acquire(), BytesUnderWay::take(&peer.ask_bytes, request.body.len()))
        else {
            return Err(busy(to));
        };
        let left = request.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(unknown(to, "its time was over"));
        }
        peer.asked_total.fetch_add(1, Ordering::Relaxed);
        let bytes = WireRequest::write(self.me, to, request);
        match actor.call(|reply| DoorMessage::Ask(bytes, reply), Some(left)).await {
            Ok(CallResult::Success(answer)) => read_answer(&answer),
            Ok(CallResult::Timeout) => Err(unknown(to, "it did not answer in time")),
            Ok(CallResult::SenderError) => Err(unknown(to, "the link to it broke")),
            // The proxy of the peer is gone: nothing was queued.
            Err(_not_sent) => Err(unreachable(to)),
        }
    }

    fn tell(&self, to: Incarnation, door: Door, body: Vec<u8>) -> bool {
        let Some(peer) = self.peer(to) else { return false };
        let Some(actor) = peer.doors.get(&door) else { return false };
        if check_size(&body).is_err() || !peer.may_tell(body.len()) {
            metrics::counter!("autoglm_cluster_hints_dropped_total").increment(1);
            return false;
        }
        peer.told_total.fetch_add(1, Ordering::Relaxed);
        actor.cast(DoorMessage::Tell(WireRequest::write_hint(self.me, to, body))).is_ok()
    }

    fn reachable(&self) -> BTreeSet<Incarnation> {
        self.table().keys().copied().collect()
    }

    fn open(&self, door: Door, service: Arc<dyn PeerService>) {
        let mut services = self.services.0.write().unwrap_or_else(PoisonError::into_inner);
        services.insert(door, service);
    }
}

fn busy(peer: Incarnation) -> Fault {
    let message = format!("too much is under way to node {peer} already; try again shortly");
    Fault::overloaded(message, RETRY_OVERLOADED)
}

fn unknown(peer: Incarnation, why: &str) -> Fault {
    let message = format!("node {peer} was asked and {why}; the outcome is unknown");
    Fault::new(FaultKind::Timeout, message)
}
