//! Fetches one source on schedule and hands its articles to IngestActor.
//!
//! **Receives** `Refresh`, `Changed`, `Pushed` and `PushLost` from SourceSupervisor, its own `Due`.
//! **Sends** drafts to IngestActor and waits until they are durable; notes health in [`HealthLog`].
//! **Limits** one fetch at a time, through the limiter of its host; bodies and entries as `feeds`
//! limits them; reading waits for one of the node's parse permits.
//! **On restart** goes on from the health noted last. Killing it at any moment is harmless: what
//! was not acknowledged is fetched again, and known articles stay as they are.

mod fault_injection;
pub mod fetch;
mod full_text;
pub mod health_log;
mod moving;
mod pushed;
mod rediscovery;
mod renaming;
mod rhythm;
pub mod schedule;

use crate::meter::PipelineMeter;
use crate::source_preview::SourcePreviewer;
use crate::web::PoliteWeb;
use crate::websub::registry::HubRegistry;
use autoglm_domain::{
    ArticleDraft, Clock, Fault, Health, HealthClass, QuietTimes, Source, SourceKind, Timestamp,
};
use autoglm_feeds::identity::renaming::Remembered;
use autoglm_models::FetchResult;
use autoglm_protocol::ingest::IngestHandle;
use autoglm_protocol::source::{SourceMessage, SourceStatus};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, Reply};
pub use fault_injection::SourceFaults;
use fetch::{Fetch, Visit};
use health_log::{HealthLog, SourceStore};
pub use pushed::Announcement;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use schedule::{Outcome, QUIET_MAX, ScheduleConfig, after_fetch, first_wait};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

type Provide = dyn Fn(&Source) -> Vec<ArticleDraft> + Send + Sync;

/// Gives the articles of a built-in source.
#[derive(Clone)]
pub struct BuiltInArticles(Arc<Provide>);

impl BuiltInArticles {
    /// From a function that is called once at each start of a built-in source.
    pub fn new(provider: impl Fn(&Source) -> Vec<ArticleDraft> + Send + Sync + 'static) -> Self {
        Self(Arc::new(provider))
    }
}

impl Default for BuiltInArticles {
    fn default() -> Self {
        Self::new(|_source| Vec::new())
    }
}

impl fmt::Debug for BuiltInArticles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BuiltInArticles")
    }
}

/// What all sources of a node share.
#[derive(Debug, Clone)]
pub struct SourceTools {
    /// Fetches, politely.
    pub web: PoliteWeb,
    /// Looks for sources that fail; with places of its own, so that people need not wait for it.
    pub previewer: SourcePreviewer,
    /// Documents read at a time: as many as cores, for it is work for the processor.
    pub parse_permits: Arc<Semaphore>,
    /// Where articles go.
    pub ingest: IngestHandle,
    /// Where health goes.
    pub log: HealthLog,
    /// What is known already.
    pub store: Arc<dyn SourceStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Counts stage `fetch`.
    pub meter: PipelineMeter,
    /// How often.
    pub schedule: ScheduleConfig,
    /// The subscriptions at hubs; `None` while WebSub is off.
    pub hubs: Option<HubRegistry>,
    /// Articles of built-in sources.
    pub built_in: BuiltInArticles,
    /// None in normal operation.
    pub faults: SourceFaults,
}

/// The behaviour.
#[derive(Debug)]
pub struct SourceActor;

/// What it needs.
#[derive(Debug, Clone)]
pub struct SourceArgs {
    /// The source.
    pub source: Source,
    /// As last noted.
    pub health: Health,
    /// Its place in the queue of those due at once.
    pub slot: Duration,
    /// Shared.
    pub tools: SourceTools,
    /// Where its supervisor finds it.
    pub address: Address<SourceMessage>,
    /// What it shows.
    pub status: StatusCell<SourceStatus>,
}

/// What it knows.
#[derive(Debug)]
pub struct SourceState {
    source: Source,
    health: Health,
    tools: SourceTools,
    status: StatusCell<SourceStatus>,
    generation: u64,
    fetches_total: u64,
    articles_total: u64,
    /// What the last document held; `None` before the first.
    recollection: Option<Vec<Remembered>>,
    /// The next fetch if no hub stood in for it, while one does.
    next_without_hub: Option<Timestamp>,
}

impl SourceActor {
    /// Starts it under `supervisor` and publishes its reference.
    ///
    /// # Errors
    /// Only when the supervisor is stopping.
    pub async fn spawn(args: SourceArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let address = args.address.clone();
        let (actor, _) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        address.publish(actor.clone());
        Ok(actor.get_cell())
    }
}

