//! What stands between a node and PostgreSQL: it lets everything through until it is shut, and then
//! nothing, in silence, as a network does that loses every packet. What was on its way arrives when
//! it is opened again.

use anyhow::{Context, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// Bytes that are on their way at most, in each direction of a connection.
const BUFFER_BYTES: usize = 64 * 1024;

/// One node's way to the database, on a thread of its own so that a test that waits cannot slow it.
#[derive(Debug)]
pub(super) struct StoreGate {
    address: SocketAddr,
    /// The thread ends when this is dropped.
    is_shut: watch::Sender<bool>,
}

impl StoreGate {
    /// An open gate to the server of this address.
    pub(super) fn to(database: &str) -> Result<Self> {
        let url = Url::parse(database).context("the address of the database")?;
        let port = url.port().context("the address of the database names no port")?;
        let server = SocketAddr::from(([127, 0, 0, 1], port));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").context("opening a gate")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (is_shut, watches) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("store-gate".to_owned()).spawn(move || {
            if let Err(error) = runtime.block_on(serve(listener, server, watches)) {
                eprintln!("the gate to PostgreSQL at {address} has ended: {error:#}");
            }
        })?;
        Ok(Self { address, is_shut })
    }

    /// The database's address through the gate.
    pub(super) fn database(&self, database: &str) -> Result<String> {
        let mut url = Url::parse(database).context("the address of the database")?;
        url.set_port(Some(self.address.port())).ok().context("the database has no port")?;
        Ok(url.into())
    }

    pub(super) fn set_shut(&self, is_shut: bool) {
        self.is_shut.send_replace(is_shut);
    }
}

async fn serve(
    listener: std::net::TcpListener,
    server: SocketAddr,
    mut is_shut: watch::Receiver<bool>,
) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        // The kernel takes connections meanwhile, and nobody answers on them.
        if is_shut.wait_for(|shut| !shut).await.is_err() {
            return Ok(());
        }
        tokio::select! {
            changed = is_shut.changed() => if changed.is_err() { return Ok(()) },
            accepted = listener.accept() => {
                let (node, _) = accepted?;
                tokio::spawn(carry(node, server, is_shut.clone()));
            }
        }
    }
}

/// Carries one connection until either end closes it.
async fn carry(node: TcpStream, server: SocketAddr, is_shut: watch::Receiver<bool>) {
    // A server that is away refuses; so does the gate, by closing.
    let Ok(server) = TcpStream::connect(server).await else { return };
    // Small messages both ways: waiting for more to send would be felt.
    let _best_effort = (node.set_nodelay(true), server.set_nodelay(true));
    let (from_node, to_node) = node.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::spawn(pump(from_node, to_server, is_shut.clone()));
    pump(from_server, to_node, is_shut).await;
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut is_shut: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let open = is_shut.wait_for(|shut| !shut).await.is_ok();
        if !open || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    // The end of a connection is lost like everything else.
    if is_shut.wait_for(|shut| !shut).await.is_ok() {
        let _best_effort = to.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_shut_gate_says_nothing_and_an_open_one_delivers_what_was_on_its_way() -> Result<()> {
        let server = TcpListener::bind("127.0.0.1:0").await?;
        let database =
            format!("postgres://postgres@127.0.0.1:{}/cluster", server.local_addr()?.port());
        let gate = StoreGate::to(&database)?;
        let through = Url::parse(&gate.database(&database)?)?;
        let mut node = TcpStream::connect(("127.0.0.1", through.port().context("a port")?)).await?;
        let (mut there, _) = server.accept().await?;
        let mut word = [0; 4];
        node.write_all(b"word").await?;
        there.read_exact(&mut word).await?;
        gate.set_shut(true);
        node.write_all(b"late").await?;
        let early = tokio::time::timeout(Duration::from_millis(100), there.read_exact(&mut word));
        assert!(early.await.is_err(), "nothing passes a shut gate");
        gate.set_shut(false);
        there.read_exact(&mut word).await?;
        assert_eq!(&word, b"late");
        Ok(())
    }
}
