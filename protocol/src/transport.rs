//! Contract of the transport: how the links of this node to its peers stand.

use serde::Serialize;

/// How far a link has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Nothing is there; it is being dialled or waited for.
    #[default]
    Connecting,
    /// There is a connection, and who is at its other end is being found out.
    Authenticating,
    /// Requests go over it.
    Ready,
    /// The peer cannot be worked with; `why` says what to do. It is tried again slowly.
    Refused,
}

impl LinkState {
    /// The name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Authenticating => "authenticating",
            Self::Ready => "ready",
            Self::Refused => "refused",
        }
    }
}

/// One link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LinkStatus {
    /// The peer's name.
    pub name: String,
    /// Which start of it.
    pub incarnation: i64,
    /// How far it has come.
    pub state: LinkState,
    /// Why it is not ready, when something is wrong.
    pub why: Option<String>,
    /// The last round trip of a ping, in microseconds.
    pub round_trip_us: Option<u64>,
    /// Requests to the peer under way.
    pub under_way: usize,
    /// Requests sent over this link.
    pub asked_total: u64,
    /// Hints sent over this link.
    pub told_total: u64,
    /// How often it had to be made again.
    pub reconnects: u64,
}

/// What the transport shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TransportStatus {
    /// Where links from other nodes come in; empty before the start.
    pub address: String,
    /// Whether links are encrypted.
    pub encrypted: bool,
    /// One for each other member.
    pub links: Vec<LinkStatus>,
}
