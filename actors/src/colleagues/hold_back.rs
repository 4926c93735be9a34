//! Hints at waiting work, held back: however often a stage ends a batch, others hear a few times a
//! second, and always of the last one.

use autoglm_protocol::agent::WaitingFor;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Pause between two hints at one stage.
pub(super) const PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
struct Stage {
    told_at: Option<Instant>,
    is_held: bool,
}

impl Stage {
    fn is_due(&self, now: Instant) -> bool {
        self.told_at.is_none_or(|told| now.duration_since(told) >= PAUSE)
    }
}

/// What was told when, by stage.
#[derive(Debug, Default)]
pub(super) struct HoldBack(Mutex<BTreeMap<WaitingFor, Stage>>);

impl HoldBack {
    /// Whether the hint may go now; else it is held.
    pub(super) fn may_go(&self, stage: WaitingFor) -> bool {
        let mut stages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, entry) = (Instant::now(), stages.entry(stage).or_default());
        let goes = entry.is_due(now);
        entry.is_held = !goes;
        if goes {
            entry.told_at = Some(now);
        }
        goes
    }

    /// The held hints whose pause is over.
    pub(super) fn take_due(&self) -> Vec<WaitingFor> {
        let mut stages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = stages.iter_mut().filter(|(_, stage)| stage.is_held && stage.is_due(now));
        due.map(|(waiting, stage)| {
            *stage = Stage { told_at: Some(now), is_held: false };
            *waiting
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_hint_goes_at_once_and_the_last_one_goes_at_all() {
        let held = HoldBack::default();
        assert!(held.may_go(WaitingFor::Index));
        assert!((0..1_000).all(|_| !held.may_go(WaitingFor::Index)), "a load of hints");
        assert!(held.may_go(WaitingFor::Placing), "stages do not hold up each other");
        assert_eq!(held.take_due(), []);
        tokio::time::advance(PAUSE).await;
        assert_eq!(held.take_due(), [WaitingFor::Index]);
        assert_eq!(held.take_due(), [], "told once");
        assert!(!held.may_go(WaitingFor::Index), "what was flushed counts");
    }
}
