//! What clients did and were told: the one side of what is compared.

use std::collections::BTreeMap;
use std::fmt;
use uuid::Uuid;

/// A moment: microseconds since 1970 on the clock of the one machine everything runs on.
pub type Micros = u64;

/// How one try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The node says that it is durable (or, for a read, answers).
    Acknowledged,
    /// The node refuses with this status. It may have been done nevertheless.
    Refused(u16),
    /// No connection, or it broke. It may have been done.
    Unreachable,
    /// No answer in time. It may have been done, or be done later.
    TimedOut,
}

/// One try of one request at one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it was sent.
    pub started: Micros,
    /// When its outcome was known.
    pub ended: Micros,
    /// Number of the node.
    pub node: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// One thing a reader wanted, with every try. A client begins the next one only afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Ids of the events in their order; a read has none.
    pub events: Vec<Uuid>,
    /// In order of time; never empty.
    pub attempts: Vec<Attempt>,
}

impl Operation {
    /// When it was first sent.
    #[must_use]
    pub fn started(&self) -> Micros {
        self.attempts.first().map_or(0, |attempt| attempt.started)
    }

    /// When it was acknowledged; `None` when nobody knows whether it was done.
    #[must_use]
    pub fn acknowledged(&self) -> Option<Micros> {
        let done = |attempt: &&Attempt| attempt.outcome == Outcome::Acknowledged;
        self.attempts.iter().find(done).map(|attempt| attempt.ended)
    }
}

/// Everything by reader, each reader's operations in the order they began.
pub type Histories = BTreeMap<i64, Vec<Operation>>;

/// One reader's operations as lines, times in seconds since `zero`; for whoever looks for a fault.
#[must_use]
pub fn describe(operations: &[Operation], zero: Micros) -> String {
    let mut text = String::new();
    for (number, operation) in operations.iter().enumerate() {
        let what = match operation.events.as_slice() {
            [] => "reads".to_owned(),
            events => {
                let ids: Vec<String> = events.iter().map(Uuid::to_string).collect();
                format!("appends {}", ids.join(", "))
            }
        };
        text.push_str(&format!("  {number}: {what}\n"));
        for attempt in &operation.attempts {
            text.push_str(&format!("      {}\n", At(attempt, zero)));
        }
    }
    text
}

struct At<'a>(&'a Attempt, Micros);

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |moment: Micros| moment.saturating_sub(self.1) as f64 / 1e6;
        let Attempt { started, ended, node, outcome } = self.0;
        write!(
            formatter,
            "{:9.3} to {:9.3} s at node {node}: {outcome:?}",
            seconds(*started),
            seconds(*ended)
        )
    }
}
