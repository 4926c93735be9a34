//! What a region owns, wants and is changing: every decision, without a runtime.

use crate::placement::{candidates, owner_of};
use autoglm_domain::{Fence, Incarnation, Shard, ShardKind};
use autoglm_protocol::membership::ClusterView;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// A shard that failed to start is left alone for this long.
const AVOID_FOR: Duration = Duration::from_secs(5);

/// After leases were asked for or freed without full success, the store is left alone this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Whether shards may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// As placement says.
    Serving,
    /// This node may no longer be the owner of anything.
    Fenced,
    /// This node gives everything up, for good.
    Released,
}

/// What a stop is followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum After {
    /// The lease is freed: somebody else is to have the shard.
    Free,
    /// Nothing: the lease is no longer ours, or must stay ours until it is known whose it is.
    Keep,
}

/// What is to be done now. Everything in it has been noted as under way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Leases to ask for, all in one call; those granted are started.
    pub(crate) acquire: Vec<Shard>,
    /// Shards to stop, whose leases are then freed.
    pub(crate) release: Vec<Fence>,
    /// Leases of stopped shards whose freeing failed before.
    pub(crate) free: Vec<Shard>,
}

/// The shards of one node.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct RegionState {
    me: Incarnation,
    moves_max: usize,
    stable_for: Duration,
    mode: Mode,
    view: i64,
    stable_since: Option<Instant>,
    desired: BTreeSet<Shard>,
    owned: BTreeMap<Shard, Fence>,
    starting: BTreeSet<Shard>,
    stopping: BTreeMap<Shard, After>,
    unfreed: BTreeSet<Shard>,
    avoided: BTreeMap<Shard, Instant>,
    /// Wanted here, but another live node had them when they were last asked for.
    elsewhere: BTreeSet<Shard>,
    ask_after: Option<Instant>,
    /// Something became free while leases were being asked for.
    ask_again: bool,
    free_after: Option<Instant>,
}

