//! What a node does when something arrives, after `region.rs`, `region/work.rs`, `membership.rs`
//! and `ClusterStores`.

use super::database::View;
use super::node::{Asking, Call, Key, Node, Process, Run, Stopping, Task, What, new_region};
use super::{Client, World, base, placed};
use crate::region::state::{After, Mode};
use autoglm_domain::{Fence, Shard};
use std::rc::Rc;

/// What the store answers to a call.
enum Answer {
    Granted(Option<Vec<Fence>>),
    Freed,
    Written(bool),
}

/// The region.
impl World {
    /// `ShardRegionState::reconcile`: fences itself when the lease has run out, then does what the
    /// region plans.
    pub(super) fn reconcile(&mut self, index: usize) {
        let holds = self.lease_holds(index);
        let node = self.node(index);
        match (holds, node.region.mode()) {
            (false, Mode::Serving) => {
                let fences = node.region.fence_all();
                self.stop(index, fences, After::Keep);
            }
            (true, Mode::Fenced) => node.region.unfence(),
            _ => {}
        }
        let plan = self.node(index).region.plan(base());
        if !plan.acquire.is_empty() {
            self.ask(index, plan.acquire);
        }
        for fence in plan.release {
            self.stop(index, vec![fence], After::Free);
        }
        let node = self.node(index);
        if !plan.free.is_empty() && !node.tasks.contains_key(&Key::Free) {
            node.call(What::Free(plan.free.clone()), Key::Free);
            node.tasks.insert(Key::Free, Task::Free { shards: plan.free, answered: false });
        }
    }

    /// What this node has without knowing it is freed first. Who owns what is read at once: only
    /// calls of this node change whether something is its own.
    fn ask(&mut self, index: usize, asked: Vec<Shard>) {
        let me = self.nodes[index].me;
        let leases = self.database.leases().into_iter();
        let own = leases.filter(|fence| fence.owner == me && asked.contains(&fence.shard));
        let own: Vec<Shard> = own.map(|fence| fence.shard).collect();
        let node = self.node(index);
        let (what, phase) = match own.is_empty() {
            true => (What::Take(asked.clone()), Asking::Taking),
            false => (What::Free(own), Asking::FreeingOwn),
        };
        node.call(what, Key::Acquire);
        node.tasks.insert(Key::Acquire, Task::Acquire { asked, phase });
    }

    /// Begins to stop shards, all in one task.
    fn stop(&mut self, index: usize, fences: Vec<Fence>, after: After) {
        if let Some(first) = fences.first() {
            let key = Key::Stop(first.shard);
            let task = Task::Stop { fences, after, phase: Stopping::Draining };
            self.node(index).tasks.insert(key, task);
        }
    }

    /// Shards have stopped, or nobody waits for it any more: their leases are freed next.
    pub(super) fn drained(&mut self, index: usize, key: Key, is_cut_off: bool) {
        let node = self.node(index);
        let Some(Task::Stop { fences, after, phase }) = node.tasks.get_mut(&key) else { return };
        *phase = Stopping::Freeing;
        let (fences, after) = (fences.clone(), *after);
        for fence in &fences {
            let run = node.runs.get_mut(&fence.shard).filter(|run| run.fence == *fence);
            match run {
                Some(run) if !run.is_idle() => run.abandoned |= is_cut_off,
                Some(_) => drop(node.runs.remove(&fence.shard)),
                None => {}
            }
        }
        match after {
            After::Keep => self.stopped(index, key, true),
            After::Free => {
                let shards = fences.iter().map(|fence| fence.shard).collect();
                node.call(What::Free(shards), key);
            }
        }
    }

    /// `Done::Stopped`.
    fn stopped(&mut self, index: usize, key: Key, freed: bool) {
        let node = self.node(index);
        if let Some(Task::Stop { fences, .. }) = node.tasks.remove(&key) {
            node.region.stopped(&fences, freed, base());
        }
        self.reconcile(index);
    }

    /// An answer of the store, or of a task that needs none, reaches the region.
    pub(super) fn arrives(&mut self, index: usize, key: Key) {
        let node = self.node(index);
        match node.tasks.get_mut(&key) {
            Some(Task::Acquire { asked, phase: phase @ Asking::OwnFreed }) => {
                *phase = Asking::Taking;
                let asked = asked.clone();
                node.call(What::Take(asked), Key::Acquire);
            }
            Some(Task::Acquire { phase: Asking::Answered(granted), .. }) => {
                let granted = granted.take();
                let is_refused = granted.is_none();
                self.acquired(index, &granted.unwrap_or_default(), &[], is_refused);
            }
            Some(Task::Free { shards, .. }) => {
                let shards = std::mem::take(shards);
                node.region.freed(&shards);
                node.tasks.remove(&key);
                self.reconcile(index);
            }
            Some(Task::Look { leases }) => {
                let leases = std::mem::take(leases);
                node.tasks.remove(&key);
                self.found(index, &leases);
            }
            Some(Task::Stop { .. }) => self.stopped(index, key, true),
            Some(Task::Acquire { .. }) | None => {}
        }
    }

