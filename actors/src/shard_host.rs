//! Runs the shards of this node: reader shards on their first request, singles at once, and host
//! shards by telling SourceSupervisor.
//!
//! Not an actor: requests go straight to the shard's actors, beside every mailbox of the region.
//! Each running shard has a supervisor of its own under the actor `shards`, so that one that fails
//! disturbs no other; a child that fails too often is parked for the operator.

mod reader_shard;

use crate::source_supervisor::OwnedHosts;
use crate::supervisor::{
    ChildSpec, Restart, RestartConfig, SupervisorActor, SupervisorArgs, child::stop_and_wait,
};
use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use autoglm_cluster::{PATIENCE, ShardHost};
use autoglm_domain::{Fault, Fence, Shard, ShardKind, Single};
use autoglm_protocol::Address;
use autoglm_protocol::cache_shard::CacheShardHandle;
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest};
use autoglm_protocol::recommender_shard::RecommenderShardHandle;
use autoglm_protocol::source_supervisor::SourceSupervisorMessage;
use autoglm_protocol::status::StatusBoard;
use autoglm_protocol::supervisor::SupervisorHandle;
use autoglm_protocol::wire::{decode, encode};
use ractor::ActorCell;
use reader_shard::ReaderShard;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The actors of one reader shard under this fence, in order of their start, and their handles.
pub type ReaderShardFactory =
    Arc<dyn Fn(Fence) -> (Vec<ChildSpec>, CacheShardHandle, RecommenderShardHandle) + Send + Sync>;

/// The actor of one single under this fence.
pub type SingleFactory = Arc<dyn Fn(Single, Fence) -> ChildSpec + Send + Sync>;

/// Name of the actor above all shards.
pub const SHARDS: &str = "shards";

/// What a caller waits when a shard is between two owners.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long a ranking waits for an owner before it is made without one.
const RANKING_PATIENCE: Duration = Duration::from_millis(500);
/// Longest stop of a shard's actors after they have drained.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// What the host needs.
#[derive(Clone)]
pub struct LocalShardsArgs {
    /// Makes reader shards.
    pub readers: ReaderShardFactory,
    /// Makes singles.
    pub singles: SingleFactory,
    /// Told about host shards.
    pub sources: Address<SourceSupervisorMessage>,
    /// The same cell as SourceSupervisor's.
    pub owned_hosts: OwnedHosts,
    /// Where the tree is shown.
    pub board: StatusBoard,
    /// How often and how soon a shard's actors are restarted; they are always parked past it.
    pub restart: RestartConfig,
    /// Told of every reader shard that has come to this node, before it starts by a request: who
    /// has terminals of its readers makes that request.
    pub on_reader_shard: Arc<dyn Fn(Shard) + Send + Sync>,
    /// Longest drain of one actor of a reader shard; two of them and a stop must fit into the
    /// region's `stop_limit`.
    pub drain_limit: Duration,
}

impl fmt::Debug for LocalShardsArgs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LocalShardsArgs")
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}

impl LocalShardsArgs {
    /// Arguments with default limits: five restarts a minute, 4 s to drain.
    #[must_use]
    pub fn new(
        readers: ReaderShardFactory,
        singles: SingleFactory,
        sources: Address<SourceSupervisorMessage>,
        owned_hosts: OwnedHosts,
        board: StatusBoard,
    ) -> Self {
        Self {
            readers,
            singles,
            sources,
            owned_hosts,
            board,
            restart: RestartConfig::default(),
            on_reader_shard: Arc::new(|_shard| {}),
            drain_limit: Duration::from_secs(4),
        }
    }
}

/// A supervisor with the actors of one shard.
#[derive(Debug)]
pub(crate) struct Run {
    cell: ActorCell,
    supervisor: SupervisorHandle,
    /// As shown on the board, supervisor first.
    names: Vec<String>,
}

impl Run {
    /// The supervisor, when this run has a child of that name.
    fn supervisor_of(&self, name: &str) -> Option<SupervisorHandle> {
        let is_child = self.names.iter().skip(1).any(|known| known == name);
        is_child.then(|| self.supervisor.clone())
    }
}

struct RunningSingle {
    fence: Fence,
    single: Single,
    run: Run,
}

