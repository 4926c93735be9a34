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
