//! What the reader's articles name.

use crate::auth::CurrentReader;
use crate::body::entity::CountedEntity;
use crate::body::list::Items;
use crate::error::Problem;
use crate::extract::{Parameters, bounded, page_limit};
use crate::routes::articles::{PAGE_DEFAULT, PAGE_MAX};
use crate::state::ApiState;
use autoglm_protocol::domain::ENTITY_KEY_BYTES_MAX;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Deserialize;

/// Longest part of a name, in bytes.
const PART_BYTES_MAX: usize = 200;

/// Which entities to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntityParameters {
    /// Only what is called so, in part; at most 200 bytes.
    q: Option<String>,
    /// 1 to 200, else 50.
    limit: Option<usize>,
}

/// Lists what the reader's articles of the last week name, most often named first.
///
/// Counted are the newest 5,000 articles of the reader's own sources.
#[utoipa::path(get, path = "/api/v1/entities", tag = "articles", params(EntityParameters),
    responses((status = 200, description = "The most frequent.", body = Items<CountedEntity>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    Parameters(given): Parameters<EntityParameters>,
) -> Result<Json<Items<CountedEntity>>, Problem> {
    let part = bounded("q", given.q, PART_BYTES_MAX)?;
    let limit = page_limit(given.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let found = state.ports.library.entities(reader, part, limit).await?;
    Ok(Json(Items { items: found.into_iter().map(CountedEntity::from).collect() }))
}

/// Shows one entity.
#[utoipa::path(get, path = "/api/v1/entities/{key}", tag = "articles",
    params(("key" = String, Path, description = "Its key.")),
    responses((status = 200, description = "Its names.", body = CountedEntity)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    key: Result<Path<String>, PathRejection>,
) -> Result<Json<CountedEntity>, Problem> {
    let Ok(Path(key)) = key else { return Err(Problem::invalid("the key is not UTF-8")) };
    if key.len() > ENTITY_KEY_BYTES_MAX * 2 {
        return Err(Problem::invalid("the key is longer than any entity's"));
    }
    Ok(Json(state.ports.library.entity(reader, &key).await?.into()))
}
