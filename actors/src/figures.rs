//! FiguresActor: every ten seconds how long things took here and how much there is to do; judges
//! what is slow, tells the other nodes and the HTTP interface, and notes what becomes hot and what
//! cools.
//!
//! **Receives** only its own schedule; the figures of others come to the board through NodeAgent.
//! **Sends** a hint to every other node; gauges; what happened to the store. **Limits** 2 KB a
//! hint; the store has two seconds to answer. **On restart** learns anew what is usual.

pub mod board;
pub mod gathered;
mod load;
mod processor;

use crate::colleagues::Colleagues;
use crate::meter::PipelineMeter;
use crate::meter::hot_spots::{Change, HotSpots, PeerLatency};
use autoglm_domain::Clock;
use autoglm_models::{ClusterEventKind, Store};
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::figures::{
    FiguresMessage, FiguresStatus, Hot, HotKind, LoadReport, NodeFigures, StageFigures,
};
use autoglm_protocol::gateway::GatewayStatus;
use autoglm_protocol::inference_pool::InferencePoolStatus;
use autoglm_protocol::membership::MembershipStatus;
use autoglm_protocol::shard_region::ShardRegionStatus;
use autoglm_protocol::stage::TIMED;
use autoglm_protocol::status::StatusCell;
pub use board::FigureBoard;
use processor::Processor;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the store may take for a question, and for all notes of a look: the next one must not
/// wait for it.
const STORE_WITHIN: Duration = Duration::from_secs(2);

/// What FiguresActor needs.
#[derive(Debug, Clone)]
pub struct FiguresArgs {
    /// This node's name.
    pub node: String,
    /// Time between two looks: [`autoglm_protocol::figures::FIGURES_PERIOD`], less in tests.
    pub period: Duration,
    /// Terminals there is room for.
    pub terminals_max: usize,
    /// The other nodes.
    pub colleagues: Colleagues,
    /// What is measured here.
    pub meter: PipelineMeter,
    /// What every node said last; its own figures too.
    pub board: FigureBoard,
    /// How much the devices have to do.
    pub pool: StatusCell<InferencePoolStatus>,
    /// The terminals.
    pub gateway: StatusCell<GatewayStatus>,
    /// The shards.
    pub region: StatusCell<ShardRegionStatus>,
    /// The view of the cluster.
    pub membership: StatusCell<MembershipStatus>,
    /// Where the HTTP interface reads how busy this node is.
    pub report: StatusCell<LoadReport>,
    /// For the age of the queue, and to note what happens.
    pub store: Store,
    /// For the age of the queue.
    pub clock: Arc<dyn Clock>,
    /// What it shows.
    pub status: StatusCell<FiguresStatus>,
}

/// Measures and judges.
#[derive(Debug)]
pub struct FiguresActor;

/// What FiguresActor remembers.
#[derive(Debug)]
pub struct FiguresState {
    args: FiguresArgs,
    spots: HotSpots,
    processor: Processor,
    windows: u64,
    looked_at: Instant,
    /// The stages of which this node has told that they are hot.
    told: BTreeSet<&'static str>,
}

impl FiguresActor {
    /// Starts the actor.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(args: FiguresArgs, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        Ok(actor.get_cell())
    }
}

impl Actor for FiguresActor {
    type Msg = FiguresMessage;
    type State = FiguresState;
    type Arguments = FiguresArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: FiguresArgs,
    ) -> Result<FiguresState, ActorProcessingErr> {
        load::describe();
        // At once, so that a new node is seen with its load; its first window is a short one.
        myself.cast(FiguresMessage::Look)?;
        myself.send_interval(args.period, || FiguresMessage::Look);
        Ok(FiguresState::new(args))
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: FiguresMessage,
        state: &mut FiguresState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            FiguresMessage::Look => state.look().await,
        }
        Ok(())
    }
}

impl FiguresState {
    fn new(args: FiguresArgs) -> Self {
        let (spots, processor) = (HotSpots::default(), Processor::default());
        let (looked_at, told) = (Instant::now(), BTreeSet::new());
        Self { args, spots, processor, windows: 0, looked_at, told }
    }

