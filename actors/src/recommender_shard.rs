//! RecommenderShardActor: the profiles of the readers of one shard; learns from events and ranks the window.
//!
//! **Receives** durable events and changed subscriptions from CacheShardActor, rankings to compute from the shard host.
//! **Sends** profiles to the store under the shard's fence, `Fenced` to ShardRegion.
//! **Limits** `readers_max` profiles of at most 160 KB; rankings beside the mailbox, as many at once as the node allows.
//! **On restart** profiles are read from the store and the events after them replayed: nothing is forgotten.

mod loading;
pub mod reader;
mod saving;
pub(crate) mod stored;

use crate::article_window::ArticleWindowCell;
use crate::live_models::VectorSpace;
use crate::meter::PipelineMeter;
use autoglm_domain::{Clock, Fault, FaultKind, Fence, ReaderEvent, ReaderId, Recommendation};
use autoglm_models::Store;
use autoglm_protocol::recommender_shard::{RecommenderShardMessage, RecommenderShardStatus};
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Reply};
use autoglm_ranking::Profile;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use reader::{Learned, Ranking, ReaderProfile};
use saving::{Saved, save_all};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stored::profile_version;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How often profiles that changed are saved.
const SAVE_PERIOD: Duration = Duration::from_secs(30);
/// A profile nobody used for so long is dropped from memory once it is saved.
const IDLE: Duration = Duration::from_secs(1_800);
/// Places in a ranked list at most.
const LIMIT_MAX: usize = 200;

/// Settings of the recommender shards.
#[derive(Debug, Clone)]
pub struct RecommenderShardConfig {
    /// Profiles in memory at most, in each shard; a node may own all 256. About 12 KB each.
    pub readers_max: usize,
}

impl Default for RecommenderShardConfig {
    fn default() -> Self {
        Self { readers_max: 256 }
    }
}

/// The actor.
#[derive(Debug)]
pub struct RecommenderShardActor;

/// What one shard needs.
#[derive(Clone, Debug)]
pub struct RecommenderShardArgs {
    /// Settings.
    pub config: RecommenderShardConfig,
    /// The proof of ownership that goes with every write.
    pub fence: Fence,
    /// The store.
    pub store: Store,
    /// The articles that can be recommended.
    pub window: ArticleWindowCell,
    /// The space its vectors are in.
    pub space: VectorSpace,
    /// Rankings computed at once on this node, shared by all its shards: as many as it has cores.
    pub rankings: Arc<Semaphore>,
    /// Told when the store refuses our fence.
    pub region: ShardRegionHandle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Figures of the stage `rank`.
    pub meter: PipelineMeter,
    /// Published at start.
    pub address: Address<RecommenderShardMessage>,
    /// What the shard shows.
    pub status: StatusCell<RecommenderShardStatus>,
}

/// What one shard remembers.
#[derive(Debug)]
pub struct RecommenderShardState {
    args: RecommenderShardArgs,
    readers: HashMap<ReaderId, ReaderProfile>,
    /// The space the profiles were learned in.
    space: u64,
    saving: Option<JoinHandle<()>>,
    learned_total: u64,
    replayed_total: u64,
    rankings_total: u64,
}

