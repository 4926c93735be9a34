//! Where links from other nodes come in: our own listener, so that a slow or hostile connection
//! disturbs no other.

use super::security::{Secured, Security};
use autoglm_domain::Fault;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// Handshakes under way; further connections wait in the system's queue.
const HANDSHAKES_MAX: usize = 64;
/// Pause after the system could not accept, such as when no file is left.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// An open port for links from other nodes. Clones share it.
#[derive(Debug, Clone)]
pub struct TransportListener {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    security: Security,
}

impl TransportListener {
    /// Opens the port, before the node registers: its row says where it can be reached.
    ///
    /// # Errors
    /// `Invalid` for an address that others can reach without certificates, `Unavailable` when the
    /// port cannot be opened; both say what to do.
    pub async fn bind(bind: SocketAddr, security: Security) -> Result<Self, Fault> {
        if !bind.ip().is_loopback() && !security.is_encrypted() {
            return Err(Fault::invalid(format!(
                "links from other nodes would come in on {bind} without certificates; set \
                 cluster.certificates, or bind to a loopback address"
            )));
        }
        let listener = TcpListener::bind(bind).await.map_err(|error| {
            let message =
                format!("cannot listen for other nodes on {bind}: {error}; see cluster.bind");
            Fault::unavailable(message, Duration::from_secs(1))
        })?;
        let address = listener.local_addr().map_err(|error| {
            Fault::internal(format!("the port for other nodes has no address: {error}"))
        })?;
        if !security.is_encrypted() {
            tracing::warn!(
                %address,
                "LINKS BETWEEN NODES ARE NOT ENCRYPTED: anybody on this machine can read them; \
                 fine for development, else set cluster.certificates"
            );
        }
        Ok(Self { listener: Arc::new(listener), address, security })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn security(&self) -> &Security {
        &self.security
    }

    /// Accepts for ever; what has shaken hands goes out.
    pub(crate) async fn accept(self, secured: mpsc::Sender<Secured>) {
        let permits = Arc::new(Semaphore::new(HANDSHAKES_MAX));
        let mut handshakes = JoinSet::new();
        loop {
            while handshakes.try_join_next().is_some() {}
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((tcp, from)) => {
                    let (security, secured) = (self.security.clone(), secured.clone());
                    handshakes.spawn(async move {
                        shake_hands(tcp, from, &security, &secured).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection from another node could not be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
    }
}

async fn shake_hands(
    tcp: TcpStream,
    from: SocketAddr,
    security: &Security,
    secured: &mpsc::Sender<Secured>,
) {
    match security.accept(tcp).await {
        // The transport may have ended meanwhile.
        Ok(stream) => drop(secured.send(stream).await),
        Err(fault) => {
            metrics::counter!("autoglm_cluster_refused_total").increment(1);
            tracing::warn!(%from, why = %fault.message, "a connection from another node was refused");
        }
    }
}
