//! What the stages of an article's way have in common: jitter, back-off, hints to the next stage,
//! and how a stage accounts for its batches.

use crate::meter::PipelineMeter;
use autoglm_domain::{Fault, FaultKind, Incarnation};
use autoglm_models::Store;
use autoglm_protocol::index::StageStatus;
use autoglm_protocol::status::StatusCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often a stage looks for work nobody told it about.
pub const SWEEP_PERIOD: Duration = Duration::from_secs(5);
/// How long a stage has a claimed article for itself before another node may take it.
pub const CLAIM_LEASE: Duration = Duration::from_secs(30);
/// Articles claimed at a time: large enough that a commit costs little per article.
pub const CLAIM_MAX: u32 = 200;
/// Shortest pause after the store or the models refused.
const BACKOFF_SHORTEST: Duration = Duration::from_millis(200);
/// Longest pause: the sweep comes by at about this pace anyway.
const BACKOFF_LONGEST: Duration = Duration::from_secs(5);

/// The period, longer or shorter by up to a fifth, so that nodes and stages do not march in step.
#[must_use]
pub fn jittered(period: Duration) -> Duration {
    period.mul_f64(rand::random_range(0.8..1.2))
}

/// Frees what an earlier start of a stage had claimed, so that nobody waits for the lease to end.
/// Other stages of the node may then see an article of theirs a second time, which changes
/// nothing. A store that is away is no reason not to start: the lease ends by itself.
pub async fn free_claims(store: &Store, claimant: Incarnation) {
    if let Err(error) = store.release_claims(claimant).await {
        tracing::debug!(%error, "claims could not be freed; they end by themselves");
    }
}

/// Tells the next stage that there may be work. Losing a hint only delays.
#[derive(Clone)]
pub struct Hint(Arc<dyn Fn() + Send + Sync>);

impl Hint {
    /// A hint that does this; it must neither wait nor panic.
    #[must_use]
    pub fn new(give: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(give))
    }

    /// A hint to nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|| {})
    }

    /// Gives the hint.
    pub fn give(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hint")
    }
}

/// Growing pauses while something does not work: 200 ms doubling up to 5 s, jittered.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    /// One more failure; answers how long to pause.
    pub fn failed(&mut self, retry_after: Option<Duration>) -> Duration {
        let grown = BACKOFF_SHORTEST.saturating_mul(1 << self.failures.min(8)).min(BACKOFF_LONGEST);
        self.failures = self.failures.saturating_add(1);
        let pause = jittered(grown.max(retry_after.unwrap_or_default()).min(BACKOFF_LONGEST));
        self.until = Some(Instant::now() + pause);
        pause
    }

    /// It works again.
    pub fn worked(&mut self) {
        *self = Self::default();
    }

    /// What is left of the pause; `None` when there is nothing to wait for.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.until
            .map(|until| until.saturating_duration_since(Instant::now()))
            .filter(|left| !left.is_zero())
    }
}

/// Accounts for the batches of one stage: its status, its figures, its back-off.
#[derive(Debug)]
pub struct StageAccount {
    name: &'static str,
    status: StatusCell<StageStatus>,
    meter: PipelineMeter,
    /// Pauses after failures.
    pub backoff: Backoff,
}

impl StageAccount {
    /// Accounts for the stage of this name (one of [`autoglm_protocol::stage::STAGES`]). Counts
    /// go on where an earlier start of the actor left them.
    #[must_use]
    pub fn new(name: &'static str, status: StatusCell<StageStatus>, meter: PipelineMeter) -> Self {
        Self { name, status, meter, backoff: Backoff::default() }
    }

    /// Shows whether the stage is stopped by a person.
    pub fn paused(&self, paused: bool) {
        self.update(|status| status.paused = paused);
    }

    /// A batch was finished.
    pub fn done(&mut self, articles: usize, took: Duration) {
        self.backoff.worked();
        self.meter.record(self.name, articles as u64, took);
        self.update(|status| {
            status.done_total += articles as u64;
            status.last_batch = articles;
            status.last_batch_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            status.last_error = None;
        });
    }

    /// A batch failed for now; it will be claimed again. Answers how long to pause.
    pub fn failed(&mut self, fault: &Fault) -> Duration {
        let pause = self.backoff.failed(fault.retry_after);
        let complaint = complaint(fault);
        tracing::warn!(stage = self.name, ?pause, "a batch failed: {complaint}");
        self.noted_error(complaint);
        pause
    }

    /// Something failed without stopping the stage.
    pub fn noted_error(&self, complaint: String) {
        self.meter.error(self.name);
        self.update(|status| {
            status.failed_total += 1;
            status.last_error = Some(complaint);
        });
    }

    fn update(&self, change: impl FnOnce(&mut StageStatus)) {
        let mut status = StageStatus::clone(&self.status.get());
        change(&mut status);
        self.status.set(status);
    }
}

/// The fault in the operator's words: a full disk is named as such.
#[must_use]
pub fn complaint(fault: &Fault) -> String {
    const FULL: [&str; 4] = ["disk is full", "No space left", "could not extend file", "disk full"];
    if FULL.iter().any(|words| fault.message.contains(words)) {
        return format!("the disk is full, free some space on it: {}", fault.message);
    }
    match fault.kind {
        FaultKind::Unavailable | FaultKind::Overloaded => {
            format!("{}; it will be tried again", fault.message)
        }
        _ => fault.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_limit_and_end_with_success() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.remaining(), None);
        let pauses: Vec<_> = (0..12).map(|_| backoff.failed(None)).collect();
        assert!(pauses[0] < Duration::from_millis(250));
        assert!(pauses.iter().all(|pause| *pause <= BACKOFF_LONGEST.mul_f64(1.2)));
        assert!(pauses[11] >= BACKOFF_LONGEST.mul_f64(0.8));
        assert!(backoff.remaining().is_some());
        backoff.worked();
        assert_eq!(backoff.remaining(), None);
    }

    #[test]
    fn a_full_disk_is_called_by_its_name() {
        let fault = Fault::unavailable("storing failed: database or disk is full", Duration::ZERO);
        assert!(complaint(&fault).starts_with("the disk is full"), "{}", complaint(&fault));
        let fault = Fault::unavailable("storing failed: no connection", Duration::ZERO);
        assert!(complaint(&fault).ends_with("tried again"));
    }
}
