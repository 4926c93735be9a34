//! Accepts connections: a bounded number, with deadlines against clients that send or take nothing.

use crate::stalled::Patient;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// A client sends the head of a request within this time, also the next one on the same connection.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Largest head of a request; more is answered with 431.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// A client that takes nothing for this long is disconnected.
const STALL_MAX: Duration = Duration::from_secs(30);
/// Requests being answered may take this long after the shutdown began.
const GRACE: Duration = Duration::from_secs(10);
/// Pause after an error of the listener, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `connections_max` connections at once, further ones waiting in the kernel's queue, until
/// `shutdown` is done; then lets requests that are being answered finish, for at most
/// ten seconds. Live connections end by `draining` of [`crate::ApiDependencies`], which the caller
/// sets before. HTTP/1.1 only: with a proxy in front nothing else arrives, and the version
/// detection of the combined server has no deadline.
///
/// # Errors
/// When the listener does not work at all.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    listener.local_addr()?;
    let places = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
    let (leave, leaving) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, place) = accept(&listener, &places) => {
                let service = TowerToHyperService::new(router.clone());
                connections.spawn(connection(stream, service, leaving.clone(), place));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
    drop(listener);
    leave.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::warn!(
            open = connections.len(),
            "connections were cut at the end of the grace time"
        );
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => return (stream, place),
            Err(error) if is_of_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The peer went away between its knock and our answer.
fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

async fn connection(
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    mut leaving: watch::Receiver<bool>,
    _place: Option<OwnedSemaphorePermit>,
) {
    // Frames are small and written whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not switch off the delay of small packets");
    }
    let stream = TokioIo::new(Patient::new(stream, STALL_MAX));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    server.max_header_size(HEAD_BYTES_MAX);
    let mut serving = pin!(server.serve_connection(stream, service).with_upgrades());
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        _began = async { leaving.wait_for(|leaving| *leaving).await.is_ok() } => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
