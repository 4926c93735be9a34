//! Articles.

use crate::auth::CurrentReader;
use crate::body::article::{Article, FullArticle};
use crate::body::list::Page;
use crate::error::Problem;
use crate::extract::{IdPath, Parameters, bounded, page_limit};
use crate::picture;
use crate::state::ApiState;
use autoglm_protocol::domain::{ArticleId, ENTITY_KEY_BYTES_MAX, Language, SourceId, StoryId};
use autoglm_protocol::view::{ArticleQuery, ArticleView, MarkFilter, Page as ViewPage};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Most items on a page of articles.
pub(crate) const PAGE_MAX: usize = 200;
/// Items on a page when nothing is said.
pub(crate) const PAGE_DEFAULT: usize = 50;
/// Longest cursor, in bytes.
pub(crate) const CURSOR_BYTES_MAX: usize = 1024;

/// Which articles to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArticleParameters {
    /// 1 to 200, else 50.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Id of a source.
    source: Option<i64>,
    /// Key of a topic.
    topic: Option<String>,
    /// Key of an entity; found among its newest 20,000 articles.
    entity: Option<String>,
    /// A language tag such as `en` or `zh`.
    language: Option<String>,
    /// Id of a story.
    story: Option<i64>,
    /// `unread`, `saved`, `read` or `hidden`; hidden articles are in no other list.
    marks: Option<String>,
}

impl TryFrom<ArticleParameters> for ArticleQuery {
    type Error = Problem;

    fn try_from(given: ArticleParameters) -> Result<Self, Problem> {
        let marks = given.marks.as_deref().map(mark_filter).transpose()?;
        let language = given.language.as_deref().map(|tag| {
            Language::from_tag(tag)
                .ok_or_else(|| Problem::invalid("language is not a language tag such as en or zh"))
        });
        Ok(Self {
            limit: page_limit(given.limit, PAGE_DEFAULT, PAGE_MAX)?,
            cursor: bounded("cursor", given.cursor, CURSOR_BYTES_MAX)?,
            source: given.source.map(SourceId),
            topic: bounded("topic", given.topic, 64)?,
            entity: bounded("entity", given.entity, ENTITY_KEY_BYTES_MAX * 2)?,
            language: language.transpose()?,
            story: given.story.map(StoryId),
            marks,
        })
    }
}

fn mark_filter(name: &str) -> Result<MarkFilter, Problem> {
    match name {
        "unread" => Ok(MarkFilter::Unread),
        "read" => Ok(MarkFilter::Read),
        "saved" => Ok(MarkFilter::Saved),
        "hidden" => Ok(MarkFilter::Hidden),
        _ => Err(Problem::invalid("marks is not known; choose unread, read, saved or hidden")),
    }
}

/// The answer of every list of articles.
pub(crate) fn page_answer(page: &ViewPage<ArticleView>) -> Response {
    let items: Vec<Article<'_>> = page.items.iter().map(Article::from).collect();
    Json(Page { items, next_cursor: page.next_cursor.clone() }).into_response()
}

/// Lists articles of the reader's sources, newest first.
#[utoipa::path(get, path = "/api/v1/articles", tag = "articles", params(ArticleParameters),
    responses((status = 200, description = "One page.", body = Page<Article<'static>>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    Parameters(parameters): Parameters<ArticleParameters>,
) -> Result<Response, Problem> {
    let page = state.ports.library.articles(reader, parameters.try_into()?).await?;
    Ok(page_answer(&page))
}

/// Shows one article with its content.
#[utoipa::path(get, path = "/api/v1/articles/{id}", tag = "articles",
    params(("id" = i64, Path, description = "The article.")),
    responses((status = 200, description = "The article.", body = FullArticle<'static>)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
) -> Result<Response, Problem> {
    let detail = state.ports.library.article(reader, ArticleId(id)).await?;
    let content = picture::through_proxy(&detail.content_html);
    Ok(Json(FullArticle::new(&detail, content)).into_response())
}
