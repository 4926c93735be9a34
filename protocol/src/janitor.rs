//! Contract of JanitorActor: finishes what a crash left, keeps retention, wakes idle stages.

use crate::Address;
use serde::Serialize;

/// Messages of JanitorActor.
#[derive(Debug)]
pub enum JanitorMessage {
    /// Internal: the schedule says so.
    Round,
}

impl ractor::Message for JanitorMessage {}

/// What JanitorActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JanitorStatus {
    /// Rounds since the start.
    pub rounds_total: u64,
    /// Articles removed by retention since the start.
    pub removed_total: u64,
    /// What it last complained about.
    pub last_error: Option<String>,
}

/// Typed front of JanitorActor.
#[derive(Debug, Clone)]
pub struct JanitorHandle(pub Address<JanitorMessage>);
