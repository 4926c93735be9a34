//! Values about subscriptions at hubs.

use autoglm_domain::{HubKeys, HubSubscription, HubSubscriptionId};

/// A subscription at a hub with what the node needs to keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRow {
    /// Which.
    pub id: HubSubscriptionId,
    /// How it stands.
    pub subscription: HubSubscription,
    /// Its secrets.
    pub keys: HubKeys,
    /// The address of its source, which decides the node that keeps it.
    pub source_url: String,
    /// Whether the source is still fetched: neither removed nor paused.
    pub is_fetched: bool,
}

/// What becomes of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubChange {
    /// It stays as it is.
    Leave,
    /// It is like this from now on.
    Keep(HubSubscription),
    /// It is gone.
    Forget,
}
