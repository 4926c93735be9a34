//! The door of the region: what peers ask of the shards of this node, and what they announce.

use super::wire::{Announcement, RegionAnswer, read_request};
use super::{Router, unknown_outcome};
use crate::host::ShardHost;
use crate::peers::{Door, PeerRequest, PeerService};
use async_trait::async_trait;
use autoglm_domain::{Epoch, Fault, Fence, Incarnation, Shard};
use autoglm_protocol::Address;
use autoglm_protocol::shard_region::ShardRegionMessage;
use autoglm_protocol::wire::decode;
use std::sync::Arc;
use tokio::time::timeout_at;

struct RegionDoor<H: ShardHost> {
    router: Router<H>,
    region: Address<ShardRegionMessage>,
}

impl<H: ShardHost> Router<H> {
    /// Lets peers ask, and has the region told when they give something up.
    pub(crate) fn open_door(&self, region: Address<ShardRegionMessage>) {
        let door = RegionDoor { router: self.clone(), region };
        self.inner.peers.open(Door::Region, Arc::new(door));
    }

    /// Who owns a shard that is not ours, as far as it is known.
    fn hint(&self, shard: Shard) -> Option<Fence> {
        let owner = self.inner.directory.owner_of(shard)?;
        // The epoch is not known for certain: one that replaces nothing the asker knows better.
        (owner != self.inner.me).then_some(Fence { shard, owner, epoch: Epoch(0) })
    }
}

#[async_trait]
impl<H: ShardHost> PeerService for RegionDoor<H> {
    async fn answer(&self, _from: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
        let asked = H::decode_request(read_request(&request.body)?)?;
        let shard = H::shard_of(&asked);
        let Some(fence) = self.router.fence_of(shard) else {
            return RegionAnswer::NotOwner(self.router.hint(shard)).write();
        };
        self.router.inner.routed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let answer =
            timeout_at(request.deadline, self.router.inner.host.deliver(fence, asked)).await;
        let answer = answer.unwrap_or_else(|_elapsed| Err(unknown_outcome(shard)))?;
        RegionAnswer::Answer(H::encode_answer(&answer)?).write()
    }

    fn told(&self, from: Incarnation, body: Vec<u8>) {
        match decode(&body) {
            Ok(Announcement::Owned(fences)) => {
                // Nobody speaks for another node.
                let own: Vec<Fence> =
                    fences.into_iter().filter(|fence| fence.owner == from).collect();
                self.router.learn(&own);
            }
            Ok(Announcement::Freed(shards)) => {
                self.router.inner.directory.freed(from, &shards);
                self.region.nudge(|| ShardRegionMessage::SomethingFree);
            }
            Err(fault) => tracing::debug!(why = %fault.message, "an announcement was left aside"),
        }
    }
}
