//! One device as the former sees it: how it pads, how fast it has been, how much it is trusted with.

use super::cost_model::CostModel;
use super::entry::Ticket;
use super::ladder::Padding;
use super::moment::Moment;
use super::safety_net::SafetyNet;
use super::shape::Shape;
use std::time::Duration;

/// How fast a device is.
#[derive(Debug, Clone)]
pub struct DevicePace {
    /// How it lays out a batch.
    pub padding: Padding,
    cost: CostModel,
    net: SafetyNet,
    broken: u64,
}

impl DevicePace {
    /// A device nothing is known about, with the most tokens a batch may ever have.
    #[must_use]
    pub fn new(padding: Padding, batch_tokens_max: usize) -> Self {
        let net = SafetyNet::new(batch_tokens_max);
        Self { padding, cost: CostModel::default(), net, broken: 0 }
    }

    /// The same device, thought to have these times until it is measured.
    #[must_use]
    pub fn with_cost(mut self, cost: CostModel) -> Self {
        self.cost = cost;
        self
    }

    /// How long it will take for a batch.
    #[must_use]
    pub fn predict(&self, shape: Shape) -> Duration {
        self.cost.predict(shape, self.padding)
    }

    /// What it has been measured at.
    #[must_use]
    pub fn cost(&self) -> &CostModel {
        &self.cost
    }

    /// Tokens a batch may have now, padding included.
    #[must_use]
    pub fn tokens_max(&self) -> usize {
        self.net.cap()
    }

    /// Texts a batch may have while little is known about the device: twice as many each time, so
    /// that a slow one is found out by a small batch.
    #[must_use]
    pub fn entries_max(&self) -> usize {
        4 << self.cost.measured().min(16)
    }

    /// Promises that were not kept.
    #[must_use]
    pub fn broken_promises(&self) -> u64 {
        self.broken
    }

    /// A batch is done.
    pub fn finished(&mut self, ticket: &Ticket, now: Moment) {
        self.cost.learn(ticket.shape, self.padding, now.since(ticket.began));
        let kept = ticket.promised.is_none_or(|promised| now <= promised);
        self.broken += u64::from(!kept);
        self.net.done(kept);
    }

    /// A batch did not fit into the device's memory.
    pub fn too_large(&mut self, ticket: &Ticket) {
        self.net.too_large(ticket.shape.padded_tokens(self.padding));
    }
}

/// Another device of the same pool.
#[derive(Debug, Clone, Copy)]
pub struct Rival<'a> {
    /// How fast it is.
    pub pace: &'a DevicePace,
    /// When it will have done what it is at.
    pub free_at: Moment,
}

/// An idle device that asks for work.
#[derive(Debug, Clone, Copy)]
pub struct IdleDevice<'a> {
    /// How fast it is.
    pub pace: &'a DevicePace,
    /// Since when it has been idle.
    pub idle_since: Moment,
    /// The others, working or not.
    pub rivals: &'a [Rival<'a>],
}

impl IdleDevice<'_> {
    /// Whether another device will have a text answered by `due`, although this one would not.
    pub(super) fn is_kept_elsewhere(
        &self,
        now: Moment,
        tokens: usize,
        due: Moment,
        ends: Moment,
    ) -> bool {
        ends > due
            && self.rivals.iter().any(|rival| {
                let begins = rival.free_at.max(now);
                begins.plus(rival.pace.predict(Shape::of(tokens))) <= due
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(promised: Option<Moment>) -> Ticket {
        Ticket { shape: Shape::of(100), began: Moment(0), ends: Moment(1_000), promised }
    }

    #[test]
    fn only_a_promise_can_be_broken() {
        let mut pace = DevicePace::new(Padding::None, 10_000);
        pace.finished(&ticket(None), Moment(1_000_000));
        assert_eq!((pace.broken_promises(), pace.tokens_max()), (0, 10_000));
        pace.finished(&ticket(Some(Moment(50_000))), Moment(60_000));
        assert_eq!((pace.broken_promises(), pace.tokens_max()), (1, 8_000));
    }

    #[test]
    fn a_text_is_left_to_a_device_that_keeps_its_time_and_to_no_other() {
        let quick = CostModel::starting_at(Duration::from_millis(1), Duration::ZERO);
        let quick = DevicePace::new(Padding::None, 1_000).with_cost(quick);
        let slow = DevicePace::new(Padding::None, 1_000);
        let kept = |free_at, ends| {
            let rivals = [Rival { pace: &quick, free_at: Moment(free_at) }];
            let device = IdleDevice { pace: &slow, idle_since: Moment(0), rivals: &rivals };
            device.is_kept_elsewhere(Moment(0), 10, Moment(50_000), Moment(ends))
        };
        assert!(kept(40_000, 60_000));
        assert!(!kept(49_500, 60_000), "it would be late there, too");
        assert!(!kept(0, 50_000), "it is in time here");
    }
}
