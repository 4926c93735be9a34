//! Contract of a supervisor: restarts its children by strategy, with back-off, within limits.

use crate::{Address, Reply};
use autoglm_domain::Fault;
use serde::Serialize;
use std::time::Duration;

/// Messages of a supervisor.
#[derive(Debug)]
pub enum SupervisorMessage {
    /// Restart one child now, parked or not. Sent by the operator; answered when it runs.
    Restart {
        /// Name of the child.
        child: String,
        /// Answer.
        reply: Reply<()>,
    },
    /// Stop all children in reverse order. Sent at shutdown; answered when all have stopped.
    StopChildren {
        /// Answer.
        reply: Reply<()>,
    },
    /// Internal: a back-off has passed.
    BackoffPassed {
        /// Name of the child.
        child: String,
        /// Which attempt, so that an outdated timer does nothing.
        generation: u64,
    },
}

impl ractor::Message for SupervisorMessage {}

/// What a supervisor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SupervisorStatus {
    /// Children that run.
    pub running: usize,
    /// Children that wait for their restart.
    pub restarting: usize,
    /// Children that are parked.
    pub parked: usize,
    /// Restarts since the start.
    pub restarts_total: u64,
}

/// Typed front of a supervisor.
#[derive(Debug, Clone)]
pub struct SupervisorHandle(pub Address<SupervisorMessage>);

impl SupervisorHandle {
    /// Restarts one child.
    ///
    /// # Errors
    /// `NotFound` for an unknown name; `Unavailable` or `Timeout` when it does not come up.
    pub async fn restart(&self, child: &str) -> Result<(), Fault> {
        let child = child.to_owned();
        self.0
            .call(Duration::from_secs(10), |reply| SupervisorMessage::Restart { child, reply })
            .await
    }

    /// Stops all children, last started first.
    ///
    /// # Errors
    /// `Timeout` when they do not stop in time.
    pub async fn stop_children(&self, within: Duration) -> Result<(), Fault> {
        self.0.call(within, |reply| SupervisorMessage::StopChildren { reply }).await
    }
}
