//! One child of a supervisor: how it is started, and where it stands.

use super::policy::{Restart, RestartConfig, RestartPolicy};
use autoglm_protocol::status::{StatusBoard, StatusCell};
use futures_util::future::BoxFuture;
use ractor::{ActorCell, SpawnErr};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Starts a child under the given supervisor; called again for every restart.
pub type SpawnChild =
    Arc<dyn Fn(ActorCell) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync>;

type Register = Arc<dyn Fn(&StatusBoard, &str, &str) + Send + Sync>;

/// How long a killed actor may take to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(1);

/// What a supervisor knows about a child before it runs.
#[derive(Clone)]
pub struct ChildSpec {
    /// Unique within the node.
    pub name: String,
    /// Which ends call for a restart.
    pub restart: Restart,
    /// Starts it.
    pub spawn: SpawnChild,
    register: Register,
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ChildSpec")
            .field("name", &self.name)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}

impl ChildSpec {
    /// A child whose status is shown from `status`.
    pub fn new<S, F>(
        name: impl Into<String>,
        restart: Restart,
        status: &StatusCell<S>,
        spawn: F,
    ) -> Self
    where
        S: Serialize + Send + Sync + 'static,
        F: Fn(ActorCell) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync + 'static,
    {
        let status = status.clone();
        Self {
            name: name.into(),
            restart,
            spawn: Arc::new(spawn),
            register: Arc::new(move |board, name, parent| {
                board.register(name, Some(parent), &status);
            }),
        }
    }

    /// Shows the child as running.
    pub(crate) fn register(&self, board: &StatusBoard, parent: &str) {
        (self.register)(board, &self.name, parent);
    }
}

/// Where a child stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It runs.
    Running,
    /// It is to be started again.
    Waiting,
    /// It failed too often.
    Parked,
    /// It was stopped, has finished, or was never started.
    Stopped,
}

#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) spec: ChildSpec,
    pub(crate) cell: Option<ActorCell>,
    pub(crate) phase: Phase,
    pub(crate) policy: RestartPolicy,
    pub(crate) generation: u64,
}

impl Child {
    pub(crate) fn new(spec: ChildSpec, config: RestartConfig) -> Self {
        let policy = RestartPolicy::new(config);
        Self { spec, cell: None, phase: Phase::Stopped, policy, generation: 0 }
    }

    pub(crate) fn running(&mut self, cell: ActorCell) {
        self.cell = Some(cell);
        self.phase = Phase::Running;
    }

    pub(crate) fn is(&self, who: &ActorCell) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.get_id() == who.get_id())
    }
}

/// Stops an actor and waits; kills it after `limit`.
pub(crate) async fn stop_and_wait(name: &str, cell: &ActorCell, limit: Duration) {
    let stopped = cell.stop_and_wait(None, Some(limit)).await;
    if matches!(stopped, Err(ractor::RactorErr::Timeout)) {
        tracing::warn!(child = %name, ?limit, "an actor did not stop in time and is killed");
        if cell.kill_and_wait(Some(KILL_LIMIT)).await.is_err() {
            tracing::error!(child = %name, "an actor does not even die; its thread is stuck");
        }
    }
}
