//! Stories of all sources, and what the operator decides about them.

use crate::auth::Operator;
use crate::body::list::Page;
use crate::body::operated_story::{
    Decided, Decision, ListedStory, MergeStories, SplitStory, StoryWithArticles,
};
use crate::error::Problem;
use crate::extract::{IdPath, JsonBody, Parameters, bounded, page_limit};
use crate::routes::articles::{CURSOR_BYTES_MAX, PAGE_DEFAULT, PAGE_MAX};
use crate::state::ApiState;
use autoglm_protocol::domain::{ArticleId, StoryId};
use autoglm_protocol::story::StoryDecision;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Decisions on a page.
const DECISIONS_DEFAULT: usize = 20;
/// Decisions on a page at most; each may name 200 articles.
const DECISIONS_MAX: usize = 50;

/// Which page of the stories.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OperatedParameters {
    /// Only stories with an article that has all of these words.
    q: Option<String>,
    /// 1 to 200, else 50.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which page of the decisions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DecisionParameters {
    /// 1 to 50, else 20.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the stories of all sources, those of one article too, the one with the newest article
/// first.
#[utoipa::path(get, path = "/admin/stories", tag = "operator", params(OperatedParameters),
    responses((status = 200, description = "One page.", body = Page<ListedStory<'static>>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    _: Operator,
    Parameters(parameters): Parameters<OperatedParameters>,
) -> Result<Response, Problem> {
    let limit = page_limit(parameters.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let cursor = bounded("cursor", parameters.cursor, CURSOR_BYTES_MAX)?;
    let words = parameters.q.unwrap_or_default();
    let page = state.ports.stories.stories(&words, limit, cursor).await?;
    let items: Vec<ListedStory<'_>> = page.items.iter().map(ListedStory::from).collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor.clone() }).into_response())
}

/// Shows a story with its articles.
#[utoipa::path(get, path = "/admin/stories/{id}", tag = "operator",
    params(("id" = i64, Path, description = "The story.")),
    responses((status = 200, description = "The story.", body = StoryWithArticles<'static>)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    _: Operator,
    IdPath(id): IdPath,
) -> Result<Response, Problem> {
    let story = state.ports.stories.story(StoryId(id)).await?;
    Ok(Json(StoryWithArticles::from(&story)).into_response())
}

/// Makes one story of several. Articles to come heed it, also after a restart.
#[utoipa::path(post, path = "/admin/stories/merge", tag = "operator", request_body = MergeStories,
    responses((status = 200, description = "It is decided.", body = Decided)))]
pub(crate) async fn merge(
    State(state): State<ApiState>,
    _: Operator,
    JsonBody(body): JsonBody<MergeStories>,
) -> Result<Json<Decided>, Problem> {
    let stories = body.stories.into_iter().map(StoryId).collect();
    let decided = state.ports.stories.decide(StoryDecision::Merge { stories }).await?;
    Ok(Json(decided.into()))
}

/// Takes articles out of a story into one of their own. Their copies to come follow them, also
/// after a restart.
#[utoipa::path(post, path = "/admin/stories/{id}/split", tag = "operator",
    params(("id" = i64, Path, description = "The story.")), request_body = SplitStory,
    responses((status = 200, description = "It is decided.", body = Decided)))]
pub(crate) async fn split(
    State(state): State<ApiState>,
    _: Operator,
    IdPath(id): IdPath,
    JsonBody(body): JsonBody<SplitStory>,
) -> Result<Json<Decided>, Problem> {
    let articles = body.articles.into_iter().map(ArticleId).collect();
    let decision = StoryDecision::Split { story: StoryId(id), articles };
    Ok(Json(state.ports.stories.decide(decision).await?.into()))
}

/// Lists the decisions about stories that are remembered, the latest first.
#[utoipa::path(get, path = "/admin/stories/decisions", tag = "operator",
    params(DecisionParameters),
    responses((status = 200, description = "One page.", body = Page<Decision<'static>>)))]
pub(crate) async fn decisions(
    State(state): State<ApiState>,
    _: Operator,
    Parameters(parameters): Parameters<DecisionParameters>,
) -> Result<Response, Problem> {
    let limit = page_limit(parameters.limit, DECISIONS_DEFAULT, DECISIONS_MAX)?;
    let cursor = bounded("cursor", parameters.cursor, CURSOR_BYTES_MAX)?;
    let page = state.ports.stories.decisions(limit, cursor).await?;
    let items: Vec<Decision<'_>> = page.items.iter().map(Decision::from).collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor.clone() }).into_response())
}

/// Forgets a decision: articles stay where they are, those to come no longer heed it.
#[utoipa::path(delete, path = "/admin/stories/decisions/{id}", tag = "operator",
    params(("id" = i64, Path, description = "The decision.")),
    responses((status = 204, description = "It is forgotten.")))]
pub(crate) async fn forget(
    State(state): State<ApiState>,
    _: Operator,
    IdPath(id): IdPath,
) -> Result<StatusCode, Problem> {
    state.ports.stories.forget(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
