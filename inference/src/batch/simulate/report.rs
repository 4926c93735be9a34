//! What came of a run.

use super::super::ladder::Padding;
use super::super::moment::Moment;
use super::super::shape::Shape;
use super::policy::Work;
use super::trace::Request;
use crate::batch::entry::lane;
use std::collections::BTreeMap;
use std::time::Duration;

/// Width of a window in which the share of late answers is taken.
const WINDOW_MICROS: u64 = 100_000;

/// Times from arrival to answer of one priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latencies {
    /// Answers.
    pub answers: usize,
    /// Half were quicker.
    pub p50: Duration,
    /// 95 of 100 were quicker.
    pub p95: Duration,
    /// 99 of 100 were quicker.
    pub p99: Duration,
}

/// The figures of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Requests that came.
    pub offered: usize,
    /// Requests refused or given up.
    pub shed: usize,
    /// Requests that nobody answered: neither refused nor given up, a defect.
    pub left: usize,
    /// Answers within the objective, a second.
    pub goodput: f64,
    /// By priority: interactive, ingest, backfill.
    pub latencies: [Latencies; 3],
    /// Share of the devices' tokens that was padding.
    pub padding_share: f64,
    /// Requests of a batch, on average.
    pub mean_batch: f64,
    /// Share of the time in which the devices worked.
    pub busy_share: f64,
    lasts: Duration,
    objective: Duration,
    times: [Vec<Duration>; 3],
    /// Interactive requests by the window in which they arrived: late ones, all.
    windows: BTreeMap<u64, (usize, usize)>,
    good: usize,
    batches: usize,
    tokens: usize,
    padded: usize,
}

impl Report {
    pub(super) fn new(offered: usize, lasts: Duration, objective: Duration) -> Self {
        Self {
            offered,
            shed: 0,
            left: 0,
            goodput: 0.0,
            latencies: [Latencies::default(); 3],
            padding_share: 0.0,
            mean_batch: 0.0,
            busy_share: 0.0,
            lasts,
            objective,
            times: [Vec::new(), Vec::new(), Vec::new()],
            windows: BTreeMap::new(),
            good: 0,
            batches: 0,
            tokens: 0,
            padded: 0,
        }
    }

    /// The share of requests that was turned away or given up.
    #[must_use]
    pub fn shed_share(&self) -> f64 {
        self.shed as f64 / self.offered.max(1) as f64
    }

    /// The end of the last tenth of a second in which more than one in twenty persons was answered
    /// too late or not at all; `None` when there was none.
    #[must_use]
    pub fn recovered_at(&self) -> Option<Moment> {
        let bad = |(late, all): &(usize, usize)| late * 20 > *all;
        let last = self.windows.iter().rev().find(|(_, counts)| bad(counts));
        last.map(|(window, _)| Moment((window + 1) * WINDOW_MICROS))
    }

    pub(super) fn refused(&mut self, request: &Request) {
        self.shed += 1;
        self.seen(request, true);
    }

    pub(super) fn dropped(&mut self, requests: Vec<Request>) {
        requests.iter().for_each(|request| self.refused(request));
    }

    pub(super) fn left(&mut self, requests: usize) {
        self.left = requests;
    }

    pub(super) fn began(&mut self, work: &Work, padding: Padding) {
        let shape: Shape = work.requests.iter().map(|request| request.tokens).collect();
        self.batches += 1;
        self.tokens += shape.tokens;
        self.padded += shape.padded_tokens(padding);
    }

    pub(super) fn answered(&mut self, request: &Request, now: Moment) {
        let took = now.since(request.at);
        self.times[lane(request.priority)].push(took);
        let late = took > self.objective;
        self.good += usize::from(!late);
        self.seen(request, late);
    }

    fn seen(&mut self, request: &Request, late: bool) {
        if lane(request.priority) == 0 {
            let window = self.windows.entry(request.at.0 / WINDOW_MICROS).or_default();
            window.0 += usize::from(late);
            window.1 += 1;
        }
    }

    pub(super) fn finish(mut self, busy_share: f64) -> Self {
        let answers: usize = self.times.iter().map(Vec::len).sum();
        self.latencies = std::mem::take(&mut self.times).map(latencies);
        self.goodput = self.good as f64 / self.lasts.as_secs_f64();
        self.padding_share = 1.0 - self.tokens as f64 / self.padded.max(1) as f64;
        self.mean_batch = answers as f64 / self.batches.max(1) as f64;
        self.busy_share = busy_share.min(1.0);
        self
    }
}

fn latencies(mut times: Vec<Duration>) -> Latencies {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    Latencies { answers: times.len(), p50: at(50), p95: at(95), p99: at(99) }
}
