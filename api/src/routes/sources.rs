//! Sources.

use crate::auth::CurrentReader;
use crate::body::list::Page;
use crate::body::source::{NewSource, Preview, PreviewWish, Refreshed, Source, SourceChange};
use crate::error::Problem;
use crate::extract::{IdPath, JsonBody, bounded};
use crate::state::ApiState;
use autoglm_protocol::domain::{RequestChange, SourceId, SourceKind};
use autoglm_protocol::port::{AddSource, ChangeSource, PreviewSource};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Seconds between fetches that may be wished for: a minute to thirty days.
const INTERVAL_SECONDS: RangeInclusive<u64> = 60..=2_592_000;
const URL_BYTES_MAX: usize = 2048;
const TITLE_BYTES_MAX: usize = 300;
const FOLDER_BYTES_MAX: usize = 200;

impl TryFrom<NewSource> for AddSource {
    type Error = Problem;

    fn try_from(given: NewSource) -> Result<Self, Problem> {
        let url = bounded("url", Some(given.url.trim().to_owned()), URL_BYTES_MAX)?;
        let url = url.filter(|url| !url.is_empty());
        Ok(Self {
            url: url.ok_or_else(|| Problem::invalid("url is empty; give the address of a feed"))?,
            kind: kind(given.kind)?,
            settings: given.settings.into(),
            request: given.request.into(),
            title: bounded("title", given.title, TITLE_BYTES_MAX)?,
            folder: bounded("folder", given.folder, FOLDER_BYTES_MAX)?,
            interval: interval(given.interval)?,
        })
    }
}

impl TryFrom<SourceChange> for ChangeSource {
    type Error = Problem;

    fn try_from(given: SourceChange) -> Result<Self, Problem> {
        Ok(Self {
            title: bounded("title", given.title, TITLE_BYTES_MAX)?,
            folder: bounded("folder", given.folder, FOLDER_BYTES_MAX)?,
            interval: interval(given.interval)?,
            paused: given.paused,
            full_text: given.full_text,
            url: bounded("url", given.url.map(|url| url.trim().to_owned()), URL_BYTES_MAX)?,
            settings: given.settings.map(Into::into),
            request: given
                .request
                .map(|request| request.map_or_else(RequestChange::clear, RequestChange::from)),
        })
    }
}

impl TryFrom<PreviewWish> for PreviewSource {
    type Error = Problem;

    fn try_from(given: PreviewWish) -> Result<Self, Problem> {
        let url = bounded("url", Some(given.url.trim().to_owned()), URL_BYTES_MAX)?;
        let url = url.filter(|url| !url.is_empty());
        Ok(Self {
            url: url
                .ok_or_else(|| Problem::invalid("url is empty; give any address of the site"))?,
            kind: kind(given.kind)?,
            settings: given.settings.into(),
            request: given.request.into(),
        })
    }
}

/// A kind of source that a person can add.
fn kind(name: Option<String>) -> Result<Option<SourceKind>, Problem> {
    let Some(name) = name else { return Ok(None) };
    let found = SourceKind::from_name(&name).filter(|kind| kind.is_fetched());
    found.map(Some).ok_or_else(|| {
        let shown: String = name.chars().take(40).collect();
        Problem::invalid(format!(
            "kind {shown:?} cannot be added; leave it out or say feed, json_api, page or sitemap"
        ))
    })
}

fn interval(seconds: Option<u64>) -> Result<Option<Duration>, Problem> {
    match seconds {
        Some(seconds) if !INTERVAL_SECONDS.contains(&seconds) => Err(Problem::invalid(format!(
            "interval is {seconds}; choose {} to {} seconds",
            INTERVAL_SECONDS.start(),
            INTERVAL_SECONDS.end()
        ))),
        other => Ok(other.map(Duration::from_secs)),
    }
}

/// Lists the reader's sources, by folder and title.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources",
    responses((status = 200, description = "All of them.", body = Page<Source<'static>>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
) -> Result<Response, Problem> {
    let sources = state.ports.library.sources(reader).await?;
    let items: Vec<Source<'_>> = sources.iter().map(Source::from).collect();
    Ok(Json(Page { items, next_cursor: None }).into_response())
}

/// Subscribes the reader to a source.
#[utoipa::path(post, path = "/api/v1/sources", tag = "sources", request_body = NewSource,
    responses((status = 201, description = "Subscribed.", body = Source<'static>),
        (status = 200, description = "Was subscribed already.", body = Source<'static>)))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    JsonBody(given): JsonBody<NewSource>,
) -> Result<Response, Problem> {
    let (source, is_new) = state.ports.sources.add(reader, given.try_into()?).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Source::from(&source))).into_response())
}

/// Finds out what is at an address and what following it would bring; changes nothing.
#[utoipa::path(post, path = "/api/v1/sources/preview", tag = "sources", request_body = PreviewWish,
    responses((status = 200, description = "What is there.", body = Preview)))]
pub(crate) async fn preview(
    State(state): State<ApiState>,
    CurrentReader(_reader): CurrentReader,
    JsonBody(given): JsonBody<PreviewWish>,
) -> Result<Response, Problem> {
    let preview = state.ports.sources.preview(given.try_into()?).await?;
    Ok(Json(Preview::from(preview)).into_response())
}

/// Shows one source.
#[utoipa::path(get, path = "/api/v1/sources/{id}", tag = "sources",
    params(("id" = i64, Path, description = "The source.")),
    responses((status = 200, description = "The source.", body = Source<'static>)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
) -> Result<Response, Problem> {
    let source = state.ports.library.source(reader, SourceId(id)).await?;
    Ok(Json(Source::from(&source)).into_response())
}

/// Changes a source or the reader's subscription to it.
#[utoipa::path(patch, path = "/api/v1/sources/{id}", tag = "sources", request_body = SourceChange,
    params(("id" = i64, Path, description = "The source.")),
    responses((status = 200, description = "As it is now.", body = Source<'static>)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
    JsonBody(given): JsonBody<SourceChange>,
) -> Result<Response, Problem> {
    let source = state.ports.sources.change(reader, SourceId(id), given.try_into()?).await?;
    Ok(Json(Source::from(&source)).into_response())
}

/// Ends the reader's subscription.
#[utoipa::path(delete, path = "/api/v1/sources/{id}", tag = "sources",
    params(("id" = i64, Path, description = "The source.")),
    responses((status = 204, description = "Ended.")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
) -> Result<StatusCode, Problem> {
    state.ports.sources.remove(reader, SourceId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fetches a source now.
#[utoipa::path(post, path = "/api/v1/sources/{id}/refresh", tag = "sources",
    params(("id" = i64, Path, description = "The source.")),
    responses((status = 202, description = "Fetched.", body = Refreshed)))]
pub(crate) async fn refresh(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
) -> Result<Response, Problem> {
    let new_articles = state.ports.sources.refresh(reader, SourceId(id)).await?;
    Ok((StatusCode::ACCEPTED, Json(Refreshed { new_articles })).into_response())
}
