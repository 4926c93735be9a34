//! Keeps this node's row alive and publishes the numbered view of the cluster.
//!
//! **Receives** `Drain` from whoever stops the node, its own `Tick` and `Look`.
//! **Sends** `ViewChanged` and `FenceSelf` to ShardRegion.
//! **Limits** one renewal at a time, none longer than a fifth of the time-to-live; between renewals
//! the view is looked at each second, and at once when the store tells that it has changed.
//! **On restart** goes on with the same incarnation; the deadline lives in [`LeaseClock`].

mod renewal;

use crate::lease_clock::LeaseClock;
use crate::store::MembershipStore;
use autoglm_domain::{Fault, FaultKind, Incarnation};
use autoglm_protocol::membership::{ClusterView, MemberState, MembershipMessage, MembershipStatus};
use autoglm_protocol::shard_region::ShardRegionMessage;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Reply};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use renewal::{Failure, Renewal};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Time-to-live of a member between machines.
pub const TTL: Duration = Duration::from_secs(15);
/// Time-to-live of the fast profile, for nodes in one machine room.
pub const TTL_FAST: Duration = Duration::from_secs(4);

/// Between renewals the view is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a node alone asks for once: longer than any process lives, because nobody else can start
/// on its data directory anyway.
const TTL_ALONE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// How membership behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipConfig {
    /// Time without a renewal after which others may take this node's shards; at least 1 s.
    /// [`TTL`] or [`TTL_FAST`].
    pub ttl: Duration,
    /// Whether the exclusive lock on the data directory is the lease, so that there is no
    /// time-to-live.
    pub alone: bool,
}

impl MembershipConfig {
    /// The clock that goes to membership, region and router alike.
    #[must_use]
    pub fn lease_clock(&self) -> LeaseClock {
        if self.alone { LeaseClock::alone() } else { LeaseClock::with_ttl(self.ttl) }
    }
}

/// The behaviour.
#[derive(Debug)]
pub struct MembershipActor;

/// What it needs.
#[derive(Debug, Clone)]
pub struct MembershipArgs {
    /// This start of the node, from [`MembershipStore::register`].
    pub incarnation: Incarnation,
    /// The table.
    pub store: Arc<dyn MembershipStore>,
    /// From [`MembershipConfig::lease_clock`].
    pub lease: LeaseClock,
    /// Whom to tell.
    pub region: Address<ShardRegionMessage>,
    /// Set to the reason when this incarnation is no longer a member. The process must then exit
    /// with an error and start again as a new incarnation.
    pub lost: watch::Sender<Option<String>>,
    /// Where others find it.
    pub address: Address<MembershipMessage>,
    /// What it shows; ShardRegion reads the view here when it starts.
    pub status: StatusCell<MembershipStatus>,
}

/// What it knows.
#[derive(Debug)]
pub struct MembershipState {
    args: MembershipArgs,
    renewal: Renewal,
    view: Arc<ClusterView>,
    /// Version the region was told, if it was.
    announced: Option<i64>,
    /// What our row should say, and whether it does.
    wanted: MemberState,
    written: bool,
    /// Alone, the row is renewed once.
    renewed_once: bool,
    lost: bool,
    /// Listens to the store; aborted with this state.
    _watch: JoinSet<()>,
}

impl MembershipActor {
    /// Starts it under `supervisor` and publishes its reference.
    ///
    /// # Errors
    /// Only when the supervisor is stopping.
    pub async fn spawn(args: MembershipArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for MembershipActor {
    type Msg = MembershipMessage;
    type State = MembershipState;
    type Arguments = MembershipArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        // The region may wait for its first view; nothing here waits for the database.
        myself.cast(MembershipMessage::Tick).map_err(|error| error.to_string())?;
        let watch = watch_views(&args, &myself);
        Ok(MembershipState::new(args, watch))
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            MembershipMessage::Drain { reply } => state.drain(reply).await,
            MembershipMessage::Look => state.look().await,
            MembershipMessage::Tick => {
                state.tick().await;
                if !state.lost {
                    let wait = state.renewal.next_in(Instant::now(), rand::random());
                    myself.send_after(wait, || MembershipMessage::Tick);
                }
            }
        }
        Ok(())
    }
}

/// Has the view looked at each second, and whenever the store says that it has changed; alone
/// nobody else changes it.
fn watch_views(args: &MembershipArgs, myself: &ActorRef<MembershipMessage>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if args.lease.ttl().is_none() {
        return tasks;
    }
    myself.send_interval(LOOK_EVERY, || MembershipMessage::Look);
    let (store, actor) = (Arc::clone(&args.store), myself.clone());
    tasks.spawn(async move {
        // An actor that has ended needs no news.
        let wake = move || actor.cast(MembershipMessage::Look).unwrap_or_default();
        store.watch(Box::new(wake)).await;
    });
    tasks
}

