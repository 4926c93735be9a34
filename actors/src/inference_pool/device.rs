//! One device as the pool sees it: what it is doing, and how busy it has been.

use super::busy_window::BusyWindow;
use crate::inference::DeviceSpec;
use autoglm_inference::{Batch, DevicePace, Moment, Rival, Shape};
use autoglm_protocol::Address;
use autoglm_protocol::inference::InferenceMessage;
use autoglm_protocol::inference_pool::{DeviceStatus, StageSeconds};
use autoglm_protocol::status::StatusCell;
use ractor::{ActorCell, ActorId};
use std::time::Duration;
use tokio::time::Instant;

/// The first pause before a failed device is started again.
const BACKOFF_SHORTEST: Duration = Duration::from_millis(100);
/// The longest.
const BACKOFF_LONGEST: Duration = Duration::from_secs(10);
/// Calls an InferenceActor may have waiting: the pool sends one at a time.
const MAILBOX: usize = 2;

/// What the device is doing.
#[derive(Debug)]
pub(super) enum Phase {
    /// Its actor has not said that it is ready.
    Starting,
    /// Ready for a batch.
    Idle,
    /// At a batch.
    Busy(Running),
    /// Waiting to be started again.
    Failed,
}

/// The batch a device is at.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) number: u64,
    /// Numbers of the works in it, with what was expected of it.
    pub(super) batch: Batch<u64>,
    pub(super) began: Instant,
    /// Its actor has said that it survived the batch, before the batch's answer came here.
    pub(super) survived: bool,
}

/// A device with its actor.
#[derive(Debug)]
pub(super) struct DeviceSlot {
    pub(super) spec: DeviceSpec,
    pub(super) address: Address<InferenceMessage>,
    pub(super) status: StatusCell<DeviceStatus>,
    /// Written by the device's thread.
    pub(super) model: StatusCell<String>,
    /// Written by the device's actor.
    pub(super) stages: StatusCell<StageSeconds>,
    pub(super) cell: Option<ActorCell>,
    pub(super) phase: Phase,
    /// How fast it has been.
    pub(super) pace: DevicePace,
    /// Since when it has had nothing to do, while it is idle.
    pub(super) idle_since: Moment,
    pub(super) starts: u64,
    failures: u32,
    batches: u64,
    items: u64,
    busy: BusyWindow,
}

impl DeviceSlot {
    pub(super) fn new(spec: DeviceSpec, batch_tokens_max: usize) -> Self {
        let address = Address::new(autoglm_protocol::name::inference(&spec.name), MAILBOX);
        let status = StatusCell::default();
        Self {
            pace: DevicePace::new(spec.load.padding(), batch_tokens_max),
            spec,
            address,
            status,
            model: StatusCell::default(),
            stages: StatusCell::default(),
            cell: None,
            phase: Phase::Failed,
            idle_since: Moment::default(),
            starts: 0,
            failures: 0,
            batches: 0,
            items: 0,
            busy: BusyWindow::default(),
        }
    }

    /// What it reads with now.
    pub(super) fn label(&self) -> String {
        self.spec.load.label().unwrap_or_else(|| String::clone(&self.model.get()))
    }

    /// Whether this actor is the device's present one.
    pub(super) fn is(&self, actor: ActorId) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.get_id() == actor)
    }

    /// The device's actor says that it is ready.
    pub(super) fn idle(&mut self, now: Moment) {
        match &mut self.phase {
            Phase::Starting => {
                self.phase = Phase::Idle;
                self.idle_since = now;
            }
            Phase::Busy(running) => running.survived = true,
            Phase::Idle | Phase::Failed => {}
        }
    }

    /// Ends the running batch if it is the one with this number.
    pub(super) fn finish(&mut self, number: u64, now: Moment) -> Option<Running> {
        match &self.phase {
            Phase::Busy(running) if running.number == number => {
                self.idle_since = now;
                self.interrupt(Phase::Idle)
            }
            _ => None,
        }
    }

    /// How it looks to the others; `None` while it cannot be counted on.
    pub(super) fn rival(&self) -> Option<Rival<'_>> {
        let free_at = match &self.phase {
            Phase::Idle => self.idle_since,
            Phase::Busy(running) => running.batch.ticket.ends,
            Phase::Starting | Phase::Failed => return None,
        };
        Some(Rival { pace: &self.pace, free_at })
    }

    /// Puts the device into another phase; what it was running comes back.
    pub(super) fn interrupt(&mut self, next: Phase) -> Option<Running> {
        match std::mem::replace(&mut self.phase, next) {
            Phase::Busy(running) => {
                self.busy.add(running.began, Instant::now());
                Some(running)
            }
            _ => None,
        }
    }

    /// A batch succeeded.
    pub(super) fn succeeded(&mut self, running: &Running, now: Moment) {
        self.failures = 0;
        self.batches += 1;
        self.items += running.batch.entries.len() as u64;
        self.pace.finished(&running.batch.ticket, now);
        metrics::histogram!("autoglm_inference_service_seconds", "device" => self.spec.name.clone())
            .record(now.since(running.batch.ticket.began).as_secs_f64());
    }

    /// How fast it is in large batches; 0 before it was measured.
    fn tokens_per_second(&self) -> f64 {
        if self.pace.cost().measured() == 0 {
            return 0.0;
        }
        let large: Shape = std::iter::repeat_n(64, 256).collect();
        large.tokens as f64 / self.pace.predict(large).as_secs_f64()
    }

    /// How long to wait before the next start; longer every time.
    pub(super) fn next_pause(&mut self) -> Duration {
        let pause = BACKOFF_SHORTEST.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        crate::stage::jittered(pause.min(BACKOFF_LONGEST))
    }

    /// What the device shows, given the requests that wait in front of it.
    pub(super) fn report(&mut self, queue: usize) -> DeviceStatus {
        let running = match &self.phase {
            Phase::Busy(running) => Some(running.began),
            _ => None,
        };
        let state = match &self.phase {
            Phase::Failed => "failed",
            Phase::Idle => "idle",
            // Loading the model keeps it busy, too.
            Phase::Starting | Phase::Busy(_) => "busy",
        };
        let report = DeviceStatus {
            name: self.spec.name.clone(),
            kind: self.spec.kind.clone(),
            model: self.label(),
            state: state.to_owned(),
            batches: self.batches,
            items: self.items,
            queue,
            mean_batch: self.items as f64 / self.batches.max(1) as f64,
            busy_share: self.busy.share(running, Instant::now()),
            restarts: self.starts.saturating_sub(1),
            late_batches: self.pace.broken_promises(),
            tokens_per_second: self.tokens_per_second(),
            overhead_ms: self.pace.cost().overhead().as_secs_f64() * 1e3,
            batch_tokens_max: self.pace.tokens_max(),
            stage_seconds: *self.stages.get(),
            gauges: None,
        };
        self.status.set(report.clone());
        report
    }
}