impl RegionState {
    pub(crate) fn new(me: Incarnation, moves_max: usize, stable_for: Duration) -> Self {
        Self {
            me,
            moves_max,
            stable_for,
            mode: Mode::Serving,
            view: 0,
            stable_since: None,
            desired: BTreeSet::new(),
            owned: BTreeMap::new(),
            starting: BTreeSet::new(),
            stopping: BTreeMap::new(),
            unfreed: BTreeSet::new(),
            avoided: BTreeMap::new(),
            elsewhere: BTreeSet::new(),
            ask_after: None,
            ask_again: false,
            free_after: None,
        }
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// The version of the view placement is made from; 0 before the first.
    pub(crate) fn view(&self) -> i64 {
        self.view
    }

    pub(crate) fn owned(&self) -> &BTreeMap<Shard, Fence> {
        &self.owned
    }

    /// Shards that placement gives to this node and that nobody serves: neither this node yet, nor
    /// another one from which they are still to come. All of them while this node is fenced.
    pub(crate) fn unserved(&self) -> usize {
        let served =
            |shard: &&Shard| self.owned.contains_key(shard) || self.elsewhere.contains(shard);
        self.desired.len() - self.desired.iter().filter(served).count()
    }

    /// Whether no shard runs and no lease is left to be freed.
    pub(crate) fn is_empty(&self) -> bool {
        self.owned.is_empty()
            && self.starting.is_empty()
            && self.stopping.is_empty()
            && self.unfreed.is_empty()
    }

    /// The lease is alive again: shards may be asked for again.
    pub(crate) fn unfence(&mut self) {
        if self.mode == Mode::Fenced {
            self.mode = Mode::Serving;
        }
    }

    /// Leases the store says are ours. Those nobody here knows and placement does not want would keep
    /// their shards from everybody: they are left from before a restart of the region, were granted
    /// when nobody waited any more, or were kept while this node was fenced and belong elsewhere now.
    /// Returns them to be stopped and freed.
    pub(crate) fn found(&mut self, leases: &[Fence]) -> Vec<Fence> {
        let strange = |fence: &&Fence| {
            fence.owner == self.me
                && !self.desired.contains(&fence.shard)
                && !self.owned.contains_key(&fence.shard)
                && !self.starting.contains(&fence.shard)
                && !self.stopping.contains_key(&fence.shard)
                && !self.unfreed.contains(&fence.shard)
        };
        let strange: Vec<Fence> = leases.iter().filter(strange).copied().collect();
        self.stopping.extend(strange.iter().map(|fence| (fence.shard, After::Free)));
        strange
    }

    /// A new view of the membership.
    pub(crate) fn view_changed(&mut self, view: &ClusterView, now: Instant) {
        self.placed(view.version, desired_of(self.me, view), now);
    }

    /// What placement gives to this node under the view of this version.
    fn placed(&mut self, version: i64, desired: BTreeSet<Shard>, now: Instant) {
        if version != self.view {
            // Whoever left may have freed its last shards without anybody hearing of it.
            self.ask_now();
        }
        self.view = version;
        if desired != self.desired || self.stable_since.is_none() {
            self.desired = desired;
            self.elsewhere.retain(|shard| self.desired.contains(shard));
            self.stable_since = Some(now);
            self.ask_after = None;
        }
    }

    /// Something has become free: what is missing is asked for at once.
    pub(crate) fn ask_now(&mut self) {
        self.ask_after = None;
        // The store may have answered already what is under way.
        self.ask_again = !self.starting.is_empty();
    }

    /// What to do now. A missing lease is asked for at once; giving away waits for a stable view
    /// and is limited.
    pub(crate) fn plan(&mut self, now: Instant) -> Plan {
        let mut plan = Plan::default();
        if self.mode == Mode::Fenced {
            return plan;
        }
        if self.free_after.is_none_or(|after| now >= after) {
            plan.free = self.unfreed.iter().copied().collect();
        }
        if self.mode == Mode::Released || self.stable_since.is_none() {
            return plan;
        }
        self.avoided.retain(|_, until| *until > now);
        // One acquisition at a time: its answer may free what the next one would ask for.
        if self.starting.is_empty() && self.ask_after.is_none_or(|after| now >= after) {
            plan.acquire = self.missing();
            self.starting.extend(&plan.acquire);
        }
        plan.release = self.surplus(now);
        for fence in &plan.release {
            self.owned.remove(&fence.shard);
            self.stopping.insert(fence.shard, After::Free);
        }
        plan
    }

    fn missing(&self) -> Vec<Shard> {
        let busy = |shard: &Shard| {
            self.owned.contains_key(shard)
                || self.stopping.contains_key(shard)
                || self.unfreed.contains(shard)
                || self.avoided.contains_key(shard)
        };
        self.desired.iter().filter(|shard| !busy(shard)).copied().collect()
    }

    fn surplus(&self, now: Instant) -> Vec<Fence> {
        let stable = self.stable_since.is_some_and(|since| now >= since + self.stable_for);
        let room = self.moves_max.saturating_sub(self.stopping.len());
        let surplus = self.owned.values().filter(|fence| !self.desired.contains(&fence.shard));
        surplus.take(if stable { room } else { 0 }).copied().collect()
    }

    /// The leases asked for have been answered and their shards started. Returns those that must
    /// stop again because the world has changed meanwhile, and what to do with their leases.
    pub(crate) fn acquired(
        &mut self,
        asked: &[Shard],
        started: &[Fence],
        now: Instant,
    ) -> (Vec<Fence>, After) {
        for shard in asked {
            self.starting.remove(shard);
        }
        self.note_elsewhere(asked, started);
        // What another node holds is not ours for asking again at once.
        let heard = std::mem::take(&mut self.ask_again);
        self.ask_after = (started.len() < asked.len() && !heard).then(|| now + RETRY_AFTER);
        let after = match self.mode {
            Mode::Serving => {
                self.owned.extend(started.iter().map(|fence| (fence.shard, *fence)));
                return (Vec::new(), After::Keep);
            }
            Mode::Fenced => After::Keep,
            Mode::Released => After::Free,
        };
        self.stopping.extend(started.iter().map(|fence| (fence.shard, after)));
        (started.to_vec(), after)
    }

    /// What was asked for and not started is somebody else's, unless a start failed or the store
    /// did not answer: [`Self::refused`] and [`Self::unanswered`] take those out again.
    fn note_elsewhere(&mut self, asked: &[Shard], started: &[Fence]) {
        self.elsewhere.extend(asked);
        for fence in started {
            self.elsewhere.remove(&fence.shard);
        }
    }

    /// The store did not say whose these shards are.
    pub(crate) fn unanswered(&mut self, asked: &[Shard]) {
        for shard in asked {
            self.elsewhere.remove(shard);
        }
    }

    /// A shard whose lease was granted failed to start; its lease is freed and it is left alone.
    pub(crate) fn refused(&mut self, shard: Shard, now: Instant) {
        self.elsewhere.remove(&shard);
        self.avoided.insert(shard, now + AVOID_FOR);
        self.unfreed.insert(shard);
    }

    /// Shards have stopped; `freed` tells whether their leases could be freed when they had to be.
    pub(crate) fn stopped(&mut self, fences: &[Fence], freed: bool, now: Instant) {
        if !freed {
            self.free_after = Some(now + RETRY_AFTER);
        }
        for fence in fences {
            if self.stopping.remove(&fence.shard) == Some(After::Free) && !freed {
                self.unfreed.insert(fence.shard);
            }
        }
    }

    /// Leases have been freed.
    pub(crate) fn freed(&mut self, shards: &[Shard]) {
        for shard in shards {
            self.unfreed.remove(shard);
        }
    }

    /// Leases could not be freed.
    pub(crate) fn free_failed(&mut self, now: Instant) {
        self.free_after = Some(now + RETRY_AFTER);
    }

    /// This node may not be the owner any more: stop everything.
    pub(crate) fn fence_all(&mut self) -> Vec<Fence> {
        if self.mode == Mode::Serving {
            self.mode = Mode::Fenced;
        }
        self.elsewhere.clear();
        self.take_all(After::Keep)
    }

    /// The store refused a write under this fence: stop that shard, if it still runs under it.
    pub(crate) fn fenced(&mut self, fence: Fence) -> Option<Fence> {
        if self.owned.get(&fence.shard) != Some(&fence) {
            return None;
        }
        self.owned.remove(&fence.shard);
        self.stopping.insert(fence.shard, After::Keep);
        Some(fence)
    }

    /// Give everything up, for good.
    pub(crate) fn release_all(&mut self) -> Vec<Fence> {
        self.mode = Mode::Released;
        // A lease kept through a fencing that is not over is somebody else's soon; freeing it is
        // harmless, for only the owner's own rows are freed.
        self.take_all(After::Free)
    }

    fn take_all(&mut self, after: After) -> Vec<Fence> {
        let fences: Vec<Fence> = std::mem::take(&mut self.owned).into_values().collect();
        self.stopping.extend(fences.iter().map(|fence| (fence.shard, after)));
        fences
    }
}

/// The shards that placement gives to `me`.
fn desired_of(me: Incarnation, view: &ClusterView) -> BTreeSet<Shard> {
    let by_kind: BTreeMap<ShardKind, _> = [ShardKind::Reader, ShardKind::Host, ShardKind::Single]
        .into_iter()
        .map(|kind| (kind, candidates(view, kind)))
        .collect();
    Shard::all()
        .filter(|shard| {
            by_kind.get(&shard.kind).is_some_and(|members| owner_of(*shard, members) == Some(me))
        })
        .collect()
}

#[cfg(test)]
mod snapshot;
#[cfg(test)]
mod tests;
