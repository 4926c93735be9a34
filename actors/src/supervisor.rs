//! Starts its children in order, restarts them by strategy, and stops them in reverse order.
//!
//! **Receives** `Restart` from the operator, `StopChildren` from whoever stops the node, the ends
//! of its children from the runtime. **Sends** nothing.
//! **Limits** restarts within a window, each after a back-off; past it the child is parked for the
//! operator, or the supervisor itself fails. Starts and stops have deadlines.
//! **On restart** starts all its children again.
//!
//! Ours, because no published supervisor works with the runtime's `cluster` feature.

pub mod args;
pub mod child;
pub mod policy;

pub use args::{Strategy, SupervisorArgs};
use autoglm_domain::{Fault, FaultKind};
use autoglm_protocol::Reply;
use autoglm_protocol::status::ActorState;
use autoglm_protocol::supervisor::{SupervisorMessage, SupervisorStatus};
use child::{Child, Phase, stop_and_wait};
pub use child::{ChildSpec, SpawnChild};
pub use policy::{Exit, Restart, RestartConfig, RestartPolicy, Verdict};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// The behaviour.
#[derive(Debug)]
pub struct SupervisorActor;

/// The root of the tree, running.
#[derive(Debug)]
pub struct RootSupervisor {
    /// Its reference.
    pub cell: ActorCell,
    task: ractor::concurrency::JoinHandle<()>,
    outcome: Arc<OnceLock<Result<(), String>>>,
}

impl RootSupervisor {
    /// Waits for its end. An error means that the process must exit non-zero.
    ///
    /// # Errors
    /// The reason, when it was not stopped on purpose.
    pub async fn ended(mut self) -> Result<(), String> {
        self.wait().await
    }

    /// [`Self::ended`] for a holder that goes on; waits only once.
    ///
    /// # Errors
    /// As [`Self::ended`].
    pub async fn wait(&mut self) -> Result<(), String> {
        // The runtime turns a panic into the supervisor's end; the outcome is then missing.
        (&mut self.task).await.unwrap_or_default();
        let outcome = self.outcome.get().cloned();
        outcome.unwrap_or_else(|| Err("the root supervisor was killed or panicked".to_owned()))
    }
}

/// What it knows.
#[derive(Debug)]
pub struct SupervisorState {
    args: SupervisorArgs,
    children: Vec<Child>,
    stopping: bool,
    restarts_total: u64,
}

impl SupervisorActor {
    /// Starts it with all its children under `supervisor` and publishes its reference.
    ///
    /// # Errors
    /// When a child cannot be started for the first time; those before it are stopped again.
    pub async fn spawn(args: SupervisorArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }

    /// Starts it with all its children as the root of a tree.
    ///
    /// # Errors
    /// As [`Self::spawn`].
    pub async fn spawn_root(args: SupervisorArgs) -> Result<RootSupervisor, SpawnErr> {
        let (address, outcome) = (args.address.clone(), Arc::clone(&args.outcome));
        args.board.register(&args.name, None, &args.status);
        let (actor, task) = Actor::spawn(None, Self, args).await?;
        address.publish(actor.clone());
        Ok(RootSupervisor { cell: actor.get_cell(), task, outcome })
    }
}

impl Actor for SupervisorActor {
    type Msg = SupervisorMessage;
    type State = SupervisorState;
    type Arguments = SupervisorArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let mut state = SupervisorState::new(args);
        let all = 0..state.children.len();
        state.start(&myself, all).await.map_err(|(_, why)| why)?;
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SupervisorMessage::Restart { child, reply } => {
                state.restart(&myself, &child, reply).await;
            }
            SupervisorMessage::StopChildren { reply } => state.stop_children(reply).await,
            SupervisorMessage::BackoffPassed { child, generation } => {
                state.backoff_passed(&myself, &child, generation).await?;
            }
        }
        state.show();
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, error) => {
                state.ended(&myself, &who, Exit::Failed, error.to_string()).await?;
            }
            SupervisionEvent::ActorTerminated(who, _, reason) => {
                let killed = reason.as_deref() == Some("killed");
                let exit = if killed { Exit::Failed } else { Exit::Finished };
                let reason = reason.unwrap_or_else(|| "it stopped".to_owned());
                state.ended(&myself, &who, exit, reason).await?;
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
        state.stop_all().await;
        state.args.address.withdraw();
        // Only the first outcome counts.
        state.args.outcome.set(Ok(())).unwrap_or_default();
        Ok(())
    }
}

