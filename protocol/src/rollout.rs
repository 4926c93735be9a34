//! Contract of RolloutActor: keeps the models of this node's devices those of the cluster's rollout.

use crate::Address;
use autoglm_domain::{Fault, Rollout};
use serde::Serialize;

/// Messages of RolloutActor.
#[derive(Debug)]
pub enum RolloutMessage {
    /// Look whether the rollout has changed. Sent by whoever changed it, and by a timer.
    Look,
    /// Internal: models were loaded, or could not be.
    Loaded {
        /// For which rollout.
        rollout: Box<Rollout>,
        /// Whether they are in use now.
        outcome: Result<(), Fault>,
    },
}

impl ractor::Message for RolloutMessage {}

/// What RolloutActor shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RolloutStatus {
    /// What this node's devices read with; `None` before the first models are loaded.
    pub in_use: Option<Rollout>,
    /// Whether other models are being loaded.
    pub is_loading: bool,
    /// Why this node does not follow the rollout.
    pub problem: Option<String>,
}

/// Typed front of RolloutActor.
#[derive(Debug, Clone)]
pub struct RolloutHandle(pub Address<RolloutMessage>);

impl RolloutHandle {
    /// The rollout was changed; without the actor its timer will see to it.
    pub fn look(&self) {
        self.0.nudge(|| RolloutMessage::Look);
    }
}
