//! Refuses a request whose announced body is too large before any of it is kept.

use crate::error::Problem;
use crate::routes::opml::{OPML_BYTES_MAX, OPML_ROUTE};
use crate::routes::websub;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use std::time::Duration;

/// Bodies up to so many limits are read and thrown away, because a client that is still writing
/// when the connection closes sees a broken pipe and never the answer.
const DRAINED_TIMES: usize = 8;
/// A client that announces more than it sends is not waited for.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

async fn throw_away(body: Body, bytes_max: usize) {
    let mut chunks = body.into_data_stream();
    let mut left = bytes_max;
    let drain = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    if tokio::time::timeout(DRAIN_WITHIN, drain).await.is_err() {
        tracing::debug!("a body that is too large was not sent whole");
    }
}

/// Answers 413 by the Content-Length alone; bodies without one are cut off while they are read.
pub(crate) async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let usual = state.config.body_bytes_max;
    let limit = match request.uri().path() {
        OPML_ROUTE => OPML_BYTES_MAX,
        path if websub::is_callback(path) => state.config.push_bytes_max,
        _ => usual,
    };
    if announced.is_some_and(|length| length > limit as u64) {
        throw_away(request.into_body(), usual.saturating_mul(DRAINED_TIMES)).await;
        return Problem::invalid(format!(
            "the body is larger than the {limit} bytes this server takes; send it in smaller parts"
        ))
        .with_status(StatusCode::PAYLOAD_TOO_LARGE)
        .into_response();
    }
    next.run(request).await
}
