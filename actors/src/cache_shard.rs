//! CacheShardActor: the hot state of the readers of one shard; the only one who appends their events.
//!
//! **Receives** requests about its readers from the shard host, placed articles from ArticleWindow.
//! **Sends** durable events to RecommenderShardActor and PopularityActor, items to gateways, `Fenced` to ShardRegion.
//! **Limits** `readers_max` readers, 1,000 items and 2,000 marks each, 500 events a request.
//! **On restart** every event is durable already; numberings begin again, so terminals are reset.

mod events;
pub mod reader_state;
mod recent;
mod residency;
pub mod ring;

use crate::article_window::PlacedListeners;
use crate::colleagues::Clicks;
use crate::gateway::Gateways;
use autoglm_domain::{
    ArticleId, Clock, Fault, FaultKind, Fence, Incarnation, Marks, ReaderEvent, ReaderId,
};
use autoglm_models::Store;
use autoglm_protocol::cache_shard::{CacheShardHandle, CacheShardMessage, CacheShardStatus};
use autoglm_protocol::push::Delivery;
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest, Watching};
use autoglm_protocol::recommender_shard::{RecommenderShardHandle, RecommenderShardMessage};
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::wire::encode;
use autoglm_protocol::{Address, Reply};
use events::{admit, in_log_order};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use reader_state::ReaderState;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Events in one request at most.
pub const EVENTS_MAX: usize = 500;
/// How often idle readers are looked for.
const PASSIVATE_PERIOD: Duration = Duration::from_secs(60);
/// Missed items that are sent to another node, in bytes; a message has 256 KiB.
const MISSED_BYTES_MAX: usize = 200 * 1024;
/// How long learning may hold up the answer to a reader before it is left to the replay.
const LEARN_PATIENCE: Duration = Duration::from_secs(1);

/// Settings of the reader shards.
#[derive(Debug, Clone)]
pub struct CacheShardConfig {
    /// Readers in memory at most, in each shard; a node may own all 256.
    pub readers_max: usize,
    /// Items a terminal can come back for.
    pub ring_max: usize,
    /// A gateway that did not renew for so long does not watch any more.
    pub watch_ttl: Duration,
    /// A reader nobody watched for so long is forgotten.
    pub idle: Duration,
}

impl Default for CacheShardConfig {
    fn default() -> Self {
        Self {
            readers_max: 512,
            ring_max: 1_000,
            watch_ttl: Duration::from_secs(90),
            idle: Duration::from_secs(600),
        }
    }
}

/// The actor.
#[derive(Debug)]
pub struct CacheShardActor;

/// What one shard needs.
#[derive(Clone, Debug)]
pub struct CacheShardArgs {
    /// Settings.
    pub config: CacheShardConfig,
    /// The proof of ownership that goes with every write.
    pub fence: Fence,
    /// The store.
    pub store: Store,
    /// The recommender of the same shard.
    pub recommender: RecommenderShardHandle,
    /// Counts clicks, wherever in the cluster that is done.
    pub popularity: Clicks,
    /// Told when the store refuses our fence.
    pub region: ShardRegionHandle,
    /// Where placed articles come from.
    pub listeners: PlacedListeners,
    /// Where items go.
    pub gateways: Gateways,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Published at start.
    pub address: Address<CacheShardMessage>,
    /// What the shard shows.
    pub status: StatusCell<CacheShardStatus>,
}

/// What one shard remembers.
#[derive(Debug)]
pub struct CacheShardState {
    args: CacheShardArgs,
    readers: HashMap<ReaderId, ReaderState>,
    /// How many of them are watched.
    watched: usize,
    /// Start of the newest numbering, in milliseconds: two never share one.
    last_life: i64,
    /// The store has refused our fence: somebody else owns the shard.
    fenced: bool,
    events_total: u64,
    pushed_total: u64,
}

impl CacheShardActor {
    /// Starts the actor.
    ///
    /// # Errors
    /// When the supervisor is stopping.
    pub async fn spawn(args: CacheShardArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let started = args.clone();
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        started.address.publish(actor.clone());
        // Placed articles come from now on, and gateways with terminals of our readers watch again.
        let handle = CacheShardHandle(started.address.clone());
        started.listeners.register(started.fence, handle);
        started.gateways.shard_started(started.fence.shard);
        Ok(actor.get_cell())
    }
}