impl RecommenderShardActor {
    /// Starts the actor.
    ///
    /// # Errors
    /// When the supervisor is stopping.
    pub async fn spawn(
        args: RecommenderShardArgs,
        supervisor: ActorCell,
    ) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for RecommenderShardActor {
    type Msg = RecommenderShardMessage;
    type State = RecommenderShardState;
    type Arguments = RecommenderShardArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<RecommenderShardMessage>,
        args: RecommenderShardArgs,
    ) -> Result<RecommenderShardState, ActorProcessingErr> {
        let period = SAVE_PERIOD.mul_f64(rand::random_range(0.8..1.2));
        myself.send_interval(period, || RecommenderShardMessage::Save);
        Ok(RecommenderShardState {
            space: args.space.shown(),
            args,
            readers: HashMap::new(),
            saving: None,
            learned_total: 0,
            replayed_total: 0,
            rankings_total: 0,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<RecommenderShardMessage>,
        message: RecommenderShardMessage,
        state: &mut RecommenderShardState,
    ) -> Result<(), ActorProcessingErr> {
        state.follow_space();
        match message {
            RecommenderShardMessage::Learn { reader, events, permit: _permit } => {
                state.learn(reader, &events).await;
            }
            RecommenderShardMessage::Recommend { reader, limit, seed, reply } => {
                state.recommend(reader, limit, seed, reply).await;
            }
            RecommenderShardMessage::SubscriptionsChanged(reader) => state.follow(reader).await,
            RecommenderShardMessage::Drain { reply } => state.drain(reply).await,
            RecommenderShardMessage::Saved { saved, fault } => state.saved(&saved, fault),
            RecommenderShardMessage::Save => state.save(&myself),
        }
        state.publish();
        Ok(())
    }
}

impl RecommenderShardState {
    /// Tastes learned from vectors of another encoder say nothing about new ones: they are learned
    /// again from the first event.
    fn follow_space(&mut self) {
        let space = self.args.space.shown();
        if std::mem::replace(&mut self.space, space) != space {
            self.readers.clear();
        }
    }

    /// Learns; what cannot be learned now is in the store and learned before the next ranking.
    async fn learn(&mut self, reader: ReaderId, events: &[(i64, ReaderEvent)]) {
        if let Err(fault) = self.load(reader).await {
            tracing::warn!(%fault, %reader, "a profile could not be loaded; it will replay its events");
            return;
        }
        let plain = events.iter().map(|(_, event)| event);
        let features = self.features(reader, plain).await;
        let now = self.args.clock.now();
        let Some(state) = self.readers.get_mut(&reader) else {
            return;
        };
        state.touch(now);
        match features {
            Ok(features) => match state.learn(events, &features, now) {
                Learned::New(new) => self.learned_total += new as u64,
                Learned::Gap => self.catch_up(reader).await,
            },
            Err(fault) => {
                tracing::warn!(%fault, %reader, "articles could not be read; their events are replayed later");
                state.behind = true;
            }
        }
    }

    async fn recommend(
        &mut self,
        reader: ReaderId,
        limit: usize,
        seed: u64,
        reply: Reply<Vec<Recommendation>>,
    ) {
        let started = Instant::now();
        if let Err(fault) = self.load(reader).await {
            self.args.meter.error("rank");
            // Whoever asked may have given up.
            let _ = reply.send(Err(fault));
            return;
        }
        self.catch_up(reader).await;
        if self.readers.get(&reader).is_some_and(|state| state.followed_stale) {
            self.follow(reader).await;
        }
        let (now, window) = (self.args.clock.now(), self.args.window.load_full());
        let Some(state) = self.readers.get_mut(&reader) else {
            return;
        };
        let ranking = state.ranking(window, now, limit.clamp(1, LIMIT_MAX), seed);
        self.rankings_total += 1;
        let (rankings, meter) = (Arc::clone(&self.args.rankings), self.args.meter.clone());
        // Beside the mailbox, so that rankings do not queue behind each other; their number is
        // bounded by the address's permits, those that run at once by the semaphore.
        tokio::spawn(rank(ranking, rankings, meter, started, reply));
    }

    /// Saves what changed in one task; it ends as a message. One at a time.
    fn save(&mut self, myself: &ActorRef<RecommenderShardMessage>) {
        self.forget_idle();
        let busy = self.saving.as_ref().is_some_and(|task| !task.is_finished());
        let unsaved = self.unsaved();
        if busy || unsaved.is_empty() {
            return;
        }
        let (store, fence) = (self.args.store.clone(), self.args.fence);
        let version = profile_version(self.space);
        let myself = myself.clone();
        self.saving = Some(tokio::spawn(async move {
            let Saved { saved, fault } = save_all(&store, fence, version, unsaved).await;
            myself.cast(RecommenderShardMessage::Saved { saved, fault }).unwrap_or_default();
        }));
    }

    fn saved(&mut self, saved: &[(ReaderId, i64)], fault: Option<Fault>) {
        for (reader, seq) in saved {
            if let Some(state) = self.readers.get_mut(reader) {
                state.saved(*seq);
            }
        }
        if let Some(fault) = fault {
            tracing::warn!(%fault, "profiles could not be saved; they are tried again");
            if fault.kind == FaultKind::Fenced {
                self.args.region.fenced(self.args.fence);
            }
        }
    }

    /// Saves everything before the shard is given up.
    async fn drain(&mut self, reply: Reply<()>) {
        if let Some(task) = self.saving.take() {
            // An older state of a profile must not be written after a newer one.
            let _ = task.await;
        }
        let Saved { saved, fault } = save_all(
            &self.args.store,
            self.args.fence,
            profile_version(self.space),
            self.unsaved(),
        )
        .await;
        self.saved(&saved, fault.clone());
        // Whoever asked may have given up waiting; the events are durable in any case.
        let _ = reply.send(fault.map_or(Ok(()), Err));
    }

    fn unsaved(&self) -> Vec<(ReaderId, Arc<Profile>, i64)> {
        let unsaved = self.readers.iter().filter(|(_, state)| state.is_unsaved());
        unsaved
            .map(|(reader, state)| {
                let (profile, seq) = state.snapshot();
                (*reader, profile, seq)
            })
            .collect()
    }

    fn forget_idle(&mut self) {
        let now = self.args.clock.now();
        self.readers.retain(|_, state| state.is_unsaved() || now.since(state.used()) < IDLE);
    }

    /// Drops the saved profile not used for longest when the memory is full.
    fn make_room(&mut self) -> Result<(), Fault> {
        let limit = self.args.config.readers_max.max(1);
        if self.readers.len() < limit {
            return Ok(());
        }
        let saved = self.readers.iter().filter(|(_, state)| !state.is_unsaved());
        let oldest = saved.min_by_key(|(_, state)| state.used()).map(|(reader, _)| *reader);
        match oldest {
            Some(reader) => {
                self.readers.remove(&reader);
                Ok(())
            }
            // All changed within one save period: the memory may grow until the next one.
            None if self.readers.len() < limit * 2 => Ok(()),
            None => Err(Fault::overloaded(
                format!("{limit} profiles of this shard wait to be saved"),
                Duration::from_secs(5),
            )),
        }
    }

    fn publish(&self) {
        self.args.status.set(RecommenderShardStatus {
            readers: self.readers.len(),
            unsaved: self.readers.values().filter(|state| state.is_unsaved()).count(),
            learned_total: self.learned_total,
            replayed_total: self.replayed_total,
            rankings_total: self.rankings_total,
        });
    }
}

/// Computes one ranking on a blocking thread and answers.
async fn rank(
    ranking: Ranking,
    rankings: Arc<Semaphore>,
    meter: PipelineMeter,
    started: Instant,
    reply: Reply<Vec<Recommendation>>,
) {
    let Ok(permit) = rankings.acquire_owned().await else {
        return;
    };
    if reply.is_closed() {
        return;
    }
    let answer = ranking.on_a_thread(permit).await;
    match answer {
        Ok(_) => meter.record("rank", 1, started.elapsed()),
        Err(_) => meter.error("rank"),
    }
    // Whoever asked may have given up.
    let _ = reply.send(answer);
}

#[cfg(test)]
mod tests;
