//! What is slow on this node: a pure judgement on windows of latency by stage, against what they
//! usually are here and what they are on the other nodes now.
//!
//! A stage is hot when its p99 leaves both; it cools when it has been back for a while. When most
//! other nodes are slower than usual too, it is the stage that is slow and not this node. Alone, a
//! node has only its own past to compare with.

use autoglm_protocol::figures::{FIGURES_PERIOD, Hot, HotKind, Latency};
use autoglm_protocol::stage::TIMED;
use std::collections::VecDeque;

/// Items in a window that is judged: the p99 of fewer is one unlucky item.
pub const SAMPLES_MIN: u64 = 20;
/// How many times longer than usual is hot: days differ by a fifth, a busy machine by a half, and
/// tails of twenty items by two.
pub const FACTOR: f64 = 3.0;
/// Whatever takes less is not hot, in milliseconds: nobody waits for it.
pub const FLOOR_MS: f64 = 50.0;
/// Windows kept to say what is usual: 15 minutes of them.
pub const HISTORY_MAX: usize = 90;
/// Windows without which nothing is usual yet: two minutes.
pub const HISTORY_MIN: usize = 12;
/// Slow windows in a row before it is reported: one may be a backup or a start of the node.
pub const HOT_AFTER: u32 = 2;
/// Good windows in a row before it is over: what comes and goes would be told all day.
pub const CALM_AFTER: u32 = 3;
/// Windows in a row with too little to do to judge after which nothing is claimed any more. Longer
/// than `CALM_AFTER`: what is slow also gets less done.
pub const SILENT_AFTER: u32 = 6;

/// What another node said of the same stage last.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PeerLatency {
    /// Its latest window.
    pub window: Latency,
    /// What its p99 usually is, in milliseconds.
    pub usual_ms: Option<f64>,
}

/// What there is to say of a stage after a window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Judged {
    /// What its p99 usually is, in milliseconds; `None` until enough windows were seen.
    pub usual_ms: Option<f64>,
    /// That it is hot.
    pub hot: Option<Hot>,
    /// What has changed with this window.
    pub change: Option<Change>,
}

/// A change that is worth telling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// It is hot now.
    Began(Hot),
    /// It is over; this is how it was last.
    Ended(Hot),
}

/// The stages of this node, watched. Bounded: 90 numbers for each of a fixed list.
#[derive(Debug, Default)]
pub struct HotSpots {
    stages: [Watched; TIMED.len()],
}

impl HotSpots {
    /// Judges one window of a stage, which is one of [`TIMED`]; nothing is said of any other.
    /// `peers` are the fresh figures of the other nodes. Called once for every window.
    pub fn judge(&mut self, stage: &str, own: Latency, peers: &[PeerLatency]) -> Judged {
        let place = TIMED.iter().position(|name| *name == stage);
        let watched = place.and_then(|place| self.stages.get_mut(place));
        watched.map(|watched| watched.judge(own, peers)).unwrap_or_default()
    }
}

/// One window, held against what is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    /// Too little to do to say anything.
    Silent,
    Calm,
    Slow {
        kind: HotKind,
        usual_ms: f64,
        others_ms: Option<f64>,
    },
}

#[derive(Debug, Default)]
struct Watched {
    /// The p99 of earlier windows in milliseconds, oldest first.
    history: VecDeque<f64>,
    /// Windows in a row that were slow, good, or said nothing.
    slow: u32,
    calm: u32,
    silent: u32,
    /// Windows since the first slow one of those that made it hot.
    age: u64,
    hot: Option<Hot>,
}

impl Watched {
    fn judge(&mut self, own: Latency, peers: &[PeerLatency]) -> Judged {
        let usual_ms = self.usual_ms();
        let verdict = verdict(own, usual_ms, peers);
        self.learn(own, verdict);
        self.count(verdict);
        let change = self.change(own, verdict);
        Judged { usual_ms, hot: self.hot, change }
    }

    fn usual_ms(&self) -> Option<f64> {
        (self.history.len() >= HISTORY_MIN).then(|| median(self.history.iter().copied())).flatten()
    }

    /// Slow windows are learned too, or a change for good would be told for ever: after half a
    /// history it is what is usual. Not when other nodes show that it need not be so.
    fn learn(&mut self, own: Latency, verdict: Verdict) {
        let is_proven =
            matches!(verdict, Verdict::Slow { kind: HotKind::Node, others_ms: Some(_), .. });
        if verdict == Verdict::Silent || is_proven {
            return;
        }
        if self.history.len() == HISTORY_MAX {
            self.history.pop_front();
        }
        self.history.push_back(own.p99_ms);
    }

    /// A silent window ends no row: what is slow may get too little done to be judged.
    fn count(&mut self, verdict: Verdict) {
        self.age += 1;
        match verdict {
            Verdict::Silent => self.silent = self.silent.saturating_add(1),
            Verdict::Calm => {
                (self.slow, self.silent) = (0, 0);
                self.calm = self.calm.saturating_add(1);
            }
            Verdict::Slow { .. } => {
                if self.hot.is_none() && self.slow == 0 {
                    self.age = 1;
                }
                (self.calm, self.silent) = (0, 0);
                self.slow = self.slow.saturating_add(1);
            }
        }
    }

    fn change(&mut self, own: Latency, verdict: Verdict) -> Option<Change> {
        let seconds = self.age * FIGURES_PERIOD.as_secs();
        let was = self.hot;
        if let Verdict::Slow { kind, usual_ms, others_ms } = verdict
            && (was.is_some() || self.slow >= HOT_AFTER)
        {
            let hot = Hot { kind, p99_ms: own.p99_ms, usual_ms, others_ms, seconds };
            self.hot = Some(hot);
            return was.is_none().then_some(Change::Began(hot));
        }
        if self.silent >= SILENT_AFTER {
            self.slow = 0;
        }
        let hot = Hot { seconds, ..was? };
        let is_over = self.calm >= CALM_AFTER || self.silent >= SILENT_AFTER;
        self.hot = (!is_over).then_some(hot);
        is_over.then_some(Change::Ended(hot))
    }
}

/// What one window says; `usual_ms` is `None` while that is still being learned.
fn verdict(own: Latency, usual_ms: Option<f64>, peers: &[PeerLatency]) -> Verdict {
    if own.count < SAMPLES_MIN {
        return Verdict::Silent;
    }
    let Some(usual_ms) = usual_ms.filter(|usual| is_much_longer(own.p99_ms, *usual)) else {
        return Verdict::Calm;
    };
    let busy: Vec<&PeerLatency> =
        peers.iter().filter(|peer| peer.window.count >= SAMPLES_MIN).collect();
    let others_ms = median(busy.iter().map(|peer| peer.window.p99_ms));
    let slow = |kind| Verdict::Slow { kind, usual_ms, others_ms };
    if others_ms.is_none_or(|others| is_much_longer(own.p99_ms, others)) {
        return slow(HotKind::Node);
    }
    let slowed = busy.iter().filter(|peer| {
        peer.usual_ms.is_some_and(|usual| is_much_longer(peer.window.p99_ms, usual))
    });
    // Else this node was quicker than the others so far and is now as they are.
    if slowed.count() * 2 > busy.len() { slow(HotKind::Stage) } else { Verdict::Calm }
}

fn is_much_longer(p99_ms: f64, than_ms: f64) -> bool {
    p99_ms > FLOOR_MS && p99_ms > FACTOR * than_ms
}

/// The middle one; of an even number the lower: of two nodes the quicker one says what is possible.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests;
