//! NodeAgent: what this node does with the hints and asks of others. Not an actor: hints only nudge
//! the actors they are for, asks wait for the actor that does them.

use crate::figures::FigureBoard;
use crate::inference_gateway::PeerLoads;
use crate::source_supervisor::OwnedHosts;
use crate::websub::callbacks::PushRoom;
use async_trait::async_trait;
use autoglm_cluster::peers::{PeerRequest, PeerService};
use autoglm_domain::{ArticleId, Fault, FaultKind, Incarnation, Shard};
use autoglm_protocol::agent::{AgentAnswer, AgentAsk, AgentHint, AgentStatus, WaitingFor};
use autoglm_protocol::article_window::{ArticleWindowHandle, ArticleWindowMessage};
use autoglm_protocol::gateway::{GatewayHandle, GatewayMessage};
use autoglm_protocol::index::IndexHandle;
use autoglm_protocol::popularity::PopularityHandle;
use autoglm_protocol::rollout::RolloutHandle;
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;
use autoglm_protocol::story::StoryHandle;
use autoglm_protocol::understand::UnderstandHandle;
use autoglm_protocol::wire::{decode, encode};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a node waits that asked the wrong one: by then it knows the right one.
const RETRY_MOVED: Duration = Duration::from_millis(500);

/// Whom hints and asks are for.
#[derive(Debug, Clone)]
pub struct NodeAgentArgs {
    /// Terminals.
    pub gateway: GatewayHandle,
    /// The newest articles.
    pub window: ArticleWindowHandle,
    /// The stage `index`.
    pub index: IndexHandle,
    /// The stage `understand`.
    pub understand: UnderstandHandle,
    /// Stories, where they are placed here.
    pub story: StoryHandle,
    /// Counters, where they are kept here.
    pub popularity: PopularityHandle,
    /// Sources.
    pub sources: SourceSupervisorHandle,
    /// Which hosts are ours.
    pub owned: OwnedHosts,
    /// Models and topics.
    pub rollout: RolloutHandle,
    /// Room for pushed documents.
    pub room: PushRoom,
    /// How much others have to do.
    pub loads: PeerLoads,
    /// How long things take there.
    pub figures: FigureBoard,
}

/// What stands behind the door `Agent`.
#[derive(Debug)]
pub struct NodeAgent {
    args: NodeAgentArgs,
    heard: AtomicU64,
    answered: AtomicU64,
    unreadable: AtomicU64,
    rates_at: watch::Sender<Option<Instant>>,
}

impl NodeAgent {
    /// Over the actors of this node.
    #[must_use]
    pub fn new(args: NodeAgentArgs) -> Self {
        let rates_at = watch::Sender::new(None);
        let (heard, answered, unreadable) =
            (AtomicU64::default(), AtomicU64::default(), AtomicU64::default());
        Self { args, heard, answered, unreadable, rates_at }
    }

    /// When click rates last came from their owner.
    pub(super) fn rates_heard(&self) -> watch::Receiver<Option<Instant>> {
        self.rates_at.subscribe()
    }

    /// Puts click rates into the window; bounded by how often they are published.
    pub(super) fn show_rates(&self, rates: Arc<[(ArticleId, f32)]>) {
        let message = ArticleWindowMessage::Popularity(rates);
        self.args.window.0.cast(message).unwrap_or_default();
    }

    /// Forgets what is known of nodes that cannot be reached.
    pub(super) fn forget_all_but(&self, peers: &BTreeSet<Incarnation>) {
        self.args.loads.keep(peers);
    }

    /// There may be work that a node had which is gone.
    pub(super) fn wake_stages(&self) {
        self.args.index.wake();
        self.args.understand.wake();
        self.args.story.wake();
    }

    pub(super) fn counts(&self) -> AgentStatus {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        AgentStatus {
            peers: 0,
            heard_total: read(&self.heard),
            answered_total: read(&self.answered),
            unreadable_total: read(&self.unreadable),
        }
    }

    fn take(&self, from: Incarnation, hint: AgentHint) {
        let args = &self.args;
        match hint {
            // Bounded by the sender's batches and the link; without a gateway nobody is connected.
            AgentHint::Deliver(delivery) => {
                args.gateway.0.cast(GatewayMessage::Deliver(delivery)).unwrap_or_default();
            }
            AgentHint::ShardStarted(shard) => {
                args.gateway.0.cast(GatewayMessage::ShardStarted(shard)).unwrap_or_default();
            }
            AgentHint::Placed(ids) => args.window.articles_placed(ids.into()),
            AgentHint::StoriesChanged => args.window.stories_changed(),
            AgentHint::Waiting(WaitingFor::Index) => args.index.wake(),
            AgentHint::Waiting(WaitingFor::Understanding) => args.understand.wake(),
            AgentHint::Waiting(WaitingFor::Placing) => args.story.wake(),
            AgentHint::SourcesChanged => args.sources.sources_changed(),
            AgentHint::RolloutChanged => args.rollout.look(),
            AgentHint::Clicked(events) => args.popularity.events(events.into()),
            AgentHint::Popularity(rates) => {
                self.rates_at.send_replace(Some(Instant::now()));
                self.show_rates(rates.into());
            }
            AgentHint::Load(report) => args.loads.heard(from, report),
            AgentHint::Figures(figures) => args.figures.heard(from, figures),
        }
    }

    /// The outer fault says that nothing was done here; the inner outcome is the answer.
    async fn done(&self, ask: AgentAsk) -> Result<Result<AgentAnswer, Fault>, Fault> {
        Ok(match ask {
            AgentAsk::Refresh { shard, source } => {
                self.check_owned(shard)?;
                self.args.sources.refresh(source).await.map(AgentAnswer::Stored)
            }
            AgentAsk::Push { shard, source, content_type, body } => {
                self.check_owned(shard)?;
                let document = self.args.room.document(body.0, content_type)?;
                self.args.sources.push(source, document).await.map(AgentAnswer::Stored)
            }
            AgentAsk::Decide(decision) => {
                moved(self.args.story.decide(decision).await)?.map(AgentAnswer::Decided)
            }
            AgentAsk::ForgetDecision(decision) => {
                moved(self.args.story.forget(decision).await)?.map(|()| AgentAnswer::Done)
            }
        })
    }

    fn check_owned(&self, shard: Shard) -> Result<(), Fault> {
        if self.args.owned.load().contains(&shard) {
            return Ok(());
        }
        let message = format!("shard {shard} is not this node's; it has moved, try again shortly");
        Err(Fault::unavailable(message, RETRY_MOVED))
    }
}

/// Stories that are not placed here are placed elsewhere, or will be again in a moment.
fn moved<T>(outcome: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match outcome {
        Err(fault) if fault.kind == FaultKind::Unavailable => Err(fault),
        outcome => Ok(outcome),
    }
}

#[async_trait]
impl PeerService for NodeAgent {
    async fn answer(&self, _from: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
        self.answered.fetch_add(1, Ordering::Relaxed);
        encode(&self.done(decode(&request.body)?).await?)
    }

    fn told(&self, from: Incarnation, body: Vec<u8>) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        match decode(&body) {
            Ok(hint) => self.take(from, hint),
            Err(fault) => {
                self.unreadable.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%fault, %from, "a hint could not be read");
            }
        }
    }
}
