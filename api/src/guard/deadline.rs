//! Ends requests that take too long; not used for live connections.

use crate::error::Problem;
use crate::state::ApiState;
use autoglm_protocol::domain::FaultKind;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers 504 when the route has not answered within the configured time.
pub(crate) async fn enforce(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let limit = state.config.request_timeout;
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Problem::new(
            FaultKind::Timeout,
            format!("the request was not done within {limit:?}; its outcome is unknown"),
        )
        .into_response(),
    }
}
