//! The way to other nodes, as everything above the transport sees it.
//!
//! A node offers [`Door`]s, one [`PeerService`] behind each; [`Peers`] knocks on those of others.
//! What travels is bytes: whoever owns a door decides how its requests are written. The transport
//! bounds what is under way to one peer and answers `Overloaded` beyond it, cuts requests at their
//! deadline, and never blocks.

use crate::envelope::ENVELOPE_BYTES_MAX;
use async_trait::async_trait;
use autoglm_domain::{Fault, Incarnation};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// What a caller waits when a peer cannot be reached.
const RETRY_UNREACHABLE: Duration = Duration::from_secs(1);

/// A door of a node: one remotable actor each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// Requests to shards.
    Region,
    /// Everything about nodes themselves: hints, deliveries to terminals.
    Agent,
    /// Texts for this node's devices.
    Inference,
    /// Keys that are loaded once for all, and news of what is no longer true.
    Cache,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Region, Self::Agent, Self::Inference, Self::Cache];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Agent => "agent",
            Self::Inference => "inference",
            Self::Cache => "cache",
        }
    }
}

/// One request to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRequest {
    /// Nobody waits for the answer after it. The remaining time travels, not the moment.
    pub deadline: Instant,
    /// The same in every attempt of one request; `None` when doing it twice is harmless.
    pub idempotency_key: Option<u128>,
    /// At most [`ENVELOPE_BYTES_MAX`].
    pub body: Vec<u8>,
}

impl PeerRequest {
    /// A request that must be answered within `limit`.
    #[must_use]
    pub fn within(limit: Duration, body: Vec<u8>) -> Self {
        Self { deadline: Instant::now() + limit, idempotency_key: None, body }
    }
}

/// What stands behind a door. Called concurrently, within the transport's bounds.
#[async_trait]
pub trait PeerService: Send + Sync + 'static {
    /// Answers one request; dropped at its deadline.
    ///
    /// # Errors
    /// Any fault: it travels back as it is.
    async fn answer(&self, from: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault>;

    /// Takes a hint, which needs no answer and may have been lost on the way. Must not block.
    fn told(&self, from: Incarnation, body: Vec<u8>);
}

/// The other nodes.
#[async_trait]
pub trait Peers: Send + Sync + Debug + 'static {
    /// Asks a peer and waits at most until the request's deadline.
    ///
    /// # Errors
    /// `Unavailable` when there is no link to it: the request was certainly not sent.
    /// `Overloaded` when too much is under way to it: the request was not sent.
    /// `Invalid` when the body is too large. `Timeout` when the link broke or no answer came: the
    /// outcome is unknown. Else what the peer answers.
    async fn ask(
        &self,
        to: Incarnation,
        door: Door,
        request: PeerRequest,
    ) -> Result<Vec<u8>, Fault>;

    /// Sends a hint that may be lost; `false` when it certainly was.
    fn tell(&self, to: Incarnation, door: Door, body: Vec<u8>) -> bool;

    /// The peers with a link that is ready, this node not among them.
    fn reachable(&self) -> BTreeSet<Incarnation>;

    /// Puts a service behind a door of this node; later calls replace it.
    fn open(&self, door: Door, service: Arc<dyn PeerService>);

    /// Takes away what stands behind the doors of this node, which is stopping: services know the
    /// way to peers, and would keep each other alive for ever.
    fn close(&self);
}

/// Sends a hint to every peer that can be reached.
pub fn tell_all(peers: &dyn Peers, door: Door, body: &[u8]) {
    for peer in peers.reachable() {
        // A hint that is lost delays what it is about; nothing depends on it.
        let _arrived = peers.tell(peer, door, body.to_vec());
    }
}

/// That a peer has no link.
#[must_use]
pub fn unreachable(peer: Incarnation) -> Fault {
    let message = format!("node {peer} cannot be reached from here; try again shortly");
    Fault::unavailable(message, RETRY_UNREACHABLE)
}

/// That a body is too large to travel.
///
/// # Errors
/// `Invalid` above [`ENVELOPE_BYTES_MAX`].
pub fn check_size(body: &[u8]) -> Result<(), Fault> {
    if body.len() > ENVELOPE_BYTES_MAX {
        return Err(Fault::invalid(format!(
            "a message of {} bytes cannot travel between nodes; at most {ENVELOPE_BYTES_MAX}",
            body.len()
        )));
    }
    Ok(())
}

/// For a node without links: nobody can be reached.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPeers;

#[async_trait]
impl Peers for NoPeers {
    async fn ask(&self, to: Incarnation, _: Door, _: PeerRequest) -> Result<Vec<u8>, Fault> {
        Err(unreachable(to))
    }

    fn tell(&self, _: Incarnation, _: Door, _: Vec<u8>) -> bool {
        false
    }

