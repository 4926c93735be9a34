//! Everything that can happen next in a world, and how it is told.

use super::node::{Asking, Key, Node, Process, Run, SlowRenewal, Stopping, Task};
use super::{Client, World, placed};
use crate::region::state::Mode;
use autoglm_domain::Shard;

/// One event on one node, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Starts(usize),
    /// The newest view is read.
    Looks(usize),
    /// A renewal is sent, granted and answered at once.
    Renews(usize),
    RenewalIsGranted(usize),
    RenewalArrives(usize),
    /// A word arrives that something is free.
    Hears(usize),
    /// The store executes a call of this node: the oldest, number 0.
    IsExecuted(usize, usize),
    /// The store executes a call whose process is gone.
    IsExecutedLate(usize),
    /// The leases are read.
    Finds(usize),
    Arrives(usize, Key),
    Drains(usize, Shard),
    Asks(usize, Shard),
    Writes(usize, Shard),
    Answers(usize, Shard),
    Thaws(usize),
    GivesAllUp(usize),
    Exits(usize),
    Ticks,
    Fault(Fault, usize, Option<Key>),
}

/// What goes wrong, or is done to the cluster by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Freeze,
    Crash,
    /// A call does not reach the store.
    CallFails,
    /// A node does not wait for a call any more, which is executed still.
    CallIsLate,
    /// A renewal takes longer than no time.
    RenewalIsSlow,
    /// It is not waited for any more. Costs nothing more.
    RenewalIsLost,
    Drain,
    /// A reader asks elsewhere, without an answer.
    ReaderGivesUp,
    /// A shard does not stop in time.
    StopIsCutOff,
    StartFails,
    /// A tick that this node's clock misses.
    ClockLags,
    RegionRestarts,
    /// Leases are read, but that arrives late.
    LookIsSlow,
}

impl Step {
    pub(super) fn is_fault(self) -> bool {
        matches!(self, Self::Fault(..))
    }
}

