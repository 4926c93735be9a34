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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
/// A request without an answer counts for so long: by then a silent peer has been cut off.
const UNANSWERED_FOR: Duration = Duration::from_secs(5);

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
    /// The session it goes over.
    session: u64,
    asks: Arc<Semaphore>,
    ask_bytes: Arc<AtomicUsize>,
    hints: Mutex<HintMeter>,
    asked_total: AtomicU64,
    told_total: AtomicU64,
}

impl LinkedPeer {
    pub(crate) fn new(session: u64, doors: BTreeMap<Door, ActorRef<DoorMessage>>) -> Self {
        Self {
            doors,
            session,
            asks: Arc::new(Semaphore::new(ASKS_MAX)),
            ask_bytes: Arc::default(),
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

/// What one request has put on the way; given back when it is dropped.
struct UnderWay {
    _permit: OwnedSemaphorePermit,
    counter: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.counter.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

/// The right of one request to be under way. Given back with its answer; without one only when the
/// link would have been cut: until then the request may still wait in a queue that nobody bounds.
struct Credit(Option<UnderWay>);

impl Credit {
    fn take(peer: &LinkedPeer, bytes: usize) -> Option<Self> {
        let permit = Arc::clone(&peer.asks).try_acquire_owned().ok()?;
        let counter = Arc::clone(&peer.ask_bytes);
        let before = counter.fetch_add(bytes, Ordering::AcqRel);
        let under_way = UnderWay { _permit: permit, counter, bytes };
        if before + bytes > ASK_BYTES_MAX {
            return None;
        }
        Some(Self(Some(under_way)))
    }

    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        let Some(under_way) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // A runtime that is ending drops this at once, and with it what is held.
            runtime.spawn(async move {
                tokio::time::sleep(UNANSWERED_FOR).await;
                drop(under_way);
            });
        }
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

    /// The link over a session has ended; a newer one to the same peer stays.
    pub(crate) fn unlinked(&self, peer: Incarnation, session: u64) {
        let mut table = self.table_mut();
        if table.get(&peer).is_some_and(|link| link.session == session) {
            table.remove(&peer);
        }
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
        let credit = Credit::take(&peer, request.body.len()).ok_or_else(|| busy(to))?;
        let left = request.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(unknown(to, "its time was over"));
        }
        peer.asked_total.fetch_add(1, Ordering::Relaxed);
        let bytes = WireRequest::write(self.me, to, request);
        match actor.call(|reply| DoorMessage::Ask(bytes, reply), Some(left)).await {
            Ok(CallResult::Success(answer)) => {
                credit.answered();
                read_answer(&answer)
            }
            Ok(CallResult::Timeout) => Err(unknown(to, "it did not answer in time")),
            Ok(CallResult::SenderError) => Err(unknown(to, "the link to it broke")),
            // The proxy of the peer is gone: nothing was queued.
            Err(_not_sent) => {
                credit.answered();
                Err(unreachable(to))
            }
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

    fn close(&self) {
        self.services.0.write().unwrap_or_else(PoisonError::into_inner).clear();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_dropped_with_its_runtime_takes_nothing_down() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let peer = Arc::new(LinkedPeer::new(1, BTreeMap::new()));
        let (asks, taken) = (Arc::clone(&peer), Arc::new(tokio::sync::Notify::new()));
        let told = Arc::clone(&taken);
        runtime.spawn(async move {
            let _credit = Credit::take(&asks, 10).expect("room");
            told.notify_one();
            std::future::pending::<()>().await;
        });
        runtime.block_on(taken.notified());
        assert_eq!(peer.under_way(), 1);
        drop(runtime);
        assert_eq!((peer.under_way(), peer.ask_bytes.load(Ordering::Acquire)), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_without_an_answer_counts_until_its_link_would_have_been_cut() {
        let peer = LinkedPeer::new(1, BTreeMap::new());
        Credit::take(&peer, 10).expect("room").answered();
        assert_eq!(peer.under_way(), 0, "an answer gives it back at once");
        drop(Credit::take(&peer, 10).expect("room"));
        tokio::time::sleep(UNANSWERED_FOR - Duration::from_millis(1)).await;
        assert_eq!(peer.under_way(), 1);
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!((peer.under_way(), peer.ask_bytes.load(Ordering::Acquire)), (0, 0));
        assert!(Credit::take(&peer, ASK_BYTES_MAX + 1).is_none(), "more than may be under way");
        assert_eq!(peer.ask_bytes.load(Ordering::Acquire), 0);
    }
}
