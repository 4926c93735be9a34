//! Owns this node's shards: acquires what placement says, starts and stops it, and keeps the
//! routing table.
//!
//! **Receives** `ViewChanged` and `FenceSelf` from Membership, `Fenced` from shards whose write the
//! store refused, `ReleaseAll` from whoever stops the node, its own `Reconcile`.
//! **Sends** nothing; calls the lease store and the [`ShardHost`] in tasks of its own.
//! **Limits** at most 8 shards move at a time for rebalancing; every task has a deadline.
//! **On restart** owns nothing, and acquires everything again under new epochs.

mod config;
#[cfg(test)]
mod model;
mod state;
mod work;

use crate::host::ShardHost;
use crate::lease_clock::LeaseClock;
use crate::router::{Router, RoutingTable};
use crate::store::LeaseStore;
use autoglm_domain::{Fence, Incarnation, Shard, ShardKind, Single};
use autoglm_protocol::membership::{ClusterView, MembershipStatus};
use autoglm_protocol::shard_region::{ShardRegionMessage, ShardRegionStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Reply};
pub use config::RegionConfig;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use state::{After, Mode, RegionState};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use work::{Done, Work};

/// Leases are read for their owners so often when nobody says anything.
const OWNERS_EVERY: Duration = Duration::from_secs(5);
/// Shards whose leases are freed in one call when a node gives up everything.
const RELEASED_TOGETHER: usize = 64;
/// How long a node that leaves waits until its peers have heard that its shards are free.
const TOLD_WITHIN: Duration = Duration::from_millis(500);
/// The store is told what moved so often at most.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// The behaviour.
pub struct ShardRegionActor<H>(PhantomData<fn() -> H>);

impl<H> fmt::Debug for ShardRegionActor<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ShardRegionActor")
    }
}

/// What it needs.
pub struct ShardRegionArgs<H: ShardHost> {
    /// This start of the node.
    pub incarnation: Incarnation,
    /// Who decides about ownership.
    pub leases: Arc<dyn LeaseStore>,
    /// The same as Membership's.
    pub lease: LeaseClock,
    /// What Membership shows; its view is read at the start.
    pub membership: StatusCell<MembershipStatus>,
    /// Whose table this region keeps; it also names the host.
    pub router: Router<H>,
    /// How to behave.
    pub config: RegionConfig,
    /// Where others find it.
    pub address: Address<ShardRegionMessage>,
    /// What it shows.
    pub status: StatusCell<ShardRegionStatus>,
}

impl<H: ShardHost> Clone for ShardRegionArgs<H> {
    fn clone(&self) -> Self {
        Self {
            incarnation: self.incarnation,
            leases: Arc::clone(&self.leases),
            lease: self.lease.clone(),
            membership: self.membership.clone(),
            router: self.router.clone(),
            config: self.config.clone(),
            address: self.address.clone(),
            status: self.status.clone(),
        }
    }
}

impl<H: ShardHost> fmt::Debug for ShardRegionArgs<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ShardRegionArgs")
            .field("incarnation", &self.incarnation)
            .field("router", &self.router)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// What it knows.
pub struct ShardRegionState<H: ShardHost> {
    args: ShardRegionArgs<H>,
    myself: ActorRef<ShardRegionMessage>,
    shards: RegionState,
    /// Aborted when the region ends.
    tasks: JoinSet<()>,
    /// What the tasks have done; never more than there are tasks.
    results: (mpsc::UnboundedSender<Done>, mpsc::UnboundedReceiver<Done>),
    freeing: bool,
    /// When leases are read for the first time or again after a failure; `None` otherwise.
    look_after: Option<Instant>,
    /// When leases are read the next time for the owners in them.
    owners_after: Option<Instant>,
    is_looking: bool,
    /// Shards taken and given since the store was told.
    moved: (u64, u64),
    noted_at: Option<Instant>,
    waiting: Vec<Reply<()>>,
    last_error: Option<String>,
}

impl<H: ShardHost> fmt::Debug for ShardRegionState<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ShardRegionState")
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}

