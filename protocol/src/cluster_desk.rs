//! What the operator sees of the cluster and wishes of its nodes.

use crate::figures::{Hot, NodeFigures};
use crate::membership::Member;
use async_trait::async_trait;
use autoglm_domain::{Fault, Timestamp};
use std::fmt::Debug;

/// What a node owns, by leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedCount {
    /// Slices of readers.
    pub readers: usize,
    /// Slices of hosts.
    pub hosts: usize,
    /// Jobs of which the cluster has one, by name with their epoch.
    pub singles: Vec<(String, i64)>,
}

/// One node as it is seen from another.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberReport {
    /// Who, and where it stands.
    pub member: Member,
    /// What it owns.
    pub owned: OwnedCount,
    /// How the link to it stands; `None` for this node itself and for a node without links.
    pub link: Option<LinkReport>,
    /// How much it has to do and how long things take; `None` when it has not said so lately.
    pub figures: Option<NodeFigures>,
}

/// A stage that takes much longer than usual, on a node or wherever it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct HotSpot {
    /// One of [`crate::stage::TIMED`].
    pub stage: String,
    /// The nodes that say so, by name: one, or for a slow stage one or more.
    pub nodes: Vec<String>,
    /// How slow; for a slow stage the worst of all, and the longest time.
    pub hot: Hot,
}

/// The link to another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkReport {
    /// `connecting`, `authenticating`, `ready` or `refused`.
    pub state: &'static str,
    /// What is wrong, when something is.
    pub why: Option<String>,
    /// The last round trip of a ping, in microseconds.
    pub round_trip_us: Option<u64>,
    /// Requests under way.
    pub under_way: usize,
    /// How often it had to be made again.
    pub reconnects: u64,
}

/// The cluster as this node sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterReport {
    /// This node's name.
    pub node: String,
    /// This start of it.
    pub incarnation: i64,
    /// The view's number.
    pub view: i64,
    /// Every node that is not down.
    pub members: Vec<MemberReport>,
    /// Shards that nobody owns now.
    pub unowned: usize,
    /// What is slow, in order of an article's way.
    pub hot_spots: Vec<HotSpot>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterHappening {
    /// Grows with time.
    pub id: i64,
    /// When, on the database's clock.
    pub at: Timestamp,
    /// To which node.
    pub node: String,
    /// To which start of it.
    pub incarnation: i64,
    /// What: `joined`, `up`, `draining`, `left`, `expired`, `wished`, `took`, `gave`, `hot`,
    /// `cooled`.
    pub kind: String,
    /// How many, how much, why; may be empty.
    pub detail: String,
}

/// The operator's desk for the cluster. Every node has one, and all show the same.
#[async_trait]
pub trait ClusterDesk: Send + Sync + Debug {
    /// Members, what they own, and the links of this node.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn overview(&self) -> Result<ClusterReport, Fault>;

    /// What happened, newest first; at most `limit`, 1 to 200.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn happenings(&self, limit: usize) -> Result<Vec<ClusterHappening>, Fault>;

    /// Gives a node another share of the shards, or takes them all away (cordons it), or no longer.
    /// It holds for every later start of that node.
    ///
    /// # Errors
    /// `NotFound` for a name that no running node has, `Invalid` for a weight out of bounds,
    /// `Conflict` when nobody would be left to own anything.
    async fn wish(
        &self,
        node: &str,
        weight: Option<u32>,
        cordoned: Option<bool>,
    ) -> Result<(), Fault>;
}
