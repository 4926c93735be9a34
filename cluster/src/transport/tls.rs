//! TLS between nodes: both sides show a certificate of one authority, in TLS 1.3, within a deadline.
//!
//! A node's identity is three files in a folder: `ca.pem`, `node.pem` and `node.key`, or what SPIFFE
//! helpers write: `bundle.pem`, `svid.pem` and `svid_key.pem`. Files that were replaced are used by
//! the next connection; links that stand keep what they shook hands with.

use super::certificates::{Files, Identity, explain_certificate};
use super::names::names_in;
use arc_swap::ArcSwap;
use autoglm_domain::{Fault, FaultKind};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CommonState};
use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Longest handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(3);
/// Files are read again at most so often, and only when they are used.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Warnings begin so long before a certificate ends, and come again so often.
const WARN_AHEAD: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const WARN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// The server's first byte: it has accepted our certificate. In TLS 1.3 a client's handshake ends
/// before the server has seen its certificate; without this a node that is refused would not know.
const ACCEPTED: u8 = b'+';

/// An encrypted connection.
pub type TlsStream = tokio_rustls::TlsStream<TcpStream>;

/// The names in a peer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerName {
    /// All of them.
    pub names: Vec<String>,
}

impl PeerName {
    /// Whether the certificate is that of a node; names are compared letter by letter.
    #[must_use]
    pub fn is(&self, node: &str) -> bool {
        self.names.iter().any(|name| name == node)
    }
}

/// This node's identity towards other nodes. Clones share it.
#[derive(Clone)]
pub struct TlsContext {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    identity: ArcSwap<Identity>,
    look: Mutex<Look>,
}

/// When the files were looked at, and what was found.
struct Look {
    at: Instant,
    /// The newest readable set, in use or broken: a broken one is reported once.
    files: Files,
    /// What was wrong the last time, so that it is reported once.
    wrong: Option<String>,
    warned: Option<Instant>,
}

impl fmt::Debug for TlsContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TlsContext").field("folder", &self.shared.folder).finish()
    }
}

impl TlsContext {
    /// Reads this node's identity from a folder. It reads files, a few kilobytes each.
    ///
    /// # Errors
    /// `Invalid`, with the file that is missing, broken, expired or does not belong to the others,
    /// and what to do.
    pub fn load(folder: &Path) -> Result<Self, Fault> {
        let files = Files::read(folder)?;
        let identity = Identity::new(&files)?;
        let mut look = Look { at: Instant::now(), files, wrong: None, warned: None };
        warn_of_end(&mut look, folder, &identity);
        let shared = Shared {
            folder: folder.to_owned(),
            identity: ArcSwap::from_pointee(identity),
            look: Mutex::new(look),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The names in this node's own certificate.
    #[must_use]
    pub fn own_name(&self) -> PeerName {
        PeerName { names: self.identity().names.clone() }
    }

    /// When this node's certificate ends. Asking also looks for new files, so that a node whose
    /// links stand for months warns and changes all the same.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.identity().expires_at
    }

    /// Shakes hands with who came in.
    ///
    /// # Errors
    /// `Forbidden` for a certificate that does not count, `Unauthorized` for none, `Invalid` for
    /// what is no TLS, `Timeout` after 3 s, `Unavailable` when the connection breaks.
    pub async fn accept(&self, tcp: TcpStream) -> Result<(TlsStream, PeerName), Fault> {
        let identity = self.identity();
        let acceptor = TlsAcceptor::from(Arc::clone(&identity.server));
        let handshake = async {
            let mut stream = acceptor.accept(tcp).await?;
            let name = peer_name(stream.get_ref().1);
            // A certificate that names nobody must not hear that it is accepted.
            if !name.names.is_empty() {
                stream.write_all(&[ACCEPTED]).await?;
                stream.flush().await?;
            }
            Ok((TlsStream::from(stream), name))
        };
        let (stream, name) = within_limit(handshake, "a connection from another node").await?;
        if name.names.is_empty() {
            let message = "a connection from another node was refused: its certificate names no \
                           node: no DNS name and no URI of a node";
            return Err(Fault::new(FaultKind::Forbidden, message));
        }
        Ok((stream, name))
    }

    /// Shakes hands with a node that was dialled, and makes sure that it is that node, and that it
    /// has accepted this one.
    ///
    /// # Errors
    /// As [`TlsContext::accept`]; also `Forbidden` when the certificate is another node's, or the
    /// other node does not accept ours.
    pub async fn connect(
        &self,
        tcp: TcpStream,
        node: &str,
    ) -> Result<(TlsStream, PeerName), Fault> {
        let connector = TlsConnector::from(self.identity().client_for(node));
        let what = format!("the connection to node {node:?}");
        // Nobody reads it: it is not sent, and the verifier compares the node's name instead.
        let unused = ServerName::try_from("node.invalid")
            .map_err(|error| Fault::internal(format!("{what} cannot be made: {error}")))?;
        let handshake = async {
            let mut stream = connector.connect(unused, tcp).await?;
            if stream.read_u8().await? != ACCEPTED {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no node of ours"));
            }
            let name = peer_name(stream.get_ref().1);
            Ok((TlsStream::from(stream), name))
        };
        within_limit(handshake, &what).await
    }

    /// The identity to use now; looks for new files first if it is time.
    fn identity(&self) -> Arc<Identity> {
        // Whoever comes while another looks uses what there is.
        if let Ok(mut look) = self.shared.look.try_lock()
            && look.at.elapsed() >= LOOK_EVERY
        {
            look.at = Instant::now();
            self.shared.look_again(&mut look);
        }
        self.shared.identity.load_full()
    }
}

impl Shared {
    fn look_again(&self, look: &mut Look) {
        match self.changed(look) {
            Ok(None) => {}
            Ok(Some(identity)) => {
                tracing::info!(folder = %self.folder.display(), names = ?identity.names, "new certificates are in use");
                self.identity.store(Arc::new(identity));
                (look.wrong, look.warned) = (None, None);
            }
            Err(fault) => {
                if look.wrong.as_ref() != Some(&fault.message) {
                    tracing::warn!(why = %fault.message, "new certificates are not used; the old ones stay");
                    look.wrong = Some(fault.message);
                }
            }
        }
        warn_of_end(look, &self.folder, &self.identity.load());
    }

