//! What every handler can reach.

use crate::config::{ApiConfig, ApiDependencies};
use crate::guard::host::AllowedHosts;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Calls of hubs at a time.
const HUB_CALLS_MAX: usize = 16;

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub(crate) struct ApiState(Arc<Shared>);

/// The parts of [`ApiState`].
pub(crate) struct Shared {
    /// The ports.
    pub(crate) ports: ApiDependencies,
    /// The settings.
    pub(crate) config: ApiConfig,
    /// Names this server answers to.
    pub(crate) hosts: AllowedHosts,
    /// One permit for each connected terminal.
    pub(crate) terminals: Arc<Semaphore>,
    /// One permit for each call of a hub under way.
    pub(crate) hub_calls: Semaphore,
}

impl ApiState {
    /// Takes what the composition root gives.
    pub(crate) fn new(ports: ApiDependencies, config: ApiConfig) -> Self {
        let hosts = AllowedHosts::new(&config);
        let terminals = Arc::new(Semaphore::new(config.terminals_max.min(Semaphore::MAX_PERMITS)));
        let hub_calls = Semaphore::new(HUB_CALLS_MAX);
        Self(Arc::new(Shared { ports, config, hosts, terminals, hub_calls }))
    }

    /// Whether the node is leaving.
    pub(crate) fn is_draining(&self) -> bool {
        *self.ports.draining.borrow()
    }
}

impl Deref for ApiState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
