//! Measures the way of an article: rates, durations, queues and errors by stage, for the operator's
//! page and for the metrics endpoint; and how long requests and texts take, to judge what is slow.
//!
//! Memory is constant: windows of ten seconds and one minute, a history of 15 minutes.

pub mod histogram;
pub mod hot_spots;
pub mod timed_peers;
pub mod window;

use autoglm_domain::{Clock, Timestamp};
use autoglm_protocol::figures::Latency;
use autoglm_protocol::port::{PipelineReport, PipelineSample};
use autoglm_protocol::stage::{STAGES, StageReport, TIMED};
use histogram::DurationHistogram;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use window::StageWindow;

/// Samples kept: 15 minutes at one every five seconds.
const HISTORY_MAX: usize = 180;

/// How often [`PipelineMeter::sample`] wants to be called.
pub const SAMPLE_PERIOD: Duration = Duration::from_secs(5);

/// The measurements of one node. Clones share them.
#[derive(Debug, Clone)]
pub struct PipelineMeter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    stages: Vec<Mutex<StageWindow>>,
    history: Mutex<VecDeque<PipelineSample>>,
}

impl PipelineMeter {
    /// A meter that has seen nothing.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        let stages = TIMED.iter().map(|_name| Mutex::new(StageWindow::starting(now))).collect();
        Self(Arc::new(Inner { clock, stages, history: Mutex::default() }))
    }

    /// Counts items that left a stage, each after so long. `stage` is one of [`STAGES`]; any other
    /// name is not counted.
    pub fn record(&self, stage: &'static str, items: u64, took: Duration) {
        let Some(mut window) = self.window(stage) else { return };
        window.record(self.0.clock.now(), items, took);
        drop(window);
        metrics::counter!("autoglm_stage_items_total", "stage" => stage).increment(items);
        metrics::histogram!("autoglm_stage_duration_seconds", "stage" => stage)
            .record_many(took.as_secs_f64(), usize::try_from(items).unwrap_or(usize::MAX));
    }

    /// Times what is no stage of an article's way, at the cost of a lock. `name` is one of
    /// [`TIMED`]; any other is not counted.
    pub fn time(&self, name: &'static str, items: u64, took: Duration) {
        if let Some(mut window) = self.window(name) {
            window.record(self.0.clock.now(), items, took);
        }
    }

    /// How long things took since this was last called, how long within the last minute, and how
    /// many wait. For one caller, or each would hear a part only.
    #[must_use]
    pub fn take_latency(&self, name: &'static str) -> TakenLatency {
        let Some(mut window) = self.window(name) else { return TakenLatency::default() };
        let now = self.0.clock.now();
        TakenLatency {
            window: latency(&window.take_fresh()),
            minute: latency(&window.durations(now)),
            queue: window.queue,
        }
    }

    /// Counts one failed attempt of a stage.
    pub fn error(&self, stage: &'static str) {
        let Some(mut window) = self.window(stage) else { return };
        window.errors = window.errors.saturating_add(1);
        drop(window);
        metrics::counter!("autoglm_stage_errors_total", "stage" => stage).increment(1);
    }

    /// Tells how many items wait in front of a stage.
    pub fn set_queue(&self, stage: &'static str, waiting: u64) {
        let Some(mut window) = self.window(stage) else { return };
        window.queue = waiting;
        drop(window);
        metrics::gauge!("autoglm_stage_queue", "stage" => stage).set(waiting as f64);
    }

    /// Adds the present rates and queues to the history. Called every [`SAMPLE_PERIOD`].
    pub fn sample(&self) {
        let now = self.0.clock.now();
        let mut sample =
            PipelineSample { at: now, rates: Default::default(), queues: Default::default() };
        for name in STAGES {
            if let Some(mut window) = self.window(name) {
                sample.rates.insert(name, window.rate(now));
                sample.queues.insert(name, window.queue);
            }
        }
        let mut history = locked(&self.0.history);
        if history.len() == HISTORY_MAX {
            history.pop_front();
        }
        history.push_back(sample);
    }

    /// Everything measured, for the operator.
    #[must_use]
    pub fn report(&self) -> PipelineReport {
        let at = self.0.clock.now();
        PipelineReport {
            at,
            stages: STAGES.iter().filter_map(|name| self.stage_report(name, at)).collect(),
            history: locked(&self.0.history).iter().cloned().collect(),
        }
    }

    /// Items that left a stage since the start.
    #[must_use]
    pub fn items_total(&self, stage: &'static str) -> u64 {
        self.window(stage).map_or(0, |window| window.items)
    }

    fn stage_report(&self, name: &'static str, now: Timestamp) -> Option<StageReport> {
        let mut window = self.window(name)?;
        let rate = window.rate(now);
        let durations = window.durations(now);
        Some(StageReport {
            name,
            rate,
            p50_ms: quantile_ms(&durations, 0.5),
            p99_ms: quantile_ms(&durations, 0.99),
            queue: window.queue,
            errors: window.errors,
        })
    }

    fn window(&self, stage: &'static str) -> Option<MutexGuard<'_, StageWindow>> {
        let place = TIMED.iter().position(|name| *name == stage);
        if place.is_none() {
            tracing::debug!(stage, "figures for an unknown stage were not counted");
        }
        place.and_then(|place| self.0.stages.get(place)).map(locked)
    }
}

