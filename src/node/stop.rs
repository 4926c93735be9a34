//! Stopping: what ends a node, and the order in which it is taken apart.

use anyhow::Result;
use autoglm_actors::tree::{Failure, Tree};
use autoglm_models::Store;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Ends when the node begins to leave; the server then takes no new connections.
pub(super) async fn drained(mut draining: watch::Receiver<bool>) {
    // A closed channel means that the node is gone: the same thing.
    if draining.wait_for(|draining| *draining).await.is_err() {
        tracing::debug!("the node is gone before it drained");
    }
}

/// The signals that end a node; listened to from before the start, so that none is missed.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = self.interrupt.recv() => tracing::info!("interrupted: stopping"),
        }
    }
}

/// Waits for a signal, the operator's drain, or a failure; `None` when the end is wanted.
pub(super) async fn wait(
    tree: &mut Tree,
    signals: &mut Signals,
    draining: watch::Receiver<bool>,
) -> Option<Failure> {
    tokio::select! {
        () = signals.next() => None,
        () = drained(draining) => {
            tracing::info!("the operator drains this node: stopping");
            None
        }
        failure = tree.failed() => Some(failure),
    }
}

/// How long requests under way may take once the node leaves.
const REQUESTS_WITHIN: Duration = Duration::from_secs(5);
/// How long shards may take to save and be given up.
const SHARDS_WITHIN: Duration = Duration::from_secs(10);
/// How long the other actors may take.
const ACTORS_WITHIN: Duration = Duration::from_secs(8);

/// Everything that is stopped, in order: requests, shards, actors, database.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) tree: Tree,
    pub(super) server: JoinHandle<std::io::Result<()>>,
    pub(super) store: Store,
}

impl Order {
    pub(super) async fn run(self) {
        let abort = self.server.abort_handle();
        if tokio::time::timeout(REQUESTS_WITHIN, self.server).await.is_err() {
            tracing::warn!("requests were still under way when the node stopped");
            abort.abort();
        }
        self.tree.release_shards(SHARDS_WITHIN).await;
        self.tree.stop(ACTORS_WITHIN).await;
        self.store.close().await;
        tracing::info!("stopped");
    }
}