    /// The identity of files that were replaced. While they are being replaced they may not belong
    /// together; a later look finds the rest.
    fn changed(&self, look: &mut Look) -> Result<Option<Identity>, Fault> {
        let files = Files::read(&self.folder)?;
        if files == look.files {
            return Ok(None);
        }
        look.files = files;
        Identity::new(&look.files).map(Some)
    }
}

fn warn_of_end(look: &mut Look, folder: &Path, identity: &Identity) {
    let left = identity.expires_at.duration_since(SystemTime::now()).unwrap_or_default();
    let silent = look.warned.is_some_and(|warned| warned.elapsed() < WARN_EVERY);
    if left <= WARN_AHEAD && !silent {
        look.warned = Some(Instant::now());
        let (folder, days) = (folder.display(), left.as_secs() / (24 * 60 * 60));
        tracing::warn!(%folder, days, "this node's certificate expires soon, then it is cut off; replace its files, no restart is needed");
    }
}

fn peer_name(connection: &CommonState) -> PeerName {
    let certificate = connection.peer_certificates().and_then(<[_]>::first);
    PeerName { names: certificate.map(|certificate| names_in(certificate)).unwrap_or_default() }
}

async fn within_limit<T>(
    handshake: impl Future<Output = io::Result<T>>,
    what: &str,
) -> Result<T, Fault> {
    match timeout(HANDSHAKE_LIMIT, handshake).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let (kind, why) = explain(&error);
            Err(Fault::new(kind, format!("{what} was refused: {why}")))
        }
        Err(_elapsed) => Err(Fault::new(
            FaultKind::Timeout,
            format!("{what} was given up: no handshake within {HANDSHAKE_LIMIT:?}"),
        )),
    }
}

/// Why a handshake failed, and what to do.
fn explain(error: &io::Error) -> (FaultKind, String) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(inner) = inner else { return (explain_io(error), format!("it broke off: {error}")) };
    match inner {
        rustls::Error::NoCertificatesPresented => (
            FaultKind::Unauthorized,
            "it showed no certificate; every node needs cluster.certificates".to_owned(),
        ),
        rustls::Error::InvalidCertificate(_) => (FaultKind::Forbidden, explain_certificate(inner)),
        rustls::Error::AlertReceived(alert) => (FaultKind::Forbidden, explain_alert(*alert)),
        rustls::Error::InvalidMessage(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. } => (
            FaultKind::Invalid,
            format!("it does not speak TLS; has it cluster.certificates? ({inner})"),
        ),
        inner => (FaultKind::Invalid, inner.to_string()),
    }
}

fn explain_io(error: &io::Error) -> FaultKind {
    match error.kind() {
        io::ErrorKind::InvalidData => FaultKind::Invalid,
        _ => FaultKind::Unavailable,
    }
}

fn explain_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA | AlertDescription::DecryptError => {
            "it does not accept our certificate, which is of another authority than its own"
                .to_owned()
        }
        AlertDescription::CertificateExpired => "our certificate has expired".to_owned(),
        alert => format!("it does not accept us or our certificate ({alert:?}); its log says why"),
    }
}

#[cfg(test)]
mod tests;
