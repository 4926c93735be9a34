//! TLS of links; see the certificates beside it.

use autoglm_domain::Fault;
use tokio::net::TcpStream;

/// Placeholder of the interface until the certificates come in.
#[derive(Debug, Clone)]
pub enum TlsContext {}

/// The names in a peer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerName {
    /// All of them.
    pub names: Vec<String>,
}

impl PeerName {
    /// Whether the certificate is that of a node.
    #[must_use]
    pub fn is(&self, node: &str) -> bool {
        self.names.iter().any(|name| name == node)
    }
}

impl TlsContext {
    /// Never called: there is no context yet.
    pub(crate) async fn accept(&self, _tcp: TcpStream) -> Result<(TcpStream, PeerName), Fault> {
        match *self {}
    }

    /// Never called: there is no context yet.
    pub(crate) async fn connect(
        &self,
        _tcp: TcpStream,
        _node: &str,
    ) -> Result<(TcpStream, PeerName), Fault> {
        match *self {}
    }
}
