//! One node: membership, region, shards and the calls it has made of the store.

use super::database::View;
use super::{TICK, TTL_TICKS, base};
use crate::region::state::{After, RegionState};
use autoglm_domain::{Fence, Incarnation, Shard};
use std::collections::BTreeMap;

/// Ticks a view must be stable before shards are given away.
const STABLE_TICKS: u32 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Process {
    Off,
    Up,
    /// The drain has been announced.
    Leaving,
    /// The database has said that it is no member any more.
    Lost,
}

/// What of a node waits for an answer of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    Acquire,
    Free,
    Look,
    Stop(Shard),
    Write(Shard),
}

/// Work beside the region's mailbox, as in `work.rs`.
#[derive(Debug, Clone, Hash)]
pub(super) enum Task {
    /// Asks for leases and starts what was granted.
    Acquire { asked: Vec<Shard>, phase: Asking },
    /// Stops shards, then frees their leases if that is to follow.
    Stop { fences: Vec<Fence>, after: After, phase: Stopping },
    /// Frees leases of shards that have stopped.
    Free { shards: Vec<Shard>, answered: bool },
    /// Has read the leases after a restart of the region.
    Look { leases: Vec<Fence> },
}

#[derive(Debug, Clone, Hash)]
pub(super) enum Asking {
    FreeingOwn,
    OwnFreed,
    Taking,
    /// `None`: the store says that this member is gone.
    Answered(Option<Vec<Fence>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stopping {
    Draining,
    Freeing,
    Freed,
}

/// A call under way to the store. A node's calls are executed in their order: they pass one lane.
#[derive(Debug, Clone, Hash)]
pub(super) struct Call {
    pub(super) by: Incarnation,
    pub(super) what: What,
    /// Who waits for the answer; `None` once it has given up.
    pub(super) waiter: Option<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum What {
    Take(Vec<Shard>),
    Free(Vec<Shard>),
    Write(Fence, u8),
}

/// A shard that runs: requests go to the store one after the other.
#[derive(Debug, Clone, Hash)]
pub(super) struct Run {
    pub(super) fence: Fence,
    pub(super) requests: Vec<u8>,
    /// The event that is under way to the store, and whether that has accepted it.
    pub(super) writing: Option<(u8, Option<bool>)>,
    /// It did not stop in time, or its region has lost it: nobody waits for it any more.
    pub(super) abandoned: bool,
}

impl Run {
    pub(super) fn new(fence: Fence) -> Self {
        Self { fence, requests: Vec::new(), writing: None, abandoned: false }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.requests.is_empty() && self.writing.is_none()
    }
}

/// A renewal that takes long.
#[derive(Debug, Clone, Hash)]
pub(super) struct SlowRenewal {
    /// Ticks of the node's clock since it was sent.
    pub(super) age: u8,
    pub(super) lagged: bool,
    /// What the database said: a view, or that the member is gone.
    pub(super) answer: Option<Option<View>>,
}

#[derive(Debug, Clone, Hash)]
pub(super) struct Node {
    pub(super) process: Process,
    pub(super) frozen: bool,
    pub(super) me: Incarnation,
    pub(super) region: RegionState,
    pub(super) view: View,
    /// Ticks of this node's clock since the last granted renewal was sent.
    pub(super) lease_age: Option<u8>,
    pub(super) slow: Option<SlowRenewal>,
    /// This node's clock has fallen a tick behind since that renewal was sent.
    pub(super) lagged: bool,
    pub(super) tasks: BTreeMap<Key, Task>,
    pub(super) calls: Vec<Call>,
    pub(super) runs: BTreeMap<Shard, Run>,
}

impl Node {
    pub(super) fn off() -> Self {
        Self {
            process: Process::Off,
            frozen: false,
            me: Incarnation(0),
            region: new_region(Incarnation(0)),
            view: View::default(),
            lease_age: None,
            slow: None,
            lagged: false,
            tasks: BTreeMap::new(),
            calls: Vec::new(),
            runs: BTreeMap::new(),
        }
    }

    pub(super) fn started(me: Incarnation) -> Self {
        Self { process: Process::Up, me, region: new_region(me), ..Self::off() }
    }

    /// Whether it does anything now.
    pub(super) fn acts(&self) -> bool {
        self.process != Process::Off && !self.frozen
    }

    /// A tick of this node's clock.
    pub(super) fn tick(&mut self) {
        let older = |age: u8| (age + 1).min(TTL_TICKS + 1);
        self.lease_age = self.lease_age.map(older);
        if let Some(slow) = &mut self.slow {
            slow.age = older(slow.age);
        }
        self.region.pass(TICK, base());
    }

    /// A tick of everybody else's clocks: this one has fallen behind.
    pub(super) fn lag(&mut self) {
        self.lagged = true;
        if let Some(slow) = &mut self.slow {
            slow.lagged = true;
        }
    }

    /// Renewals are more frequent than ticks: whoever is well has renewed with each.
    pub(super) fn renews_at_ticks(&self) -> bool {
        self.acts() && self.process != Process::Lost && self.slow.is_none()
    }

    pub(super) fn call(&mut self, what: What, waiter: Key) {
        self.calls.push(Call { by: self.me, what, waiter: Some(waiter) });
    }

    /// Whoever waits for a call does not any more; the call may still be executed.
    pub(super) fn give_up(&mut self, waiter: Key) {
        for call in self.calls.iter_mut().filter(|call| call.waiter == Some(waiter)) {
            call.waiter = None;
        }
    }
}

pub(super) fn new_region(me: Incarnation) -> RegionState {
    RegionState::new(me, 8, STABLE_TICKS * TICK)
}
