//! The cluster as this node sees it.

use crate::auth::Operator;
use crate::body::cluster::Cluster;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Shows the members and what this node owns.
#[utoipa::path(get, path = "/admin/cluster", tag = "operator",
    responses((status = 200, description = "As this node sees it.", body = Cluster)))]
pub(crate) async fn show(State(state): State<ApiState>, _: Operator) -> Json<Cluster> {
    Json(state.ports.operations.cluster().into())
}
