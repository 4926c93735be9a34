//! Who owns which shard: nobody else when alone, else as the router of the node knows.

use autoglm_domain::{Incarnation, Shard};
use autoglm_protocol::agent::Owners;
use std::sync::{Arc, OnceLock, Weak};

/// For a node alone: nobody else owns anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOwners;

impl Owners for NoOwners {
    fn owner_of(&self, _: Shard) -> Option<Incarnation> {
        None
    }
}

/// The owners as a router knows them that is made later: it needs the shards, whose actors need
/// this. Before that, and after the router is gone, nobody is known. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LateOwners(Arc<OnceLock<Weak<dyn Owners>>>);

impl LateOwners {
    /// From now on these are asked, for as long as somebody else keeps them; only the first ones
    /// count.
    pub fn are(&self, owners: &Arc<dyn Owners>) {
        self.0.get_or_init(|| Arc::downgrade(owners));
    }

    fn known(&self) -> Option<Arc<dyn Owners>> {
        self.0.get()?.upgrade()
    }
}

impl Owners for LateOwners {
    fn owner_of(&self, shard: Shard) -> Option<Incarnation> {
        self.known()?.owner_of(shard)
    }

    fn doubt(&self) {
        if let Some(owners) = self.known() {
            owners.doubt();
        }
    }
}
