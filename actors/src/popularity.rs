//! Decayed counts of impressions and clicks over all readers; one of it in the cluster.
//!
//! **Receives** `Events` from the CacheShardActors of all nodes. **Sends** `Popularity` to their
//! ArticleWindows. **Limits**
//! those of [`PopularityCounters`]; events by permits. **On restart** counts go on from the last
//! save, at most 30 s old.

mod snapshot;

use crate::colleagues::Colleagues;
use crate::stage::jittered;
use autoglm_domain::{ArticleId, Clock, EventTarget, FaultKind, Fence, ReaderEvent, Timestamp};
use autoglm_models::Store;
use autoglm_protocol::Address;
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::article_window::{ArticleWindowHandle, ArticleWindowMessage};
use autoglm_protocol::popularity::{PopularityMessage, PopularityStatus};
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::StatusCell;
use autoglm_ranking::PopularityCounters;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use snapshot::COUNTED_BY;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How far back counters are saved: older ones weigh less than a thousandth.
const SAVED_HOURS: Duration = Duration::from_secs(48 * 3_600);

/// Rates in one message to another node: 15 bytes each at most.
const RATES_MAX: usize = 16_000;

/// When PopularityActor publishes and saves.
#[derive(Debug, Clone, Copy)]
pub struct PopularityConfig {
    /// Between two publications, when something was counted.
    pub publish_every: Duration,
    /// Between two publications when nothing was: rates decay, and a window may have restarted.
    pub publish_unchanged_every: Duration,
    /// Between two saves, when something was counted.
    pub save_every: Duration,
}

impl Default for PopularityConfig {
    fn default() -> Self {
        Self {
            publish_every: Duration::from_secs(2),
            publish_unchanged_every: Duration::from_secs(60),
            save_every: Duration::from_secs(30),
        }
    }
}

/// What PopularityActor needs.
#[derive(Debug, Clone)]
pub struct PopularityArgs {
    /// Where counters are saved.
    pub store: Store,
    /// Proof that this is the cluster's one PopularityActor.
    pub fence: Fence,
    /// Who is told when the proof no longer holds.
    pub region: ShardRegionHandle,
    /// Who ranks by the rates.
    pub window: ArticleWindowHandle,
    /// Who else does.
    pub colleagues: Colleagues,
    /// When.
    pub config: PopularityConfig,
    /// For decay.
    pub clock: Arc<dyn Clock>,
    /// Where the actor is found.
    pub address: Address<PopularityMessage>,
    /// What it shows.
    pub status: StatusCell<PopularityStatus>,
}

/// Counts what is read.
#[derive(Debug)]
pub struct PopularityActor;

/// What PopularityActor remembers.
#[derive(Debug)]
pub struct PopularityState {
    args: PopularityArgs,
    counters: PopularityCounters,
    loaded: bool,
    unpublished: bool,
    unsaved: bool,
    published_at: Timestamp,
    saved_at: Timestamp,
    status: PopularityStatus,
}

impl PopularityActor {
    /// Starts the actor and publishes its address.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: PopularityArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for PopularityActor {
    type Msg = PopularityMessage;
    type State = PopularityState;
    type Arguments = PopularityArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: PopularityArgs,
    ) -> Result<PopularityState, ActorProcessingErr> {
        let mut state = PopularityState::new(args);
        state.load().await;
        myself.send_after(jittered(state.args.config.publish_every), || PopularityMessage::Publish);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: PopularityMessage,
        state: &mut PopularityState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            PopularityMessage::Events { events, permit: _permit } => state.count(&events),
            PopularityMessage::Publish => state.round(&myself).await,
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<Self::Msg>,
        state: &mut PopularityState,
    ) -> Result<(), ActorProcessingErr> {
        // An orderly end loses no counts; a refused fence was reported when it was seen.
        if state.unsaved && state.save().await.is_some() {
            tracing::debug!("popularity was not saved at the end: another node owns it");
        }
        Ok(())
    }
}

impl PopularityState {
    fn new(args: PopularityArgs) -> Self {
        let (now, status) = (args.clock.now(), PopularityStatus::clone(&args.status.get()));
        Self {
            args,
            counters: PopularityCounters::new(),
            loaded: false,
            unpublished: true,
            unsaved: false,
            published_at: now,
            saved_at: now,
            status,
        }
    }

