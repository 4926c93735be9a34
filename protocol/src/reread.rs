//! Contract of RereadActor: has old articles read by new models; one of it in the cluster.

use crate::Address;
use serde::Serialize;

/// Messages of RereadActor.
#[derive(Debug)]
pub enum RereadMessage {
    /// Internal: the schedule says so, or there is more to do.
    Round,
}

impl ractor::Message for RereadMessage {}

/// What RereadActor shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RereadStatus {
    /// The models old articles are being read by; empty when none are.
    pub version: String,
    /// Articles read again since the start.
    pub read_total: u64,
    /// Articles that show another reading since the start.
    pub changed_total: u64,
    /// Articles sorted again by another list of topics since the start.
    pub sorted_total: u64,
    /// What it last complained about.
    pub last_error: Option<String>,
}

/// Typed front of RereadActor.
#[derive(Debug, Clone)]
pub struct RereadHandle(pub Address<RereadMessage>);