/// What [`PipelineMeter::take_latency`] answers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TakenLatency {
    /// Since the last time.
    pub window: Latency,
    /// Over the last minute.
    pub minute: Latency,
    /// Waiting items.
    pub queue: u64,
}

fn latency(durations: &DurationHistogram) -> Latency {
    let (p50_ms, p99_ms) = (quantile_ms(durations, 0.5), quantile_ms(durations, 0.99));
    Latency { count: durations.total(), p50_ms, p99_ms }
}

fn quantile_ms(durations: &DurationHistogram, quantile: f64) -> f64 {
    durations.quantile(quantile).as_secs_f64() * 1_000.0
}

/// The figures stay usable even if a thread panicked while it held them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::ManualClock;

    fn meter() -> (PipelineMeter, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp(1_790_000_000_000)));
        (PipelineMeter::new(clock.clone()), clock)
    }

    #[test]
    fn the_report_names_every_stage_in_order_with_its_figures() {
        let (meter, clock) = meter();
        meter.record("index", 100, Duration::from_millis(40));
        meter.error("index");
        meter.set_queue("index", 12);
        clock.advance(Duration::from_secs(1));
        let report = meter.report();
        assert_eq!(report.stages.iter().map(|stage| stage.name).collect::<Vec<_>>(), STAGES);
        let index = &report.stages[2];
        assert!((index.rate - 10.0).abs() < f64::EPSILON);
        assert!(index.p50_ms > 36.0 && index.p99_ms < 44.0, "{index:?}");
        assert_eq!((index.queue, index.errors), (12, 1));
        assert_eq!(meter.items_total("index"), 100);
    }

    #[test]
    fn the_history_holds_the_last_quarter_of_an_hour_and_no_more() {
        let (meter, clock) = meter();
        for _ in 0..HISTORY_MAX + 20 {
            meter.sample();
            clock.advance(SAMPLE_PERIOD);
        }
        let history = meter.report().history;
        assert_eq!(history.len(), HISTORY_MAX);
        assert!(history.windows(2).all(|pair| pair[0].at < pair[1].at));
        assert_eq!(history[0].rates.len(), STAGES.len());
    }

    #[test]
    fn an_unknown_stage_is_not_counted() {
        let (meter, _clock) = meter();
        meter.record("lunch", 1, Duration::from_millis(1));
        meter.time("lunch", 1, Duration::from_millis(1));
        assert_eq!(meter.items_total("lunch"), 0);
    }

    #[test]
    fn requests_are_timed_without_becoming_a_stage_of_the_way() {
        let (meter, clock) = meter();
        meter.time("request", 1, Duration::from_millis(40));
        meter.record("index", 50, Duration::from_millis(4));
        let taken = meter.take_latency("request");
        assert_eq!((taken.window.count, taken.minute.count), (1, 1));
        assert!(taken.window.p99_ms > 36.0 && taken.window.p99_ms < 44.0, "{taken:?}");
        clock.advance(Duration::from_secs(10));
        let taken = meter.take_latency("request");
        assert_eq!((taken.window.count, taken.minute.count), (0, 1), "taken, not forgotten");
        assert_eq!(meter.take_latency("index").window.count, 50);
        assert_eq!(meter.report().stages.len(), STAGES.len());
    }
}
