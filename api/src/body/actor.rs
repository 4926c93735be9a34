//! The actor tree.

use autoglm_protocol::status::{ActorReport, ActorState};
use serde::Serialize;
use utoipa::ToSchema;

/// One actor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Actor {
    /// Unique within the node.
    name: String,
    /// The supervisor's name; null for the root.
    parent: Option<String>,
    /// `running`, `restarting`, `parked` or `stopped`.
    #[schema(value_type = String, example = "running")]
    state: ActorState,
    /// Restarts since the node started.
    restarts: u64,
    /// Why it last failed.
    reason: Option<String>,
    /// The actor's own status.
    #[schema(value_type = Object)]
    status: serde_json::Value,
}

impl From<ActorReport> for Actor {
    fn from(report: ActorReport) -> Self {
        Self {
            name: report.name,
            parent: report.parent,
            state: report.state,
            restarts: report.restarts,
            reason: report.reason,
            status: report.status,
        }
    }
}
