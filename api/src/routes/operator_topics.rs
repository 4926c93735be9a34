//! The list of topics by which articles are sorted, and the operator's changes of it.

use crate::auth::Operator;
use crate::body::topic::{ReplaceTopics, SortingList};
use crate::error::Problem;
use crate::extract::JsonBody;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Shows the list in force, whose it is, and how many articles are still to be sorted by it.
#[utoipa::path(get, path = "/admin/topics", tag = "operator",
    responses((status = 200, description = "The list.", body = SortingList)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<SortingList>, Problem> {
    Ok(Json(state.ports.topics.list().await?.into()))
}

/// Puts another list in force; it goes before that of the configuration from now on. Articles are
/// sorted by it in the background, the newest first.
#[utoipa::path(put, path = "/admin/topics", tag = "operator", request_body = ReplaceTopics,
    responses((status = 200, description = "It is in force.", body = SortingList)))]
pub(crate) async fn replace(
    State(state): State<ApiState>,
    _: Operator,
    JsonBody(body): JsonBody<ReplaceTopics>,
) -> Result<Json<SortingList>, Problem> {
    Ok(Json(state.ports.topics.replace(body.topics).await?.into()))
}

/// Forgets the operator's list: that of the configuration is in force again, or the built-in one.
#[utoipa::path(delete, path = "/admin/topics", tag = "operator",
    responses((status = 200, description = "What is in force now.", body = SortingList)))]
pub(crate) async fn reset(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<SortingList>, Problem> {
    Ok(Json(state.ports.topics.reset().await?.into()))
}
