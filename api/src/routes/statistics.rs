//! Numbers about the installation.

use crate::auth::Anybody;
use crate::body::statistics::StatisticsBody;
use crate::error::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Shows numbers about the whole installation, to readers and to the operator.
#[utoipa::path(get, path = "/api/v1/statistics", tag = "node",
    responses((status = 200, description = "The numbers.", body = StatisticsBody)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    _: Anybody,
) -> Result<Json<StatisticsBody>, Problem> {
    Ok(Json(state.ports.library.statistics().await?.into()))
}