impl World {
    /// What can happen now.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::Ticks];
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let next = if self.rules().calls_keep_their_order { 1 } else { node.calls.len() };
            let calls = 0..next.min(node.calls.len());
            steps.extend(calls.map(|number| Step::IsExecuted(index, number)));
            if node.slow.as_ref().is_some_and(|slow| slow.answer.is_none()) {
                steps.push(Step::RenewalIsGranted(index));
            }
            if node.frozen {
                steps.push(Step::Thaws(index));
            } else if node.process == Process::Off {
                if self.database.incarnations() < self.setting.bounds.starts {
                    steps.push(Step::Starts(index));
                }
            } else {
                self.membership_steps(index, &mut steps);
                self.region_steps(index, &mut steps);
                self.shard_steps(index, &mut steps);
            }
            if self.faults_left > 0 && node.process != Process::Off {
                self.faults(index, &mut steps);
            }
        }
        steps.extend((0..self.orphans.len()).map(Step::IsExecutedLate));
        steps
    }

    fn membership_steps(&self, index: usize, steps: &mut Vec<Step>) {
        let node = &self.nodes[index];
        if let Some(slow) = &node.slow {
            if slow.answer.is_some() {
                steps.push(Step::RenewalArrives(index));
            }
            steps.push(Step::Fault(Fault::RenewalIsLost, index, None));
            return;
        }
        if node.process == Process::Lost {
            steps.push(Step::Exits(index));
            return;
        }
        if node.lease_age != Some(0) {
            steps.push(Step::Renews(index));
        } else if node.view.version < self.database.version() {
            steps.push(Step::Looks(index));
        }
    }

    fn region_steps(&self, index: usize, steps: &mut Vec<Step>) {
        let node = &self.nodes[index];
        let is_free = |client: &Client| {
            let shard = client.shard;
            self.database.is_free(shard) && placed(shard, &node.view.up) == Some(node.me)
        };
        if node.region.would_listen() && self.clients.iter().any(is_free) {
            steps.push(Step::Hears(index));
        }
        if self.has_unknown(node) {
            steps.push(Step::Finds(index));
        }
        if node.process == Process::Leaving {
            match node.region.mode() {
                Mode::Released if node.region.is_empty() => steps.push(Step::Exits(index)),
                Mode::Released => {}
                _ => steps.push(Step::GivesAllUp(index)),
            }
        }
        for (key, task) in &node.tasks {
            match task {
                Task::Stop { phase: Stopping::Draining, .. }
                    if !self.rules().flush_before_free || node.is_drained(task) =>
                {
                    steps.extend(shard_of(*key).map(|shard| Step::Drains(index, shard)));
                }
                task if node.is_answered(task) => steps.push(Step::Arrives(index, *key)),
                _ => {}
            }
        }
    }

    /// Whether reading the leases would tell this node anything.
    fn has_unknown(&self, node: &Node) -> bool {
        let mut leases = self.database.leases();
        leases.retain(|fence| {
            fence.owner == node.me && !node.region.owned().contains_key(&fence.shard)
        });
        let is_ready = node.region.view() > 0 && !node.tasks.contains_key(&Key::Look);
        is_ready && !leases.is_empty() && !node.region.clone().found(&leases).is_empty()
    }

    fn shard_steps(&self, index: usize, steps: &mut Vec<Step>) {
        let node = &self.nodes[index];
        for (shard, run) in &node.runs {
            match run.writing {
                Some((_, Some(_))) => steps.push(Step::Answers(index, *shard)),
                None if !run.requests.is_empty() => steps.push(Step::Writes(index, *shard)),
                _ => {}
            }
        }
        let asks = self.clients.iter().filter(|client| {
            let wants = client.event <= self.setting.bounds.events && client.waits_for.is_none();
            wants && self.is_open(index, client.shard)
        });
        steps.extend(asks.map(|client| Step::Asks(index, client.shard)));
    }

    fn faults(&self, index: usize, steps: &mut Vec<Step>) {
        let node = &self.nodes[index];
        let mut add = |fault: Fault, key: Option<Key>| {
            if self.setting.bounds.kinds.contains(&fault) {
                steps.push(Step::Fault(fault, index, key));
            }
        };
        add(Fault::Crash, None);
        if (node.slow.is_some() || node.frozen) && !node.has_lagged() {
            add(Fault::ClockLags, None);
        }
        for client in &self.clients {
            if client.waits_for == Some(index) {
                add(Fault::ReaderGivesUp, Some(Key::Write(client.shard)));
            }
        }
        if node.frozen {
            return;
        }
        add(Fault::Freeze, None);
        if node.process == Process::Up {
            add(Fault::Drain, None);
        }
        if node.process != Process::Lost {
            add(Fault::RegionRestarts, None);
            if node.region.view() > 0 && !node.tasks.contains_key(&Key::Look) {
                add(Fault::LookIsSlow, None);
            }
        }
        if node.renews_at_ticks() {
            add(Fault::RenewalIsSlow, None);
        }
        for call in node.calls.iter().filter(|call| call.waiter.is_some()) {
            add(Fault::CallFails, call.waiter);
            add(Fault::CallIsLate, call.waiter);
        }
        for (key, task) in &node.tasks {
            match task {
                Task::Stop { phase: Stopping::Draining, .. } if !node.is_drained(task) => {
                    add(Fault::StopIsCutOff, Some(*key));
                }
                Task::Acquire { phase: Asking::Answered(Some(granted)), .. }
                    if !granted.is_empty() && node.is_answered(task) =>
                {
                    add(Fault::StartFails, Some(*key));
                }
                _ => {}
            }
        }
    }

    /// The world after a step that [`Self::steps`] has named.
    pub(super) fn after(&self, step: Step) -> Self {
        let mut world = self.clone();
        world.apply(step);
        world
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Starts(index) => {
                let me = self.database().register();
                *self.node(index) = Node::started(me);
            }
            Step::Looks(index) => {
                let view = self.database.view();
                self.look(index, Some(view));
            }
            Step::Renews(index) => self.renews(index),
            Step::RenewalIsGranted(index) => {
                let me = self.nodes[index].me;
                let answer = self.database().renew(me);
                if let Some(slow) = &mut self.node(index).slow {
                    slow.answer = Some(answer);
                }
            }
            Step::RenewalArrives(index) => {
                let slow = self.node(index).slow.take();
                if let Some(SlowRenewal { age, lagged, answer: Some(view) }) = slow {
                    self.renewed(index, age, lagged, view);
                }
            }
            Step::Hears(index) => {
                self.node(index).region.ask_now();
                self.reconcile(index);
            }
            Step::Finds(index) => {
                let leases = self.database.leases();
                self.found(index, &leases);
            }
            Step::IsExecuted(index, number) => self.executes(index, number),
            Step::IsExecutedLate(number) => self.executes_late(number),
            Step::Arrives(index, key) => self.arrives(index, key),
            Step::Drains(index, shard) => self.drained(index, Key::Stop(shard), false),
            Step::Asks(index, shard) => self.asks(index, shard),
            Step::Writes(index, shard) => self.writes(index, shard),
            Step::Answers(index, shard) => self.answers(index, shard),
            Step::Thaws(index) => self.node(index).frozen = false,
            Step::GivesAllUp(index) => self.gives_all_up(index),
            Step::Exits(index) => self.ends(index),
            Step::Ticks => self.tick(None),
            Step::Fault(fault, index, key) => self.goes_wrong(fault, index, key),
        }
    }

    fn goes_wrong(&mut self, fault: Fault, index: usize, key: Option<Key>) {
        if fault != Fault::RenewalIsLost {
            self.faults_left -= 1;
        }
        match (fault, key) {
            (Fault::Freeze, _) => self.node(index).frozen = true,
            (Fault::Crash, _) => self.ends(index),
            (Fault::CallFails, Some(key)) => {
                self.node(index).calls.retain(|call| call.waiter != Some(key));
                self.failed(index, key);
            }
            (Fault::CallIsLate, Some(key)) => {
                self.node(index).give_up(key);
                self.failed(index, key);
            }
            (Fault::RenewalIsSlow, _) => {
                let slow = SlowRenewal { age: 0, lagged: false, answer: None };
                self.node(index).slow = Some(slow);
            }
            (Fault::RenewalIsLost, _) => self.node(index).slow = None,
            (Fault::Drain, _) => {
                let me = self.nodes[index].me;
                self.database().drain(me);
                self.node(index).process = Process::Leaving;
            }
            (Fault::ReaderGivesUp, Some(Key::Write(shard))) => self.dismiss(index, shard),
            (Fault::StopIsCutOff, Some(key)) => self.drained(index, key, true),
            (Fault::StartFails, _) => self.start_fails(index),
            (Fault::ClockLags, _) => self.tick(Some(index)),
            (Fault::LookIsSlow, _) => {
                let leases = self.database.leases();
                self.node(index).tasks.insert(Key::Look, Task::Look { leases });
            }
            (Fault::RegionRestarts, _) => self.region_restarts(index),
            (_, _) => {}
        }
    }
}

