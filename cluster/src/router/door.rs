//! The door of the region: what peers ask of the shards of this node, and what they announce.

use super::Router;
use super::wire::{Announcement, RegionAnswer, read_request};
use crate::host::ShardHost;
use crate::peers::{Door, PeerRequest, PeerService};
use async_trait::async_trait;
use autoglm_domain::{Fault, Fence, Incarnation, Shard};
use autoglm_protocol::Address;
use autoglm_protocol::shard_region::ShardRegionMessage;
use autoglm_protocol::wire::decode;
use std::sync::Arc;

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
        self.inner.directory.fence_of(shard).filter(|fence| fence.owner != self.inner.me)
    }
}

#[async_trait]
impl<H: ShardHost> PeerService for RegionDoor<H> {
    async fn answer(&self, _from: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
        if request.body.is_empty() {
            // Whoever asks wants to know that all it told before has arrived.
            return Ok(Vec::new());
        }
        let asked = H::decode_request(read_request(&request.body)?)?;
        let shard = H::shard_of(&asked);
        let Some(fence) = self.router.fence_of(shard) else {
            return RegionAnswer::NotOwner(self.router.hint(shard)).write();
        };
        let answer = self.router.deliver(fence, asked, request.deadline).await;
        if self.router.has_left(fence, &answer) {
            return RegionAnswer::NotOwner(self.router.hint(shard)).write();
        }
        RegionAnswer::Answer(H::encode_answer(&answer?)?).write()
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
