//! Admission, priorities and dynamic batches in front of the devices; supervises their actors.
//!
//! **Receives** `Submit` from whoever has texts, `DeviceIdle` from InferenceActors. **Sends** `Run`
//! to InferenceActors. **Limits** 256 texts of 8 KiB a request; entries and tokens by
//! [`BatchLimits`]; one batch a device. **On restart** callers are told to try again; a device that
//! fails is started again with back-off and its batch queued again, at most twice.

mod answer_cache;
mod busy_window;
mod device;
mod dispatch;
mod failing;
mod requests;
mod works;

use crate::inference::DeviceSpec;
use answer_cache::AnswerCache;
use autoglm_domain::{Fault, FaultKind, Language, Priority};
use autoglm_inference::{
    BatchFormer, BatchLimits, Entry, LEAD_BYTES_MAX, Moment, TITLE_BYTES_MAX, content_key,
    estimate_tokens,
};
use autoglm_protocol::inference_pool::{
    DeviceStatus, InferencePoolMessage, InferencePoolStatus, Text, Understandings,
};
use autoglm_protocol::status::{StatusBoard, StatusCell};
use autoglm_protocol::{Address, Permit, Reply};
use device::DeviceSlot;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use requests::{Part, Requests};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use works::{Work, Works};

/// Texts of one request.
pub const TEXTS_MAX: usize = 256;

/// How often deadlines and figures are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Limits of the pool.
#[derive(Debug, Clone, Copy)]
pub struct InferencePoolConfig {
    /// Of the queue and of a batch.
    pub limits: BatchLimits,
    /// How often a text may be in a batch that fails before its request is given up.
    pub failures_max: u32,
    /// A device that has not answered a batch after this long is started afresh.
    pub batch_timeout: Duration,
    /// Answers that are remembered for texts that come again; about 2 KB each.
    pub remembered_max: usize,
}

impl Default for InferencePoolConfig {
    fn default() -> Self {
        Self {
            limits: BatchLimits::default(),
            failures_max: 3,
            batch_timeout: Duration::from_secs(120),
            remembered_max: 4_096,
        }
    }
}

/// What InferencePool needs.
#[derive(Debug, Clone)]
pub struct InferencePoolArgs {
    /// The devices of this node.
    pub devices: Vec<DeviceSpec>,
    /// Limits.
    pub config: InferencePoolConfig,
    /// Where the devices' actors are shown.
    pub board: StatusBoard,
    /// Where the pool is found.
    pub address: Address<InferencePoolMessage>,
    /// What it shows.
    pub status: StatusCell<InferencePoolStatus>,
}

/// Batches texts for the devices.
#[derive(Debug)]
pub struct InferencePool;

/// What InferencePool remembers.
#[derive(Debug)]
pub struct InferencePoolState {
    args: InferencePoolArgs,
    /// Where moments are counted from.
    started: Instant,
    former: BatchFormer<u64>,
    /// Works of failed batches, by request, so that one poisonous text fails only its own.
    again: VecDeque<Vec<Entry<u64>>>,
    requests: Requests,
    works: Works,
    answers: AnswerCache,
    devices: Vec<DeviceSlot>,
    /// When the pool has asked to be told to look.
    look_at: Option<Moment>,
    remembered_total: u64,
    joined_total: u64,
    /// One waiting call for every busy device.
    calls: JoinSet<()>,
    batches_total: u64,
}

