//! What the composition root hands over: the ports to the rest of the node, and the settings.

use autoglm_protocol::cluster_desk::ClusterDesk;
use autoglm_protocol::domain::Clock;
use autoglm_protocol::figures::LoadReport;
use autoglm_protocol::gateway::GatewayHandle;
use autoglm_protocol::model_desk::ModelDesk;
use autoglm_protocol::port::{Access, Images, Library, Operations, Readers, SourceCommands};
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::story_desk::StoryDesk;
use autoglm_protocol::topic_desk::TopicDesk;
use autoglm_protocol::websub::HubCallbacks;
use autoglm_protocol::writer::Summaries;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Connections besides those of terminals.
const OTHER_CONNECTIONS: usize = 4_096;

/// Everything the HTTP interface may ask of the node.
#[derive(Clone)]
pub struct ApiDependencies {
    /// Reads.
    pub library: Arc<dyn Library>,
    /// Commands about sources.
    pub sources: Arc<dyn SourceCommands>,
    /// Events and ranked lists.
    pub readers: Arc<dyn Readers>,
    /// Live push.
    pub gateway: GatewayHandle,
    /// Whom a token speaks for.
    pub access: Arc<dyn Access>,
    /// Pictures of articles.
    pub images: Arc<dyn Images>,
    /// What hubs may say.
    pub hubs: Arc<dyn HubCallbacks>,
    /// What the operator may see and do.
    pub operations: Arc<dyn Operations>,
    /// What the operator may see of stories and decide about them.
    pub stories: Arc<dyn StoryDesk>,
    /// What the operator may see of models and change about them.
    pub models: Arc<dyn ModelDesk>,
    /// Topics that people edit.
    pub topics: Arc<dyn TopicDesk>,
    /// What the operator may see of the cluster and wish of its nodes.
    pub cluster: Arc<dyn ClusterDesk>,
    /// Summaries of articles.
    pub summaries: Arc<dyn Summaries>,
    /// Renders all metrics as Prometheus text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Told how long each request of a reader took. Must not wait.
    pub timed: Arc<dyn Fn(Duration) + Send + Sync>,
    /// How busy this node is.
    pub load: StatusCell<LoadReport>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Becomes true when the node begins to leave: not ready, live connections are closed.
    pub draining: watch::Receiver<bool>,
}

impl fmt::Debug for ApiDependencies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApiDependencies").finish_non_exhaustive()
    }
}

/// Settings of the HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// Where the listener is bound. Bound to all addresses, any IP literal is accepted as Host
    /// (a rebound name never is one).
    pub bind: SocketAddr,
    /// Names accepted in `Host` besides `localhost`, `127.0.0.1`, `[::1]`, the bound address and
    /// the host of `public_url`; with a port, only at that port.
    pub allowed_hosts: Vec<String>,
    /// The address people type, when a proxy stands in front; with `https` the session cookie
    /// becomes `Secure`.
    pub public_url: Option<String>,
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
    /// Largest document a hub may send, in bytes.
    pub push_bytes_max: usize,
    /// Most terminals connected at once, over `/ws` and `/events` together.
    pub terminals_max: usize,
    /// Whether every answer tells how busy this node is, for a balancer that weighs nodes by that.
    pub load_header: bool,
    /// A request that is not answered after this long gets 504.
    pub request_timeout: Duration,
    /// Pace of live connections.
    pub live: LiveConfig,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            allowed_hosts: Vec::new(),
            public_url: None,
            body_bytes_max: 1024 * 1024,
            push_bytes_max: 16 * 1024 * 1024,
            terminals_max: 10_000,
            load_header: false,
            request_timeout: Duration::from_secs(60),
            live: LiveConfig::default(),
        }
    }
}

impl ApiConfig {
    /// Connections at once: a place for every terminal, so that the one too many is told so
    /// instead of waiting, and places for everything else.
    #[must_use]
    pub fn connections_max(&self) -> usize {
        self.terminals_max.saturating_add(OTHER_CONNECTIONS)
    }
}

/// Pace of live connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveConfig {
    /// Time between two pings on a WebSocket, and between two comments on an event stream.
    pub ping_every: Duration,
    /// A WebSocket from which nothing was heard for this long is dropped.
    pub idle_after: Duration,
    /// A client that does not take a frame within this long is dropped.
    pub send_within: Duration,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self {
            ping_every: Duration::from_secs(30),
            idle_after: Duration::from_secs(75),
            send_within: Duration::from_secs(10),
        }
    }
}
