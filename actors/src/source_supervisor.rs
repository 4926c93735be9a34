//! Runs one SourceActor for every source whose host this node owns.
//!
//! **Receives** hints that sources changed, the owned hosts from the shard host, `Refresh` for a
//! person, `Pushed` and `PushLost` from the port of the hubs, the ends of its children from the
//! runtime, its own `Sweep` and `BackoffPassed`.
//! **Sends** all but the hints on to SourceActors, and `Changed`. Writes the health log once a second.
//! **Limits** sources due at once start 10 ms apart; a source that fails five times in ten minutes
//! is parked, with its reason in its health, until a person refreshes it.
//! **On restart** takes the owned hosts from their cell and starts every source from its health.

mod child;
mod pushes;

use crate::source::health_log::SourceStore;
use crate::source::{SourceActor, SourceArgs, SourceTools};
use crate::supervisor::{Exit, Restart, RestartPolicy, Verdict};
use arc_swap::ArcSwap;
use autoglm_domain::{FailureCause, Fault, Health, HealthClass, Shard, Source, SourceId};
use autoglm_protocol::source::SourceMessage;
use autoglm_protocol::source_supervisor::{SourceSupervisorMessage, SourceSupervisorStatus};
use autoglm_protocol::status::{ActorState, StatusBoard, StatusCell};
use autoglm_protocol::{Address, Reply, name};
pub use child::SourceSupervisorConfig;
use child::{Child, Phase, parked};
pub(crate) use child::{shard_of, shard_of_url};
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The host shards of this node; written by the shard host, read when the supervisor starts.
pub type OwnedHosts = Arc<ArcSwap<HashSet<Shard>>>;

/// Messages one SourceActor admits.
const SOURCE_PERMITS: usize = 4;
/// As many new sources at once are somebody's deed and are fetched at once.
const FRESH_AT_ONCE: usize = 20;
/// Longest read of the store.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// The behaviour.
#[derive(Debug)]
pub struct SourceSupervisorActor;

/// What it needs.
#[derive(Debug, Clone)]
pub struct SourceSupervisorArgs {
    /// Which sources there are.
    pub store: Arc<dyn SourceStore>,
    /// What every source is given.
    pub tools: SourceTools,
    /// Which host shards are ours.
    pub owned: OwnedHosts,
    /// How to behave.
    pub config: SourceSupervisorConfig,
    /// Where the tree is shown.
    pub board: StatusBoard,
    /// Where others find it.
    pub address: Address<SourceSupervisorMessage>,
    /// What it shows.
    pub status: StatusCell<SourceSupervisorStatus>,
}

/// What it knows.
#[derive(Debug)]
pub struct SourceSupervisorState {
    args: SourceSupervisorArgs,
    myself: ActorRef<SourceSupervisorMessage>,
    owned: Arc<HashSet<Shard>>,
    known: Arc<Vec<(Source, Health)>>,
    /// Whether the store has been read; what appears later was added by somebody.
    loaded: bool,
    children: HashMap<SourceId, Child>,
    by_actor: HashMap<ActorId, SourceId>,
    next_slot: Instant,
    /// The one task that writes the health log beside the mailbox; aborted with this state.
    _writer: JoinSet<()>,
}

impl SourceSupervisorActor {
    /// Starts it under `supervisor` and publishes its reference.
    ///
    /// # Errors
    /// Only when the supervisor is stopping.
    pub async fn spawn(
        args: SourceSupervisorArgs,
        supervisor: ActorCell,
    ) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for SourceSupervisorActor {
    type Msg = SourceSupervisorMessage;
    type State = SourceSupervisorState;
    type Arguments = SourceSupervisorArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        myself.send_interval(args.config.sweep_every, || SourceSupervisorMessage::Sweep);
        myself.cast(SourceSupervisorMessage::Sweep).map_err(|error| error.to_string())?;
        Ok(SourceSupervisorState::new(args, myself))
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SourceSupervisorMessage::SourcesChanged => {
                state.args.address.nudge_taken();
                state.read().await;
            }
            SourceSupervisorMessage::OwnedHosts(owned) => state.owned_hosts(owned).await,
            SourceSupervisorMessage::Refresh { source, reply } => {
                state.refresh(source, reply).await;
            }
            SourceSupervisorMessage::Pushed { source, document, reply } => {
                state.pushed(source, document, reply);
            }
            SourceSupervisorMessage::PushLost { source } => state.push_lost(source),
            SourceSupervisorMessage::BackoffPassed { source, generation } => {
                state.backoff_passed(source, generation).await;
            }
            SourceSupervisorMessage::Sweep => state.read().await,
        }
        state.show();
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, error) => state.ended(&who, &error.to_string()),
            SupervisionEvent::ActorTerminated(who, _, reason) => {
                state.ended(&who, reason.as_deref().unwrap_or("it stopped"));
            }
            _ => {}
        }
        state.show();
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<Self::Msg>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let ids: Vec<SourceId> = state.children.keys().copied().collect();
        for id in ids {
            state.stop(id);
        }
        if let Err(fault) = state.args.tools.log.write(true).await {
            tracing::warn!(why = %fault.message, "the last fetch results could not be saved");
        }
        Ok(())
    }
}