impl SupervisorState {
    fn new(args: SupervisorArgs) -> Self {
        let child = |spec: &ChildSpec| Child::new(spec.clone(), args.restart.clone());
        let children = args.children.iter().map(child).collect();
        Self { args, children, stopping: false, restarts_total: 0 }
    }

    /// Starts children in order. On the first that cannot be started those before it are stopped
    /// again, and its index and reason are returned.
    async fn start(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        range: Range<usize>,
    ) -> Result<(), (usize, String)> {
        for index in range.clone() {
            if self.children[index].phase == Phase::Running {
                continue;
            }
            let child = &mut self.children[index];
            let spawn = (child.spec.spawn)(myself.get_cell());
            let why = match tokio::time::timeout(self.args.start_limit, spawn).await {
                Ok(Ok(cell)) => {
                    child.running(cell);
                    child.spec.register(&self.args.board, &self.args.name);
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_elapsed) => format!("it did not start within {:?}", self.args.start_limit),
            };
            let name = child.spec.name.clone();
            self.stop_range(range.start..index, Phase::Waiting).await;
            return Err((index, format!("could not start {name}: {why}")));
        }
        self.show();
        Ok(())
    }

    /// A child has ended by itself.
    async fn ended(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        who: &ActorCell,
        exit: Exit,
        reason: String,
    ) -> Result<(), ActorProcessingErr> {
        // Children that we stopped ourselves have no cell any more.
        let Some(index) = self.children.iter().position(|child| child.is(who)) else {
            return Ok(());
        };
        self.children[index].cell = None;
        self.children[index].phase = Phase::Stopped;
        if self.stopping {
            return Ok(());
        }
        self.judge(myself, index, exit, reason).await
    }

    /// Does what the policy says about a child that does not run.
    async fn judge(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        index: usize,
        exit: Exit,
        reason: String,
    ) -> Result<(), ActorProcessingErr> {
        let child = &mut self.children[index];
        let (name, kind) = (child.spec.name.clone(), child.spec.restart);
        match child.policy.ended(kind, exit, Instant::now(), rand::random()) {
            Verdict::LetGo => {
                child.phase = Phase::Stopped;
                self.args.board.set_state(&name, ActorState::Stopped, Some(reason));
            }
            Verdict::RestartIn(wait) => {
                tracing::warn!(child = %name, %reason, ?wait, "an actor ended and is restarted");
                let group = self.group(index);
                self.stop_range(group, Phase::Waiting).await;
                let child = &mut self.children[index];
                child.phase = Phase::Waiting;
                child.generation += 1;
                let generation = child.generation;
                self.restarts_total += 1;
                self.args.board.set_state(&name, ActorState::Restarting, Some(reason));
                myself.send_after(wait, move || SupervisorMessage::BackoffPassed {
                    child: name,
                    generation,
                });
            }
            Verdict::Park => {
                tracing::error!(child = %name, %reason, "an actor failed too often and is parked");
                child.phase = Phase::Parked;
                self.args.board.set_state(&name, ActorState::Parked, Some(reason));
                // Whoever was stopped along with it runs on without it.
                let group = self.group(index);
                if let Err((_, why)) = self.start_others(myself, group).await {
                    tracing::error!(%why, "the siblings of a parked actor do not start");
                }
            }
            Verdict::GiveUp => {
                let why = format!("{name} failed too often; last: {reason}");
                tracing::error!(supervisor = %self.args.name, %why, "a supervisor gives up");
                self.stop_all().await;
                // Only the first outcome counts.
                self.args.outcome.set(Err(why.clone())).unwrap_or_default();
                return Err(why.into());
            }
        }
        Ok(())
    }

