//! Membership, leases, placement and shard regions; knows no SQL and no concrete actor.
//!
//! [`membership`] keeps this node's row alive and publishes the numbered view, [`placement`] says
//! which member should own a shard, the [`store::LeaseStore`] decides who does, [`region`] starts
//! and stops the shards of this node, and [`router`] brings a request to its shard.
//! It is generic over what a shard is ([`host::ShardHost`]) and over its stores.

mod directory;
pub mod envelope;
pub mod host;
pub mod lease_clock;
pub mod membership;
pub mod peers;
pub mod placement;
pub mod region;
pub mod router;
pub mod store;
#[cfg(test)]
mod testing;
pub mod transport;

pub use envelope::{ENVELOPE_BYTES_MAX, Envelope, WIRE_VERSION};
pub use host::{PATIENCE, ShardHost};
pub use lease_clock::LeaseClock;
pub use membership::{MembershipActor, MembershipArgs, MembershipConfig};
pub use peers::{Door, MemoryNetwork, NoPeers, PeerRequest, PeerService, Peers};
pub use placement::{Candidate, candidates, owner_of, role_of};
pub use region::{RegionConfig, ShardRegionActor, ShardRegionArgs};
pub use router::{Router, RouterConfig, RouterCounts};
pub use store::{LeaseStore, MembershipStore, Registration};
pub use transport::linked::LinkedPeers;
pub use transport::listener::TransportListener;
pub use transport::security::Security;
pub use transport::{TransportActor, TransportArgs};
