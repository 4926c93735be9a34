//! Asks one OpenAI-compatible engine, within its budget, and leaves it alone while it fails.
//!
//! **Receives** `Chat` from whoever needs words, `Embed` from the engine's device. **Sends** nothing
//! but requests over its own client. **Limits** as many questions at a time as its address admits;
//! tokens a day for all and for each reader; three tries a question. **On restart** the questions
//! being asked are lost with their callers told; the budget lives on.

mod asking;
mod breaker;
mod budget;
mod device;
mod space;

use asking::{Engine, cost_of, cost_of_texts};
use autoglm_domain::{Clock, Fault, ReaderId};
use autoglm_feeds::EngineClient;
use autoglm_protocol::remote_engine::{Asking, Health, RemoteEngineMessage, RemoteEngineStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Permit, Reply};
use breaker::Breaker;
use budget::Budget;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use device::EmbeddingDevice;

/// Questions to one engine at a time; more are answered `Overloaded`.
pub const QUESTIONS_MAX: usize = 16;

/// What an engine is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Words.
    Chat,
    /// Vectors of articles.
    Embeddings,
}

/// One engine as the operator configured it.
#[derive(Debug, Clone)]
pub struct EngineSpec {
    /// Unique within the node.
    pub name: String,
    /// What it is asked for.
    pub kind: EngineKind,
    /// Base address.
    pub address: String,
    /// The model to ask.
    pub model: String,
    /// Tokens a day; 0 for any number.
    pub daily_tokens: u64,
    /// Tokens a day of one reader; 0 for any number.
    pub reader_daily_tokens: u64,
    /// The way there, with the key.
    pub client: EngineClient,
}

/// What RemoteEngineActor needs.
#[derive(Debug, Clone)]
pub struct RemoteEngineArgs {
    engine: Engine,
    /// Outlives restarts of the actor.
    budget: Arc<Mutex<Budget>>,
    clock: Arc<dyn Clock>,
    address: Address<RemoteEngineMessage>,
    status: StatusCell<RemoteEngineStatus>,
}

impl RemoteEngineArgs {
    /// For this engine.
    #[must_use]
    pub fn new(
        spec: EngineSpec,
        clock: Arc<dyn Clock>,
        address: Address<RemoteEngineMessage>,
        status: StatusCell<RemoteEngineStatus>,
    ) -> Self {
        let EngineSpec { name, address: base, model, client, .. } = spec;
        let budget = Budget::new(spec.daily_tokens, spec.reader_daily_tokens);
        let engine = Engine { client, name, address: base, model };
        Self { engine, budget: Arc::new(Mutex::new(budget)), clock, address, status }
    }

    /// What it shows.
    #[must_use]
    pub fn status(&self) -> &StatusCell<RemoteEngineStatus> {
        &self.status
    }
}

/// Asks one engine.
#[derive(Debug)]
pub struct RemoteEngineActor;

/// What RemoteEngineActor remembers.
#[derive(Debug)]
pub struct RemoteEngineState {
    args: RemoteEngineArgs,
    breaker: Breaker,
    /// The questions being asked; ended with the actor.
    questions: JoinSet<()>,
    in_flight: usize,
    asked_total: u64,
    failed_total: u64,
    refused_total: u64,
}

impl RemoteEngineActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(
        args: RemoteEngineArgs,
        supervisor: ActorCell,
    ) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for RemoteEngineActor {
    type Msg = RemoteEngineMessage;
    type State = RemoteEngineState;
    type Arguments = RemoteEngineArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: RemoteEngineArgs,
    ) -> Result<RemoteEngineState, ActorProcessingErr> {
        let last = args.status.get();
        let state = RemoteEngineState {
            breaker: Breaker::default(),
            questions: JoinSet::new(),
            in_flight: 0,
            asked_total: last.asked_total,
            failed_total: last.failed_total,
            refused_total: last.refused_total,
            args,
        };
        state.publish();
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: RemoteEngineMessage,
        state: &mut RemoteEngineState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RemoteEngineMessage::Chat { question, asking, pieces, reply, permit } => {
                let cost = cost_of(&question);
                let engine = state.args.engine.clone();
                state.ask(&myself, cost, asking, (reply, permit), async move |until| {
                    engine.chat(question, pieces, until).await
                });
            }
            RemoteEngineMessage::Embed { texts, asking, reply, permit } => {
                let cost = cost_of_texts(&texts);
                let engine = state.args.engine.clone();
                state.ask(&myself, cost, asking, (reply, permit), async move |until| {
                    engine.embed(&texts, until).await
                });
            }
            RemoteEngineMessage::Done { reader, reserved, spent, health } => {
                state.done(reader, (reserved, spent), health);
            }
        }
        state.publish();
        Ok(())
    }
}

