//! Where reader shards find the gateways they push to, by node.

use autoglm_domain::{Incarnation, Shard};
use autoglm_protocol::gateway::{GatewayHandle, GatewayMessage};
use autoglm_protocol::push::Delivery;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The gateways this node can push to. Clones share the list; at most one entry a node.
#[derive(Debug, Clone, Default)]
pub struct Gateways(Arc<RwLock<BTreeMap<Incarnation, GatewayHandle>>>);

impl Gateways {
    /// Adds a gateway, or takes its address up again after a restart.
    pub fn register(&self, node: Incarnation, gateway: GatewayHandle) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(node, gateway);
    }

    /// Forgets a gateway.
    pub fn unregister(&self, node: Incarnation) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }

    /// Hands items to a gateway; `false` when it is not known or restarting. A lost delivery is
    /// found by the terminals, whose numbering has no gaps.
    #[must_use]
    pub fn deliver(&self, node: Incarnation, delivery: Delivery) -> bool {
        let gateways = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let gateway = gateways.get(&node).cloned();
        drop(gateways);
        gateway.is_some_and(|found| found.0.cast(GatewayMessage::Deliver(delivery)).is_ok())
    }

    /// Tells every gateway that a reader shard runs here now and knows no watchers yet.
    pub fn shard_started(&self, shard: Shard) {
        let gateways = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let gateways: Vec<GatewayHandle> = gateways.values().cloned().collect();
        for gateway in gateways {
            // One that does not run has no terminals.
            gateway.0.cast(GatewayMessage::ShardStarted(shard)).unwrap_or_default();
        }
    }
}
