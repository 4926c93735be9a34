//! Metrics for Prometheus.

use crate::state::ApiState;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Shows all metrics of this node.
#[utoipa::path(get, path = "/metrics", tag = "node",
    responses((status = 200, description = "Prometheus text.", content_type = "text/plain",
        body = String)))]
pub(crate) async fn show(State(state): State<ApiState>) -> Response {
    let text = (state.ports.metrics)();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
