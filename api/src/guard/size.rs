//! Refuses a request whose announced body is too large before any of it is read.

use crate::error::Problem;
use crate::state::ApiState;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers 413 by the Content-Length alone; bodies without one are cut off while they are read.
pub(crate) async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let limit = state.config.body_bytes_max;
    if announced.is_some_and(|length| length > limit as u64) {
        return Problem::invalid(format!(
            "the body is larger than the {limit} bytes this server takes; send it in smaller parts"
        ))
        .with_status(StatusCode::PAYLOAD_TOO_LARGE)
        .into_response();
    }
    next.run(request).await
}
