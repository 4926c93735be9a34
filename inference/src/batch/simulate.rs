//! A queue before devices in virtual time: our way of forming batches against the obvious ones.
//!
//! Open loop: requests come when they come, whatever the devices do, and their time counts from
//! the moment they should have been sent, so that a stall is felt by all who meet it. Everything
//! follows from a seed.

mod device;
mod policy;
mod report;
mod trace;

use super::former::BatchFormer;
use super::moment::Moment;
use autoglm_domain::Priority;
use device::Engine;
use policy::Queue;
use std::time::Duration;

pub use device::SimulatedDevice;
pub use policy::Policy;
pub use report::{Latencies, Report};
pub use trace::{Arrivals, Mix, Request};

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Everything random follows from it.
    pub seed: u64,
    /// How long requests arrive.
    pub lasts: Duration,
    /// Offered load: 1 is what the devices can do in the largest batches without any padding.
    pub load: f64,
    /// How they arrive.
    pub arrivals: Arrivals,
    /// Who asks for what.
    pub mix: Mix,
    /// Who answers.
    pub devices: Vec<SimulatedDevice>,
    /// The time within which an answer counts.
    pub objective: Duration,
}

impl Scenario {
    /// News on one device at this load.
    #[must_use]
    pub fn news(device: SimulatedDevice, load: f64) -> Self {
        Self {
            seed: 1,
            lasts: Duration::from_secs(4),
            load,
            arrivals: Arrivals::Poisson,
            mix: Mix::news(),
            devices: vec![device],
            objective: Duration::from_millis(50),
        }
    }

    /// Requests a second at load 1.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        self.devices.iter().map(|device| device.capacity(&self.mix)).sum()
    }

    /// Runs it under a policy.
    #[must_use]
    pub fn run(&self, policy: Policy) -> Report {
        let rate = self.capacity() * self.load;
        let requests = trace::generate(self, rate);
        let mut run = Run {
            queue: Queue::new(policy, self.objective),
            engines: self.devices.iter().map(|device| Engine::new(*device, self.seed)).collect(),
            report: Report::new(requests.len(), self.lasts, self.objective),
        };
        run.all(&requests);
        run.report.finish(self.engines_busy(&run.engines))
    }

    /// The best of a few sizes, waiting times and queue limits of fixed batches, by goodput.
    #[must_use]
    pub fn best_fixed(&self) -> (Policy, Report) {
        let sizes = [2, 4, 8, 16, 32, 64, 128, 256];
        let timeouts = [0, 2, 5, 10, 20].map(Duration::from_millis);
        self.best_of(&sizes, &timeouts)
    }

    /// One request at a time, with the best of a few queue limits.
    #[must_use]
    pub fn best_unbatched(&self) -> (Policy, Report) {
        self.best_of(&[1], &[Duration::ZERO])
    }

    fn best_of(&self, sizes: &[usize], timeouts: &[Duration]) -> (Policy, Report) {
        let mut best: Option<(Policy, Report)> = None;
        // A short queue turns requests away that would only be answered too late.
        let queues = [32, 128, 512, 10_000];
        for (size, timeout, queue) in sizes.iter().flat_map(|size| {
            timeouts.iter().flat_map(move |wait| queues.map(|queue| (*size, *wait, queue)))
        }) {
            let policy = Policy::Fixed { size, timeout, queue };
            let report = self.run(policy);
            if best.as_ref().is_none_or(|(_, other)| report.goodput > other.goodput) {
                best = Some((policy, report));
            }
        }
        best.unwrap_or_else(|| (Policy::Ours, self.run(Policy::Ours)))
    }

    fn engines_busy(&self, engines: &[Engine]) -> f64 {
        let busy: Duration = engines.iter().map(|engine| engine.busy).sum();
        busy.as_secs_f64() / (self.lasts.as_secs_f64() * engines.len().max(1) as f64)
    }
}

/// One run.
struct Run {
    queue: Queue,
    engines: Vec<Engine>,
    report: Report,
}

impl Run {
    fn all(&mut self, requests: &[Request]) {
        let mut coming = requests.iter().peekable();
        let mut wake: Option<Moment> = None;
        loop {
            let arrival = coming.peek().map(|request| request.at);
            let done = self.engines.iter().filter_map(Engine::done_at).min();
            let Some(now) = [arrival, done, wake].into_iter().flatten().min() else { break };
            if arrival == Some(now)
                && let Some(request) = coming.next()
                && !self.queue.arrive(*request)
            {
                self.report.refused(request);
            }
            self.finish(now);
            wake = self.dispatch(now).filter(|at| *at > now);
        }
        self.report.left(self.queue.left());
    }

    fn finish(&mut self, now: Moment) {
        for engine in &mut self.engines {
            for request in engine.finish(now) {
                self.report.answered(&request, now);
            }
        }
    }

    /// Gives idle devices work; answers when to look again though nothing happens.
    fn dispatch(&mut self, now: Moment) -> Option<Moment> {
        let mut wake: Option<Moment> = None;
        for index in 0..self.engines.len() {
            if self.engines[index].done_at().is_some() {
                continue;
            }
            let (batch, until) = self.queue.next(now, index, &self.engines);
            wake = [wake, until].into_iter().flatten().min();
            self.report.dropped(self.queue.take_dropped());
            if let Some(batch) = batch {
                self.report.began(&batch, self.engines[index].device.padding);
                self.engines[index].begin(batch, now);
            }
        }
        wake
    }
}

/// An empty queue of ours with the limits the simulation uses.
fn our_former(objective: Duration) -> BatchFormer<Request> {
    let mut limits = super::BatchLimits::default();
    limits.objectives[0] = objective;
    BatchFormer::new(limits)
}

/// After this long nobody wants the answer.
fn patience_of(priority: Priority) -> Duration {
    match priority {
        Priority::Interactive => Duration::from_secs(1),
        Priority::Ingest => Duration::from_secs(5),
        Priority::Backfill => Duration::from_secs(30),
    }
}

#[cfg(test)]
mod tests;
