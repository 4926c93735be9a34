//! An orderly shutdown, asked for by the operator.

use crate::auth::Operator;
use crate::body::probe::Probe;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Begins an orderly shutdown of this node: not ready at once, shards handed over, then exit.
#[utoipa::path(post, path = "/admin/drain", tag = "operator",
    responses((status = 202, description = "It has begun.", body = Probe)))]
pub(crate) async fn start(State(state): State<ApiState>, _: Operator) -> (StatusCode, Json<Probe>) {
    state.ports.operations.drain();
    (StatusCode::ACCEPTED, Json(Probe { status: "draining" }))
}
