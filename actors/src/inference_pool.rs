//! Admission, priorities and dynamic batches in front of the devices; supervises their actors.
//!
//! **Receives** `Submit` from whoever has texts, `DeviceIdle` from InferenceActors. **Sends** `Run`
//! to InferenceActors. **Limits** 256 texts of 8 KiB a request; entries and tokens by
//! [`BatchLimits`]; one batch a device. **On restart** callers are told to try again; a device that
//! fails is started again with back-off and its batch queued again, at most twice.

mod device;
mod requests;

use crate::inference::{DeviceSpec, InferenceActor, InferenceArgs};
use autoglm_domain::{Clock, Fault, FaultKind, Priority};
use autoglm_inference::{
    BatchFormer, BatchLimits, Entry, LEAD_BYTES_MAX, TITLE_BYTES_MAX, estimate_tokens,
};
use autoglm_protocol::inference::InferenceMessage;
use autoglm_protocol::inference_pool::{
    DeviceStatus, InferencePoolMessage, InferencePoolStatus, Text, Understandings,
};
use autoglm_protocol::status::{ActorState, StatusBoard, StatusCell};
use autoglm_protocol::{Address, Permit, Reply};
use device::{DeviceSlot, Phase, Running};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use requests::{Part, Requests};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

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
}

impl Default for InferencePoolConfig {
    fn default() -> Self {
        Self {
            limits: BatchLimits::default(),
            failures_max: 3,
            batch_timeout: Duration::from_secs(120),
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
    /// For deadlines.
    pub clock: Arc<dyn Clock>,
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
    former: BatchFormer<Part>,
    /// Parts of failed batches, by request, so that one poisonous text fails only its own.
    again: VecDeque<Vec<Entry<Part>>>,
    requests: Requests,
    devices: Vec<DeviceSlot>,
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
        let devices: Vec<_> = args.devices.iter().cloned().map(DeviceSlot::new).collect();
        for slot in &devices {
            args.board.register(slot.address.name(), Some(args.address.name()), &slot.status);
        }
        Self {
            former: BatchFormer::new(args.config.limits),
            again: VecDeque::new(),
            requests: Requests::default(),
            devices,
            calls: JoinSet::new(),
            batches_total: args.status.get().batches_total,
            args,
        }
    }

    fn submit(
        &mut self,
        mut texts: Vec<Text>,
        (priority, within): (Priority, Duration),
        reply: Reply<Understandings>,
        permit: Option<Permit>,
    ) {
        if let Some(refusal) = self.refusal(&texts) {
            return answer(reply, refusal);
        }
        for text in &mut texts {
            text.title.truncate(text.title.floor_char_boundary(TITLE_BYTES_MAX));
            text.lead.truncate(text.lead.floor_char_boundary(LEAD_BYTES_MAX));
        }
        let now = self.args.clock.now();
        let deadline = Some(now.plus(within));
        for part in self.requests.open(texts, priority, reply, permit) {
            let tokens = estimate_tokens(&part.text.title) + estimate_tokens(&part.text.lead);
            let request = part.request;
            let entry = Entry { priority, tokens, arrived_at: now, deadline, payload: part };
            if let Err(full) = self.former.push(entry) {
                let wait = Duration::from_millis(500);
                return self.requests.fail(request, Fault::overloaded(full.to_string(), wait));
            }
        }
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

    fn device_idle(&mut self, device: &str) {
        if let Some(slot) = self.slot(device) {
            slot.idle();
        }
    }

    async fn start_device(&mut self, myself: &ActorRef<InferencePoolMessage>, device: &str) {
        let board = self.args.board.clone();
        let Some(slot) = self.slot(device) else { return };
        if !matches!(slot.phase, Phase::Failed) {
            return;
        }
        let args = InferenceArgs {
            device: slot.spec.clone(),
            pool: myself.clone(),
            address: slot.address.clone(),
            model: slot.model.clone(),
        };
        match InferenceActor::spawn(args, myself.get_cell()).await {
            Ok(cell) => {
                slot.cell = Some(cell);
                slot.phase = Phase::Starting;
                board.set_state(slot.address.name(), ActorState::Running, None);
            }
            Err(error) => self.device_failed(myself, device, &error.to_string()),
        }
    }

    /// Queues the device's batch again and starts its actor again after a pause.
    fn device_failed(
        &mut self,
        myself: &ActorRef<InferencePoolMessage>,
        device: &str,
        reason: &str,
    ) {
        let Some(slot) = self.slot(device) else { return };
        slot.address.withdraw();
        slot.cell = None;
        let running = slot.interrupt(Phase::Failed);
        let pause = slot.next_pause();
        let name = slot.address.name().to_owned();
        tracing::warn!(device, ?pause, "a device failed and is started again: {reason}");
        self.args.board.set_state(&name, ActorState::Restarting, Some(reason.to_owned()));
        if let Some(running) = running {
            self.queue_again(running, &Fault::internal(reason));
        }
        let device = device.to_owned();
        myself.send_after(pause, move || InferencePoolMessage::StartDevice { device });
    }

    fn batch_done(&mut self, device: &str, batch: u64, outcome: Result<Understandings, Fault>) {
        // Its end was seen, so this does not wait; it keeps the set as small as the devices.
        while self.calls.try_join_next().is_some() {}
        let Some(slot) = self.slot(device) else { return };
        let Some(running) = slot.finish(batch) else { return };
        match outcome {
            Ok(answers) => {
                slot.succeeded(running.parts.len());
                // The device's thread has counted them: one answer for each part.
                for (part, item) in running.parts.iter().zip(answers.items) {
                    self.requests.understood(&part.payload, item, &answers.model_version);
                }
            }
            Err(fault) => {
                // Not idle before its actor says so: after a panic it never will.
                if !running.survived {
                    slot.phase = Phase::Starting;
                }
                if let (FaultKind::Timeout, Some(cell)) = (fault.kind, &slot.cell) {
                    cell.kill();
                }
                self.queue_again(running, &fault);
            }
        }
    }

    /// Splits a failed batch by request, so that whoever has a poisonous text fails alone; gives
    /// up a request whose texts have failed too often.
    fn queue_again(&mut self, running: Running, fault: &Fault) {
        let mut by_request: BTreeMap<u64, Vec<Entry<Part>>> = BTreeMap::new();
        for mut entry in running.parts {
            entry.payload.failures += 1;
            by_request.entry(entry.payload.request).or_default().push(entry);
        }
        for (request, parts) in by_request {
            let failures = parts.iter().map(|entry| entry.payload.failures).max().unwrap_or(0);
            if failures >= self.args.config.failures_max {
                let message = format!("understanding failed {failures} times: {}", fault.message);
                let away = matches!(fault.kind, FaultKind::Unavailable | FaultKind::Overloaded);
                let kind = if away { FaultKind::Unavailable } else { FaultKind::Internal };
                self.requests.fail(request, Fault::new(kind, message));
            } else {
                self.again.push_back(parts);
            }
        }
    }

    /// Gives every idle device what waits; what arrives while they run forms the next batches.
    fn dispatch(&mut self, myself: &ActorRef<InferencePoolMessage>) {
        while let Some(index) =
            self.devices.iter().position(|slot| matches!(slot.phase, Phase::Idle))
        {
            let Some(parts) = self.next_batch() else { break };
            self.batches_total += 1;
            let number = self.batches_total;
            let texts: Vec<Text> = parts.iter().map(|entry| entry.payload.text.clone()).collect();
            metrics::histogram!("autoglm_inference_batch_texts").record(texts.len() as f64);
            let timeout = self.args.config.batch_timeout;
            let slot = &mut self.devices[index];
            slot.phase =
                Phase::Busy(Running { number, parts, began: Instant::now(), survived: false });
            let (address, device, pool) =
                (slot.address.clone(), slot.spec.name.clone(), myself.clone());
            // One bounded task a device, whose end returns as a message: the pool itself must
            // hear the next request meanwhile.
            self.calls.spawn(async move {
                let run = |reply| InferenceMessage::Run { texts, reply };
                let outcome = address.call(timeout, run).await;
                let done = InferencePoolMessage::BatchDone { device, batch: number, outcome };
                pool.cast(done).unwrap_or_default();
            });
        }
    }

    fn next_batch(&mut self) -> Option<Vec<Entry<Part>>> {
        let (now, requests) = (self.args.clock.now(), &self.requests);
        while let Some(mut parts) = self.again.pop_front() {
            parts.retain(|entry| !requests.is_gone(&entry.payload));
            if !parts.is_empty() {
                return Some(parts);
            }
        }
        self.former.next_batch(now, |part| requests.is_gone(part))
    }

    fn tick(&mut self) {
        for entry in self.former.take_expired(self.args.clock.now()) {
            let message = "no device was free in time to understand the text";
            self.requests.fail(entry.payload.request, Fault::new(FaultKind::Timeout, message));
        }
        self.requests.forget_gone();
    }

    fn publish(&mut self) {
        let waiting = self.requests.waiting();
        let queue = waiting.iter().sum();
        let devices: Vec<DeviceStatus> =
            self.devices.iter_mut().map(|slot| slot.report(queue)).collect();
        self.args.status.set(InferencePoolStatus {
            waiting,
            waiting_tokens: self.former.stats().queued_tokens,
            batches_total: self.batches_total,
            expired_total: self.requests.dropped_total(),
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
