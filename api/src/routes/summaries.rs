//! Summaries of articles: what there is, and having one written, with its words as they come.

use crate::auth::CurrentReader;
use crate::body::summary::{AskedBody, NewSummary, PieceBody, SummaryBody};
use crate::error::Problem;
use crate::extract::{IdPath, JsonBody, Parameters};
use crate::live::leaving;
use crate::state::ApiState;
use autoglm_protocol::domain::{ArticleId, Fault, Language};
use autoglm_protocol::writer::AskedSummary;
use axum::Json;
use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use futures_util::stream::{StreamExt, unfold};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Words that wait for a slow client; one that falls behind gets the rest with the whole.
const PIECES_MAX: usize = 256;
/// How long nothing may come before the answer begins: until then a failure has its own status.
const SILENCE: Duration = Duration::from_secs(10);

/// Which summary to show.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummaryParameters {
    /// A language tag such as `en` or `zh`; the article's own when nothing is said.
    language: Option<String>,
}

fn language_of(tag: &str) -> Result<Language, Problem> {
    Language::from_tag(tag)
        .ok_or_else(|| Problem::invalid("language is not a language tag such as en or zh"))
}

/// Shows the best summary there is in a language, or else the one in the article's own.
#[utoipa::path(get, path = "/api/v1/articles/{id}/summary", tag = "articles",
    params(("id" = i64, Path, description = "The article."), SummaryParameters),
    responses((status = 200, description = "The summary.", body = SummaryBody)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
    Parameters(parameters): Parameters<SummaryParameters>,
) -> Result<Response, Problem> {
    let language = parameters.language.as_deref().map(language_of).transpose()?;
    let summaries = &state.ports.summaries;
    let view = summaries.summary(reader, ArticleId(id), language).await?;
    Ok(Json(SummaryBody::new(view, summaries.writer().is_some())).into_response())
}

/// Has a summary written and answers with what stands. With `accept: text/event-stream` the words
/// come while they are written, as events `text`; they are provisional until the last event,
/// `summary`, says whether they stand, or `problem` that it failed. Counts as the reader's.
#[utoipa::path(post, path = "/api/v1/articles/{id}/summary", tag = "articles",
    params(("id" = i64, Path, description = "The article.")), request_body = NewSummary,
    responses(
        (status = 200, description = "What stands, or a stream of events.", content(
            (AskedBody = "application/json"), (PieceBody = "text/event-stream"))),
        (status = 409, description = "Nobody writes on this node; the detail says what to do."),
        (status = 429, description = "Too many wait, or the day is used up; see `retry-after`."),
        (status = 503, description = "The writer is away or loading; see `retry-after`.")))]
pub(crate) async fn write(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    IdPath(id): IdPath,
    headers: HeaderMap,
    JsonBody(wanted): JsonBody<NewSummary>,
) -> Result<Response, Problem> {
    let language = language_of(&wanted.language)?;
    let summaries = Arc::clone(&state.ports.summaries);
    if !wants_events(&headers) {
        let asked = summaries.write(reader, ArticleId(id), language, None).await?;
        return Ok(Json(AskedBody::from(asked)).into_response());
    }
    let (pieces, heard) = mpsc::channel(PIECES_MAX);
    let writing =
        Box::pin(
            async move { summaries.write(reader, ArticleId(id), language, Some(pieces)).await },
        );
    let mut flow = Flow { writing: Some(writing), heard, last: None };
    let first = match tokio::time::timeout(SILENCE, flow.next()).await {
        Ok(Some(Step::Failed(fault))) => return Err(fault.into()),
        Ok(step) => step,
        Err(_silent) => None,
    };
    let events = unfold((first, flow), async |(step, mut flow)| {
        let step = match step {
            Some(step) => step,
            None => flow.next().await?,
        };
        Some((step.event(), (None, flow)))
    });
    let events = events.take_until(Box::pin(leaving(state.ports.draining.clone())));
    // Some proxies collect an answer before passing it on unless told not to.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let keep_alive = KeepAlive::new().interval(SILENCE);
    Ok((unbuffered, Sse::new(events).keep_alive(keep_alive)).into_response())
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepts.split(',').any(|one| one.trim().starts_with("text/event-stream"))
}

/// A summary that is being written.
struct Flow {
    writing: Option<BoxFuture<'static, Result<AskedSummary, Fault>>>,
    heard: mpsc::Receiver<String>,
    /// What came of it, told after every word.
    last: Option<Step>,
}

/// One thing to tell.
enum Step {
    Piece(String),
    Done(AskedSummary),
    Failed(Fault),
}

impl Flow {
    /// The next thing to tell; `None` after the last.
    async fn next(&mut self) -> Option<Step> {
        let Some(writing) = &mut self.writing else {
            let rest = self.heard.try_recv().ok().map(Step::Piece);
            return rest.or_else(|| self.last.take());
        };
        tokio::select! {
            biased;
            Some(piece) = self.heard.recv() => Some(Step::Piece(piece)),
            outcome = writing => {
                self.writing = None;
                self.last = Some(outcome.map_or_else(Step::Failed, Step::Done));
                let rest = self.heard.try_recv().ok().map(Step::Piece);
                rest.or_else(|| self.last.take())
            }
        }
    }
}

impl Step {
    fn event(self) -> Result<Event, axum::Error> {
        match self {
            Self::Piece(text) => event("text", &PieceBody { text }),
            Self::Done(asked) => event("summary", &AskedBody::from(asked)),
            Self::Failed(fault) => event("problem", &Problem::from(fault).into_body()),
        }
    }
}

fn event(name: &str, body: &impl Serialize) -> Result<Event, axum::Error> {
    Event::default().event(name).json_data(body)
}
