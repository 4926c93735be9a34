//! The ranked list.

use crate::auth::CurrentReader;
use crate::body::recommendation::Ranked;
use crate::error::Problem;
use crate::extract::{Parameters, page_limit};
use crate::routes::articles::{PAGE_DEFAULT, PAGE_MAX};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// How long the ranked list is to be.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecommendationParameters {
    /// 1 to 200, else 50.
    limit: Option<usize>,
}

/// Ranks articles for the reader, with reasons.
#[utoipa::path(get, path = "/api/v1/recommendations", tag = "recommendations",
    params(RecommendationParameters),
    responses((status = 200, description = "Best first.", body = Ranked<'static>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    Parameters(parameters): Parameters<RecommendationParameters>,
) -> Result<Response, Problem> {
    let limit = page_limit(parameters.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let ranked = state.ports.readers.recommendations(reader, limit).await?;
    Ok(Json(Ranked::from(&ranked)).into_response())
}
