//! The models that read articles, and what the operator changes about them.

use crate::auth::Operator;
use crate::body::models::{Canary, Models, Rollout};
use crate::error::Problem;
use crate::extract::JsonBody;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Shows which models read articles, how each of them does on this node, and which there are.
#[utoipa::path(get, path = "/admin/models", tag = "operator",
    responses((status = 200, description = "All of it.", body = Models)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<Models>, Problem> {
    Ok(Json(state.ports.models.report().await?.into()))
}

/// Lets another encoder read a share of the new articles beside the one in use.
#[utoipa::path(post, path = "/admin/models/canary", tag = "operator", request_body = Canary,
    responses((status = 200, description = "It reads.", body = Rollout)))]
pub(crate) async fn canary(
    State(state): State<ApiState>,
    _: Operator,
    JsonBody(body): JsonBody<Canary>,
) -> Result<Json<Rollout>, Problem> {
    Ok(Json(state.ports.models.canary(&body.model, body.share).await?.into()))
}

/// Begins to replace the encoder in use: every kept article is read by the candidate, then all of
/// them change over at once.
#[utoipa::path(post, path = "/admin/models/promote", tag = "operator",
    responses((status = 200, description = "It has begun.", body = Rollout)))]
pub(crate) async fn promote(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<Rollout>, Problem> {
    Ok(Json(state.ports.models.promote().await?.into()))
}

/// Gives the candidate up, also while it is being promoted.
#[utoipa::path(post, path = "/admin/models/withdraw", tag = "operator",
    responses((status = 200, description = "What is in use stays.", body = Rollout)))]
pub(crate) async fn withdraw(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<Rollout>, Problem> {
    Ok(Json(state.ports.models.withdraw().await?.into()))
}

/// Begins to go back to the encoder that was in use before.
#[utoipa::path(post, path = "/admin/models/rollback", tag = "operator",
    responses((status = 200, description = "It has begun.", body = Rollout)))]
pub(crate) async fn rollback(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<Rollout>, Problem> {
    Ok(Json(state.ports.models.roll_back().await?.into()))
}
