//! Every source with its health.

use crate::auth::Operator;
use crate::body::list::Items;
use crate::body::source::OperatedSource;
use crate::error::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

/// Lists every source with how fetching goes.
#[utoipa::path(get, path = "/admin/sources", tag = "operator",
    responses((status = 200, description = "All of them.", body = Items<OperatedSource<'static>>)))]
pub(crate) async fn list(State(state): State<ApiState>, _: Operator) -> Result<Response, Problem> {
    let sources = state.ports.operations.sources().await?;
    let items: Vec<OperatedSource<'_>> = sources.iter().map(OperatedSource::from).collect();
    Ok(Json(Items { items }).into_response())
}
