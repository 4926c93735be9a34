//! Bound to one device: owns its model on a thread of its own, so that neither a long batch nor a
//! panic of the model touches the runtime.
//!
//! **Receives** `Run` from InferencePool, one at a time. **Sends** `DeviceIdle` once the model is
//! loaded. **Limits** one batch at a time. **On restart** a new thread loads the model afresh; the
//! pool queues the batch again.

mod device;

use autoglm_domain::{Fault, FaultKind};
use autoglm_inference::{Stage, StageTimes, stage_clock};
use autoglm_protocol::inference::InferenceMessage;
use autoglm_protocol::inference_pool::{
    InferencePoolMessage, StageSeconds, Text, Understandings, Understood,
};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Reply};
use device::{Load, Place};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::fmt;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::oneshot;

pub use device::{DeviceSpec, LoadModel, Run, RunRemotely, out_of_memory};
pub(crate) use device::{input_of, is_out_of_memory};

/// Histogram of the parts of a batch's time.
const STAGE_SECONDS: &str = "autoglm_inference_stage_seconds";

/// What an InferenceActor needs.
#[derive(Debug, Clone)]
pub struct InferenceArgs {
    /// Its device.
    pub device: DeviceSpec,
    /// The pool it works for. Not its address: the pool restarts it, never the other way round.
    pub pool: ActorRef<InferencePoolMessage>,
    /// Where the actor is found.
    pub address: Address<InferenceMessage>,
    /// Name and version of the model, once it is loaded; empty before.
    pub model: StatusCell<String>,
    /// Where the model's time went since the node started.
    pub stages: StatusCell<StageSeconds>,
}

/// Runs batches on one device.
#[derive(Debug)]
pub struct InferenceActor;

/// What an InferenceActor remembers.
#[derive(Debug)]
pub struct InferenceState {
    engine: Engine,
    device: String,
    pool: ActorRef<InferencePoolMessage>,
}

/// Who answers.
enum Engine {
    /// The way to the model's thread; the thread ends when this is dropped.
    Thread(mpsc::SyncSender<Job>),
    Remote(Arc<dyn RunRemotely>),
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Thread(_) => "Thread",
            Self::Remote(_) => "Remote",
        })
    }
}

/// One batch on its way to the model's thread. Dropped without an answer when the model panics.
struct Job {
    texts: Vec<Text>,
    answer: oneshot::Sender<Result<Understandings, Fault>>,
}

impl InferenceActor {
    /// Starts the actor and publishes its address. The model is loaded afterwards.
    ///
    /// # Errors
    /// When the actor or its thread cannot be started.
    pub async fn spawn(args: InferenceArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for InferenceActor {
    type Msg = InferenceMessage;
    type State = InferenceState;
    type Arguments = InferenceArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: InferenceArgs,
    ) -> Result<InferenceState, ActorProcessingErr> {
        let (device, pool) = (args.device.name.clone(), args.pool.clone());
        let engine = match args.device.load.place.clone() {
            Place::Here(load) => Engine::Thread(start_thread(args, load, myself.get_cell())?),
            Place::Elsewhere(model) => {
                args.ready(model.version());
                Engine::Remote(model)
            }
        };
        Ok(InferenceState { engine, device, pool })
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: InferenceMessage,
        state: &mut InferenceState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            InferenceMessage::Run { texts, reply } => state.run(texts, reply).await,
        }
    }
}

impl InferenceState {
    /// Fails when the model's thread is gone: the model can no longer be trusted.
    async fn run(
        &self,
        texts: Vec<Text>,
        reply: Reply<Understandings>,
    ) -> Result<(), ActorProcessingErr> {
        let outcome = self.outcome(texts).await;
        let gone = outcome.is_none();
        let panicked = format!("the model on device {} panicked at a batch", self.device);
        let outcome = outcome.unwrap_or_else(|| Err(Fault::internal(panicked.clone())));
        let refused = outcome.is_err();
        if reply.send(outcome).is_err() {
            tracing::debug!(device = self.device, "the pool no longer waits for this batch");
        }
        if gone {
            return Err(panicked.into());
        }
        if refused {
            // The pool cannot see whether the model survived its refusal, hence the word.
            let device = self.device.clone();
            self.pool.cast(InferencePoolMessage::DeviceIdle { device }).unwrap_or_default();
        }
        Ok(())
    }
}

