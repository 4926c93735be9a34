//! Stories.

use crate::auth::CurrentReader;
use crate::body::list::Page;
use crate::body::story::Story;
use crate::error::Problem;
use crate::extract::{IdPath, Parameters, bounded, page_limit};
use crate::routes::articles::{CURSOR_BYTES_MAX, PAGE_DEFAULT, PAGE_MAX};
use crate::state::ApiState;
use autoglm_protocol::domain::StoryId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Which page of the stories.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StoryParameters {
    /// 1 to 200, else 50.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists stories, the one with the newest article first.
#[utoipa::path(get, path = "/api/v1/stories", tag = "stories", params(StoryParameters),
    responses((status = 200, description = "One page.", body = Page<Story<'static>>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    Parameters(parameters): Parameters<StoryParameters>,
) -> Result<Response, Problem> {
    let limit = page_limit(parameters.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let cursor = bounded("cursor", parameters.cursor, CURSOR_BYTES_MAX)?;
    let page = state.ports.library.stories(reader, limit, cursor).await?;
    let items: Vec<Story<'_>> = page.items.iter().map(Story::from).collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor.clone() }).into_response())
}

/// Shows one story.
#[utoipa::path(get, path = "/api/v1/stories/{id}", tag = "stories",
    params(("id" = i64, Path, description = "The story.")),
    responses((status = 200, description = "The story.", body = Story<'static>)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
) -> Result<Response, Problem> {
    let story = state.ports.library.story(reader, StoryId(id)).await?;
    Ok(Json(Story::from(&story)).into_response())
}