impl Actor for CacheShardActor {
    type Msg = CacheShardMessage;
    type State = CacheShardState;
    type Arguments = CacheShardArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<CacheShardMessage>,
        args: CacheShardArgs,
    ) -> Result<CacheShardState, ActorProcessingErr> {
        let period = PASSIVATE_PERIOD.mul_f64(rand::random_range(0.8..1.2));
        myself.send_interval(period, || CacheShardMessage::Passivate);
        Ok(CacheShardState {
            args,
            readers: HashMap::new(),
            watched: 0,
            last_life: 0,
            fenced: false,
            events_total: 0,
            pushed_total: 0,
        })
    }

    async fn handle(
        &self,
        _myself: ActorRef<CacheShardMessage>,
        message: CacheShardMessage,
        state: &mut CacheShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CacheShardMessage::Request { request, reply } => state.request(request, reply).await,
            CacheShardMessage::ArticlesPlaced { articles, permit: _permit } => {
                state.push(|reader| reader.place(&articles));
            }
            CacheShardMessage::ArticlesMoved { articles, permit: _permit } => {
                state.push(|reader| reader.moved(&articles));
            }
            CacheShardMessage::Drain { reply } => state.drain(reply),
            CacheShardMessage::Passivate => state.passivate(),
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<CacheShardMessage>,
        state: &mut CacheShardState,
    ) -> Result<(), ActorProcessingErr> {
        state.args.listeners.unregister(state.args.fence);
        Ok(())
    }
}

impl CacheShardState {
    async fn request(&mut self, request: ReaderRequest, reply: Reply<ReaderAnswer>) {
        let mut to_show = None;
        let answer = match request {
            _ if self.fenced => Err(self.moved()),
            _ if request.shard() != self.args.fence.shard => Err(self.misrouted(&request)),
            ReaderRequest::AppendEvents { reader, events } => {
                self.append(reader, events).await.map(|(answer, accepted)| {
                    to_show = Some((reader, accepted));
                    answer
                })
            }
            ReaderRequest::Watch { reader, gateway, after } => {
                self.watch(reader, gateway, after).await
            }
            ReaderRequest::Unwatch { reader, gateway } => Ok(self.unwatch(reader, gateway)),
            ReaderRequest::SubscriptionsChanged { reader } => self.subscriptions(reader).await,
            ReaderRequest::Unread { reader } => self.unread(reader).await,
            ReaderRequest::Recommend { .. } => {
                Err(Fault::internal("a ranking was asked of the cache shard; ask the recommender"))
            }
        };
        // Whoever asked may have given up; nothing is to be undone.
        let _ = reply.send(answer);
        // The reader's other terminals can wait for the answer to this one, which need not wait
        // until the marks are read back.
        if let Some((reader, accepted)) = to_show {
            self.show(reader, &accepted).await;
        }
        self.publish();
    }

    async fn watch(
        &mut self,
        reader: ReaderId,
        gateway: Incarnation,
        after: Option<u64>,
    ) -> Result<ReaderAnswer, Fault> {
        self.load(reader).await?;
        let now = self.args.clock.now();
        let Some(state) = self.readers.get_mut(&reader) else {
            return Err(Fault::internal(format!("reader {reader} was not loaded")));
        };
        self.watched += usize::from(!state.is_watched());
        let watching = state.watch(gateway, after, now);
        Ok(ReaderAnswer::Watching(match gateway == self.args.fence.owner {
            true => watching,
            false => travelling(watching),
        }))
    }

    fn unwatch(&mut self, reader: ReaderId, gateway: Incarnation) -> ReaderAnswer {
        if let Some(state) = self.readers.get_mut(&reader) {
            let before = state.is_watched();
            state.unwatch(gateway, self.args.clock.now());
            self.watched -= usize::from(before && !state.is_watched());
        }
        ReaderAnswer::Done
    }

    /// Makes events durable; only then anybody else hears of them, and the recommender before the
    /// answer, so that a ranking asked after it has learned from them. Also the events that were
    /// new.
    async fn append(
        &mut self,
        reader: ReaderId,
        events: Vec<ReaderEvent>,
    ) -> Result<(ReaderAnswer, Vec<ReaderEvent>), Fault> {
        let events = admit(reader, events, self.args.clock.as_ref())?;
        let fence = Some(self.args.fence);
        let appended = self.args.store.append_events(reader, events.clone(), fence).await;
        let appended = appended.map_err(|error| self.noticed(error.fault()))?;
        let accepted = in_log_order(events, &appended.accepted);
        self.events_total += accepted.len() as u64;
        let plain: Vec<ReaderEvent> = accepted.iter().map(|(_, event)| event.clone()).collect();
        if !accepted.is_empty() {
            self.args.popularity.events(plain.clone().into());
            self.teach(reader, accepted.into()).await;
        }
        let (accepted, duplicates) = (appended.accepted.len(), appended.duplicates);
        Ok((ReaderAnswer::Appended { accepted, duplicates }, plain))
    }

