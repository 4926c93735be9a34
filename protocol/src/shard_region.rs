//! Contract of ShardRegion: which shards this node owns, and the way of a request to its owner.

use crate::membership::ClusterView;
use crate::{Address, Reply};
use autoglm_domain::{Fault, Fence};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// Messages of ShardRegion.
#[derive(Debug)]
pub enum ShardRegionMessage {
    /// The membership changed. Sent by Membership.
    ViewChanged(Arc<ClusterView>),
    /// Stop every shard: this node may no longer be the owner. Sent by Membership when it cannot
    /// renew in time.
    FenceSelf,
    /// A write was refused by the store: the shard has moved. Sent by shard actors.
    Fenced(Fence),
    /// Drain and give up every shard. Answered when the leases are free.
    ReleaseAll {
        /// Answer.
        reply: Reply<()>,
    },
    /// Another node has given shards up: some of them may be wanted here. Sent by the region's door.
    SomethingFree,
    /// Internal: acquire what placement says is ours.
    Reconcile,
}

impl ractor::Message for ShardRegionMessage {}

/// What ShardRegion shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShardRegionStatus {
    /// View the placement was made from.
    pub view: i64,
    /// Shards that placement gives to this node and that no node serves.
    pub unserved: usize,
    /// Reader shards owned.
    pub reader_shards: usize,
    /// Host shards owned.
    pub host_shards: usize,
    /// Single jobs owned, with epoch.
    pub singles: Vec<(String, i64)>,
    /// Requests delivered to shards of this node since the start.
    pub routed_total: u64,
    /// Requests sent to other nodes.
    pub remote_total: u64,
    /// Answers of nodes that did not own the shard any more.
    pub redirected_total: u64,
    /// Requests that wait for an owner now.
    pub waiting: usize,
    /// Shards of other nodes whose owner is known.
    pub known_owners: usize,
    /// Requests for shards without a reachable owner.
    pub unowned_total: u64,
    /// What it last complained about.
    pub last_error: Option<String>,
}

/// Typed front of ShardRegion.
#[derive(Debug, Clone)]
pub struct ShardRegionHandle(pub Address<ShardRegionMessage>);

impl ShardRegionHandle {
    /// Gives up every shard.
    ///
    /// # Errors
    /// `Timeout` when shards do not drain in time.
    pub async fn release_all(&self, within: Duration) -> Result<(), Fault> {
        self.0.call(within, |reply| ShardRegionMessage::ReleaseAll { reply }).await
    }

    /// Reports that the store refused a write under this fence.
    pub fn fenced(&self, fence: Fence) {
        self.0.cast(ShardRegionMessage::Fenced(fence)).unwrap_or_default();
    }
}