    async fn look(&mut self) {
        let me = self.args.colleagues.me();
        let others = self.args.board.others(me);
        let (stages, changes) = self.stages(&others);
        let load = self.load(&stages).await;
        load::show(&load);
        self.report(&load, &stages);
        stages.iter().for_each(show_stage);
        let hot = hot(&stages);
        let figures = NodeFigures { load, stages };
        self.args.board.heard(me, figures.clone());
        self.args.colleagues.tell_all(&AgentHint::Figures(figures));
        self.windows += 1;
        let (mut last_error, until) = (None, Instant::now() + STORE_WITHIN);
        for (stage, change) in changes {
            last_error = self.changed(stage, change, &others, until).await.err().or(last_error);
        }
        let (windows_total, others) = (self.windows, others.len());
        self.args.status.set(FiguresStatus { windows_total, hot, others, last_error });
    }

    /// Takes the windows that are over, and judges them by what the others said last.
    fn stages(
        &mut self,
        others: &[Arc<NodeFigures>],
    ) -> (Vec<StageFigures>, Vec<(&'static str, Change)>) {
        let mut changes = Vec::new();
        let stages = TIMED.map(|name| {
            let taken = self.args.meter.take_latency(name);
            let judged = self.spots.judge(name, taken.window, &of_peers(others, name));
            changes.extend(judged.change.map(|change| (name, change)));
            StageFigures {
                name: name.to_owned(),
                window: taken.window,
                minute: taken.minute,
                queue: taken.queue,
                usual_ms: judged.usual_ms,
                hot: judged.hot,
            }
        });
        (stages.into(), changes)
    }

    /// Notes what has changed. Of a stage that is slow everywhere one node tells: the first one.
    async fn changed(
        &mut self,
        stage: &'static str,
        change: Change,
        others: &[Arc<NodeFigures>],
        until: Instant,
    ) -> Result<(), String> {
        match change {
            Change::Began(hot) => {
                let detail = began(stage, &hot);
                tracing::warn!("too slow: {detail}");
                let is_told = others.iter().any(|other| says_so(other, stage));
                if hot.kind == HotKind::Stage && is_told {
                    return Ok(());
                }
                self.told.insert(stage);
                self.note(ClusterEventKind::Hot, detail, until).await
            }
            Change::Ended(hot) => {
                let detail = format!("{stage}, after {} s", hot.seconds);
                tracing::info!("as quick as usual again: {detail}");
                if !self.told.remove(stage) {
                    return Ok(());
                }
                self.note(ClusterEventKind::Cooled, detail, until).await
            }
        }
    }

    async fn note(
        &self,
        kind: ClusterEventKind,
        detail: String,
        until: Instant,
    ) -> Result<(), String> {
        let (me, node) = (self.args.colleagues.me(), &self.args.node);
        let noted = self.args.store.note_cluster_event(me, node, kind, &detail);
        match timeout_at(until, noted).await {
            Ok(noted) => noted.map_err(|error| format!("{detail} was not noted: {error}")),
            Err(_elapsed) => Err(format!("{detail} was not noted: the store does not answer")),
        }
    }
}

fn hot(stages: &[StageFigures]) -> Vec<&'static str> {
    let is_hot = |name: &&str| stages.iter().any(|it| it.name == *name && it.hot.is_some());
    TIMED.into_iter().filter(is_hot).collect()
}

fn of_peers(others: &[Arc<NodeFigures>], name: &str) -> Vec<PeerLatency> {
    let stages = others.iter().filter_map(|node| node.stages.iter().find(|it| it.name == name));
    stages.map(|it| PeerLatency { window: it.window, usual_ms: it.usual_ms }).collect()
}

fn says_so(other: &NodeFigures, stage: &str) -> bool {
    let mut stages = other.stages.iter().filter(|it| it.name == stage);
    stages.any(|it| it.hot.is_some_and(|hot| hot.kind == HotKind::Stage))
}

/// In the operator's words.
fn began(stage: &str, hot: &Hot) -> String {
    let others = hot.others_ms.map(|others| format!(", others {others:.0} ms"));
    let wherever = match hot.kind {
        HotKind::Node => "",
        HotKind::Stage => " on most nodes",
    };
    format!(
        "{stage}{wherever}: p99 {:.0} ms, usually {:.0} ms{}",
        hot.p99_ms,
        hot.usual_ms,
        others.unwrap_or_default()
    )
}

/// A window in which nothing was done has a p99 of 0.
fn show_stage(stage: &StageFigures) {
    let Some(name) = TIMED.into_iter().find(|name| *name == stage.name) else { return };
    metrics::gauge!("autoglm_stage_p99_seconds", "stage" => name).set(stage.window.p99_ms / 1e3);
    let is_hot = if stage.hot.is_some() { 1.0 } else { 0.0 };
    metrics::gauge!("autoglm_hot_spot", "stage" => name).set(is_hot);
}

#[cfg(test)]
mod tests;
