//! Values about nodes.

use autoglm_domain::{Incarnation, Timestamp};

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeState {
    /// Starting; owns nothing yet.
    Joining,
    /// Serving.
    Up,
    /// Handing its shards over before it stops.
    Draining,
    /// Stopped or expired; never comes back under this incarnation.
    Down,
}

impl NodeState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Joining, Self::Up, Self::Draining, Self::Down];

    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Up => "up",
            Self::Draining => "draining",
            Self::Down => "down",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One live node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// This start of it.
    pub incarnation: Incarnation,
    /// Its name, the same over restarts.
    pub name: String,
    /// Where other nodes reach it, `host:port`.
    pub address: String,
    /// What it runs.
    pub roles: Vec<String>,
    /// What it is doing.
    pub state: NodeState,
    /// Its share of the shards, relative to others; as the operator wishes, else 1.
    pub weight: u32,
    /// The operator wants it to own nothing.
    pub cordoned: bool,
    /// Until when it is alive without another renewal, on the database's clock.
    pub lease_until: Timestamp,
}

/// One numbered state of the membership.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterView {
    /// Grows with every change.
    pub version: i64,
    /// The nodes that are not down, by incarnation.
    pub members: Vec<Member>,
}

/// What happened to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClusterEventKind {
    /// It registered.
    Joined,
    /// It serves.
    Up,
    /// It gives its shards away before it stops.
    Draining,
    /// It left on purpose.
    Left,
    /// It did not renew in time.
    Expired,
    /// The operator changed its weight or cordoned it.
    Wished,
    /// Shards came to it.
    Took,
    /// Shards left it.
    Gave,
    /// Something takes much longer on it than usual.
    Hot,
    /// That is over.
    Cooled,
}

impl ClusterEventKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Joined,
        Self::Up,
        Self::Draining,
        Self::Left,
        Self::Expired,
        Self::Wished,
        Self::Took,
        Self::Gave,
        Self::Hot,
        Self::Cooled,
    ];

    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Up => "up",
            Self::Draining => "draining",
            Self::Left => "left",
            Self::Expired => "expired",
            Self::Wished => "wished",
            Self::Took => "took",
            Self::Gave => "gave",
            Self::Hot => "hot",
            Self::Cooled => "cooled",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One thing that happened in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterEvent {
    /// Grows with time.
    pub id: i64,
    /// When, on the database's clock.
    pub at: Timestamp,
    /// To which start of a node; 0 for a node that was not running.
    pub incarnation: Incarnation,
    /// The node's name.
    pub name: String,
    /// What.
    pub kind: ClusterEventKind,
    /// How many, how much, why; may be empty.
    pub detail: String,
}