/// The shards of this node.
pub struct LocalShards {
    args: LocalShardsArgs,
    parent: ArcSwapOption<ActorCell>,
    readers: Mutex<HashMap<Shard, Arc<ReaderShard>>>,
    singles: tokio::sync::Mutex<HashMap<Shard, RunningSingle>>,
}

impl fmt::Debug for LocalShards {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LocalShards")
    }
}

impl LocalShards {
    /// A host that runs nothing yet. [`Self::child_spec`] must be in the tree before the region.
    #[must_use]
    pub fn new(args: LocalShardsArgs) -> Arc<Self> {
        Arc::new(Self {
            args,
            parent: ArcSwapOption::empty(),
            readers: Mutex::default(),
            singles: tokio::sync::Mutex::default(),
        })
    }

    /// The actor above all shards, named [`SHARDS`]. When it restarts, its shards do too.
    #[must_use]
    pub fn child_spec(self: &Arc<Self>) -> ChildSpec {
        let args = SupervisorArgs::new(SHARDS, Vec::new(), self.args.board.clone());
        let (status, host) = (args.status.clone(), Arc::clone(self));
        ChildSpec::new(SHARDS, Restart::Permanent, &status, move |supervisor| {
            let (args, host) = (args.clone(), Arc::clone(&host));
            Box::pin(async move {
                let cell = SupervisorActor::spawn(args, supervisor).await?;
                host.adopted_by(cell.clone()).await;
                Ok(cell)
            })
        })
    }

    /// Restarts one actor of a running shard, by the name the tree shows. For the operator.
    ///
    /// # Errors
    /// `NotFound` when no running shard has it; as [`SupervisorHandle::restart`].
    pub async fn restart(&self, name: &str) -> Result<(), Fault> {
        let mut owner = None;
        let readers: Vec<_> = self.reader_shards().values().cloned().collect();
        for shard in readers {
            owner = owner.or(shard.supervisor_of(name).await);
        }
        for running in self.singles.lock().await.values() {
            owner = owner.or(running.run.supervisor_of(name));
        }
        let unknown = || Fault::not_found(format!("no running shard has an actor {name:?}"));
        owner.ok_or_else(unknown)?.restart(name).await
    }

    /// Everything under an earlier parent is dead: reader shards start again on their next request,
    /// singles now.
    async fn adopted_by(&self, parent: ActorCell) {
        self.parent.store(Some(Arc::new(parent)));
        let readers: Vec<_> = self.reader_shards().values().cloned().collect();
        for shard in readers {
            shard.forget_run().await;
        }
        let mut singles = self.singles.lock().await;
        for running in singles.values_mut() {
            match self.run_single(running.single, running.fence).await {
                Ok(run) => running.run = run,
                Err(fault) => tracing::error!(shard = %running.fence.shard, why = %fault.message,
                    "a single did not come up again"),
            }
        }
    }

    fn reader_shards(&self) -> std::sync::MutexGuard<'_, HashMap<Shard, Arc<ReaderShard>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a supervisor with these children.
    async fn run(&self, shard: Shard, children: Vec<ChildSpec>) -> Result<Run, Fault> {
        let away = || Fault::unavailable("the actor above all shards is restarting", RETRY_AFTER);
        let parent = self.parent.load_full().ok_or_else(away)?;
        let name = shard.to_string();
        let mut names = vec![name.clone()];
        names.extend(children.iter().map(|child| child.name.clone()));
        let mut args = SupervisorArgs::new(name, children, self.args.board.clone());
        args.restart = RestartConfig { park_on_exceed: true, ..self.args.restart.clone() };
        args.stop_limit = STOP_LIMIT;
        self.args.board.register(&args.name, Some(SHARDS), &args.status);
        let supervisor = SupervisorHandle(args.address.clone());
        match SupervisorActor::spawn(args, (*parent).clone()).await {
            Ok(cell) => Ok(Run { cell, supervisor, names }),
            Err(error) => {
                names.iter().for_each(|name| self.args.board.remove(name));
                Err(Fault::unavailable(
                    format!("shard {shard} does not start: {error}"),
                    RETRY_AFTER,
                ))
            }
        }
    }

    async fn end(&self, run: &Run) {
        stop_and_wait(&run.names[0], &run.cell, STOP_LIMIT * 2).await;
        run.names.iter().for_each(|name| self.args.board.remove(name));
    }

    async fn run_single(&self, single: Single, fence: Fence) -> Result<Run, Fault> {
        self.run(fence.shard, vec![(self.args.singles)(single, fence)]).await
    }