impl MembershipState {
    fn new(args: MembershipArgs, watch: JoinSet<()>) -> Self {
        Self {
            _watch: watch,
            renewal: Renewal::new(args.lease.clone()),
            view: Arc::new(args.status.get().view.clone()),
            announced: None,
            wanted: MemberState::Up,
            written: false,
            renewed_once: false,
            lost: false,
            args,
        }
    }

    /// One renewal with everything that follows from it.
    async fn tick(&mut self) {
        let sent_at = Instant::now();
        let limit = self.renewal.attempt_limit(sent_at);
        let attempt = tokio::time::timeout(limit, self.attempt()).await;
        let now = Instant::now();
        match attempt {
            Ok(Ok(view)) => {
                if self.renewal.granted(sent_at, now) {
                    tracing::info!("the membership is renewed again; shards may start");
                    self.announced = None;
                }
                self.view = Arc::new(view);
            }
            Ok(Err(fault)) if fault.kind == FaultKind::Fenced => self.lose(&fault),
            Ok(Err(fault)) => self.failed(now, &fault.message),
            Err(_elapsed) => self.failed(now, "the database did not answer in time"),
        }
        self.announce();
        self.show();
    }

    /// Reads the view between renewals. A failure says nothing: the next renewal will tell.
    async fn look(&mut self) {
        if self.lost || self.renewal.is_fenced() || self.announced.is_none() {
            return;
        }
        let limit = self.renewal.attempt_limit(Instant::now());
        match tokio::time::timeout(limit, self.args.store.view()).await {
            Ok(Ok(view)) if view.version > self.view.version => {
                self.view = Arc::new(view);
                self.announce();
                self.show();
            }
            Ok(Ok(_same)) => {}
            Ok(Err(fault)) => tracing::debug!(why = %fault.message, "the view could not be read"),
            Err(_elapsed) => tracing::debug!("the view could not be read in time"),
        }
    }

    /// Writes our state if it is not written yet, renews, and reads the view.
    async fn attempt(&mut self) -> Result<ClusterView, Fault> {
        let MembershipArgs { store, incarnation, lease, .. } = &self.args;
        if !self.written {
            store.set_state(*incarnation, self.wanted).await?;
            self.written = true;
        }
        match lease.ttl() {
            Some(ttl) => store.renew(*incarnation, ttl).await,
            None if self.renewed_once => store.view().await,
            None => {
                let view = store.renew(*incarnation, TTL_ALONE).await?;
                self.renewed_once = true;
                Ok(view)
            }
        }
    }

    fn failed(&mut self, now: Instant, why: &str) {
        match self.renewal.failed(now) {
            Failure::TryAgain => tracing::warn!(%why, "renewing the membership failed"),
            Failure::StillFenced => {}
            Failure::Fence => {
                tracing::error!(%why, "the membership could not be renewed; stopping every shard");
                self.fence();
            }
        }
    }

    /// The database says that this incarnation is gone, and it never comes back.
    fn lose(&mut self, fault: &Fault) {
        tracing::error!(why = %fault.message, "this node is no longer a member; it must start again");
        self.lost = true;
        self.args.lease.revoke();
        self.fence();
        self.args.lost.send_replace(Some(fault.message.clone()));
    }

    fn fence(&mut self) {
        self.announced = None;
        if self.args.region.cast(ShardRegionMessage::FenceSelf).is_err() {
            // The region is down: it looks at the lease clock itself before it starts a shard.
            tracing::warn!("the shard region is not running and could not be told to stop");
        }
    }

    /// Tells the region about a view it has not seen; again at the next tick if it is away.
    fn announce(&mut self) {
        if self.lost || self.renewal.is_fenced() || self.announced == Some(self.view.version) {
            return;
        }
        let message = ShardRegionMessage::ViewChanged(Arc::clone(&self.view));
        if self.view.version > 0 && self.args.region.cast(message).is_ok() {
            self.announced = Some(self.view.version);
        }
    }

    async fn drain(&mut self, reply: Reply<()>) {
        self.wanted = MemberState::Draining;
        self.written = false;
        let limit = self.renewal.attempt_limit(Instant::now());
        let MembershipArgs { store, incarnation, .. } = &self.args;
        let written = tokio::time::timeout(limit, store.set_state(*incarnation, self.wanted)).await;
        let answer = written.unwrap_or_else(|_elapsed| {
            Err(Fault::new(FaultKind::Timeout, "announcing the drain took too long"))
        });
        self.written = answer.is_ok();
        // Whoever asked may have stopped waiting.
        reply.send(answer).unwrap_or_default();
        self.show();
    }

    fn show(&self) {
        self.args.status.set(MembershipStatus {
            incarnation: self.args.incarnation.0,
            view: (*self.view).clone(),
            failed_renewals: self.renewal.failed_in_a_row(),
            fenced: self.renewal.is_fenced() || self.lost,
        });
    }
}

#[cfg(test)]
mod tests;