impl Actor for SourceActor {
    type Msg = SourceMessage;
    type State = SourceState;
    type Arguments = SourceArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let slot = args.slot;
        let mut state = SourceState::new(args);
        let first = match state.source.kind {
            SourceKind::BuiltIn => Some(slot),
            _ => first_wait(&state.health, state.tools.clock.now(), slot),
        };
        state.arm(&myself, first);
        state.show();
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SourceMessage::Refresh { reply } => state.refresh(&myself, reply).await?,
            SourceMessage::Changed(source) => state.changed(&myself, *source),
            SourceMessage::Pushed { document, reply } => {
                state.pushed(&myself, *document, reply).await?;
            }
            SourceMessage::PushLost => state.push_lost(&myself),
            SourceMessage::Due { generation } if generation == state.generation => {
                // What came of it is in the health.
                drop(state.visit(&myself).await?);
            }
            SourceMessage::Due { .. } => {}
        }
        Ok(())
    }
}

impl SourceState {
    fn new(args: SourceArgs) -> Self {
        Self {
            source: args.source,
            health: args.health,
            tools: args.tools,
            status: args.status,
            generation: 0,
            fetches_total: 0,
            articles_total: 0,
            recollection: None,
            next_without_hub: None,
        }
    }

    /// Sets the timer; any earlier one is outdated.
    fn arm(&mut self, myself: &ActorRef<SourceMessage>, wait: Option<Duration>) {
        self.generation += 1;
        let generation = self.generation;
        if let Some(wait) = wait {
            myself.send_after(wait, move || SourceMessage::Due { generation });
        }
    }

    async fn refresh(
        &mut self,
        myself: &ActorRef<SourceMessage>,
        reply: Reply<usize>,
    ) -> Result<(), ActorProcessingErr> {
        let answer = self.visit(myself).await?;
        // Whoever asked may have stopped waiting.
        reply.send(answer).unwrap_or_default();
        Ok(())
    }

    /// New settings; a new address makes what we knew of the old one worthless, and so do other
    /// rules what we knew of the document.
    fn changed(&mut self, myself: &ActorRef<SourceMessage>, source: Source) {
        let moved = source.url != self.source.url;
        let read_differently = source.settings != self.source.settings
            || source.kind != self.source.kind
            || source.private != self.source.private;
        let sooner = source.interval < self.source.interval;
        let (etag, last_modified) = (self.source.etag.take(), self.source.last_modified.take());
        self.source = source;
        if moved {
            self.source.etag = None;
            self.source.last_modified = None;
            self.health = Health::default();
            // The same articles may have other ids there.
            self.recollection = None;
        } else if read_differently {
            // The same document has other articles now.
            self.source.etag = None;
            self.source.last_modified = None;
        } else {
            // Ours are newer than those in the store.
            self.source.etag = etag;
            self.source.last_modified = last_modified;
        }
        if moved || sooner {
            let now = self.tools.clock.now();
            let earliest = match self.health.last_attempt_at {
                Some(last) => last.plus(self.source.interval),
                None => now,
            };
            if self.health.next_fetch_at.is_none_or(|next| next > earliest) {
                self.health.next_fetch_at = Some(earliest);
            }
            self.arm(myself, first_wait(&self.health, now, Duration::ZERO));
        }
        self.show();
    }

    /// Fetches, stores, notes, and sets the timer. The inner result is for whoever asked for it.
    ///
    /// # Errors
    /// Only when our own code failed on this document: the supervisor must know.
    async fn visit(
        &mut self,
        myself: &ActorRef<SourceMessage>,
    ) -> Result<Result<usize, Fault>, ActorProcessingErr> {
        self.tools.faults.strike(&self.source.url);
        let fetch = Fetch::new(&self.source, &self.tools).after(self.recollection.as_deref());
        let visit = match self.source.kind {
            SourceKind::BuiltIn => fetch.built_in().await,
            _ => fetch.visit().await?,
        };
        self.fetches_total += 1;
        let answer = answer_of(&visit);
        self.articles_total += visit.inserted as u64;
        let outcome = visit.outcome.clone();
        self.tell_hubs(&visit).await;
        self.note(visit);
        self.rediscover(&outcome).await;
        let now = self.tools.clock.now();
        let wait = match (self.source.kind, &answer) {
            // Everything it has is stored.
            (SourceKind::BuiltIn, Ok(_)) => None,
            _ => self.health.next_fetch_at.map(|next| next.since(now)),
        };
        self.arm(myself, wait);
        self.show();
        Ok(answer)
    }