impl<H: ShardHost> ShardRegionActor<H> {
    /// Starts it under `supervisor` and publishes its reference.
    ///
    /// # Errors
    /// Only when the supervisor is stopping.
    pub async fn spawn(
        args: ShardRegionArgs<H>,
        supervisor: ActorCell,
    ) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _) = Actor::spawn_linked(None, Self(PhantomData), args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl<H: ShardHost> Actor for ShardRegionActor<H> {
    type Msg = ShardRegionMessage;
    type State = ShardRegionState<H>;
    type Arguments = ShardRegionArgs<H>;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        args.router.publish(RoutingTable::new());
        args.router.open_door(args.address.clone());
        myself.send_interval(args.config.reconcile_every, || ShardRegionMessage::Reconcile);
        let mut state = ShardRegionState::new(args, myself);
        let view = state.args.membership.get().view.clone();
        if view.version > 0 && state.args.lease.is_valid(Instant::now()) {
            state.view_changed(&view);
            state.reconcile()?;
        }
        Ok(state)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardRegionMessage::ViewChanged(view) => state.view_changed(&view),
            ShardRegionMessage::SomethingFree => {
                state.args.address.nudge_taken();
                state.shards.ask_now();
            }
            ShardRegionMessage::FenceSelf => state.fence_all(),
            ShardRegionMessage::Fenced(fence) => state.fenced(fence),
            ShardRegionMessage::ReleaseAll { reply } => state.release_all(reply),
            ShardRegionMessage::Reconcile => {}
        }
        state.reconcile()
    }
}

impl<H: ShardHost> ShardRegionState<H> {
    fn new(args: ShardRegionArgs<H>, myself: ActorRef<ShardRegionMessage>) -> Self {
        let config = &args.config;
        let shards = RegionState::new(args.incarnation, config.moves_max, config.stable_for);
        Self {
            shards,
            args,
            myself,
            tasks: JoinSet::new(),
            results: mpsc::unbounded_channel(),
            freeing: false,
            look_after: Some(Instant::now()),
            owners_after: None,
            is_looking: false,
            moved: (0, 0),
            noted_at: None,
            waiting: Vec::new(),
            last_error: None,
        }
    }

    fn view_changed(&mut self, view: &ClusterView) {
        self.shards.view_changed(view, Instant::now());
        self.args.router.view_changed(view);
        // Whoever is new may own something; whoever is gone does not.
        self.owners_after = Some(Instant::now());
    }

    /// Takes in what tasks have done, decides what to do next, and shows it. Never waits.
    fn reconcile(&mut self) -> Result<(), ActorProcessingErr> {
        let now = Instant::now();
        while let Some(ended) = self.tasks.try_join_next() {
            // A panic in a host: which of its shards run is not known any more.
            ended.map_err(|error| format!("a shard task ended without an answer: {error}"))?;
        }
        while let Ok(done) = self.results.1.try_recv() {
            self.take(done, now);
        }
        match (self.args.lease.is_valid(now), self.shards.mode()) {
            (false, Mode::Serving) => self.fence_all(),
            (true, Mode::Fenced) => self.shards.unfence(),
            _ => {}
        }
        if self.shards.view() > 0 && self.must_look(now) {
            self.look();
        }
        let plan = self.shards.plan(now);
        if !plan.acquire.is_empty() {
            self.acquire(plan.acquire);
        }
        if !plan.release.is_empty() {
            // Nothing is sent to them any more once they begin to stop.
            self.publish();
        }
        for fence in plan.release {
            self.stop(vec![fence], After::Free);
        }
        if !plan.free.is_empty() && !self.freeing {
            self.free(plan.free);
        }
        self.write_notes(now);
        self.show();
        if self.shards.mode() == Mode::Released && self.shards.is_empty() {
            self.answer_waiting();
        }
        Ok(())
    }

    /// Everything is given up, and whoever asked for it may stop this node now: the others must
    /// have heard of it first, or the last shards stay without an owner until they look by themselves.
    fn answer_waiting(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let (router, waiting) = (self.args.router.clone(), std::mem::take(&mut self.waiting));
        self.tasks.spawn(async move {
            router.told_everybody(TOLD_WITHIN).await;
            for reply in waiting {
                // Whoever asked may have stopped waiting.
                reply.send(Ok(())).unwrap_or_default();
            }
        });
    }

