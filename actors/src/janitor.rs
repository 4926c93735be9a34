//! Finishes what a crash left, keeps retention and measures backlogs; one of it in the cluster.
//!
//! **Receives** only its own schedule. **Sends** hints to the stages of its node; those of other
//! nodes look by themselves. **Limits** 4,000 articles removed a round. **On restart** begins a
//! new round.

use crate::meter::PipelineMeter;
use crate::stage::{Hint, complaint, jittered};
use autoglm_domain::{Clock, Fault};
use autoglm_models::{StageCounts, Store};
use autoglm_protocol::Address;
use autoglm_protocol::janitor::{JanitorMessage, JanitorStatus};
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::sync::Arc;
use std::time::Duration;

/// Articles removed in one transaction.
const BITE: u32 = 400;
/// Transactions a round: readers' writes go between them.
const BITES_MAX: usize = 10;
/// The stages whose queues are counted.
const COUNTED: [&str; 3] = ["index", "understand", "place"];
/// The first round comes soon after the start, when a crash may have left work.
const FIRST_ROUND: Duration = Duration::from_secs(2);

/// What JanitorActor keeps to.
#[derive(Debug, Clone, Copy)]
pub struct JanitorConfig {
    /// Between two rounds.
    pub round_every: Duration,
    /// Articles older than so many days are removed unless a reader saved them; 0 keeps all.
    pub keep_days: u32,
}

impl Default for JanitorConfig {
    fn default() -> Self {
        Self { round_every: Duration::from_secs(30), keep_days: 90 }
    }
}

/// The stages that are woken when something waits for them.
#[derive(Debug, Clone)]
pub struct StageHints {
    /// IndexActor.
    pub index: Hint,
    /// UnderstandActor.
    pub understand: Hint,
    /// StoryActor.
    pub story: Hint,
}

/// What JanitorActor needs.
#[derive(Debug, Clone)]
pub struct JanitorArgs {
    /// Where everything is.
    pub store: Store,
    /// Schedule and retention.
    pub config: JanitorConfig,
    /// For retention.
    pub clock: Arc<dyn Clock>,
    /// For the queues in front of the stages.
    pub meter: PipelineMeter,
    /// Whom to wake.
    pub hints: StageHints,
    /// Where the actor is found.
    pub address: Address<JanitorMessage>,
    /// What it shows.
    pub status: StatusCell<JanitorStatus>,
}

/// Tidies up.
#[derive(Debug)]
pub struct JanitorActor;

/// What JanitorActor remembers.
#[derive(Debug)]
pub struct JanitorState {
    args: JanitorArgs,
    status: JanitorStatus,
}

impl JanitorActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: JanitorArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for JanitorActor {
    type Msg = JanitorMessage;
    type State = JanitorState;
    type Arguments = JanitorArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: JanitorArgs,
    ) -> Result<JanitorState, ActorProcessingErr> {
        let first = FIRST_ROUND.min(args.config.round_every);
        myself.send_after(jittered(first), || JanitorMessage::Round);
        let status = JanitorStatus::clone(&args.status.get());
        Ok(JanitorState { args, status })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: JanitorMessage,
        state: &mut JanitorState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            JanitorMessage::Round => state.round().await,
        }
        myself.send_after(jittered(state.args.config.round_every), || JanitorMessage::Round);
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Self::Msg>,
        state: &mut JanitorState,
    ) -> Result<(), ActorProcessingErr> {
        // Whoever tidies up next counts them; here they would stay as they were for ever.
        for stage in COUNTED {
            state.args.meter.set_queue(stage, 0);
        }
        Ok(())
    }
}

impl JanitorState {
    async fn round(&mut self) {
        self.status.last_error = None;
        match self.args.store.stage_counts().await {
            Ok(counts) => self.backlog(counts),
            Err(error) => self.noted_error(&error.fault()),
        }
        if let Err(fault) = self.retention().await {
            self.noted_error(&fault);
        }
        self.status.rounds_total += 1;
        self.args.status.set(self.status.clone());
    }

    /// Shows the queues and wakes whoever has work: a lost hint is made good here.
    fn backlog(&self, counts: StageCounts) {
        let hints = &self.args.hints;
        let waiting = [
            (counts.stored, &hints.index),
            (counts.indexed, &hints.understand),
            (counts.understood, &hints.story),
        ];
        for (stage, (waiting, hint)) in COUNTED.into_iter().zip(waiting) {
            self.args.meter.set_queue(stage, u64::try_from(waiting).unwrap_or(0));
            if waiting > 0 {
                hint.give();
            }
        }
    }

    async fn retention(&mut self) -> Result<(), Fault> {
        if self.args.config.keep_days == 0 {
            return Ok(());
        }
        let age = Duration::from_secs(u64::from(self.args.config.keep_days) * 24 * 3_600);
        let before = self.args.clock.now().minus(age);
        for _ in 0..BITES_MAX {
            let removed = self.args.store.remove_articles_older_than(before, BITE).await?;
            self.status.removed_total += removed;
            if removed < u64::from(BITE) {
                break;
            }
        }
        Ok(())
    }

    fn noted_error(&mut self, fault: &Fault) {
        let complaint = complaint(fault);
        tracing::warn!("the janitor's round was not complete: {complaint}");
        self.status.last_error = Some(complaint);
    }
}

#[cfg(test)]
mod tests;
