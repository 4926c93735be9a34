//! What readers felt: how long nothing worked, and how often trying once more did not help.

use super::history::{Attempt, Histories, Micros, Operation, Outcome};
use std::fmt;

/// Figures of one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measures {
    /// Operations that were begun.
    pub operations: usize,
    /// Operations that were acknowledged.
    pub acknowledged: usize,
    /// Tries that failed.
    pub failed_attempts: usize,
    /// Operations whose first two tries failed.
    pub failed_after_one_retry: usize,
    /// Times during which a reader got nothing done: from the start of the first failed try to the
    /// next success; longest first.
    pub pauses: Vec<Micros>,
    /// Time from the first try to the acknowledgement of what was acknowledged; shortest first.
    pub times: Vec<Micros>,
    /// The tries of the longest pause, from the first that failed to the one that succeeded: they
    /// say why it was so long.
    pub longest: Vec<Attempt>,
}

impl Measures {
    /// The longest time a reader got nothing done.
    #[must_use]
    pub fn longest_pause(&self) -> Micros {
        self.pauses.first().copied().unwrap_or(0)
    }

    /// What a reader tried during the longest pause, in a line: where, for how long, and the outcome.
    #[must_use]
    pub fn story(&self) -> String {
        let told = |attempt: &Attempt| {
            let seconds = attempt.ended.saturating_sub(attempt.started) as f64 / 1e6;
            format!("n{} {:?} {seconds:.2} s", attempt.node, attempt.outcome)
        };
        self.longest.iter().map(told).collect::<Vec<_>>().join(", ")
    }

    fn paused(&mut self, tries: Vec<Attempt>) {
        let ends = tries.first().zip(tries.last());
        let Some(length) = ends.map(|(first, last)| last.ended.saturating_sub(first.started))
        else {
            return;
        };
        if self.pauses.iter().all(|other| *other < length) {
            self.longest = tries;
        }
        self.pauses.push(length);
    }

    /// The time within which this share of the operations was acknowledged.
    #[must_use]
    pub fn time_of(&self, share: f64) -> Micros {
        let last = self.times.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.times.get(place).copied().unwrap_or(0)
    }
}

impl fmt::Display for Measures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |micros: Micros| micros as f64 / 1e3;
        write!(
            formatter,
            "{} operations, {} acknowledged, {} tries failed, {} failed after one retry; \
             p50 {:.1} ms, p99 {:.1} ms; {} pauses, the longest {:.0} ms",
            self.operations,
            self.acknowledged,
            self.failed_attempts,
            self.failed_after_one_retry,
            milliseconds(self.time_of(0.5)),
            milliseconds(self.time_of(0.99)),
            self.pauses.len(),
            milliseconds(self.longest_pause()),
        )
    }
}

/// Measures the operations that began between two moments.
#[must_use]
pub fn measure(histories: &Histories, from: Micros, to: Micros) -> Measures {
    let mut measures = Measures::default();
    for operations in histories.values() {
        let within = |operation: &&Operation| (from..to).contains(&operation.started());
        let operations: Vec<&Operation> = operations.iter().filter(within).collect();
        measure_reader(&operations, &mut measures);
    }
    measures.pauses.sort_unstable_by(|one, other| other.cmp(one));
    measures.times.sort_unstable();
    measures
}

fn measure_reader(operations: &[&Operation], measures: &mut Measures) {
    let failed = |outcome: Outcome| outcome != Outcome::Acknowledged;
    let mut failing: Vec<Attempt> = Vec::new();
    for operation in operations {
        measures.operations += 1;
        if let Some(moment) = operation.acknowledged() {
            measures.acknowledged += 1;
            measures.times.push(moment.saturating_sub(operation.started()));
        }
        let first_two = operation.attempts.iter().take(2);
        if first_two.clone().count() == 2 && first_two.clone().all(|one| failed(one.outcome)) {
            measures.failed_after_one_retry += 1;
        }
        for attempt in &operation.attempts {
            if failed(attempt.outcome) {
                measures.failed_attempts += 1;
                failing.push(*attempt);
            } else if !failing.is_empty() {
                failing.push(*attempt);
                measures.paused(std::mem::take(&mut failing));
            }
        }
    }
    // What never worked again until the end.
    measures.paused(failing);
}
