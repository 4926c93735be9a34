//! Keeps the models of this node's devices those of the cluster's rollout, and its list of topics.
//!
//! **Receives** `Look` from the operator's desk, from RereadActor and from its timer. **Sends**
//! nothing: devices take the models from [`LiveModels`]. **Limits** one loading at a time, beside
//! the runtime; what is loaded already is used again. **On restart** it reads the rollout again;
//! devices go on with what they have.

use crate::live_models::{LiveModels, ModelSet, ModelsInUse, VectorSpace};
use autoglm_domain::{Fault, ModelChoice, Rollout};
use autoglm_inference::{Gazetteer, LiveTopics, Understander};
use autoglm_models::Store;
use autoglm_protocol::Address;
use autoglm_protocol::rollout::{RolloutMessage, RolloutStatus};
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// How soon a change made on another node is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where models come from: the folder of models, and those that are built in.
pub trait LoadModels: Debug + Send + Sync {
    /// Loads a set of models for a device.
    ///
    /// # Errors
    /// When this node does not have one of them, or its files cannot be used.
    fn load(&self, models: &ModelChoice, device: &str) -> Result<Understander, Fault>;

    /// The set a new node begins with.
    fn first_choice(&self) -> ModelChoice;

    /// The set with today's in place of models that came with an earlier program, or from an engine
    /// that is no longer configured; the same when there are none.
    fn renewed(&self, models: &ModelChoice) -> ModelChoice;

    /// The models that a change of this one makes: which part of `active` it replaces.
    ///
    /// # Errors
    /// `NotFound` when this node does not have it.
    fn choice_with(&self, active: &ModelChoice, model: &str) -> Result<ModelChoice, Fault>;

    /// Names of entities that are known beforehand, the operator's own among them.
    fn entity_names(&self) -> Arc<Gazetteer>;

    /// What can be named for a change.
    fn names(&self) -> Vec<String>;
}

/// What RolloutActor needs.
#[derive(Debug, Clone)]
pub struct RolloutArgs {
    /// Where the rollout is.
    pub store: Store,
    /// Where models come from.
    pub loader: Arc<dyn LoadModels>,
    /// The devices of this node.
    pub devices: Vec<String>,
    /// Where devices find them.
    pub live: LiveModels,
    /// Told which encoder is in use.
    pub space: VectorSpace,
    /// The classifier of this node, whose list of topics is the cluster's.
    pub topics: LiveTopics,
    /// Where the actor is found.
    pub address: Address<RolloutMessage>,
    /// What it shows.
    pub status: StatusCell<RolloutStatus>,
}

/// Follows the rollout.
#[derive(Debug)]
pub struct RolloutActor;

/// What RolloutActor remembers.
#[derive(Debug)]
pub struct RolloutState {
    args: RolloutArgs,
    status: RolloutStatus,
}

impl RolloutActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: RolloutArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        address.nudge(|| RolloutMessage::Look);
        Ok(actor.get_cell())
    }
}

impl Actor for RolloutActor {
    type Msg = RolloutMessage;
    type State = RolloutState;
    type Arguments = RolloutArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: RolloutArgs,
    ) -> Result<RolloutState, ActorProcessingErr> {
        myself.send_interval(LOOK_EVERY, || RolloutMessage::Look);
        let in_use = args.live.newest().map(|models| models.rollout.clone());
        Ok(RolloutState { args, status: RolloutStatus { in_use, ..RolloutStatus::default() } })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: RolloutMessage,
        state: &mut RolloutState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RolloutMessage::Look => {
                state.args.address.nudge_taken();
                state.look(&myself).await;
            }
            RolloutMessage::Loaded { rollout, outcome } => state.loaded(&rollout, outcome),
        }
        state.args.status.set(state.status.clone());
        Ok(())
    }
}

impl RolloutState {
    /// Reads the rollout and begins to load what this node does not have in use.
    async fn look(&mut self, myself: &ActorRef<RolloutMessage>) {
        if let Err(fault) = crate::topic_list::follow(&self.args.topics, &self.args.store).await {
            tracing::warn!(%fault, "the list of topics could not be taken over");
        }
        if self.status.is_loading {
            return;
        }
        let rollout = match current_rollout(&self.args.store, self.args.loader.as_ref()).await {
            Ok(rollout) => rollout,
            Err(fault) => {
                self.status.problem = Some(fault.message);
                return;
            }
        };
        if self.status.in_use.as_ref() == Some(&rollout) {
            self.status.problem = None;
            return;
        }
        self.status.is_loading = true;
        let (args, actor) = (self.args.clone(), myself.clone());
        // Seconds of reading files and building tensors: not on the runtime. Its end is a message.
        tokio::task::spawn_blocking(move || {
            let outcome = load(&args, &rollout);
            let rollout = Box::new(rollout);
            actor.cast(RolloutMessage::Loaded { rollout, outcome }).unwrap_or_default();
        });
    }

    fn loaded(&mut self, rollout: &Rollout, outcome: Result<(), Fault>) {
        self.status.is_loading = false;
        match outcome {
            Ok(()) => {
                tracing::info!(models = %rollout.active, "models are in use");
                self.status.in_use = Some(rollout.clone());
                self.status.problem = None;
            }
            Err(fault) => {
                if self.status.problem.as_ref() != Some(&fault.message) {
                    tracing::error!("this node does not follow the rollout: {fault}");
                }
                self.status.problem = Some(fault.message);
            }
        }
    }
}

/// The cluster's rollout. The first node writes the first one; built-in models that went with an
/// earlier program are replaced by today's.
///
/// # Errors
/// What the store says.
pub async fn current_rollout(store: &Store, loader: &dyn LoadModels) -> Result<Rollout, Fault> {
    let known = store.rollout().await?;
    let today = match known {
        Some(rollout) if loader.renewed(&rollout.active) == rollout.active => return Ok(rollout),
        Some(rollout) => loader.renewed(&rollout.active),
        None => loader.first_choice(),
    };
    let initial = Rollout::of(today.clone());
    // What was a candidate or came before was a set with the models that are gone.
    let renew = move |_known| Ok(Rollout::of(today.clone()));
    Ok(store.change_rollout(initial, renew).await?)
}

/// Loads what is not loaded yet and puts everything to use.
fn load(args: &RolloutArgs, rollout: &Rollout) -> Result<(), Fault> {
    let before = args.live.newest();
    let mut devices = std::collections::BTreeMap::new();
    for device in &args.devices {
        let known = before.as_ref().and_then(|models| models.devices.get(device));
        let take = |models: &ModelChoice| {
            let version = models.version();
            let loaded = known.and_then(|set| {
                [Some(&set.active), set.candidate.as_ref()]
                    .into_iter()
                    .flatten()
                    .find(|understander| understander.version() == version)
            });
            loaded.map_or_else(|| args.loader.load(models, device), |found| Ok(found.clone()))
        };
        let active = take(&rollout.active)?;
        let candidate = match &rollout.candidate {
            Some(candidate) => Some(take(&candidate.models)?),
            None => None,
        };
        devices.insert(device.clone(), ModelSet { active, candidate });
    }
    args.space.want(&rollout.active.encoder);
    args.live.replace(ModelsInUse { rollout: rollout.clone(), devices });
    Ok(())
}
