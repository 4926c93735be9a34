//! What stands between a bare connection and a link: nothing on loopback, TLS with certificates of
//! both sides elsewhere.

use super::stream::prepare;
use super::tls::{PeerName, TlsContext};
use autoglm_domain::Fault;
use std::fmt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A stream of bytes, encrypted or not.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Bytes for S {}

/// How links are secured.
#[derive(Debug, Clone)]
pub enum Security {
    /// Not at all; on loopback only.
    Plain,
    /// Encrypted, and both sides show a certificate of one authority.
    Tls(TlsContext),
}

/// A connection that has shaken hands.
pub(crate) struct Secured {
    pub(crate) stream: Box<dyn Bytes>,
    /// Whom the certificate names; `None` without encryption.
    pub(crate) name: Option<PeerName>,
}

impl fmt::Debug for Secured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secured").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Security {
    /// Whether links are encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// When this node's certificate ends, in seconds since 1970; `None` without encryption. Asking
    /// looks for new files too, so that a node whose links stand for months changes all the same.
    pub(crate) fn expires_at(&self) -> Option<f64> {
        let Self::Tls(context) = self else { return None };
        let since = context.expires_at().duration_since(std::time::SystemTime::UNIX_EPOCH);
        Some(since.unwrap_or_default().as_secs_f64())
    }

    pub(crate) async fn accept(&self, tcp: TcpStream) -> Result<Secured, Fault> {
        prepare(&tcp)?;
        match self {
            Self::Plain => Ok(Secured { stream: Box::new(tcp), name: None }),
            Self::Tls(context) => {
                let (stream, name) = context.accept(tcp).await?;
                Ok(Secured { stream: Box::new(stream), name: Some(name) })
            }
        }
    }

    pub(crate) async fn connect(&self, tcp: TcpStream, node: &str) -> Result<Secured, Fault> {
        prepare(&tcp)?;
        match self {
            Self::Plain => Ok(Secured { stream: Box::new(tcp), name: None }),
            Self::Tls(context) => {
                let (stream, name) = context.connect(tcp, node).await?;
                Ok(Secured { stream: Box::new(stream), name: Some(name) })
            }
        }
    }
}
