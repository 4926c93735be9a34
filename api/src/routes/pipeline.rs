//! The way of an article in figures.

use crate::auth::Operator;
use crate::body::pipeline::Pipeline;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Shows rates, durations and queues of every stage, with the last 15 minutes.
#[utoipa::path(get, path = "/admin/pipeline", tag = "operator",
    responses((status = 200, description = "The figures.", body = Pipeline)))]
pub(crate) async fn show(State(state): State<ApiState>, _: Operator) -> Json<Pipeline> {
    Json(state.ports.operations.pipeline().into())
}
