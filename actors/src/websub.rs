//! Keeps the subscriptions at hubs (WebSub): asks, renews and ends them, for the sources of this node.
//!
//! **Receives** its own `Tick` and `Sweep`. **Sends** forms to hubs through the guarded client;
//! every answer is written through [`HubRegistry`], which SourceActors and the callbacks use too.
//! **Limits** 8 requests at a time, each through the limiter of its host; one subscription a source.
//! **On restart** reads the store: what was due meanwhile is done, and what a crash left unanswered
//! counts as a failure of the hub after ten minutes.

mod asking;
pub mod callbacks;
pub mod registry;

use crate::source_supervisor::{OwnedHosts, shard_of_url};
use crate::stage::complaint;
use crate::web::PoliteWeb;
use asking::{Asked, ask};
use autoglm_domain::{Clock, Fault, HubPlace, HubStage, HubSubscriptionId};
use autoglm_feeds::websub::lease;
use autoglm_models::{HubChange, HubRow};
use autoglm_protocol::Address;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::websub::{WebSubMessage, WebSubStatus};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use registry::HubRegistry;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Requests to hubs at a time.
const ASKING_MAX: usize = 8;

/// How often it looks.
#[derive(Debug, Clone, Copy)]
pub struct WebSubConfig {
    /// For what is due.
    pub tick_every: Duration,
    /// For what others changed in the store.
    pub sweep_every: Duration,
}

impl Default for WebSubConfig {
    fn default() -> Self {
        Self { tick_every: Duration::from_secs(1), sweep_every: Duration::from_secs(15) }
    }
}

/// What it needs.
#[derive(Debug, Clone)]
pub struct WebSubArgs {
    /// How often it looks.
    pub config: WebSubConfig,
    /// The subscriptions.
    pub registry: HubRegistry,
    /// The way to the hubs.
    pub web: PoliteWeb,
    /// Whose sources are ours.
    pub owned: OwnedHosts,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where the actor is found.
    pub address: Address<WebSubMessage>,
    /// What it shows.
    pub status: StatusCell<WebSubStatus>,
}

/// The behaviour.
#[derive(Debug)]
pub struct WebSubActor;

/// What it knows.
#[derive(Debug)]
pub struct WebSubState {
    args: WebSubArgs,
    status: WebSubStatus,
    /// Requests under way, aborted with this state.
    asking: JoinSet<Asked>,
    asked: HashSet<HubSubscriptionId>,
}

impl WebSubActor {
    /// Starts it under `supervisor` and publishes its reference.
    ///
    /// # Errors
    /// Only when the supervisor is stopping.
    pub async fn spawn(args: WebSubArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for WebSubActor {
    type Msg = WebSubMessage;
    type State = WebSubState;
    type Arguments = WebSubArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        myself.send_after(args.config.tick_every, || WebSubMessage::Tick);
        myself.cast(WebSubMessage::Sweep).map_err(|error| error.to_string())?;
        let status = WebSubStatus::clone(&args.status.get());
        Ok(WebSubState { args, status, asking: JoinSet::new(), asked: HashSet::new() })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            WebSubMessage::Tick => {
                state.tick();
                myself.send_after(state.args.config.tick_every, || WebSubMessage::Tick);
            }
            WebSubMessage::Sweep => {
                state.sweep().await;
                myself.send_after(state.args.config.sweep_every, || WebSubMessage::Sweep);
            }
        }
        state.show();
        Ok(())
    }
}

impl WebSubState {
    /// Notes what came of requests and begins those that are due, the longest due first.
    fn tick(&mut self) {
        while let Some(done) = self.asking.try_join_next() {
            match done {
                Ok(asked) => self.note(asked),
                Err(error) => tracing::error!(%error, "asking a hub failed by a defect"),
            }
        }
        if self.asking.is_empty() {
            // A task that failed by a defect has left its id here.
            self.asked.clear();
        }
        let free = ASKING_MAX.saturating_sub(self.asking.len());
        let is_next = |row: &HubRow| self.is_ours(row) && !self.asked.contains(&row.id);
        let due = self.args.registry.due(self.args.clock.now(), free, is_next);
        for row in due {
            self.asked.insert(row.id);
            let (registry, web) = (self.args.registry.clone(), self.args.web.clone());
            self.asking.spawn(async move { ask(registry, web, row).await });
        }
    }

    fn note(&mut self, asked: Asked) {
        self.asked.remove(&asked.id);
        match asked.outcome {
            Ok(true) => self.status.taken_total += 1,
            Ok(false) => {}
            Err(problem) => {
                self.status.refused_total += 1;
                tracing::debug!(hub = asked.hub, problem, "a hub did not take a request");
            }
        }
    }

    /// Reads the store again, and ends what nobody wants any more.
    async fn sweep(&mut self) {
        self.status.last_error = None;
        if let Err(fault) = self.tidy().await {
            let complaint = complaint(&fault);
            tracing::warn!("the subscriptions at hubs could not be looked through: {complaint}");
            self.status.last_error = Some(complaint);
        }
    }

    async fn tidy(&self) -> Result<(), Fault> {
        let registry = &self.args.registry;
        registry.reload().await?;
        for row in registry.rows().into_iter().filter(|row| self.is_ours(row)) {
            if !registry.is_own_callback(&row.keys.callback) {
                self.move_callback(row).await?;
            } else if !row.is_fetched {
                registry.end(row.id).await?;
            }
        }
        Ok(())
    }

    /// This installation has another address now. The old callback cannot be reached, so its hub
    /// gives up by itself; the same place is asked with a new one.
    async fn move_callback(&self, row: HubRow) -> Result<(), Fault> {
        let registry = &self.args.registry;
        registry.change(row.id, |_| (HubChange::Forget, ())).await?;
        if row.is_fetched && row.subscription.stage != HubStage::Ending {
            let HubRow { subscription, .. } = row;
            let place = HubPlace { hub: subscription.hub, topic: subscription.topic };
            let wanted = lease::wanted(subscription.source_id, place, self.args.clock.now());
            registry.add(wanted).await?;
        }
        Ok(())
    }

    fn is_ours(&self, row: &HubRow) -> bool {
        self.args.owned.load().contains(&shard_of_url(&row.source_url))
    }

    fn show(&mut self) {
        let (subscriptions, live) = self.args.registry.count(self.args.clock.now());
        let asking = self.asking.len();
        self.status = WebSubStatus { subscriptions, live, asking, ..self.status.clone() };
        self.args.status.set(self.status.clone());
    }
}

#[cfg(test)]
mod tests;