    async fn start_single(&self, fence: Fence) -> Result<(), Fault> {
        let single = Single::ALL.into_iter().find(|single| single.shard() == fence.shard);
        let Some(single) = single else {
            return Err(Fault::invalid(format!("{} is no single this version knows", fence.shard)));
        };
        let mut singles = self.singles.lock().await;
        if let Some(old) = singles.remove(&fence.shard) {
            self.end(&old.run).await;
        }
        let run = self.run_single(single, fence).await?;
        singles.insert(fence.shard, RunningSingle { fence, single, run });
        Ok(())
    }

    async fn stop_single(&self, fence: Fence) {
        let mut singles = self.singles.lock().await;
        if singles.get(&fence.shard).is_some_and(|running| running.fence.epoch <= fence.epoch)
            && let Some(old) = singles.remove(&fence.shard)
        {
            self.end(&old.run).await;
        }
    }

    async fn start_reader_shard(&self, fence: Fence) {
        let old = self.reader_shards().insert(fence.shard, Arc::new(ReaderShard::new(fence)));
        if let Some(old) = old {
            old.close(self).await;
        }
    }

    async fn stop_reader_shard(&self, fence: Fence) {
        let old = {
            let mut shards = self.reader_shards();
            match shards.get(&fence.shard) {
                Some(shard) if shard.fence().epoch <= fence.epoch => shards.remove(&fence.shard),
                _ => None,
            }
        };
        if let Some(old) = old {
            old.close(self).await;
        }
    }

    fn own_host(&self, shard: Shard, owned: bool) {
        self.args.owned_hosts.rcu(|hosts| {
            let mut hosts: HashSet<Shard> = (**hosts).clone();
            if owned {
                hosts.insert(shard);
            } else {
                hosts.remove(&shard);
            }
            hosts
        });
        let newest = self.args.owned_hosts.load_full();
        // When the supervisor is away it reads the cell at its next start.
        self.args.sources.cast(SourceSupervisorMessage::OwnedHosts(newest)).unwrap_or_default();
    }
}

#[async_trait]
impl ShardHost for LocalShards {
    type Request = ReaderRequest;
    type Answer = ReaderAnswer;

    async fn start(&self, fence: Fence) -> Result<(), Fault> {
        match fence.shard.kind {
            ShardKind::Reader => {
                self.start_reader_shard(fence).await;
                (self.args.on_reader_shard)(fence.shard);
            }
            ShardKind::Host => self.own_host(fence.shard, true),
            ShardKind::Single => self.start_single(fence).await?,
        }
        Ok(())
    }

    async fn stop(&self, fence: Fence) {
        match fence.shard.kind {
            ShardKind::Reader => self.stop_reader_shard(fence).await,
            ShardKind::Host => self.own_host(fence.shard, false),
            ShardKind::Single => self.stop_single(fence).await,
        }
    }

    async fn deliver(&self, fence: Fence, request: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        let shard = self.reader_shards().get(&fence.shard).cloned();
        let Some(shard) = shard.filter(|shard| shard.fence() == fence) else {
            let message = format!("shard {} does not run here any more", fence.shard);
            return Err(Fault::unavailable(message, RETRY_AFTER));
        };
        shard.deliver(self, request).await
    }

    fn shard_of(request: &ReaderRequest) -> Shard {
        request.shard()
    }

    /// All of them: an event that is there already counts as a duplicate.
    fn is_repeatable(_request: &ReaderRequest) -> bool {
        true
    }

    /// A ranking can be made by the saved profile, and a reader looks at an empty page meanwhile.
    fn patience(request: &ReaderRequest) -> Duration {
        match request {
            ReaderRequest::Recommend { .. } => RANKING_PATIENCE,
            _ => PATIENCE,
        }
    }

    fn encode_request(request: &ReaderRequest) -> Result<Vec<u8>, Fault> {
        encode(request)
    }

    fn decode_request(bytes: &[u8]) -> Result<ReaderRequest, Fault> {
        decode(bytes)
    }

    fn encode_answer(answer: &ReaderAnswer) -> Result<Vec<u8>, Fault> {
        encode(answer)
    }

    fn decode_answer(bytes: &[u8]) -> Result<ReaderAnswer, Fault> {
        decode(bytes)
    }
}

#[cfg(test)]
mod tests;
