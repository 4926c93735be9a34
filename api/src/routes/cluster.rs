//! The cluster as this node sees it, what happened in it, and what the operator wishes of nodes.

use crate::auth::Operator;
use crate::body::cluster::{Cluster, Happenings, NodeWish};
use crate::error::Problem;
use crate::extract::{JsonBody, Parameters, TextPath};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;

/// Happenings when nothing else is asked for.
const HAPPENINGS: usize = 50;

/// How much of what happened.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HappeningsQuery {
    /// At most so many, 1 to 200; 50 when left out.
    limit: Option<usize>,
}

/// Shows the members, what each owns, how much it has to do and how long things take on it, how the
/// links of this node stand, and what is slow.
#[utoipa::path(get, path = "/admin/cluster", tag = "operator",
    responses((status = 200, description = "As this node sees it.", body = Cluster)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    _: Operator,
) -> Result<Json<Cluster>, Problem> {
    Ok(Json(state.ports.cluster.overview().await?.into()))
}

/// Shows what happened in the cluster, newest first.
#[utoipa::path(get, path = "/admin/cluster/events", tag = "operator", params(HappeningsQuery),
    responses((status = 200, description = "What happened.", body = Happenings)))]
pub(crate) async fn happenings(
    State(state): State<ApiState>,
    _: Operator,
    Parameters(query): Parameters<HappeningsQuery>,
) -> Result<Json<Happenings>, Problem> {
    let limit = query.limit.unwrap_or(HAPPENINGS);
    Ok(Json(state.ports.cluster.happenings(limit).await?.into()))
}

/// Gives a node another share of the shards, or cordons it: then it owns nothing and goes on
/// serving. It holds for every later start of that node.
#[utoipa::path(patch, path = "/admin/cluster/nodes/{name}", tag = "operator",
    params(("name" = String, Path, description = "The node's name.")),
    request_body = NodeWish,
    responses((status = 200, description = "It is wished; shards move soon.", body = Cluster)))]
pub(crate) async fn wish(
    State(state): State<ApiState>,
    _: Operator,
    TextPath(name): TextPath,
    JsonBody(wish): JsonBody<NodeWish>,
) -> Result<Json<Cluster>, Problem> {
    state.ports.cluster.wish(&name, wish.weight, wish.cordoned).await?;
    Ok(Json(state.ports.cluster.overview().await?.into()))
}