    /// Reads the last save; a store that is away is asked again at the next round.
    async fn load(&mut self) {
        match self.args.store.load_popularity().await {
            Ok(bytes) => {
                // Counts made before the save could be read must not be taken for part of it.
                let mut counters = PopularityCounters::new();
                counters.merge(&snapshot::decode(&bytes.unwrap_or_default()));
                self.counters = add(counters, &self.counters, self.args.clock.now());
                self.loaded = true;
                self.unpublished = true;
            }
            Err(error) => tracing::warn!(%error, "popularity cannot be loaded yet"),
        }
    }

    fn count(&mut self, events: &[ReaderEvent]) {
        for event in events {
            if let EventTarget::Article(article) = event.target {
                self.counters.record(COUNTED_BY, article, event.kind, event.at);
            }
        }
        self.status.events_total += events.len() as u64;
        (self.unpublished, self.unsaved) = (true, true);
        self.args.status.set(self.status.clone());
    }

    async fn round(&mut self, myself: &ActorRef<PopularityMessage>) {
        if !self.loaded {
            self.load().await;
        }
        let now = self.args.clock.now();
        let config = self.args.config;
        if self.unpublished || now.since(self.published_at) >= config.publish_unchanged_every {
            self.publish(now);
        }
        if self.loaded && self.unsaved && now.since(self.saved_at) >= config.save_every {
            self.saved_at = now;
            if let Some(fence) = self.save().await {
                self.args.region.fenced(fence);
                return myself.stop(Some("another node owns popularity now".to_owned()));
            }
        }
        myself.send_after(jittered(config.publish_every), || PopularityMessage::Publish);
    }

    fn publish(&mut self, now: Timestamp) {
        self.counters.forget_before(now);
        let rates: Arc<[(ArticleId, f32)]> = rates(&self.counters, now).collect();
        self.status.articles = rates.len();
        self.args.status.set(self.status.clone());
        if !self.args.colleagues.is_alone() {
            self.args.colleagues.tell_all(&AgentHint::Popularity(highest(&rates)));
        }
        // Bounded: one message every two seconds at most. Without a window nobody ranks.
        let message = ArticleWindowMessage::Popularity(rates);
        self.args.window.0.cast(message).unwrap_or_default();
        self.published_at = now;
        self.unpublished = false;
    }

    /// Saves the counters; answers the fence when the store says that it no longer holds.
    async fn save(&mut self) -> Option<Fence> {
        let since = self.args.clock.now().minus(SAVED_HOURS);
        let bytes = snapshot::encode(&self.counters.export(COUNTED_BY, since));
        let fence = self.args.fence;
        match self.args.store.save_popularity(bytes, Some(fence)).await {
            Ok(()) => self.unsaved = false,
            Err(error) if error.fault().kind == FaultKind::Fenced => {
                self.unsaved = false;
                return Some(fence);
            }
            Err(error) => {
                tracing::warn!(%error, "popularity was not saved, the next round tries again");
            }
        }
        None
    }
}

/// What others are sent: the highest rates, where all would not fit a message.
fn highest(rates: &[(ArticleId, f32)]) -> Vec<(ArticleId, f32)> {
    let mut rates = rates.to_vec();
    if rates.len() > RATES_MAX {
        rates.select_nth_unstable_by(RATES_MAX, |one, other| other.1.total_cmp(&one.1));
        rates.truncate(RATES_MAX);
    }
    rates
}

/// The rates in a save, for the windows of nodes on which PopularityActor does not run.
#[must_use]
pub fn saved_rates(bytes: &[u8], now: Timestamp) -> Vec<(ArticleId, f32)> {
    let mut counters = PopularityCounters::new();
    counters.merge(&snapshot::decode(bytes));
    rates(&counters, now).collect()
}

fn rates(counters: &PopularityCounters, now: Timestamp) -> impl Iterator<Item = (ArticleId, f32)> {
    counters.totals(now).into_iter().map(|(article, value)| (article, value.rate()))
}

/// The saved counters with what was counted since the start on top.
fn add(
    saved: PopularityCounters,
    fresh: &PopularityCounters,
    now: Timestamp,
) -> PopularityCounters {
    let since = now.minus(SAVED_HOURS);
    let known: HashMap<_, _> = saved
        .export(COUNTED_BY, since)
        .into_iter()
        .map(|cell| ((cell.bucket, cell.article_id), cell))
        .collect();
    let mut cells = fresh.export(COUNTED_BY, since);
    for cell in &mut cells {
        if let Some(before) = known.get(&(cell.bucket, cell.article_id)) {
            cell.clicks = cell.clicks.saturating_add(before.clicks);
            cell.impressions = cell.impressions.saturating_add(before.impressions);
        }
    }
    let mut sum = saved;
    sum.merge(&cells);
    sum
}

#[cfg(test)]
mod tests;
