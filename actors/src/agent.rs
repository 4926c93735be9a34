//! AgentActor and NodeAgent: what other nodes hear from this one, and what this one does for them.
//!
//! **Receives** hints and asks of other nodes at the door `Agent`, its own `Tick`. **Sends** hints on
//! to the actors they are for; to other nodes what was held back and how much there is to do here,
//! twice a second; frees what nodes that are gone had claimed. **Limits** hints only nudge, or take a permit; the transport bounds what is under
//! way; pushed documents share the room of the hubs' port. **On restart** it keeps nothing; click
//! rates that nobody sends are read from the store after a while.

mod rates;
mod service;

use crate::colleagues::Colleagues;
use crate::inference_gateway::load_of;
use autoglm_domain::Clock;
use autoglm_models::Store;
use autoglm_protocol::Address;
use autoglm_protocol::agent::{AgentHint, AgentMessage, AgentStatus};
use autoglm_protocol::inference_pool::InferencePoolStatus;
use autoglm_protocol::membership::MembershipStatus;
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use rates::Rates;
pub use service::{NodeAgent, NodeAgentArgs};
use std::sync::Arc;
use std::time::Duration;

/// How often held hints are looked at.
const TICK: Duration = Duration::from_millis(250);
/// Longest freeing of claims.
const FREE_LIMIT: Duration = Duration::from_secs(5);
/// Every so many ticks others hear how much there is to do here.
const LOAD_TICKS: u64 = 2;

/// What AgentActor needs.
#[derive(Debug, Clone)]
pub struct AgentArgs {
    /// The other nodes.
    pub colleagues: Colleagues,
    /// What it answers them with.
    pub service: Arc<NodeAgent>,
    /// Which nodes there are.
    pub membership: StatusCell<MembershipStatus>,
    /// How much the devices have to do.
    pub pool: StatusCell<InferencePoolStatus>,
    /// Where click rates are saved.
    pub store: Store,
    /// For the decay of click rates.
    pub clock: Arc<dyn Clock>,
    /// Where the actor is found.
    pub address: Address<AgentMessage>,
    /// What it shows.
    pub status: StatusCell<AgentStatus>,
}

/// Tells other nodes.
#[derive(Debug)]
pub struct AgentActor;

/// What AgentActor remembers.
#[derive(Debug)]
pub struct AgentState {
    args: AgentArgs,
    ticks: u64,
    rates: Rates,
    /// The view at which claims of nodes that are gone were last freed.
    freed_at: Option<i64>,
}

impl AgentActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: AgentArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for AgentActor {
    type Msg = AgentMessage;
    type State = AgentState;
    type Arguments = AgentArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: AgentArgs,
    ) -> Result<AgentState, ActorProcessingErr> {
        myself.send_after(TICK, || AgentMessage::Tick);
        let rates = Rates::new(args.service.rates_heard());
        Ok(AgentState { args, ticks: 0, rates, freed_at: None })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: AgentMessage,
        state: &mut AgentState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AgentMessage::Tick => state.tick().await,
        }
        myself.send_after(TICK, || AgentMessage::Tick);
        Ok(())
    }
}

impl AgentState {
    /// With every change of the view: what a dead node was working on is taken up when its lease is
    /// over, not only when its claims are. Every node does it; it never waits for another.
    async fn free_claims_of_the_gone(&mut self) {
        let view = self.args.membership.get().view.version;
        if self.freed_at == Some(view) {
            return;
        }
        match tokio::time::timeout(FREE_LIMIT, self.args.store.release_claims_of_the_gone()).await {
            Ok(Ok(freed)) => {
                self.freed_at = Some(view);
                if freed > 0 {
                    tracing::info!(freed, "what nodes that are gone had claimed is free again");
                    self.args.service.wake_stages();
                }
            }
            Ok(Err(error)) => tracing::debug!(%error, "claims of nodes that are gone stay for now"),
            Err(_elapsed) => tracing::debug!("freeing claims took too long; it is tried again"),
        }
    }

    async fn tick(&mut self) {
        self.ticks += 1;
        let colleagues = &self.args.colleagues;
        colleagues.flush();
        if self.ticks.is_multiple_of(LOAD_TICKS) && !colleagues.is_alone() {
            colleagues.tell_all(&AgentHint::Load(load_of(&self.args.pool.get())));
        }
        self.rates.look(&self.args).await;
        self.free_claims_of_the_gone().await;
        let peers = self.args.colleagues.peers().reachable();
        self.args.service.forget_all_but(&peers);
        self.args.status.set(AgentStatus { peers: peers.len(), ..self.args.service.counts() });
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
