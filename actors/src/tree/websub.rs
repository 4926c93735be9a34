//! The child that keeps the subscriptions at hubs, where hubs can reach this node at all.

use super::TreeArgs;
use super::addresses::Addresses;
use super::children::Shared;
use crate::supervisor::{ChildSpec, Restart};
use crate::websub::registry::{HubRegistry, HubRegistryArgs};
use crate::websub::{WebSubActor, WebSubArgs, WebSubConfig};
use autoglm_protocol::name;
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;
use std::sync::Arc;

/// The subscriptions; `None` while WebSub is off.
pub(super) fn registry(args: &TreeArgs, addresses: &Addresses) -> Option<HubRegistry> {
    let reach = args.config.websub.as_ref()?;
    Some(HubRegistry::new(HubRegistryArgs {
        store: args.store.clone(),
        clock: Arc::clone(&args.clock),
        sources: SourceSupervisorHandle(addresses.sources.clone()),
        public_url: reach.public_url.clone(),
        lease_max: reach.lease,
    }))
}

/// Without an address of our own no hub can be told anything: what is left from earlier ends by
/// itself, and nobody is shown as pushed any more.
pub(super) async fn forget_if_off(args: &TreeArgs) {
    if args.config.websub.is_some() {
        return;
    }
    // Another node may be the one whom hubs reach.
    let is_alone = args.store.view().await.is_ok_and(|view| view.members.len() < 2);
    if !is_alone {
        return;
    }
    match args.store.forget_hub_subscriptions().await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "WebSub is off now; its subscriptions are forgotten"),
        Err(error) => tracing::warn!(%error, "subscriptions at hubs could not be forgotten"),
    }
}

impl Shared {
    /// WebSubActor, unless WebSub is off.
    pub(super) fn websub_child(&self) -> Option<ChildSpec> {
        let args = WebSubArgs {
            config: WebSubConfig::default(),
            registry: self.hubs.clone()?,
            web: self.web.clone(),
            owned: Arc::clone(&self.owned_hosts),
            clock: Arc::clone(&self.args.clock),
            address: self.addresses.websub.clone(),
            status: self.addresses.websub_status.clone(),
        };
        let status = args.status.clone();
        Some(ChildSpec::new(name::WEBSUB, Restart::Permanent, &status, move |supervisor| {
            Box::pin(WebSubActor::spawn(args.clone(), supervisor))
        }))
    }
}
