//! The other nodes as this node's actors see them: hints to all of them or to the owner of a shard,
//! and asks that only an owner can answer.
//!
//! Hints never wait and may be lost; hints that come often are held back, so that they never become
//! a load themselves. Alone, nothing is written at all.

pub mod clicks;
mod hold_back;
pub mod owners;

use autoglm_cluster::peers::{NoPeers, PeerRequest};
use autoglm_cluster::{Door, Peers};
use autoglm_domain::{ArticleId, Fault, FaultKind, Incarnation, Shard, Single};
use autoglm_protocol::agent::{AgentAnswer, AgentAsk, AgentHint, Owners, WaitingFor};
use autoglm_protocol::wire::{decode, encode};
pub use clicks::Clicks;
use hold_back::HoldBack;
pub use owners::{LateOwners, NoOwners};
use std::sync::Arc;
use std::time::Duration;

/// Ids in one hint.
const PLACED_MAX: usize = 500;
/// Attempts while a shard is between two owners.
const ATTEMPTS: u32 = 4;
/// Pause before the second of them; each further one waits twice as long.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug)]
struct Inner {
    me: Incarnation,
    peers: Arc<dyn Peers>,
    owners: Arc<dyn Owners>,
    held: HoldBack,
}

/// The other nodes. Clones share everything.
#[derive(Debug, Clone)]
pub struct Colleagues(Arc<Inner>);

impl Default for Colleagues {
    fn default() -> Self {
        Self::new(Incarnation(0), Arc::new(NoPeers), Arc::new(NoOwners))
    }
}

impl Colleagues {
    /// As seen from this node.
    #[must_use]
    pub fn new(me: Incarnation, peers: Arc<dyn Peers>, owners: Arc<dyn Owners>) -> Self {
        Self(Arc::new(Inner { me, peers, owners, held: HoldBack::default() }))
    }

    /// This node.
    #[must_use]
    pub fn me(&self) -> Incarnation {
        self.0.me
    }

    /// The links.
    #[must_use]
    pub fn peers(&self) -> &Arc<dyn Peers> {
        &self.0.peers
    }

    /// Whether no other node can be reached.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.0.peers.reachable().is_empty()
    }

    /// Which other node owns a shard; `None` when this one does, or nobody is known to.
    #[must_use]
    pub fn owner_elsewhere(&self, shard: Shard) -> Option<Incarnation> {
        if self.is_alone() {
            return None;
        }
        self.0.owners.owner_of(shard).filter(|owner| *owner != self.0.me)
    }

    /// Hints at something to every other node.
    pub fn tell_all(&self, hint: &AgentHint) {
        let reachable = self.0.peers.reachable();
        if reachable.is_empty() {
            return;
        }
        let Some(body) = written(hint) else { return };
        for peer in reachable {
            // Nothing depends on it.
            let _arrived = self.0.peers.tell(peer, Door::Agent, body.clone());
        }
    }

    /// Hints at something to one node; `false` when it was certainly lost.
    #[must_use]
    pub fn tell(&self, node: Incarnation, hint: &AgentHint) -> bool {
        written(hint).is_some_and(|body| self.0.peers.tell(node, Door::Agent, body))
    }

    /// Articles reached the end of their way.
    pub fn placed(&self, ids: &[ArticleId]) {
        if !self.is_alone() {
            ids.chunks(PLACED_MAX)
                .for_each(|part| self.tell_all(&AgentHint::Placed(part.to_vec())));
        }
    }

    /// A stage may have work: told at once after a pause, else with the next [`Self::flush`].
    pub fn waiting(&self, stage: WaitingFor) {
        if self.0.held.may_go(stage) {
            self.tell_waiting(stage);
        }
    }

    /// Tells what was held back.
    pub fn flush(&self) {
        self.0.held.take_due().into_iter().for_each(|stage| self.tell_waiting(stage));
    }

    /// Only one node places articles; the other stages run everywhere.
    fn tell_waiting(&self, stage: WaitingFor) {
        let hint = AgentHint::Waiting(stage);
        match stage {
            WaitingFor::Placing => {
                if let Some(owner) = self.owner_elsewhere(Single::Story.shard()) {
                    // Its sweep finds what a lost hint was about.
                    let _arrived = self.tell(owner, &hint);
                }
            }
            WaitingFor::Index | WaitingFor::Understanding => self.tell_all(&hint),
        }
    }

    /// Has the owner of a shard do something: `here` when that is this node, else by asking it.
    /// Tries again while the shard is between two owners, which is a moment; never what an owner has
    /// answered, even when that was a fault.
    ///
    /// # Errors
    /// What the owner answers. `Unavailable` while it cannot be reached: nothing was done.
    /// `Timeout` when no answer came within `limit`: the outcome is unknown. `Invalid` when the
    /// ask is too large to travel.
    pub async fn at_owner<F>(
        &self,
        shard: Shard,
        limit: Duration,
        ask: &AgentAsk,
        here: impl Fn() -> F,
    ) -> Result<AgentAnswer, Fault>
    where
        F: Future<Output = Result<AgentAnswer, Fault>>,
    {
        let deadline = tokio::time::Instant::now() + limit;
        let mut pause = ATTEMPT_PAUSE;
        for _ in 1..ATTEMPTS {
            match self.owner(shard) {
                Owner::Me => return here().await,
                Owner::Other(node) => match self.ask(node, ask, deadline).await {
                    // Certainly not done: it cannot be reached, or is the owner no more.
                    Err(fault) if fault.kind == FaultKind::Unavailable => self.0.owners.doubt(),
                    outcome => return outcome?,
                },
                Owner::Unknown => {}
            }
            if tokio::time::Instant::now() + pause >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        match self.owner(shard) {
            Owner::Other(node) => self.ask(node, ask, deadline).await?,
            Owner::Me | Owner::Unknown => here().await,
        }
    }

    fn owner(&self, shard: Shard) -> Owner {
        if self.is_alone() {
            return Owner::Me;
        }
        match self.0.owners.owner_of(shard) {
            Some(owner) if owner == self.0.me => Owner::Me,
            Some(owner) => Owner::Other(owner),
            None => Owner::Unknown,
        }
    }

    /// The outer fault is the way's: nothing was done when it is `Unavailable`. The inner one is the
    /// owner's answer.
    async fn ask(
        &self,
        node: Incarnation,
        ask: &AgentAsk,
        deadline: tokio::time::Instant,
    ) -> Result<Result<AgentAnswer, Fault>, Fault> {
        let request = PeerRequest { deadline, idempotency_key: None, body: encode(ask)? };
        decode(&self.0.peers.ask(node, Door::Agent, request).await?)
    }
}

/// Who is to be asked.
enum Owner {
    Me,
    Other(Incarnation),
    Unknown,
}

fn written(hint: &AgentHint) -> Option<Vec<u8>> {
    encode(hint).inspect_err(|fault| tracing::error!(%fault, "a hint was not sent")).ok()
}

#[cfg(test)]
mod tests;
