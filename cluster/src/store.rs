//! What the cluster needs of a database: membership rows and leases, decided by one clock.

use async_trait::async_trait;
use autoglm_domain::{Fault, Fence, Incarnation, Shard};
use autoglm_protocol::membership::{ClusterView, MemberState};
use std::fmt::Debug;
use std::time::Duration;

/// A node that wants to become a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its configured name.
    pub name: String,
    /// `host:port` of its cluster listener, empty when alone.
    pub address: String,
    /// What it runs: `all`, or any of `fetch`, `infer`, `recommend`, `serve`, `edge`.
    pub roles: Vec<String>,
}

/// The table of members. Every time in it is read from the database's own clock.
#[async_trait]
pub trait MembershipStore: Send + Sync + Debug {
    /// Adds a member in state `Joining` and gives it its incarnation.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn register(&self, registration: &Registration) -> Result<Incarnation, Fault>;

    /// Makes the member live for another `ttl`, marks members whose time has run out as down, and
    /// answers with the view.
    ///
    /// # Errors
    /// `Fenced` when this incarnation is no longer a member: it never will be again.
    async fn renew(&self, incarnation: Incarnation, ttl: Duration) -> Result<ClusterView, Fault>;

    /// Changes a member's state, and with it the view's number.
    ///
    /// # Errors
    /// `Fenced` when this incarnation is no longer a member.
    async fn set_state(&self, incarnation: Incarnation, state: MemberState) -> Result<(), Fault>;

    /// The latest view.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn view(&self) -> Result<ClusterView, Fault>;

    /// Calls `wake` whenever the view may have changed, for as long as it is polled; never ends.
    /// A store that cannot tell never calls: views are looked at every second anyway.
    async fn watch(&self, wake: Box<dyn Fn() + Send + Sync>) {
        drop(wake);
        std::future::pending::<()>().await;
    }
}

/// The table of leases: at most one owner for a shard, and a higher epoch at every change of hands.
#[async_trait]
pub trait LeaseStore: Send + Sync + Debug {
    /// Takes every one of these shards that is free, ours already, or owned by a member that is
    /// down; one transaction whatever their number. Answers with those that are ours now.
    ///
    /// # Errors
    /// `Unavailable` while the database is away, `Fenced` when `owner` is no longer a member.
    async fn acquire(&self, owner: Incarnation, shards: &[Shard]) -> Result<Vec<Fence>, Fault>;

    /// Frees those of these shards that `owner` owns.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn release(&self, owner: Incarnation, shards: &[Shard]) -> Result<(), Fault>;

    /// Every shard that has an owner.
    ///
    /// # Errors
    /// `Unavailable` while the database is away.
    async fn leases(&self) -> Result<Vec<Fence>, Fault>;

    /// Writes down that shards came to a node or left it, for people to read; best effort.
    async fn note_moves(&self, owner: Incarnation, took: u64, gave: u64) {
        tracing::debug!(%owner, took, gave, "shards have moved");
    }
}
