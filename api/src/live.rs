//! A live connection's terminal: what `/ws` and `/events` have in common.

use crate::error::Problem;
use crate::state::ApiState;
use autoglm_protocol::domain::{Fault, FaultKind, ReaderId};
use autoglm_protocol::push::Frame;
use autoglm_protocol::terminal::TerminalHandle;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

/// Frames that wait for a slow client; what does not fit becomes one `reset`.
const FRAMES_WAITING_MAX: usize = 64;

/// The query string of a live connection.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LiveParameters {
    /// The last number seen; items after it are sent first. Absent: only what is new.
    pub(crate) after: Option<u64>,
}

/// One connected terminal; dropping it tells the gateway.
pub(crate) struct Terminal {
    handle: TerminalHandle,
    frames: mpsc::Receiver<Frame>,
    _place: OwnedSemaphorePermit,
}

impl Terminal {
    /// Connects a terminal of `reader`.
    ///
    /// # Errors
    /// `Overloaded`, with status 503, when too many are connected, `Unavailable` while the node
    /// leaves, or what the gateway answers.
    pub(crate) async fn open(
        state: &ApiState,
        reader: ReaderId,
        after: Option<u64>,
    ) -> Result<Self, Problem> {
        if state.is_draining() {
            return Err(Problem::new(
                FaultKind::Unavailable,
                "this node is leaving; connect again and another one will answer",
            ));
        }
        let place = Arc::clone(&state.terminals).try_acquire_owned().map_err(|_full| {
            let most = state.config.terminals_max;
            full(Problem::new(
                FaultKind::Overloaded,
                format!("{most} terminals are connected, which is the most"),
            ))
            .retry_after(5)
        })?;
        let (outlet, frames) = mpsc::channel(FRAMES_WAITING_MAX);
        let connected = state.ports.gateway.connect(reader, after, outlet).await;
        let handle = connected.map_err(refused)?;
        Ok(Self { handle, frames, _place: place })
    }

    /// The next frame; `None` when the gateway has let go of this terminal, so that its client
    /// connects again.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        self.frames.recv().await
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.handle.close();
    }
}

fn refused(fault: Fault) -> Problem {
    let is_full = fault.kind == FaultKind::Overloaded;
    let problem = Problem::from(fault);
    if is_full { full(problem) } else { problem }
}

/// This node has no room. Balancers try another one after 503, but not after 429, which would be
/// about the client.
fn full(problem: Problem) -> Problem {
    problem.with_status(StatusCode::SERVICE_UNAVAILABLE)
}

/// Waits until the node begins to leave.
pub(crate) async fn leaving(mut draining: watch::Receiver<bool>) {
    if draining.wait_for(|draining| *draining).await.is_err() {
        // Nobody is left to say so.
        std::future::pending::<()>().await;
    }
}
