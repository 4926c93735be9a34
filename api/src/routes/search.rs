//! Search.

use crate::auth::CurrentReader;
use crate::body::article::Article;
use crate::body::list::Page;
use crate::error::Problem;
use crate::extract::{Parameters, bounded, page_limit};
use crate::routes::articles::{CURSOR_BYTES_MAX, PAGE_DEFAULT, PAGE_MAX, page_answer};
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

/// Longest query, in bytes.
const QUERY_BYTES_MAX: usize = 500;

/// What to search.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchParameters {
    /// Words; articles with all of them are found. At most 500 bytes.
    q: String,
    /// 1 to 200, else 50.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Finds articles of the reader's sources that contain all words, newest first.
#[utoipa::path(get, path = "/api/v1/search", tag = "articles", params(SearchParameters),
    responses((status = 200, description = "One page.", body = Page<Article<'static>>)))]
pub(crate) async fn search(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    Parameters(given): Parameters<SearchParameters>,
) -> Result<Response, Problem> {
    let query = given.q.trim();
    if query.is_empty() || query.len() > QUERY_BYTES_MAX {
        return Err(Problem::invalid(format!(
            "q has {} bytes; search for 1 to {QUERY_BYTES_MAX}",
            query.len()
        )));
    }
    let limit = page_limit(given.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let cursor = bounded("cursor", given.cursor, CURSOR_BYTES_MAX)?;
    let page = state.ports.library.search(reader, query, limit, cursor).await?;
    Ok(page_answer(&page))
}