    fn note(&mut self, visit: Visit) {
        let Visit { outcome, etag, last_modified, title, site_url, moved_to, rhythm, .. } = visit;
        self.recollection = visit.recollection.or(self.recollection.take());
        self.health.wishes = visit.wishes.unwrap_or(self.health.wishes);
        self.next_without_hub = None;
        let schedule = &self.tools.schedule;
        let now = self.tools.clock.now();
        self.health.rhythm = rhythm.or(self.health.rhythm);
        let interval = self.interval();
        let due = self.health.next_fetch_at;
        self.health = after_fetch(schedule, interval, &self.health, &outcome, now, rand::random());
        let may_hurry = matches!(outcome, Outcome::Good { floor: None, .. })
            && self.health.wishes.floor.is_none();
        if let Some(due) = due.filter(|_| may_hurry) {
            self.health.next_fetch_at = in_rhythm(self.health.next_fetch_at, due, interval, now);
        }
        let quiet = self.health.wishes.quiet;
        self.health.next_fetch_at = self.health.next_fetch_at.map(|next| outside(quiet, next, now));
        if self.source.kind == SourceKind::BuiltIn && matches!(outcome, Outcome::Good { .. }) {
            self.health.next_fetch_at = None;
        }
        let mut adopt_url = None;
        if matches!(outcome, Outcome::Good { .. }) {
            adopt_url = self.note_move(moved_to.as_deref(), now);
            self.source.etag = etag;
            self.source.last_modified = last_modified;
            self.rely_on_hub(now);
        }
        if let Some(site_url) = &site_url {
            self.source.site_url.clone_from(site_url);
        }
        self.log(title, site_url, adopt_url);
    }

    fn log(&self, title: Option<String>, site_url: Option<String>, adopt_url: Option<String>) {
        self.tools.log.note(FetchResult {
            source_id: self.source.id,
            health: self.health.clone(),
            etag: self.source.etag.clone(),
            last_modified: self.source.last_modified.clone(),
            title,
            site_url,
            adopt_url,
        });
    }

    /// Looks for a source that fails, when it is time to; what is found is for a person to take.
    async fn rediscover(&mut self, outcome: &Outcome) {
        let is_fetched = self.source.kind == SourceKind::Feed;
        if !is_fetched || !rediscovery::is_due(outcome, self.health.consecutive_failures) {
            return;
        }
        for page in rediscovery::pages_to_look_at(&self.source, outcome) {
            let found = self.tools.previewer.feed_of(&page, &self.source.url).await;
            if let Some(url) = found {
                tracing::info!(source = self.source.id.0, url, "found a feed for a failing source");
                self.health.offered_url = Some(url);
                self.log(None, None, None);
                return;
            }
        }
    }

    /// The time between fetches: what was chosen for this source, else what its rhythm is worth.
    fn interval(&self) -> Duration {
        let schedule = &self.tools.schedule;
        if self.source.interval != schedule.interval_default {
            return self.source.interval;
        }
        rhythm::pace(self.source.interval, self.health.rhythm, schedule.adaptive_max)
    }

    /// Remembers a permanent redirect; the answer is the address to take when it is believed. The
    /// supervisor sends the changed source once the store has it.
    fn note_move(&mut self, moved_to: Option<&str>, now: Timestamp) -> Option<String> {
        self.health.moved = moving::observe(self.health.moved.as_ref(), moved_to, now);
        let moved = self.health.moved.as_ref()?;
        let may_follow = moving::may_follow(&self.source, &moved.to);
        if matches!(self.health.class, HealthClass::Healthy | HealthClass::Slow) {
            self.health.class = HealthClass::Moved;
            self.health.problem = Some(moving::problem(moved, may_follow));
        }
        (may_follow && moving::is_believed(moved, now)).then(|| moved.to.clone())
    }

    fn show(&self) {
        self.status.set(SourceStatus {
            source_id: self.source.id.0,
            url: self.source.url.clone(),
            health: Some(self.health.clone()),
            fetches_total: self.fetches_total,
            articles_total: self.articles_total,
        });
    }
}

/// Counts the wait from when the fetch was due, not from when it ended, so that a slow source is
/// asked as often as a quick one. A fetch that came more than an interval late starts a new rhythm.
fn in_rhythm(
    next: Option<Timestamp>,
    due: Timestamp,
    interval: Duration,
    now: Timestamp,
) -> Option<Timestamp> {
    let late = now.since(due);
    if late >= interval {
        return next;
    }
    next.map(|next| next.minus(late).max(now))
}

/// The first moment from `next` on that the source does not ask to be left alone at. Bounded, for
/// nobody may silence a source by a mistake in its document.
fn outside(quiet: QuietTimes, next: Timestamp, now: Timestamp) -> Timestamp {
    quiet.end(next).min(now.plus(QUIET_MAX).max(next))
}

fn answer_of(visit: &Visit) -> Result<usize, Fault> {
    match &visit.outcome {
        Outcome::Good { .. } => Ok(visit.inserted),
        Outcome::Failed { problem, .. } => {
            Err(Fault::unavailable(problem.clone(), Duration::from_secs(60)))
        }
        Outcome::StoreAway { retry_after } => Err(Fault::unavailable(
            "the articles could not be stored now; they are fetched again shortly",
            retry_after.unwrap_or(Duration::from_secs(5)),
        )),
    }
}

#[cfg(test)]
mod tests;
