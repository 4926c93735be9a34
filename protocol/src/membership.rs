//! Contract of Membership: renews this node's row and publishes the numbered view of the cluster.

use crate::{Address, Reply};
use autoglm_domain::{Fault, Incarnation};
use serde::Serialize;
use std::time::Duration;

/// Where a node stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Registered, not ready for shards.
    Joining,
    /// Owns shards.
    Up,
    /// Gives its shards away.
    Draining,
    /// Gone, or its lease ran out.
    Down,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// This start of the node.
    pub incarnation: Incarnation,
    /// Its configured name.
    pub name: String,
    /// `host:port` of its cluster listener, empty when alone.
    pub address: String,
    /// What it runs.
    pub roles: Vec<String>,
    /// Share of the shards it wants, relative to others; 0 while it is cordoned.
    pub weight: u32,
    /// Where it stands.
    pub state: MemberState,
}

/// One numbered state of the membership.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClusterView {
    /// Grows with every change.
    pub version: i64,
    /// All members that are not down, by incarnation.
    pub members: Vec<Member>,
}

/// Messages of Membership.
#[derive(Debug)]
pub enum MembershipMessage {
    /// Leave on purpose: take no more shards. Answered when the others can see it.
    Drain {
        /// Answer.
        reply: Reply<()>,
    },
    /// Internal: renew and read the view.
    Tick,
    /// Internal: read the view, which may have changed.
    Look,
}

impl ractor::Message for MembershipMessage {}

/// What Membership shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MembershipStatus {
    /// This node.
    pub incarnation: i64,
    /// The latest view.
    pub view: ClusterView,
    /// Renewals that failed in a row.
    pub failed_renewals: u32,
    /// Whether this node gave up its shards because it could not renew.
    pub fenced: bool,
}

/// Typed front of Membership.
#[derive(Debug, Clone)]
pub struct MembershipHandle(pub Address<MembershipMessage>);

impl MembershipHandle {
    /// Announces that this node leaves.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the database does not answer.
    pub async fn drain(&self) -> Result<(), Fault> {
        self.0.call(Duration::from_secs(5), |reply| MembershipMessage::Drain { reply }).await
    }
}