    fn reachable(&self) -> BTreeSet<Incarnation> {
        BTreeSet::new()
    }

    fn open(&self, _: Door, _: Arc<dyn PeerService>) {}

    fn close(&self) {}
}

type Services = BTreeMap<(Incarnation, Door), Arc<dyn PeerService>>;

#[derive(Default)]
struct Wires {
    services: Services,
    members: BTreeSet<Incarnation>,
    cut: BTreeSet<(Incarnation, Incarnation)>,
}

/// Links within one process, for tests of what stands above the transport. Clones share the wires.
#[derive(Clone, Default)]
pub struct MemoryNetwork(Arc<RwLock<Wires>>);

impl Debug for MemoryNetwork {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MemoryNetwork").finish_non_exhaustive()
    }
}

impl MemoryNetwork {
    fn wires(&self) -> std::sync::RwLockReadGuard<'_, Wires> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Wires)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// A node on this network, linked to every other one.
    #[must_use]
    pub fn join(&self, me: Incarnation) -> MemoryPeers {
        self.change(|wires| {
            wires.members.insert(me);
        });
        MemoryPeers { me, network: self.clone() }
    }

    /// The node is gone, with everything behind its doors.
    pub fn leave(&self, node: Incarnation) {
        self.change(|wires| {
            wires.members.remove(&node);
            wires.services.retain(|(owner, _), _| *owner != node);
        });
    }

    /// Cuts or mends the link between two nodes.
    pub fn set_cut(&self, one: Incarnation, other: Incarnation, is_cut: bool) {
        let link = (one.min(other), one.max(other));
        self.change(|wires| {
            if is_cut {
                wires.cut.insert(link);
            } else {
                wires.cut.remove(&link);
            }
        });
    }
}

/// One node's place on a [`MemoryNetwork`].
#[derive(Debug, Clone)]
pub struct MemoryPeers {
    me: Incarnation,
    network: MemoryNetwork,
}

impl MemoryPeers {
    fn service(&self, to: Incarnation, door: Door) -> Option<Arc<dyn PeerService>> {
        let wires = self.network.wires();
        let is_cut = wires.cut.contains(&(to.min(self.me), to.max(self.me)));
        wires.services.get(&(to, door)).filter(|_| !is_cut).cloned()
    }
}

#[async_trait]
impl Peers for MemoryPeers {
    async fn ask(
        &self,
        to: Incarnation,
        door: Door,
        request: PeerRequest,
    ) -> Result<Vec<u8>, Fault> {
        check_size(&request.body)?;
        let service = self.service(to, door).ok_or_else(|| unreachable(to))?;
        let deadline = request.deadline;
        let answer = tokio::time::timeout_at(deadline, service.answer(self.me, request)).await;
        answer.unwrap_or_else(|_elapsed| {
            let message = format!("node {to} did not answer in time; the outcome is unknown");
            Err(Fault::new(autoglm_domain::FaultKind::Timeout, message))
        })
    }

    fn tell(&self, to: Incarnation, door: Door, body: Vec<u8>) -> bool {
        let service = self.service(to, door).filter(|_| check_size(&body).is_ok());
        service.map(|service| service.told(self.me, body)).is_some()
    }

    fn reachable(&self) -> BTreeSet<Incarnation> {
        let wires = self.network.wires();
        let linked = |node: &&Incarnation| {
            **node != self.me
                && !wires.cut.contains(&((**node).min(self.me), (**node).max(self.me)))
        };
        wires.members.iter().filter(linked).copied().collect()
    }

    fn open(&self, door: Door, service: Arc<dyn PeerService>) {
        self.network.change(|wires| {
            wires.services.insert((self.me, door), service);
        });
    }

    fn close(&self) {
        self.network.change(|wires| wires.services.retain(|(owner, _), _| *owner != self.me));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Echo(AtomicUsize);

    #[async_trait]
    impl PeerService for Echo {
        async fn answer(&self, _: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
            Ok(request.body)
        }

        fn told(&self, _: Incarnation, _: Vec<u8>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_peer_answers_until_its_link_is_cut() {
        let network = MemoryNetwork::default();
        let (one, other) = (network.join(Incarnation(1)), network.join(Incarnation(2)));
        let echo = Arc::new(Echo::default());
        other.open(Door::Agent, echo.clone());
        let ask = || {
            let request = PeerRequest::within(Duration::from_secs(1), b"word".to_vec());
            one.ask(Incarnation(2), Door::Agent, request)
        };
        assert_eq!(ask().await, Ok(b"word".to_vec()));
        tell_all(&one, Door::Agent, b"hint");
        assert_eq!(echo.0.load(Ordering::Relaxed), 1);
        network.set_cut(Incarnation(1), Incarnation(2), true);
        assert_eq!(ask().await, Err(unreachable(Incarnation(2))));
        assert!(one.reachable().is_empty());
    }
}