    /// Leases are read after a start, after a change of the view, each second while a request looks
    /// for an owner, and once in a while in case nobody said anything. Alone, only after a start.
    fn must_look(&mut self, now: Instant) -> bool {
        if self.is_looking {
            return false;
        }
        let is_looked_for = self.args.lease.ttl().is_some()
            && (self.args.router.take_looking()
                || self.owners_after.is_some_and(|after| now >= after));
        is_looked_for || self.look_after.is_some_and(|after| now >= after)
    }

    fn take(&mut self, done: Done, now: Instant) {
        match done {
            Done::Acquired { asked, started, refused, fault } => {
                let (stop, after) = self.shards.acquired(&asked, &started, now);
                let kept: Vec<Fence> = match stop.is_empty() {
                    true => started,
                    false => Vec::new(),
                };
                if let Some(fault) = fault {
                    self.shards.unanswered(&asked);
                    self.complain(&fault.message);
                } else {
                    self.last_error = None;
                }
                for shard in refused {
                    self.shards.refused(shard, now);
                }
                self.stop(stop, after);
                self.took(&kept);
            }
            Done::Stopped { fences, after, freed } => {
                self.shards.stopped(&fences, freed.is_ok(), now);
                match freed {
                    Ok(()) if after == After::Free => self.gave(&shards_of(&fences)),
                    Ok(()) => {}
                    Err(fault) => self.complain(&fault.message),
                }
            }
            Done::Freed { shards, result } => {
                self.freeing = false;
                match result {
                    Ok(()) => {
                        self.shards.freed(&shards);
                        self.gave(&shards);
                    }
                    Err(fault) => {
                        self.shards.free_failed(now);
                        self.complain(&fault.message);
                    }
                }
            }
            Done::Found { leases: Ok(leases) } => {
                self.is_looking = false;
                self.owners_after = Some(now + OWNERS_EVERY);
                self.args.router.learn(&leases);
                let strange = self.shards.found(&leases);
                if !strange.is_empty() {
                    tracing::warn!(shards = strange.len(), "freeing leases nothing here knew of");
                }
                self.stop(strange, After::Free);
            }
            Done::Found { leases: Err(fault) } => {
                self.is_looking = false;
                self.look_after = Some(now + self.args.config.reconcile_every);
                self.complain(&fault.message);
            }
        }
    }

    /// Shards are owned here now: the peers may ask for them, and what waits here goes on.
    fn took(&mut self, fences: &[Fence]) {
        if fences.is_empty() {
            return;
        }
        self.publish();
        self.args.router.announce_owned(fences);
        self.note(fences.len() as i64);
    }

    /// Leases are free: whoever wants them need not wait for its next look.
    fn gave(&mut self, shards: &[Shard]) {
        if shards.is_empty() {
            return;
        }
        self.args.router.announce_freed(shards);
        self.note(-(shards.len() as i64));
    }

    /// Adds to what the store is told of at most once a second.
    fn note(&mut self, shards: i64) {
        if shards > 0 {
            self.moved.0 += shards.unsigned_abs();
        } else {
            self.moved.1 += shards.unsigned_abs();
        }
    }

    /// Has what moved since the last second written down; nothing waits for it.
    fn write_notes(&mut self, now: Instant) {
        // Whoever leaves gives everything up within that second, and is not there to tell the rest.
        let is_time = match self.shards.mode() {
            Mode::Released => self.shards.is_empty(),
            _ => self.noted_at.is_none_or(|at| now >= at + NOTE_EVERY),
        };
        if self.moved == (0, 0) || !is_time {
            return;
        }
        self.noted_at = Some(now);
        let (took, gave) = std::mem::take(&mut self.moved);
        let (leases, owner) = (Arc::clone(&self.args.leases), self.args.incarnation);
        let limit = self.args.config.store_limit;
        self.tasks.spawn(async move {
            let noted = tokio::time::timeout(limit, leases.note_moves(owner, took, gave)).await;
            noted.unwrap_or_default();
        });
    }