impl SourceSupervisorState {
    fn new(args: SourceSupervisorArgs, myself: ActorRef<SourceSupervisorMessage>) -> Self {
        let (log, every) = (args.tools.log.clone(), args.config.save_every);
        let mut writer = JoinSet::new();
        // Beside the mailbox, because a slow database must not keep a person's refresh waiting; it
        // needs no answer, for whatever it could not write it keeps.
        writer.spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                if let Err(fault) = log.write(false).await {
                    tracing::warn!(why = %fault.message, "fetch results are kept and saved later");
                }
            }
        });
        Self {
            owned: args.owned.load_full(),
            args,
            myself,
            known: Arc::default(),
            loaded: false,
            children: HashMap::new(),
            by_actor: HashMap::new(),
            next_slot: Instant::now(),
            _writer: writer,
        }
    }

    /// Reads the sources again. While the store is away everything goes on as it was.
    async fn read(&mut self) {
        let read = tokio::time::timeout(READ_LIMIT, self.args.store.active_sources()).await;
        match read {
            Ok(Ok(sources)) => {
                self.known = Arc::new(sources);
                let owned = self.args.owned.load_full();
                if !owned.is_empty() {
                    // A message about it may have been lost while this actor restarted.
                    self.owned = owned;
                }
                self.reconcile().await;
                self.loaded = true;
            }
            Ok(Err(fault)) => tracing::warn!(why = %fault.message, "the sources could not be read"),
            Err(_elapsed) => tracing::warn!("reading the sources took too long"),
        }
    }

    async fn owned_hosts(&mut self, owned: Arc<HashSet<Shard>>) {
        // Shards come one by one; only the newest set is worth looking at.
        let newest = self.args.owned.load_full();
        if !newest.is_empty() && !Arc::ptr_eq(&newest, &owned) {
            return;
        }
        self.owned = owned;
        self.reconcile().await;
    }

    /// Starts, changes and stops children until they are what the store and the leases say.
    async fn reconcile(&mut self) {
        // Every minute, of thousands of sources hardly one has changed: only that one is copied.
        let known = Arc::clone(&self.known);
        let ours = |source: &Source| !source.paused && self.owned.contains(&shard_of(source));
        let ours: Vec<_> = known.iter().filter(|(source, _)| ours(source)).collect();
        let wanted: HashSet<SourceId> = ours.iter().map(|(source, _)| source.id).collect();
        let gone = self.children.keys().filter(|id| !wanted.contains(id));
        for id in gone.copied().collect::<Vec<_>>() {
            self.stop(id);
        }
        let fresh = wanted.iter().filter(|id| !self.children.contains_key(id)).count();
        let at_once = self.loaded && fresh <= FRESH_AT_ONCE;
        for (source, health) in ours {
            if let Some(child) = self.children.get_mut(&source.id) {
                child.change(source);
                continue;
            }
            let noted = self.args.tools.log.health(source.id);
            let health = noted.unwrap_or_else(|| health.clone());
            let now = at_once && health.class == HealthClass::New;
            self.add(source.clone(), health, now).await;
        }
    }

    async fn add(&mut self, source: Source, health: Health, at_once: bool) {
        let (id, name) = (source.id, name::source(source.id));
        let child = Child {
            address: Address::new(name.clone(), SOURCE_PERMITS),
            source,
            status: StatusCell::default(),
            cell: None,
            phase: Phase::Parked,
            policy: RestartPolicy::new(self.args.config.restart.clone()),
            generation: 0,
        };
        self.args.board.register(&name, Some(self.args.address.name()), &child.status);
        self.children.insert(id, child);
        if health.cause.as_deref() == Some(FailureCause::Parked.name()) {
            self.args.board.set_state(&name, ActorState::Parked, health.problem);
            return;
        }
        let slot = if at_once { Duration::ZERO } else { self.slot() };
        self.start(id, health, slot).await;
    }

    /// The next place in the queue of those due at once.
    fn slot(&mut self) -> Duration {
        let now = Instant::now();
        let slot = self.next_slot.max(now);
        self.next_slot = slot + self.args.config.start_spacing;
        let wait = slot.saturating_duration_since(now).min(self.args.config.start_spread_max);
        wait + self.args.config.start_spacing.mul_f64(rand::random())
    }

    async fn start(&mut self, id: SourceId, health: Health, slot: Duration) {
        let Some(child) = self.children.get_mut(&id) else { return };
        let args = SourceArgs {
            source: child.source.clone(),
            health,
            slot,
            tools: self.args.tools.clone(),
            address: child.address.clone(),
            status: child.status.clone(),
        };
        match SourceActor::spawn(args, self.myself.get_cell()).await {
            Ok(cell) => {
                self.by_actor.insert(cell.get_id(), id);
                child.cell = Some(cell);
                child.phase = Phase::Running;
                let name = name::source(id);
                self.args.board.register(&name, Some(self.args.address.name()), &child.status);
            }
            Err(error) => self.judge(id, &error.to_string()),
        }
    }

    /// Ends a child for good. Killing is harmless (see [`SourceActor`]), and waiting for a fetch
    /// would hold up a shutdown.
    fn stop(&mut self, id: SourceId) {
        let Some(child) = self.children.remove(&id) else { return };
        if let Some(cell) = child.cell {
            self.by_actor.remove(&cell.get_id());
            cell.kill();
        }
        child.address.withdraw();
        self.args.tools.log.forget(id);
        self.args.board.remove(&name::source(id));
    }

    /// A child has ended by itself, which it never does without a defect.
    fn ended(&mut self, who: &ActorCell, reason: &str) {
        let Some(id) = self.by_actor.remove(&who.get_id()) else { return };
        if let Some(child) = self.children.get_mut(&id) {
            child.cell = None;
            child.address.withdraw();
            self.args.tools.meter.error("fetch");
            self.judge(id, reason);
        }
    }

    fn judge(&mut self, id: SourceId, reason: &str) {
        let Some(child) = self.children.get_mut(&id) else { return };
        let name = name::source(id);
        let now = Instant::now();
        match child.policy.ended(Restart::Permanent, Exit::Failed, now, rand::random()) {
            Verdict::RestartIn(wait) => {
                tracing::warn!(source = id.0, url = %child.source.url, %reason, ?wait, "a source failed");
                child.phase = Phase::Waiting;
                child.generation += 1;
                let generation = child.generation;
                self.args.board.set_state(&name, ActorState::Restarting, Some(reason.to_owned()));
                self.myself.send_after(wait, move || SourceSupervisorMessage::BackoffPassed {
                    source: id,
                    generation,
                });
            }
            Verdict::LetGo | Verdict::Park | Verdict::GiveUp => {
                tracing::error!(source = id.0, url = %child.source.url, %reason, "a source is parked");
                child.phase = Phase::Parked;
                self.args.board.set_state(&name, ActorState::Parked, Some(reason.to_owned()));
                let source = child.source.clone();
                let before = self.health_of(id);
                self.args.tools.log.note(parked(&source, before, reason));
            }
        }
    }

    async fn backoff_passed(&mut self, id: SourceId, generation: u64) {
        let waits = |child: &Child| child.phase == Phase::Waiting && child.generation == generation;
        if self.children.get(&id).is_some_and(waits) {
            let health = self.health_of(id);
            self.start(id, health, Duration::ZERO).await;
        }
    }

    fn health_of(&self, id: SourceId) -> Health {
        let stored = || self.known.iter().find(|(source, _)| source.id == id);
        let noted = self.args.tools.log.health(id);
        noted.or_else(|| stored().map(|(_, health)| health.clone())).unwrap_or_default()
    }

    /// A person wants this source fetched now; whatever kept it from running is forgiven.
    async fn refresh(&mut self, id: SourceId, reply: Reply<usize>) {
        if !self.children.contains_key(&id) {
            // It may have been added a moment ago.
            self.read().await;
        }
        let Some(child) = self.children.get_mut(&id) else {
            let fault = Fault::not_found(format!(
                "source {id} is not fetched by this node: it is paused, removed, or another node's"
            ));
            // Whoever asked may have stopped waiting.
            return reply.send(Err(fault)).unwrap_or_default();
        };
        if child.phase != Phase::Running {
            child.policy.reset();
            child.generation += 1;
            let health = Health { cause: None, problem: None, ..self.health_of(id) };
            // The timer stays far away: the refresh is the fetch.
            self.start(id, health, self.args.config.sweep_every).await;
        }
        if let Some(child) = self.children.get(&id) {
            // The caller holds a permit of ours until the source has answered. A source that is
            // gone drops the reply, which the caller sees at once.
            child.address.cast(SourceMessage::Refresh { reply }).unwrap_or_default();
        }
    }

    fn show(&self) {
        let count = |phase| self.children.values().filter(|child| child.phase == phase).count();
        self.args.status.set(SourceSupervisorStatus {
            running: count(Phase::Running),
            restarting: count(Phase::Waiting),
            parked: count(Phase::Parked),
            elsewhere: self.known.len().saturating_sub(self.children.len()),
        });
    }
}

#[cfg(test)]
mod tests;