impl InferencePool {
    /// Starts the pool and its devices' actors, and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started. A device that cannot be started is tried again.
    pub async fn spawn(
        args: InferencePoolArgs,
        supervisor: ActorCell,
    ) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for InferencePool {
    type Msg = InferencePoolMessage;
    type State = InferencePoolState;
    type Arguments = InferencePoolArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: InferencePoolArgs,
    ) -> Result<InferencePoolState, ActorProcessingErr> {
        for device in &args.devices {
            let device = device.name.clone();
            myself
                .cast(InferencePoolMessage::StartDevice { device })
                .map_err(|_gone| "the pool's own mailbox is closed")?;
        }
        myself.send_interval(TICK, || InferencePoolMessage::Tick);
        Ok(InferencePoolState::new(args))
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: InferencePoolMessage,
        state: &mut InferencePoolState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            InferencePoolMessage::Submit { texts, priority, within, reply, permit } => {
                state.submit(texts, (priority, within), reply, Some(permit));
            }
            InferencePoolMessage::DeviceIdle { device } => state.device_idle(&device),
            InferencePoolMessage::DeviceFailed { device } => {
                state.device_failed(&myself, &device, "it could not be started");
            }
            InferencePoolMessage::StartDevice { device } => {
                state.start_device(&myself, &device).await;
            }
            InferencePoolMessage::BatchDone { device, batch, outcome } => {
                state.batch_done(&device, batch, outcome);
            }
            InferencePoolMessage::Look => state.look_at = None,
            InferencePoolMessage::Tick => state.tick(),
        }
        state.dispatch(&myself);
        state.publish();
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        state: &mut InferencePoolState,
    ) -> Result<(), ActorProcessingErr> {
        let (actor, reason) = match event {
            SupervisionEvent::ActorFailed(actor, error) => (actor, error.to_string()),
            SupervisionEvent::ActorTerminated(actor, _, reason) => {
                (actor, reason.unwrap_or_else(|| "it stopped".to_owned()))
            }
            _ => return Ok(()),
        };
        let failed = state.devices.iter().find(|slot| slot.is(actor.get_id()));
        if let Some(device) = failed.map(|slot| slot.spec.name.clone()) {
            state.device_failed(&myself, &device, &reason);
            state.dispatch(&myself);
            state.publish();
        }
        Ok(())
    }
}

impl InferencePoolState {
    fn new(args: InferencePoolArgs) -> Self {
        let limits = args.config.limits;
        let slot = |spec| DeviceSlot::new(spec, limits.batch_tokens_max);
        let devices: Vec<_> = args.devices.iter().cloned().map(slot).collect();
        for slot in &devices {
            args.board.register(slot.address.name(), Some(args.address.name()), &slot.status);
        }
        Self {
            started: Instant::now(),
            former: BatchFormer::new(limits),
            again: VecDeque::new(),
            requests: Requests::default(),
            works: Works::default(),
            answers: AnswerCache::new(args.config.remembered_max),
            devices,
            look_at: None,
            remembered_total: 0,
            joined_total: 0,
            calls: JoinSet::new(),
            batches_total: args.status.get().batches_total,
            args,
        }
    }

    fn now(&self) -> Moment {
        Moment::after_start(self.started.elapsed())
    }

    fn submit(
        &mut self,
        texts: Vec<Text>,
        (priority, within): (Priority, Duration),
        reply: Reply<Understandings>,
        permit: Option<Permit>,
    ) {
        if let Some(refusal) = self.refusal(&texts) {
            return answer(reply, refusal);
        }
        let deadline = self.now().plus(within);
        let request = self.requests.open(texts.len(), priority, reply, permit);
        for (index, mut text) in texts.into_iter().enumerate() {
            text.title.truncate(text.title.floor_char_boundary(TITLE_BYTES_MAX));
            text.lead.truncate(text.lead.floor_char_boundary(LEAD_BYTES_MAX));
            if let Err(fault) = self.take_up(text, priority, Part { request, index, deadline }) {
                return self.requests.fail(request, fault);
            }
        }
    }

    /// Answers a text from memory, lets it wait for an equal one, or queues it.
    fn take_up(&mut self, text: Text, priority: Priority, part: Part) -> Result<(), Fault> {
        let language = text.language.as_ref().map_or("", Language::as_str);
        let key = content_key(&text.title, &text.lead, language);
        if let Some(version) = self.version()
            && let Some(known) = self.answers.get(&version, key)
        {
            self.remembered_total += 1;
            self.requests.understood(&part, known, &version);
            return Ok(());
        }
        if self.works.join(key, priority, part) {
            self.joined_total += 1;
            return Ok(());
        }
        let estimate = || estimate_tokens(&text.title) + estimate_tokens(&text.lead);
        let tokens = text.tokens.unwrap_or_else(estimate);
        let work = Work { key, text, tokens, priority, parts: vec![part], failures: 0 };
        let id = self.works.open(work);
        self.queue(id, part.deadline)
    }