impl InferenceState {
    /// The answer; `None` when the model's thread is gone.
    async fn outcome(&self, texts: Vec<Text>) -> Option<Result<Understandings, Fault>> {
        match &self.engine {
            Engine::Thread(jobs) => {
                let (answer, outcome) = oneshot::channel();
                // Never blocks: the thread takes one job at a time, and so does the handler.
                jobs.try_send(Job { texts, answer }).ok()?;
                outcome.await.ok()
            }
            Engine::Remote(model) => {
                let asked = texts.len();
                let outcome = model.run(texts).await;
                Some(outcome.and_then(|items| counted(model.version(), asked, items)))
            }
        }
    }
}

impl InferenceArgs {
    /// The model is there: the device can be given work. Says whether anybody heard it.
    fn ready(&self, version: String) -> bool {
        self.model.set(version);
        let device = self.device.name.clone();
        self.pool.cast(InferencePoolMessage::DeviceIdle { device }).is_ok()
    }

    /// Counts where the time of a batch went.
    fn count(&self, times: StageTimes) {
        let sums = *self.stages.get();
        let add = |sum: f64, stage: &'static str, time: Duration| {
            let seconds = time.as_secs_f64();
            let device = self.device.name.clone();
            metrics::histogram!(STAGE_SECONDS, "stage" => stage, "device" => device)
                .record(seconds);
            sum + seconds
        };
        self.stages.set(StageSeconds {
            pre_processing: add(sums.pre_processing, "pre_processing", times.pre_processing),
            forward: add(sums.forward, "forward", times.forward),
            post_processing: add(sums.post_processing, "post_processing", times.post_processing),
        });
    }
}

/// Starts the thread on which the model lives.
fn start_thread(
    args: InferenceArgs,
    load: Load,
    actor: ActorCell,
) -> Result<mpsc::SyncSender<Job>, ActorProcessingErr> {
    let (jobs, inbox) = mpsc::sync_channel(1);
    let device = args.device.name.clone();
    let end = StopActor { actor, device: device.clone() };
    std::thread::Builder::new().name(format!("infer-{device}")).spawn(move || {
        let _end = end;
        serve(&args, &load, &inbox);
    })?;
    Ok(jobs)
}

/// One answer for each text, or a defect of the model.
fn counted(
    model_version: String,
    asked: usize,
    items: Vec<Understood>,
) -> Result<Understandings, Fault> {
    if items.len() == asked {
        return Ok(Understandings { model_version, items });
    }
    let message = format!("model {model_version} answered {} of {asked} texts", items.len());
    Err(Fault::new(FaultKind::Internal, message))
}

/// Stops the actor when the model's thread ends, however it ends.
struct StopActor {
    actor: ActorCell,
    device: String,
}

impl Drop for StopActor {
    fn drop(&mut self) {
        let how = if std::thread::panicking() { "panicked" } else { "ended" };
        self.actor.stop(Some(format!("the model's thread of device {} {how}", self.device)));
    }
}

/// The thread's whole life: load, then batch after batch until the actor is gone.
fn serve(args: &InferenceArgs, load: &Load, inbox: &mpsc::Receiver<Job>) {
    let name = &args.device.name;
    let mut model = match load() {
        Ok(model) => model,
        Err(fault) => {
            tracing::error!(device = name, "loading the model failed: {fault}");
            return;
        }
    };
    if !args.ready(model.version()) {
        return;
    }
    while let Ok(job) = inbox.recv() {
        let asked = job.texts.len();
        // What the model does not mark as something else counts as its forward pass.
        let outcome = stage_clock::timed(Stage::Forward, || model.run(job.texts));
        args.count(stage_clock::take());
        // Asked after the batch: live models may have been replaced before it.
        let outcome = outcome.and_then(|items| counted(model.version(), asked, items));
        // A pool that has gone queues the batch again by itself.
        if job.answer.send(outcome).is_err() {
            tracing::debug!(device = name, "nobody waited for a batch");
        }
    }
}