    /// The leases have been read; from time to time they are.
    pub(super) fn found(&mut self, index: usize, leases: &[Fence]) {
        let strange = self.node(index).region.found(leases);
        self.stop(index, strange, After::Free);
        self.reconcile(index);
    }

    /// `Done::Acquired`, after the start of what was granted.
    pub(super) fn acquired(
        &mut self,
        index: usize,
        started: &[Fence],
        refused: &[Shard],
        has_fault: bool,
    ) {
        let node = self.node(index);
        let Some(Task::Acquire { asked, .. }) = node.tasks.remove(&Key::Acquire) else { return };
        for fence in started {
            node.runs.insert(fence.shard, Run::new(*fence));
        }
        let (stop, after) = node.region.acquired(&asked, started, base());
        if has_fault {
            node.region.unanswered(&asked);
        }
        for shard in refused {
            node.region.refused(*shard, base());
        }
        self.stop(index, stop, after);
        self.reconcile(index);
    }

    /// The first of the granted shards does not start.
    pub(super) fn start_fails(&mut self, index: usize) {
        let task = self.nodes[index].tasks.get(&Key::Acquire);
        if let Some(Task::Acquire { phase: Asking::Answered(Some(granted)), .. }) = task {
            let (refused, started) = (granted[0].shard, granted[1..].to_vec());
            self.acquired(index, &started, &[refused], true);
        }
    }

    /// This node leaves: `ShardRegionState::release_all`.
    pub(super) fn gives_all_up(&mut self, index: usize) {
        let fences = self.node(index).region.release_all();
        self.stop(index, fences, After::Free);
        self.reconcile(index);
    }

    /// The node gives up a call, or hears that it failed.
    pub(super) fn failed(&mut self, index: usize, key: Key) {
        let node = self.node(index);
        match key {
            Key::Acquire => self.acquired(index, &[], &[], true),
            Key::Free => {
                node.tasks.remove(&key);
                node.region.free_failed(base());
                self.reconcile(index);
            }
            Key::Stop(_) => self.stopped(index, key, false),
            Key::Write(shard) => {
                if let Some(run) = node.runs.get_mut(&shard) {
                    run.writing = None;
                }
                self.dismiss(index, shard);
            }
            Key::Look => {}
        }
    }

    /// The region begins anew in the same process: its tasks end, what it ran runs on.
    pub(super) fn region_restarts(&mut self, index: usize) {
        let leases = self.database.leases();
        let node = self.node(index);
        for key in std::mem::take(&mut node.tasks).into_keys() {
            node.give_up(key);
        }
        node.runs.values_mut().for_each(|run| run.abandoned = true);
        node.region = new_region(node.me);
        node.tasks.insert(Key::Look, Task::Look { leases });
        if self.lease_holds(index) {
            self.look(index, None);
        }
    }
}

/// Membership.
impl World {
    /// A view reaches the region: the newest known one, or the one this node has already.
    pub(super) fn look(&mut self, index: usize, view: Option<View>) {
        let view = view.unwrap_or_else(|| self.nodes[index].view.clone());
        let me = self.nodes[index].me;
        let shards = self.setting.bounds.shards.iter().copied();
        let desired = shards.filter(|shard| placed(*shard, &view.up) == Some(me)).collect();
        let node = self.node(index);
        node.region.placed_here(view.version, desired, base());
        node.view = view;
        self.reconcile(index);
    }

    /// A renewal that was sent so many ticks ago has been answered.
    pub(super) fn renewed(&mut self, index: usize, age: u8, lagged: bool, view: Option<View>) {
        let node = self.node(index);
        match view {
            Some(view) => {
                if node.lease_age.is_none_or(|known| age < known) {
                    (node.lease_age, node.lagged) = (Some(age), lagged);
                }
                self.look(index, Some(view));
            }
            None => self.lose(index),
        }
    }

    /// The database says that this incarnation is gone: the process stops its shards and ends.
    fn lose(&mut self, index: usize) {
        let node = self.node(index);
        (node.process, node.lease_age) = (Process::Lost, None);
        self.reconcile(index);
    }

    /// A renewal that is answered at once.
    pub(super) fn renews(&mut self, index: usize) {
        let me = self.nodes[index].me;
        let view = self.database().renew(me);
        self.renewed(index, 0, false, view);
    }

    /// Time passes for all, except on one node whose clock falls behind. Whoever can renews.
    pub(super) fn tick(&mut self, lagging: Option<usize>) {
        self.database().tick();
        for index in 0..self.nodes.len() {
            if self.nodes[index].process == Process::Off {
                continue;
            }
            if lagging == Some(index) {
                self.node(index).lag();
            } else {
                self.node(index).tick();
            }
        }
        for index in 0..self.nodes.len() {
            if self.nodes[index].renews_at_ticks() {
                self.renews(index);
            } else if self.nodes[index].acts() {
                self.reconcile(index);
            }
        }
    }

