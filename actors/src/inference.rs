//! Bound to one device: owns its model on a thread of its own, so that neither a long batch nor a
//! panic of the model touches the runtime.
//!
//! **Receives** `Run` from InferencePool, one at a time. **Sends** `DeviceIdle` once the model is
//! loaded. **Limits** one batch at a time. **On restart** a new thread loads the model afresh; the
//! pool queues the batch again.

use autoglm_domain::{Fault, FaultKind};
use autoglm_inference::{TextInput, Understander, discover_devices};
use autoglm_protocol::inference::InferenceMessage;
use autoglm_protocol::inference_pool::{InferencePoolMessage, Text, Understandings, Understood};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Reply};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::fmt;
use std::sync::{Arc, mpsc};
use tokio::sync::oneshot;

/// A model as a device runs it. Lives on one thread from its loading to its end.
pub trait Run {
    /// Name and version, as stored with every answer.
    fn version(&self) -> String;

    /// Understands texts; one answer for each, in order.
    ///
    /// # Errors
    /// When the model cannot answer; the same texts are then tried again, at most twice.
    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault>;
}

impl Run for Understander {
    fn version(&self) -> String {
        Self::version(self)
    }

    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        let inputs: Vec<TextInput> = texts
            .into_iter()
            .map(|text| TextInput { title: text.title, lead: text.lead, language: text.language })
            .collect();
        let answers = self
            .understand(&inputs)
            .map_err(|error| Fault::internal(format!("understanding texts failed: {error}")))?;
        Ok(answers
            .into_iter()
            .map(|answer| Understood {
                embedding: answer.embedding,
                topics: answer.topics,
                summary: answer.summary,
                beside: None,
            })
            .collect())
    }
}

/// Loads a device's model; called on the device's own thread at every start of its actor.
#[derive(Clone)]
pub struct LoadModel(Arc<dyn Fn() -> Result<Box<dyn Run>, Fault> + Send + Sync>);

impl LoadModel {
    /// Loads by this function.
    #[must_use]
    pub fn new(load: impl Fn() -> Result<Box<dyn Run>, Fault> + Send + Sync + 'static) -> Self {
        Self(Arc::new(load))
    }

    /// Models that are in memory already and shared: nothing to load.
    #[must_use]
    pub fn shared(understander: Understander) -> Self {
        Self::new(move || Ok(Box::new(understander.clone())))
    }
}

impl fmt::Debug for LoadModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LoadModel")
    }
}

/// A device and how its model is loaded.
#[derive(Debug, Clone)]
pub struct DeviceSpec {
    /// `cpu`, `cuda:0`, …; unique within the node.
    pub name: String,
    /// What sort of device, for people.
    pub kind: String,
    /// Its model.
    pub load: LoadModel,
}

impl DeviceSpec {
    /// Every device of this machine, all running the same models.
    #[must_use]
    pub fn discovered(understander: &Understander) -> Vec<Self> {
        discover_devices()
            .into_iter()
            .map(|device| Self {
                kind: format!("{:?}", device.kind).to_lowercase(),
                name: device.name,
                load: LoadModel::shared(understander.clone()),
            })
            .collect()
    }
}

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
}

/// Runs batches on one device.
#[derive(Debug)]
pub struct InferenceActor;

/// What an InferenceActor remembers.
#[derive(Debug)]
pub struct InferenceState {
    /// The way to the model's thread; the thread ends when this is dropped.
    jobs: mpsc::SyncSender<Job>,
    device: String,
    pool: ActorRef<InferencePoolMessage>,
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
        let device = args.device.name.clone();
        let (jobs, inbox) = mpsc::sync_channel(1);
        let pool = args.pool.clone();
        let end = StopActor { actor: myself.get_cell(), device: device.clone() };
        std::thread::Builder::new().name(format!("infer-{device}")).spawn(move || {
            let _end = end;
            serve(&args, &inbox);
        })?;
        Ok(InferenceState { jobs, device, pool })
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
        let (answer, outcome) = oneshot::channel();
        // Never blocks: the thread takes one job at a time, and so does this handler.
        let sent = self.jobs.try_send(Job { texts, answer }).is_ok();
        let outcome = if sent { outcome.await.ok() } else { None };
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
fn serve(args: &InferenceArgs, inbox: &mpsc::Receiver<Job>) {
    let name = args.device.name.clone();
    let mut model = match (args.device.load.0)() {
        Ok(model) => model,
        Err(fault) => {
            tracing::error!(device = name, "loading the model failed: {fault}");
            return;
        }
    };
    let version = model.version();
    args.model.set(version.clone());
    if args.pool.cast(InferencePoolMessage::DeviceIdle { device: name.clone() }).is_err() {
        return;
    }
    while let Ok(job) = inbox.recv() {
        let asked = job.texts.len();
        let outcome = model.run(job.texts).and_then(|items| {
            let model_version = version.clone();
            if items.len() == asked {
                return Ok(Understandings { model_version, items });
            }
            Err(Fault::new(
                FaultKind::Internal,
                format!("model {version} answered {} of {asked} texts", items.len()),
            ))
        });
        // A pool that has gone queues the batch again by itself.
        if job.answer.send(outcome).is_err() {
            tracing::debug!(device = name, "nobody waited for a batch");
        }
    }
}