impl RemoteEngineState {
    /// Asks in a task of its own, whose end returns as `Done`, unless the budget is used up or the
    /// engine is left alone.
    fn ask<T, Fut>(
        &mut self,
        myself: &ActorRef<RemoteEngineMessage>,
        reserved: u64,
        asking: Asking,
        (reply, permit): (Reply<T>, Permit),
        question: impl FnOnce(Instant) -> Fut,
    ) where
        T: Send + 'static,
        Fut: Future<Output = asking::Outcome<T>> + Send + 'static,
    {
        if let Err(fault) = self.admit(asking.reader, reserved) {
            self.refused_total += 1;
            return answer(reply, Err(fault));
        }
        self.in_flight += 1;
        self.asked_total += 1;
        let question = question(Instant::now() + asking.within);
        let (engine, actor) = (self.args.engine.name.clone(), myself.clone());
        self.questions.spawn(async move {
            let _permit = permit;
            let (reader, spent, health) = (asking.reader, 0, Health::Unknown);
            let mut tell = TellDone { actor, reader, reserved, spent, health };
            let outcome = question.await;
            (tell.spent, tell.health) = (outcome.spent, outcome.health);
            metrics::counter!("autoglm_engine_tokens_total", "engine" => engine)
                .increment(outcome.spent);
            answer(reply, outcome.answer);
        });
    }

    fn admit(&mut self, reader: Option<ReaderId>, tokens: u64) -> Result<(), Fault> {
        let name = &self.args.engine.name;
        // The budget first: a probe that is admitted must be asked.
        let mut budget = self.args.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.args.clock.now();
        budget.reserve(now, reader, tokens).map_err(|used_up| {
            let whose = if used_up.readers { "the reader's tokens" } else { "the tokens" };
            let message = format!(
                "{whose} of engine {name} are used up for today; see understanding.engines"
            );
            Fault::overloaded(message, used_up.wait)
        })?;
        self.breaker.admit(Instant::now()).map_err(|wait| {
            budget.settle(now, reader, tokens, 0);
            Fault::unavailable(format!("engine {name} has failed and is left alone"), wait)
        })
    }

    fn done(&mut self, reader: Option<ReaderId>, (reserved, spent): (u64, u64), health: Health) {
        // Its end was seen, so this does not wait.
        while self.questions.try_join_next().is_some() {}
        self.in_flight = self.in_flight.saturating_sub(1);
        let mut budget = self.args.budget.lock().unwrap_or_else(PoisonError::into_inner);
        budget.settle(self.args.clock.now(), reader, reserved, spent);
        match health {
            Health::Good => self.breaker.good(),
            Health::Bad(wait) => {
                self.failed_total += 1;
                self.breaker.bad(Instant::now(), wait);
            }
            Health::Unknown => self.breaker.unknown(),
        }
    }

    fn publish(&self) {
        let budget = self.args.budget.lock().unwrap_or_else(PoisonError::into_inner);
        self.args.status.set(RemoteEngineStatus {
            name: self.args.engine.name.clone(),
            model: self.args.engine.model.clone(),
            breaker: self.breaker.state().to_owned(),
            in_flight: self.in_flight,
            asked_total: self.asked_total,
            failed_total: self.failed_total,
            refused_total: self.refused_total,
            tokens_today: budget.used(),
        });
    }
}

/// Says `Done` when a question ends, however it ends.
struct TellDone {
    actor: ActorRef<RemoteEngineMessage>,
    reader: Option<ReaderId>,
    reserved: u64,
    spent: u64,
    health: Health,
}

impl Drop for TellDone {
    fn drop(&mut self) {
        let (reader, reserved, spent, health) =
            (self.reader, self.reserved, self.spent, self.health);
        let done = RemoteEngineMessage::Done { reader, reserved, spent, health };
        // Without an actor there is nobody left to be told.
        self.actor.cast(done).unwrap_or_default();
    }
}

fn answer<T>(reply: Reply<T>, outcome: Result<T, Fault>) {
    if reply.send(outcome).is_err() {
        tracing::debug!("nobody waited for an engine's answer any more");
    }
}

#[cfg(test)]
mod tests;
