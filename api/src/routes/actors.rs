//! The actor tree.

use crate::auth::Operator;
use crate::body::actor::Actor;
use crate::body::list::Items;
use crate::error::Problem;
use crate::extract::TextPath;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Lists every actor of this node.
#[utoipa::path(get, path = "/admin/actors", tag = "operator",
    responses((status = 200, description = "By name.", body = Items<Actor>)))]
pub(crate) async fn list(State(state): State<ApiState>, _: Operator) -> Json<Items<Actor>> {
    let items = state.ports.operations.actors().into_iter().map(Actor::from).collect();
    Json(Items { items })
}

/// Restarts one actor.
#[utoipa::path(post, path = "/admin/actors/{name}/restart", tag = "operator",
    params(("name" = String, Path, description = "The actor, percent-encoded.")),
    responses((status = 202, description = "It restarts.")))]
pub(crate) async fn restart(
    State(state): State<ApiState>,
    _: Operator,
    TextPath(name): TextPath,
) -> Result<StatusCode, Problem> {
    state.ports.operations.restart(&name).await?;
    Ok(StatusCode::ACCEPTED)
}