impl Node {
    /// Whether the shards of this stop have written all they were asked for.
    fn is_drained(&self, task: &Task) -> bool {
        let Task::Stop { fences, .. } = task else { return false };
        fences.iter().all(|fence| {
            let run = self.runs.get(&fence.shard).filter(|run| run.fence == *fence);
            run.is_none_or(Run::is_idle)
        })
    }

    /// Whether this task has something to tell the region. A start waits for an earlier run of the
    /// same shard to end.
    fn is_answered(&self, task: &Task) -> bool {
        let is_idle = |shard: &Shard| self.runs.get(shard).is_none_or(Run::is_idle);
        match task {
            Task::Acquire { phase: Asking::Answered(Some(granted)), .. } => {
                granted.iter().all(|fence| is_idle(&fence.shard))
            }
            Task::Acquire { phase, .. } => {
                matches!(phase, Asking::OwnFreed | Asking::Answered(None))
            }
            Task::Stop { phase, .. } => *phase == Stopping::Freed,
            Task::Free { answered, .. } => *answered,
            Task::Look { .. } => true,
        }
    }

    fn has_lagged(&self) -> bool {
        self.lagged || self.slow.as_ref().is_some_and(|slow| slow.lagged)
    }
}

fn shard_of(key: Key) -> Option<Shard> {
    match key {
        Key::Stop(shard) | Key::Write(shard) => Some(shard),
        _ => None,
    }
}
