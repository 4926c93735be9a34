//! Where reader shards find the gateways they push to: this node's own, and those of other nodes by
//! way of their agents.

use crate::colleagues::Colleagues;
use autoglm_cluster::ENVELOPE_BYTES_MAX;
use autoglm_domain::{Incarnation, Shard};
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::gateway::{GatewayHandle, GatewayMessage};
use autoglm_protocol::push::Delivery;
use autoglm_protocol::wire::encode;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Counter of deliveries that were not sent to another node; label `reason`: `size` or `link`.
const LOST_TOTAL: &str = "autoglm_deliveries_lost_total";
/// Bytes of one delivery on its way to another node; the rest is for what is written around it.
const DELIVERY_BYTES_MAX: usize = ENVELOPE_BYTES_MAX - 1_024;

/// The gateways this node can push to. Clones share the list of its own; a gateway of another node
/// is reached as long as the node is, and nothing is remembered of it.
#[derive(Debug, Clone, Default)]
pub struct Gateways {
    own: Arc<RwLock<BTreeMap<Incarnation, GatewayHandle>>>,
    colleagues: Colleagues,
}

impl Gateways {
    /// With those of other nodes.
    #[must_use]
    pub fn of(colleagues: Colleagues) -> Self {
        Self { own: Arc::default(), colleagues }
    }

    /// Adds a gateway, or takes its address up again after a restart.
    pub fn register(&self, node: Incarnation, gateway: GatewayHandle) {
        self.own.write().unwrap_or_else(PoisonError::into_inner).insert(node, gateway);
    }

    /// Forgets a gateway.
    pub fn unregister(&self, node: Incarnation) {
        self.own.write().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }

    /// Hands items to a gateway; `false` when it is not known or restarting. A lost delivery is
    /// found by the terminals, whose numbering has no gaps.
    #[must_use]
    pub fn deliver(&self, node: Incarnation, delivery: Delivery) -> bool {
        let gateways = self.own.read().unwrap_or_else(PoisonError::into_inner);
        let own = gateways.get(&node).cloned();
        drop(gateways);
        match own {
            Some(own) => own.0.cast(GatewayMessage::Deliver(delivery)).is_ok(),
            None => node != self.colleagues.me() && self.send(node, delivery),
        }
    }

    /// Sends items to the gateway of another node, in parts that may travel.
    fn send(&self, node: Incarnation, delivery: Delivery) -> bool {
        let lost = |reason| {
            metrics::counter!(LOST_TOTAL, "reason" => reason).increment(1);
            false
        };
        match encode(&delivery) {
            Ok(bytes) if bytes.len() <= DELIVERY_BYTES_MAX => {
                self.colleagues.tell(node, &AgentHint::Deliver(delivery)) || lost("link")
            }
            Ok(_) if delivery.items.len() > 1 => {
                let (early, late) = halves(delivery);
                self.send(node, early) & self.send(node, late)
            }
            Ok(_) | Err(_) => lost("size"),
        }
    }

    /// Tells every gateway that a reader shard is this node's now and knows no watchers yet.
    pub fn shard_started(&self, shard: Shard) {
        let gateways = self.own.read().unwrap_or_else(PoisonError::into_inner);
        let gateways: Vec<GatewayHandle> = gateways.values().cloned().collect();
        for gateway in gateways {
            // One that does not run has no terminals.
            gateway.0.cast(GatewayMessage::ShardStarted(shard)).unwrap_or_default();
        }
        self.colleagues.tell_all(&AgentHint::ShardStarted(shard));
    }
}

/// The same items as two deliveries with the numbers they had.
fn halves(delivery: Delivery) -> (Delivery, Delivery) {
    let (early, late) = delivery.items.split_at(delivery.items.len() / 2);
    let seq = delivery.seq - late.len() as u64;
    let early = Delivery { seq, items: early.into(), ..delivery };
    let late = Delivery { items: late.into(), ..delivery };
    (early, late)
}

#[cfg(test)]
mod tests;