    /// Puts a work into the queue.
    fn queue(&mut self, id: u64, deadline: Moment) -> Result<(), Fault> {
        let Some(work) = self.works.get(id) else { return Ok(()) };
        let (priority, tokens) = (work.priority, work.tokens);
        let (arrived_at, deadline) = (self.now(), Some(deadline));
        let entry = Entry { priority, tokens, arrived_at, deadline, payload: id };
        self.former.push(entry).map_err(|full| {
            self.works.close(id);
            Fault::overloaded(full.to_string(), Duration::from_millis(500))
        })
    }

    /// The model version that every working device has; `None` while they differ or none works.
    fn version(&self) -> Option<String> {
        let mut versions = self.devices.iter().filter(|slot| slot.rival().is_some());
        let first = versions.next()?.label();
        let same = versions.all(|slot| slot.label() == first);
        (same && !first.is_empty()).then_some(first)
    }

    /// What to answer at once instead of queueing.
    fn refusal(&self, texts: &[Text]) -> Option<Result<Understandings, Fault>> {
        if texts.is_empty() {
            return Some(Ok(Understandings { model_version: String::new(), items: Vec::new() }));
        }
        if texts.len() > TEXTS_MAX {
            let message = format!("{} texts are over the {TEXTS_MAX} of a request", texts.len());
            return Some(Err(Fault::invalid(message)));
        }
        if self.devices.is_empty() {
            let message = "this node has no device to understand texts with";
            return Some(Err(Fault::unavailable(message, Duration::from_secs(30))));
        }
        None
    }

    fn tick(&mut self) {
        for entry in self.former.take_expired(self.now()) {
            self.unserved(entry.payload);
        }
        self.requests.forget_gone();
    }

    /// A work left the queue without having been done: too late for some who wait for it, or
    /// wanted by nobody. Those who joined it later and have time left have it queued again.
    fn unserved(&mut self, id: u64) {
        let now = self.now();
        let Some(work) = self.works.get_mut(id) else { return };
        let (late, patient): (Vec<Part>, Vec<Part>) =
            std::mem::take(&mut work.parts).into_iter().partition(|part| part.deadline < now);
        for part in late {
            let message = "no device was free in time to understand the text";
            self.requests.fail(part.request, Fault::new(FaultKind::Timeout, message));
        }
        let patient: Vec<Part> =
            patient.into_iter().filter(|part| !self.requests.is_gone(part)).collect();
        let Some(deadline) = patient.iter().map(|part| part.deadline).max() else {
            self.works.close(id);
            return;
        };
        let requests: Vec<u64> = patient.iter().map(|part| part.request).collect();
        if let Some(work) = self.works.get_mut(id) {
            work.parts = patient;
        }
        if let Err(fault) = self.queue(id, deadline) {
            requests.into_iter().for_each(|request| self.requests.fail(request, fault.clone()));
        }
    }

    fn publish(&mut self) {
        let stats = self.former.stats();
        let waiting = self.requests.waiting();
        let queue = waiting.iter().sum();
        let devices: Vec<DeviceStatus> =
            self.devices.iter_mut().map(|slot| slot.report(queue)).collect();
        self.args.status.set(InferencePoolStatus {
            waiting,
            waiting_tokens: stats.queued_tokens,
            batches_total: self.batches_total,
            expired_total: self.requests.dropped_total(),
            refused_total: stats.refused,
            remembered_total: self.remembered_total,
            joined_total: self.joined_total,
            mean_batch: stats.mean_batch(),
            padding_share: stats.padding_share(),
            devices,
        });
    }

    fn slot(&mut self, device: &str) -> Option<&mut DeviceSlot> {
        self.devices.iter_mut().find(|slot| slot.spec.name == device)
    }
}

fn answer(reply: Reply<Understandings>, outcome: Result<Understandings, Fault>) {
    if reply.send(outcome).is_err() {
        tracing::debug!("nobody waited for a refusal");
    }
}

#[cfg(test)]
mod tests;
