//! What readers felt: how long nothing worked, and how often trying once more did not help.

use super::history::{Histories, Micros, Operation, Outcome};
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
}

impl Measures {
    /// The longest time a reader got nothing done.
    #[must_use]
    pub fn longest_pause(&self) -> Micros {
        self.pauses.first().copied().unwrap_or(0)
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
    let mut failing_since: Option<Micros> = None;
    for operation in operations {
        measures.operations += 1;
        if let Some(moment) = operation.acknowledged() {
            measures.acknowledged += 1;
            measures.times.push(moment.saturating_sub(operation.started()));
        }
        let failed = |outcome: Outcome| outcome != Outcome::Acknowledged;
        let first_two = operation.attempts.iter().take(2);
        if first_two.clone().count() == 2 && first_two.clone().all(|one| failed(one.outcome)) {
            measures.failed_after_one_retry += 1;
        }
        for attempt in &operation.attempts {
            if failed(attempt.outcome) {
                measures.failed_attempts += 1;
                failing_since.get_or_insert(attempt.started);
            } else if let Some(since) = failing_since.take() {
                measures.pauses.push(attempt.ended.saturating_sub(since));
            }
        }
    }
    // What never worked again until the end.
    if let (Some(since), Some(last)) = (failing_since, operations.last()) {
        let end = last.attempts.last().map_or(since, |attempt| attempt.ended);
        measures.pauses.push(end.saturating_sub(since));
    }
}
