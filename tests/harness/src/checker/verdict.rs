//! Compares what was acknowledged with what is stored: nothing lost, nothing doubled, in order.

use super::history::{Histories, Micros, Operation};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use uuid::Uuid;

/// One event as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Whose it is.
    pub reader: i64,
    /// Its place among the reader's events.
    pub seq: i64,
    /// Made by the client.
    pub id: Uuid,
}

/// A promise about a reader's events that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventViolation {
    /// It was acknowledged and is not there.
    Lost {
        /// Whose.
        reader: i64,
        /// Which.
        event: Uuid,
    },
    /// It is there more than once.
    Doubled {
        /// Whose.
        reader: i64,
        /// Which.
        event: Uuid,
        /// Its places.
        seqs: Vec<i64>,
    },
    /// `later` began after `earlier` was acknowledged, and is stored before it.
    Disordered {
        /// Whose.
        reader: i64,
        /// Place and id of the one that was acknowledged first.
        earlier: (i64, Uuid),
        /// Place and id of the one that began afterwards.
        later: (i64, Uuid),
    },
    /// A number is missing among the reader's events.
    Gap {
        /// Whose.
        reader: i64,
        /// The missing number.
        seq: i64,
    },
    /// Nobody sent it for this reader.
    Stranger {
        /// Whose.
        reader: i64,
        /// Which.
        event: Uuid,
        /// Its place.
        seq: i64,
    },
    /// Some events of one request are there and others are not.
    Torn {
        /// Whose.
        reader: i64,
        /// One that is there.
        there: Uuid,
        /// One that is not.
        missing: Uuid,
    },
}

impl EventViolation {
    /// The reader whose promise was broken.
    #[must_use]
    pub fn reader(&self) -> i64 {
        match self {
            Self::Lost { reader, .. }
            | Self::Doubled { reader, .. }
            | Self::Disordered { reader, .. }
            | Self::Gap { reader, .. }
            | Self::Stranger { reader, .. }
            | Self::Torn { reader, .. } => *reader,
        }
    }
}

impl fmt::Display for EventViolation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { reader, event } => {
                write!(formatter, "reader {reader}: event {event} was acknowledged and is lost")
            }
            Self::Doubled { reader, event, seqs } => {
                write!(formatter, "reader {reader}: event {event} is stored at {seqs:?}")
            }
            Self::Disordered { reader, earlier, later } => write!(
                formatter,
                "reader {reader}: event {} is stored as number {}, after number {} ({}), which was \
                 sent when it had been acknowledged",
                earlier.1, earlier.0, later.0, later.1
            ),
            Self::Gap { reader, seq } => {
                write!(formatter, "reader {reader}: there is no event with number {seq}")
            }
            Self::Stranger { reader, event, seq } => {
                write!(formatter, "reader {reader}: nobody sent event {event} (number {seq})")
            }
            Self::Torn { reader, there, missing } => write!(
                formatter,
                "reader {reader}: of one request {there} is stored and {missing} is not"
            ),
        }
    }
}

/// What is known of an event from its client.
#[derive(Clone, Copy)]
struct Sent {
    started: Micros,
    acknowledged: Option<Micros>,
    /// Place in its request.
    place: usize,
}

/// Everything that is wrong with the stored events of the readers in `histories`. Stored events of
/// other readers are none of its business.
#[must_use]
pub fn judge(histories: &Histories, stored: &[StoredEvent]) -> Vec<EventViolation> {
    let mut by_reader: BTreeMap<i64, Vec<&StoredEvent>> = BTreeMap::new();
    for event in stored {
        by_reader.entry(event.reader).or_default().push(event);
    }
    let mut violations = Vec::new();
    for (reader, operations) in histories {
        let mut events = by_reader.remove(reader).unwrap_or_default();
        events.sort_by_key(|event| event.seq);
        judge_reader(*reader, operations, &events, &mut violations);
    }
    violations
}

fn judge_reader(
    reader: i64,
    operations: &[Operation],
    events: &[&StoredEvent],
    violations: &mut Vec<EventViolation>,
) {
    let mut places: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for event in events {
        places.entry(event.id).or_default().push(event.seq);
    }
    for operation in operations {
        let there = operation.events.iter().find(|id| places.contains_key(id));
        let missing = operation.events.iter().filter(|id| !places.contains_key(id));
        for event in missing {
            violations.extend(match (operation.acknowledged(), there) {
                (Some(_), _) => Some(EventViolation::Lost { reader, event: *event }),
                (None, Some(there)) => {
                    Some(EventViolation::Torn { reader, there: *there, missing: *event })
                }
                (None, None) => None,
            });
        }
    }
    let mut doubled: Vec<_> = places.iter().filter(|(_, seqs)| seqs.len() > 1).collect();
    doubled.sort();
    violations.extend(doubled.into_iter().map(|(event, seqs)| EventViolation::Doubled {
        reader,
        event: *event,
        seqs: seqs.clone(),
    }));
    for (expected, event) in (1..).zip(events) {
        if event.seq != expected {
            violations.push(EventViolation::Gap { reader, seq: expected });
            break;
        }
    }
    judge_order(reader, &sent_of(operations), events, violations);
}

fn sent_of(operations: &[Operation]) -> HashMap<Uuid, Sent> {
    let mut sent = HashMap::new();
    for operation in operations {
        let (started, acknowledged) = (operation.started(), operation.acknowledged());
        for (place, id) in operation.events.iter().enumerate() {
            sent.insert(*id, Sent { started, acknowledged, place });
        }
    }
    sent
}

/// What began after something was acknowledged comes after it; what was sent in one request keeps
/// its order. One pass: of all that came before, only what began last can be wrong here.
fn judge_order(
    reader: i64,
    sent: &HashMap<Uuid, Sent>,
    events: &[&StoredEvent],
    violations: &mut Vec<EventViolation>,
) {
    let mut last: Option<(Sent, &StoredEvent)> = None;
    for event in events {
        let Some(this) = sent.get(&event.id).copied() else {
            let (event, seq) = (event.id, event.seq);
            violations.push(EventViolation::Stranger { reader, event, seq });
            continue;
        };
        if let Some((before, stored)) = last {
            let sent_afterwards = this.acknowledged.is_some_and(|end| end < before.started);
            let swapped = before.started == this.started && before.place > this.place;
            if sent_afterwards || swapped {
                violations.push(EventViolation::Disordered {
                    reader,
                    earlier: (event.seq, event.id),
                    later: (stored.seq, stored.id),
                });
            }
        }
        if last
            .is_none_or(|(before, _)| (this.started, this.place) >= (before.started, before.place))
        {
            last = Some((this, event));
        }
    }
}
