//! The tables that decide: members, leases and what readers did, as `models` keeps them. Every call
//! is one transaction, and ticks are those of the database's clock.

use super::{Rules, TTL_TICKS};
use autoglm_domain::{Epoch, Fence, Incarnation, Shard};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// One view, as far as placement looks at it.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    pub(super) version: i64,
    /// The members that may own shards.
    pub(super) up: Vec<Incarnation>,
}

/// One row of the table of nodes that is not down.
#[derive(Debug, Clone, Hash)]
struct Member {
    draining: bool,
    /// Ticks until others may take what it owns.
    left: u8,
}

/// One shard: its lease, and what was written under it.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    pub(super) owner: Option<Incarnation>,
    pub(super) epoch: i64,
    /// In the order of their numbers; one reader is enough.
    pub(super) rows: Vec<Row>,
}

/// One stored event, and the fence of its write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) event: u8,
    pub(super) fence: Fence,
}

#[derive(Debug, Clone)]
pub(super) struct Database {
    version: i64,
    incarnations: i64,
    members: BTreeMap<Incarnation, Member>,
    pub(super) slots: BTreeMap<Shard, Slot>,
}

/// Numbers of views are compared only, which [`super::World`] does; of a row's fence nothing is asked
/// once a later one is there.
impl Hash for Database {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.incarnations, &self.members).hash(hasher);
        for slot in self.slots.values() {
            (slot.owner, slot.epoch, slot.rows.len()).hash(hasher);
            slot.rows.iter().for_each(|row| row.event.hash(hasher));
            slot.rows.last().map(|row| row.fence).hash(hasher);
        }
    }
}

impl Hash for View {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.up.hash(hasher);
    }
}

impl Database {
    pub(super) fn new(shards: &[Shard]) -> Self {
        let slots = shards.iter().map(|shard| (*shard, Slot::default())).collect();
        Self { version: 0, incarnations: 0, members: BTreeMap::new(), slots }
    }

    pub(super) fn version(&self) -> i64 {
        self.version
    }

    /// Nodes that have ever started.
    pub(super) fn incarnations(&self) -> i64 {
        self.incarnations
    }

    fn is_alive(&self, who: Incarnation) -> bool {
        self.members.get(&who).is_some_and(|member| member.left > 0)
    }

    pub(super) fn tick(&mut self) {
        for member in self.members.values_mut() {
            member.left = member.left.saturating_sub(1);
        }
    }

    /// `register_node`, and the state `up` that the first renewal writes.
    pub(super) fn register(&mut self) -> Incarnation {
        self.incarnations += 1;
        self.version += 1;
        let who = Incarnation(self.incarnations);
        self.members.insert(who, Member { draining: false, left: TTL_TICKS });
        who
    }

    /// `renew_node`: another time-to-live, and whoever has none left is marked down. `None` when
    /// the member itself is no longer alive.
    pub(super) fn renew(&mut self, who: Incarnation) -> Option<View> {
        let member = self.members.get_mut(&who).filter(|member| member.left > 0)?;
        member.left = TTL_TICKS;
        let before = self.members.len();
        self.members.retain(|_, member| member.left > 0);
        self.version += i64::from(self.members.len() < before);
        Some(self.view())
    }

    /// `set_node_state` to draining.
    pub(super) fn drain(&mut self, who: Incarnation) {
        if let Some(member) = self.members.get_mut(&who) {
            member.draining = true;
            self.version += 1;
        }
    }

    pub(super) fn view(&self) -> View {
        let up = self.members.iter().filter(|(_, member)| !member.draining);
        View { version: self.version, up: up.map(|(who, _)| *who).collect() }
    }

    /// `leases`: every shard that has an owner.
    pub(super) fn leases(&self) -> Vec<Fence> {
        let owned = |(shard, slot): (&Shard, &Slot)| {
            slot.owner.map(|owner| fence(*shard, owner, slot.epoch))
        };
        self.slots.iter().filter_map(owned).collect()
    }

    /// Whether `acquire_leases` would give the shard to a member that does not own it.
    pub(super) fn is_free(&self, shard: Shard) -> bool {
        self.slots[&shard].owner.is_none_or(|owner| !self.is_alive(owner))
    }

    /// `acquire_leases`: takes what nobody alive owns. `None` when the member is no longer alive.
    pub(super) fn acquire(
        &mut self,
        who: Incarnation,
        shards: &[Shard],
        rules: &Rules,
    ) -> Option<Vec<Fence>> {
        if !self.is_alive(who) {
            return None;
        }
        let free: Vec<Shard> =
            shards.iter().copied().filter(|shard| self.is_free(*shard)).collect();
        let mut granted = Vec::with_capacity(free.len());
        for (shard, slot) in self.slots.iter_mut().filter(|(shard, _)| free.contains(shard)) {
            let is_first = slot.epoch == 0;
            slot.owner = Some(who);
            slot.epoch += i64::from(rules.taking_raises_the_epoch || is_first);
            granted.push(fence(*shard, who, slot.epoch));
        }
        Some(granted)
    }

    /// `release_leases`: the epoch stays.
    pub(super) fn release(&mut self, who: Incarnation, shards: &[Shard]) {
        for (shard, slot) in &mut self.slots {
            if shards.contains(shard) && slot.owner == Some(who) {
                slot.owner = None;
            }
        }
    }

    /// What the fence in a write's transaction checks.
    pub(super) fn accepts(&self, fence: Fence, rules: &Rules) -> bool {
        let slot = &self.slots[&fence.shard];
        let is_owner = slot.owner == Some(fence.owner) && slot.epoch == fence.epoch.0;
        is_owner || !rules.writes_are_fenced
    }

    /// `append_events` of one event: whether it was accepted, stored before or not.
    pub(super) fn append(&mut self, fence: Fence, event: u8, rules: &Rules) -> bool {
        if !self.accepts(fence, rules) {
            return false;
        }
        if let Some(slot) = self.slots.get_mut(&fence.shard) {
            let is_known = slot.rows.iter().any(|row| row.event == event);
            if !is_known || !rules.events_have_keys {
                slot.rows.push(Row { event, fence });
            }
        }
        true
    }
}

fn fence(shard: Shard, owner: Incarnation, epoch: i64) -> Fence {
    Fence { shard, owner, epoch: Epoch(epoch) }
}
