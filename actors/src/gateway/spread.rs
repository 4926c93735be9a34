//! How many of its terminals a node asks to connect again, and which, so that whatever stands
//! before the cluster can give them to nodes that have fewer.
//!
//! Pure: counts go in, counts come out; the gateway keeps the time and does the asking.

use std::cmp::Reverse;
use std::time::Duration;
use tokio::time::Instant;

/// What a node has above the mean before it asks anybody: this share of the mean …
const BAND: f64 = 0.25;
/// … and at least so many terminals.
const BAND_MIN: f64 = 16.0;
/// Part of the surplus that is asked in one period.
const PART: usize = 20;
/// Terminals asked in one period at most.
const ASKED_MAX: usize = 64;
/// After so many it is judged whether asking has helped.
const JUDGED_AFTER: usize = 32;
/// What is too much anywhere has to shrink by one for so many that were asked: an even balancer
/// brings one of a few to a node that has too few, one that sends everybody back brings none.
const ASKED_FOR_ONE: usize = 16;
/// Periods of rest when it has not helped: ten minutes. Each further rest lasts twice as long …
const REST: u32 = 60;
/// … so many times.
const DOUBLINGS_MAX: u32 = 5;

/// How often terminals are asked, and how long each stays at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A period.
    pub every: Duration,
    /// A terminal is not asked until it has been connected for so long: nobody is sent from node
    /// to node.
    pub stay: Duration,
}

impl Pace {
    /// With periods of this length, of which a terminal stays for 60.
    #[must_use]
    pub fn with_period(every: Duration) -> Self {
        Self { every, stay: every * 60 }
    }
}

/// Where a node stands among those that take terminals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Terminals connected here that have not been asked.
    pub mine: usize,
    /// Whether this node shall have none.
    pub cordoned: bool,
    /// Terminals of each other node that takes some.
    pub others: Vec<usize>,
}

impl Standing {
    /// What each node would have if all had the same.
    fn mean(&self) -> f64 {
        let nodes = self.others.len() + usize::from(!self.cordoned);
        let all = self.others.iter().fold(self.mine, |sum, other| sum.saturating_add(*other));
        all as f64 / nodes.max(1) as f64
    }

    /// Terminals that should be elsewhere; none within the band around the mean.
    #[must_use]
    pub fn surplus(&self) -> usize {
        if self.others.is_empty() {
            return 0;
        }
        if self.cordoned {
            return self.mine;
        }
        let mean = self.mean();
        let is_within = self.mine as f64 <= mean + (mean * BAND).max(BAND_MIN);
        if is_within { 0 } else { self.mine.saturating_sub(mean.ceil() as usize) }
    }

    /// Terminals above the mean anywhere. Of one node it may grow while it asks, because others
    /// ask too; of all it only shrinks.
    fn excess(&self) -> usize {
        let mean = self.mean().ceil() as usize;
        let mine = if self.cordoned { self.mine } else { self.mine.saturating_sub(mean) };
        let others = self.others.iter().map(|count| count.saturating_sub(mean));
        others.fold(mine, usize::saturating_add)
    }
}

/// What is to be done in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Nothing.
    Nothing,
    /// Ask so many terminals, and tell how many of them [`Spread::were_asked`].
    Ask(usize),
    /// Nothing for so many periods: those that were asked come back here.
    Rest(u32),
}

/// Decides from period to period.
#[derive(Debug, Default)]
pub struct Spread {
    /// Asked since it was last judged whether that helps.
    asked: usize,
    /// What was too much anywhere then.
    before: usize,
    /// Periods of rest that are left.
    resting: u32,
    /// Rests in a row.
    rests: u32,
}

impl Spread {
    /// The step of this period; without a standing, because other nodes did not say how they are,
    /// nothing is done.
    pub fn step(&mut self, standing: Option<&Standing>) -> Step {
        self.resting = self.resting.saturating_sub(1);
        let Some(standing) = standing else { return Step::Nothing };
        let surplus = standing.surplus();
        if surplus == 0 {
            *self = Self::default();
            return Step::Nothing;
        }
        if self.resting > 0 {
            return Step::Nothing;
        }
        let excess = standing.excess();
        if self.asked >= JUDGED_AFTER && !self.has_helped(excess) {
            return self.rest();
        }
        if self.asked == 0 {
            self.before = excess;
        }
        Step::Ask(part(surplus))
    }

    /// So many could be asked in this period: who has just come stays for now.
    pub fn were_asked(&mut self, count: usize) {
        self.asked += count;
    }

    fn has_helped(&mut self, excess: usize) -> bool {
        let fewer = self.before.saturating_sub(excess);
        let helped = fewer.saturating_mul(ASKED_FOR_ONE) >= self.asked;
        self.asked = 0;
        if helped {
            self.rests = 0;
        }
        helped
    }

    fn rest(&mut self) -> Step {
        self.resting = REST << self.rests.min(DOUBLINGS_MAX);
        self.rests += 1;
        Step::Rest(self.resting)
    }
}

/// What is asked of a surplus at once.
fn part(surplus: usize) -> usize {
    (surplus / PART).clamp(1, ASKED_MAX).min(surplus)
}

/// A terminal that may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<I> {
    /// Which.
    pub id: I,
    /// When it connected.
    pub since: Instant,
    /// When its reader was last sent something, or did something; `None` for never.
    pub active_at: Option<Instant>,
}

/// Which terminals are asked: those that have stayed long enough, first where nothing happened
/// lately, then the longest connected.
#[must_use]
pub fn choose<I>(
    candidates: impl IntoIterator<Item = Candidate<I>>,
    count: usize,
    pace: Pace,
    now: Instant,
) -> Vec<I> {
    let has_stayed = |it: &Candidate<I>| now.saturating_duration_since(it.since) >= pace.stay;
    let mut stayed: Vec<_> = candidates.into_iter().filter(has_stayed).collect();
    let is_active = |it: &Candidate<I>| {
        it.active_at.is_some_and(|at| now.saturating_duration_since(at) < pace.every * 3)
    };
    stayed.sort_by_key(|it| (is_active(it), Reverse(now.saturating_duration_since(it.since))));
    stayed.into_iter().take(count).map(|it| it.id).collect()
}

#[cfg(test)]
mod tests;