    /// The children that restart together with this one, itself included.
    fn group(&self, index: usize) -> Range<usize> {
        match self.args.strategy {
            Strategy::OneForOne => index..index + 1,
            Strategy::OneForAll => 0..self.children.len(),
            Strategy::RestForOne => index..self.children.len(),
        }
    }

    async fn backoff_passed(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        name: &str,
        generation: u64,
    ) -> Result<(), ActorProcessingErr> {
        let waits = |child: &Child| {
            child.spec.name == name
                && child.generation == generation
                && child.phase == Phase::Waiting
        };
        let Some(index) = self.children.iter().position(waits) else {
            return Ok(());
        };
        if self.stopping {
            return Ok(());
        }
        let group = self.group(index);
        match self.start_others(myself, group).await {
            Ok(()) => Ok(()),
            // A start that fails, or panics, is one more failure; the runtime sends no event for it.
            Err((failed, why)) => self.judge(myself, failed, Exit::Failed, why).await,
        }
    }

    /// Starts those of a group that wait, one after the other.
    async fn start_others(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        group: Range<usize>,
    ) -> Result<(), (usize, String)> {
        for index in group {
            if self.children[index].phase == Phase::Waiting {
                self.start(myself, index..index + 1).await?;
            }
        }
        Ok(())
    }

    async fn restart(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        name: &str,
        reply: Reply<()>,
    ) {
        let answer = self.restart_now(myself, name).await;
        // Whoever asked may have stopped waiting.
        reply.send(answer).unwrap_or_default();
    }

    async fn restart_now(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        name: &str,
    ) -> Result<(), Fault> {
        let Some(index) = self.children.iter().position(|child| child.spec.name == name) else {
            return Err(Fault::not_found(format!("{} has no child {name:?}", self.args.name)));
        };
        if self.stopping {
            let message = format!("cannot restart {name}: the node is stopping");
            return Err(Fault::new(FaultKind::Unavailable, message));
        }
        self.stop_range(index..index + 1, Phase::Stopped).await;
        let child = &mut self.children[index];
        child.policy.reset();
        child.generation += 1;
        child.phase = Phase::Waiting;
        self.args.board.set_state(name, ActorState::Restarting, None);
        self.restarts_total += 1;
        let Err((_, why)) = self.start(myself, index..index + 1).await else {
            return Ok(());
        };
        self.children[index].phase = Phase::Parked;
        self.args.board.set_state(name, ActorState::Parked, Some(why.clone()));
        Err(Fault::unavailable(why, self.args.restart.backoff_max))
    }

    async fn stop_children(&mut self, reply: Reply<()>) {
        self.stop_all().await;
        // Whoever asked may have stopped waiting.
        reply.send(Ok(())).unwrap_or_default();
    }

    async fn stop_all(&mut self) {
        self.stopping = true;
        self.stop_range(0..self.children.len(), Phase::Stopped).await;
        self.show();
    }

    /// Stops those of a range that run, last started first.
    async fn stop_range(&mut self, range: Range<usize>, phase: Phase) {
        for index in range.rev() {
            let child = &mut self.children[index];
            let Some(cell) = child.cell.take() else { continue };
            child.phase = phase;
            stop_and_wait(&child.spec.name, &cell, self.args.stop_limit).await;
            let state = match phase {
                Phase::Waiting => ActorState::Restarting,
                _ => ActorState::Stopped,
            };
            self.args.board.set_state(&child.spec.name, state, None);
        }
    }

    fn show(&self) {
        let count = |phase| self.children.iter().filter(|child| child.phase == phase).count();
        self.args.status.set(SupervisorStatus {
            running: count(Phase::Running),
            restarting: count(Phase::Waiting),
            parked: count(Phase::Parked),
            restarts_total: self.restarts_total,
        });
    }
}

#[cfg(test)]
mod tests;