    /// The process is gone at once; at most the call that the store was at is executed still.
    pub(super) fn ends(&mut self, index: usize) {
        let node = std::mem::replace(self.node(index), Node::off());
        self.orphans.extend(node.calls.into_iter().take(1));
        for client in &mut self.clients {
            client.waits_for = client.waits_for.filter(|waits_for| *waits_for != index);
        }
    }
}

/// The store and the readers.
impl World {
    /// The store executes a call of a node's lane.
    pub(super) fn executes(&mut self, index: usize, number: usize) {
        let call = self.node(index).calls.remove(number);
        let answer = self.execute(&call);
        if let Some(waiter) = call.waiter {
            self.node(index).answered(waiter, answer);
        }
    }

    /// The store executes a call whose process is gone.
    pub(super) fn executes_late(&mut self, number: usize) {
        let call = self.orphans.remove(number);
        self.execute(&call);
    }

    fn execute(&mut self, call: &Call) -> Answer {
        let setting = Rc::clone(&self.setting);
        let database = self.database();
        match &call.what {
            What::Take(shards) => {
                Answer::Granted(database.acquire(call.by, shards, &setting.rules))
            }
            What::Free(shards) => {
                database.release(call.by, shards);
                Answer::Freed
            }
            What::Write(fence, event) => {
                Answer::Written(database.append(*fence, *event, &setting.rules))
            }
        }
    }

    /// A reader's event is let in to a shard.
    pub(super) fn asks(&mut self, index: usize, shard: Shard) {
        let mut event = 0;
        for client in self.clients.iter_mut().filter(|client| client.shard == shard) {
            client.waits_for = Some(index);
            event = client.event;
        }
        if let Some(run) = self.node(index).runs.get_mut(&shard) {
            run.requests.push(event);
        }
    }

    /// A shard sends its next request to the store.
    pub(super) fn writes(&mut self, index: usize, shard: Shard) {
        let node = self.node(index);
        let Some(run) = node.runs.get_mut(&shard) else { return };
        let event = run.requests.remove(0);
        run.writing = Some((event, None));
        let fence = run.fence;
        node.call(What::Write(fence, event), Key::Write(shard));
        if !self.rules().stored_before_answered {
            self.acknowledge(index, shard, event);
        }
    }

    /// The store's answer reaches the shard, which answers its reader; a refused one stops it.
    pub(super) fn answers(&mut self, index: usize, shard: Shard) {
        let Some(run) = self.node(index).runs.get_mut(&shard) else { return };
        let Some((event, Some(is_accepted))) = run.writing.take() else { return };
        if is_accepted {
            self.acknowledge(index, shard, event);
            return;
        }
        run.requests.clear();
        let (fence, is_abandoned) = (run.fence, run.abandoned);
        if is_abandoned {
            self.node(index).runs.remove(&shard);
        }
        self.dismiss(index, shard);
        if let Some(fence) = self.node(index).region.fenced(fence) {
            self.stop(index, vec![fence], After::Keep);
        }
        self.reconcile(index);
    }

    fn acknowledge(&mut self, index: usize, shard: Shard, event: u8) {
        let is_it = |client: &Client| client.shard == shard && client.event == event;
        for client in self.clients.iter_mut().filter(|client| is_it(client)) {
            if client.waits_for == Some(index) {
                client.waits_for = None;
                client.event += 1;
            }
        }
    }

    /// Whoever waits for this shard of this node hears that the outcome is unknown, or that it has
    /// moved.
    pub(super) fn dismiss(&mut self, index: usize, shard: Shard) {
        for client in self.clients.iter_mut().filter(|client| client.shard == shard) {
            client.waits_for = client.waits_for.filter(|waits_for| *waits_for != index);
        }
    }
}

impl Node {
    fn answered(&mut self, waiter: Key, answer: Answer) {
        match (answer, self.tasks.get_mut(&waiter)) {
            (Answer::Granted(granted), Some(Task::Acquire { phase, .. })) => {
                *phase = Asking::Answered(granted);
            }
            (Answer::Freed, Some(Task::Acquire { phase, .. })) => *phase = Asking::OwnFreed,
            (Answer::Freed, Some(Task::Stop { phase, .. })) => *phase = Stopping::Freed,
            (Answer::Freed, Some(Task::Free { answered, .. })) => *answered = true,
            (Answer::Written(is_accepted), None) => {
                let run = self.runs.values_mut().find(|run| Key::Write(run.fence.shard) == waiter);
                if let Some((_, answer)) = run.and_then(|run| run.writing.as_mut()) {
                    *answer = Some(is_accepted);
                }
            }
            _ => {}
        }
    }
}
