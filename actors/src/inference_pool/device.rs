//! One device as the pool sees it: what it is doing, and how busy it has been.

use super::requests::Part;
use crate::inference::DeviceSpec;
use autoglm_inference::Entry;
use autoglm_protocol::Address;
use autoglm_protocol::inference::InferenceMessage;
use autoglm_protocol::inference_pool::DeviceStatus;
use autoglm_protocol::status::StatusCell;
use ractor::{ActorCell, ActorId};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The first pause before a failed device is started again.
const BACKOFF_SHORTEST: Duration = Duration::from_millis(100);
/// The longest.
const BACKOFF_LONGEST: Duration = Duration::from_secs(10);
/// Over which time the busy share is taken.
const BUSY_WINDOW: Duration = Duration::from_secs(60);
/// Busy times are summed up in slices of this length, so that memory is bounded.
const BUSY_SLICE: Duration = Duration::from_secs(1);
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
    pub(super) parts: Vec<Entry<Part>>,
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
    pub(super) cell: Option<ActorCell>,
    pub(super) phase: Phase,
    failures: u32,
    batches: u64,
    items: u64,
    busy: BusyWindow,
}

impl DeviceSlot {
    pub(super) fn new(spec: DeviceSpec) -> Self {
        let address = Address::new(autoglm_protocol::name::inference(&spec.name), MAILBOX);
        let status = StatusCell::default();
        Self {
            spec,
            address,
            status,
            model: StatusCell::default(),
            cell: None,
            phase: Phase::Failed,
            failures: 0,
            batches: 0,
            items: 0,
            busy: BusyWindow::default(),
        }
    }

    /// Whether this actor is the device's present one.
    pub(super) fn is(&self, actor: ActorId) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.get_id() == actor)
    }

    /// The device's actor says that it is ready.
    pub(super) fn idle(&mut self) {
        match &mut self.phase {
            Phase::Starting => self.phase = Phase::Idle,
            Phase::Busy(running) => running.survived = true,
            Phase::Idle | Phase::Failed => {}
        }
    }

    /// Ends the running batch if it is the one with this number.
    pub(super) fn finish(&mut self, number: u64) -> Option<Running> {
        match &self.phase {
            Phase::Busy(running) if running.number == number => self.interrupt(Phase::Idle),
            _ => None,
        }
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
    pub(super) fn succeeded(&mut self, items: usize) {
        self.failures = 0;
        self.batches += 1;
        self.items += items as u64;
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
            model: String::clone(&self.model.get()),
            state: state.to_owned(),
            batches: self.batches,
            items: self.items,
            queue,
            mean_batch: self.items as f64 / self.batches.max(1) as f64,
            busy_share: self.busy.share(running, Instant::now()),
        };
        self.status.set(report.clone());
        report
    }
}

/// Busy times of the last minute, at most 60 slices.
#[derive(Debug, Default)]
struct BusyWindow {
    slices: VecDeque<(Instant, Duration)>,
    since: Option<Instant>,
}

impl BusyWindow {
    fn add(&mut self, began: Instant, ended: Instant) {
        let took = ended.saturating_duration_since(began);
        self.since.get_or_insert(began);
        match self.slices.back_mut() {
            Some((at, busy)) if ended.saturating_duration_since(*at) < BUSY_SLICE => *busy += took,
            _ => self.slices.push_back((ended, took)),
        }
        self.forget(ended);
    }

    fn share(&mut self, running_since: Option<Instant>, now: Instant) -> f64 {
        self.forget(now);
        let running = running_since.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let busy: Duration = self.slices.iter().map(|(_, busy)| *busy).sum::<Duration>() + running;
        let since = self.since.or(running_since).unwrap_or(now);
        let whole = now.saturating_duration_since(since).clamp(BUSY_SLICE, BUSY_WINDOW);
        (busy.as_secs_f64() / whole.as_secs_f64()).min(1.0)
    }

    fn forget(&mut self, now: Instant) {
        while self
            .slices
            .front()
            .is_some_and(|(at, _)| now.saturating_duration_since(*at) >= BUSY_WINDOW)
        {
            self.slices.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_busy_share_is_that_of_the_last_minute() {
        let mut window = BusyWindow::default();
        for _ in 0..120 {
            let began = Instant::now();
            tokio::time::advance(Duration::from_millis(250)).await;
            window.add(began, Instant::now());
            tokio::time::advance(Duration::from_millis(750)).await;
        }
        let share = window.share(None, Instant::now());
        assert!((share - 0.25).abs() < 0.02, "{share}");
        assert!(window.slices.len() <= 61);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(window.share(None, Instant::now()) < 0.001);
        let began = Instant::now();
        tokio::time::advance(Duration::from_secs(90)).await;
        assert!(window.share(Some(began), Instant::now()) > 0.99);
    }
}