    fn complain(&mut self, why: &str) {
        tracing::warn!(%why, "the shard region could not do all it wanted");
        self.last_error = Some(why.to_owned());
    }

    fn fence_all(&mut self) {
        let fences = self.shards.fence_all();
        if !fences.is_empty() {
            tracing::error!(shards = fences.len(), "stopping every shard: the lease has run out");
        }
        self.publish();
        self.stop(fences, After::Keep);
    }

    fn fenced(&mut self, fence: Fence) {
        if let Some(fence) = self.shards.fenced(fence) {
            tracing::warn!(shard = %fence.shard, epoch = fence.epoch.0, "the shard has moved");
            self.publish();
            self.stop(vec![fence], After::Keep);
        }
    }

    fn release_all(&mut self, reply: Reply<()>) {
        self.waiting.push(reply);
        let fences = self.shards.release_all();
        self.publish();
        // In groups: the first ones need not wait until the slowest of all has stopped.
        for group in fences.chunks(RELEASED_TOGETHER) {
            self.stop(group.to_vec(), After::Free);
        }
    }

    /// Runs one piece of work beside the mailbox, so that a slow shard or database cannot keep the
    /// region from being fenced; bounded because every shard is in at most one of them.
    fn run(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        let (myself, results) = (self.myself.clone(), self.results.0.clone());
        self.tasks.spawn(async move {
            // Both fail only when the region is gone, and this task with it.
            if results.send(work.await).is_ok() {
                myself.cast(ShardRegionMessage::Reconcile).unwrap_or_default();
            }
        });
    }

    /// Reads the leases: for the owners in them, and for those this node has without knowing it.
    fn look(&mut self) {
        self.look_after = None;
        self.owners_after = None;
        self.is_looking = true;
        let work = Work::of(&self.args);
        self.run(work.look());
    }

    fn acquire(&mut self, asked: Vec<Shard>) {
        let work = Work::of(&self.args);
        self.run(work.acquire(asked));
    }

    fn stop(&mut self, fences: Vec<Fence>, after: After) {
        if !fences.is_empty() {
            let work = Work::of(&self.args);
            self.run(work.stop(fences, after));
        }
    }

    fn free(&mut self, shards: Vec<Shard>) {
        self.freeing = true;
        let work = Work::of(&self.args);
        self.run(work.free(shards));
    }

    fn publish(&self) {
        let table: RoutingTable =
            self.shards.owned().iter().map(|(shard, fence)| (*shard, *fence)).collect();
        self.args.router.publish(table);
    }

    fn show(&self) {
        self.publish();
        let owned = self.shards.owned();
        let count = |kind| owned.keys().filter(|shard| shard.kind == kind).count();
        let (readers, hosts) = (count(ShardKind::Reader), count(ShardKind::Host));
        metrics::gauge!("autoglm_shards_owned", "kind" => "reader").set(readers as f64);
        metrics::gauge!("autoglm_shards_owned", "kind" => "host").set(hosts as f64);
        let single = |single: Single| {
            let name = format!("{single:?}").to_lowercase();
            owned.get(&single.shard()).map(|fence| (name, fence.epoch.0))
        };
        let counts = self.args.router.counts();
        metrics::gauge!("autoglm_region_waiting").set(counts.waiting as f64);
        metrics::counter!("autoglm_region_remote_total").absolute(counts.remote);
        metrics::counter!("autoglm_region_redirected_total").absolute(counts.redirected);
        metrics::counter!("autoglm_region_unowned_total").absolute(counts.unowned);
        self.args.status.set(ShardRegionStatus {
            view: self.shards.view(),
            unserved: self.shards.unserved(),
            reader_shards: readers,
            host_shards: hosts,
            singles: Single::ALL.into_iter().filter_map(single).collect(),
            routed_total: counts.routed,
            remote_total: counts.remote,
            redirected_total: counts.redirected,
            unowned_total: counts.unowned,
            waiting: counts.waiting,
            known_owners: counts.known_owners,
            last_error: self.last_error.clone(),
        });
    }
}

fn shards_of(fences: &[Fence]) -> Vec<Shard> {
    fences.iter().map(|fence| fence.shard).collect()
}

#[cfg(test)]
mod tests;
