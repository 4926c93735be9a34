//! Checks the events of a request before they are stored, and numbers them afterwards.

use super::EVENTS_MAX;
use autoglm_domain::{Clock, EventId, Fault, ReaderEvent, ReaderId};
use std::collections::HashMap;

/// Checks a request's events and sets clocks that run ahead to ours.
pub(super) fn admit(
    reader: ReaderId,
    mut events: Vec<ReaderEvent>,
    clock: &dyn Clock,
) -> Result<Vec<ReaderEvent>, Fault> {
    if events.len() > EVENTS_MAX {
        let count = events.len();
        return Err(Fault::invalid(format!(
            "{count} events in one request are more than {EVENTS_MAX}; send them in parts"
        )));
    }
    let now = clock.now();
    for event in &mut events {
        if event.reader_id != reader {
            let other = event.reader_id;
            return Err(Fault::invalid(format!(
                "event {} of reader {other} was sent for reader {reader}",
                event.id
            )));
        }
        event.at = event.at.min(now);
    }
    Ok(events)
}

/// The events that were new, with their numbers.
pub(super) fn in_log_order(
    events: Vec<ReaderEvent>,
    accepted: &[(i64, EventId)],
) -> Vec<(i64, ReaderEvent)> {
    let mut by_id: HashMap<_, ReaderEvent> = HashMap::new();
    for event in events {
        by_id.entry(event.id).or_insert(event);
    }
    let mut numbered: Vec<(i64, ReaderEvent)> = accepted
        .iter()
        .filter_map(|(seq, id)| by_id.remove(id).map(|event| (*seq, event)))
        .collect();
    numbered.sort_by_key(|(seq, _)| *seq);
    numbered
}