    /// The recommender notices numbers it has not seen and reads them from the store, so that a
    /// lost message costs nothing but that.
    async fn teach(&self, reader: ReaderId, events: Arc<[(i64, ReaderEvent)]>) {
        let address = &self.args.recommender.0;
        let permit = tokio::time::timeout(LEARN_PATIENCE, address.permit_when_free()).await;
        let Ok(Some(permit)) = permit else {
            tracing::warn!(%reader, "a recommender is too busy to learn now; it will replay");
            return;
        };
        let learn = RecommenderShardMessage::Learn { reader, events, permit };
        address.cast(learn).unwrap_or_default();
    }

    /// Shows the reader's other terminals what has changed.
    async fn show(&mut self, reader: ReaderId, events: &[ReaderEvent]) {
        let Some(state) = self.readers.get_mut(&reader).filter(|_| !events.is_empty()) else {
            return;
        };
        state.apply_rules(events);
        let guessed = state.marks_after(events);
        if guessed.is_empty() {
            return;
        }
        let marks = self.stored_marks(reader, guessed).await;
        let state = self.readers.get_mut(&reader);
        let delivery = state.and_then(|state| state.set_marks(&marks));
        self.deliver(reader, delivery);
    }

    /// The marks as the store has them now, of those articles this reader may see; what the events
    /// say where the store does not answer.
    async fn stored_marks(
        &self,
        reader: ReaderId,
        guessed: Vec<(ArticleId, Marks)>,
    ) -> Vec<(ArticleId, Marks)> {
        let ids: Vec<ArticleId> = guessed.iter().map(|(id, _)| *id).collect();
        match self.args.store.articles_by_ids(Some(reader), &ids).await {
            Ok(rows) => rows.into_iter().map(|row| (row.id, row.marks)).collect(),
            Err(error) => {
                tracing::warn!(%error, %reader, "marks could not be read back; pushing what is known");
                guessed
            }
        }
    }

    async fn subscriptions(&mut self, reader: ReaderId) -> Result<ReaderAnswer, Fault> {
        let changed = RecommenderShardMessage::SubscriptionsChanged(reader);
        self.args.recommender.0.cast(changed).unwrap_or_default();
        if self.readers.contains_key(&reader) {
            let sources = self.sources(reader).await?;
            if let Some(state) = self.readers.get_mut(&reader) {
                state.set_sources(sources);
            }
        }
        Ok(ReaderAnswer::Done)
    }

    async fn unread(&self, reader: ReaderId) -> Result<ReaderAnswer, Fault> {
        let rows = self.args.store.subscriptions(reader).await?;
        Ok(ReaderAnswer::Unread(rows.iter().map(|row| (row.source.id, row.unread)).collect()))
    }

    /// Readers whose terminals are away for a moment are served too: their numbering goes on, so
    /// that coming back misses nothing.
    fn push(&mut self, number: impl Fn(&mut ReaderState) -> Option<Delivery>) {
        let deliveries: Vec<(ReaderId, Delivery)> = self
            .readers
            .iter_mut()
            .filter_map(|(reader, state)| number(state).map(|items| (*reader, items)))
            .collect();
        for (reader, delivery) in deliveries {
            self.deliver(reader, Some(delivery));
        }
        self.publish();
    }

    fn deliver(&mut self, reader: ReaderId, delivery: Option<Delivery>) {
        let (Some(delivery), Some(state)) = (delivery, self.readers.get(&reader)) else {
            return;
        };
        let items = delivery.items.len() as u64;
        for gateway in state.watchers() {
            if self.args.gateways.deliver(gateway, delivery.clone()) {
                self.pushed_total += items;
            }
        }
    }

    /// Nothing here is unsaved: events are durable before anybody hears of them.
    fn drain(&self, reply: Reply<()>) {
        self.args.listeners.unregister(self.args.fence);
        let _ = reply.send(Ok(()));
    }

    fn noticed(&mut self, fault: Fault) -> Fault {
        if fault.kind == FaultKind::Fenced {
            self.fenced = true;
            self.args.region.fenced(self.args.fence);
        }
        fault
    }

    fn moved(&self) -> Fault {
        let message = format!("shard {} has moved to another node", self.args.fence.shard);
        Fault::new(FaultKind::Fenced, message)
    }

    fn misrouted(&self, request: &ReaderRequest) -> Fault {
        let (wanted, here) = (request.shard(), self.args.fence.shard);
        Fault::internal(format!("a request for shard {wanted} was routed to shard {here}"))
    }

    fn publish(&self) {
        self.args.status.set(CacheShardStatus {
            readers: self.readers.len(),
            watched: self.watched,
            events_total: self.events_total,
            pushed_total: self.pushed_total,
        });
    }
}

/// An answer to another node, which must fit a message: who missed more is reset.
fn travelling(watching: Watching) -> Watching {
    let missed = watching.missed.filter(|items| {
        items.is_empty() || encode(items).is_ok_and(|bytes| bytes.len() <= MISSED_BYTES_MAX)
    });
    Watching { missed, ..watching }
}

#[cfg(test)]
mod tests;
