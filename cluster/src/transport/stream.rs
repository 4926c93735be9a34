//! One connection to another node on its way to ractor_cluster: its socket's options, its label,
//! and the faults that tests inject into it.

use autoglm_domain::Fault;
use ractor_cluster::{BoxRead, BoxWrite, ClusterBidiStream};
use socket2::{SockRef, TcpKeepalive};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Data that is not acknowledged for so long ends the connection: without this a silent loss is
/// noticed after a quarter of an hour.
const USER_TIMEOUT: Duration = Duration::from_secs(5);
/// An idle connection is probed after, and every, so long.
const KEEPALIVE: Duration = Duration::from_secs(2);
/// How often a stream that is cut looks whether it is mended.
const MENDED_EVERY: Duration = Duration::from_millis(50);

/// Whether nothing passes through a stream any more, as if the network had lost it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut(Arc<AtomicBool>);

impl Cut {
    pub(crate) fn set(&self, cut: bool) {
        self.0.store(cut, Ordering::Release);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A connection with the label by which the transport knows it again.
pub(crate) struct LinkStream {
    pub(crate) label: String,
    pub(crate) read: BoxRead,
    pub(crate) write: BoxWrite,
}

impl fmt::Debug for LinkStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LinkStream").field("label", &self.label).finish_non_exhaustive()
    }
}

impl LinkStream {
    /// Splits a stream; with a cut it can be made to lose everything.
    pub(crate) fn new<S>(label: String, stream: S, cut: Option<Cut>) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, write) = tokio::io::split(stream);
        let (read, write): (BoxRead, BoxWrite) = match cut {
            None => (Box::new(read), Box::new(write)),
            Some(cut) => {
                (Box::new(Cuttable::new(read, cut.clone())), Box::new(Cuttable::new(write, cut)))
            }
        };
        Self { label, read, write }
    }
}

impl ClusterBidiStream for LinkStream {
    fn split(self: Box<Self>) -> (BoxRead, BoxWrite) {
        (self.read, self.write)
    }

    fn peer_label(&self) -> Option<String> {
        Some(self.label.clone())
    }
}

/// Sets what every connection between nodes has: no waiting for more data, probes, and an end to
/// silence.
///
/// # Errors
/// What the system says.
pub(crate) fn prepare(tcp: &TcpStream) -> Result<(), Fault> {
    let set = || -> io::Result<()> {
        tcp.set_nodelay(true)?;
        let socket = SockRef::from(tcp);
        let probes = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
        socket.set_tcp_keepalive(&probes)?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
        Ok(())
    };
    set().map_err(|error| Fault::internal(format!("a connection cannot be set up: {error}")))
}

/// One half of a stream, through which nothing passes while it is cut.
struct Cuttable<S> {
    inner: S,
    cut: Cut,
    look: Option<Pin<Box<Sleep>>>,
}

impl<S> Cuttable<S> {
    fn new(inner: S, cut: Cut) -> Self {
        Self { inner, cut, look: None }
    }

    /// Whether it is cut; then the task is woken to look again.
    fn is_cut(&mut self, context: &mut Context<'_>) -> bool {
        while self.cut.is_set() {
            let look = self.look.get_or_insert_with(|| Box::pin(tokio::time::sleep(MENDED_EVERY)));
            if look.as_mut().poll(context).is_pending() {
                return true;
            }
            self.look = None;
        }
        self.look = None;
        false
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Cuttable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_cut(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Cuttable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_cut(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_cut(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn nothing_passes_while_a_stream_is_cut_and_everything_after_it() {
        let (near, mut far) = tokio::io::duplex(64);
        let cut = Cut::default();
        let mut near = LinkStream::new("in:1".to_owned(), near, Some(cut.clone()));
        far.write_all(b"one").await.expect("room");
        let mut buffer = [0; 3];
        near.read.read_exact(&mut buffer).await.expect("passes");
        cut.set(true);
        far.write_all(b"two").await.expect("room");
        let silence =
            tokio::time::timeout(Duration::from_secs(60), near.read.read_exact(&mut buffer)).await;
        assert!(silence.is_err(), "nothing passes");
        cut.set(false);
        near.read.read_exact(&mut buffer).await.expect("passes again");
        assert_eq!(&buffer, b"two");
    }
}
