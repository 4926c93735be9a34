//! Callbacks of hubs (WebSub). No reader speaks here: the token in the path and the signature of
//! the body are the proof. Browsers have no business here, so what comes from a page is refused
//! like any unsafe request of another site.

use crate::error::Problem;
use crate::extract::{Parameters, TextPath};
use crate::state::ApiState;
use autoglm_protocol::domain::{Fault, FaultKind};
use autoglm_protocol::websub::{HubPush, HubQuestion};
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::SemaphorePermit;

/// Where callbacks are.
const PATH: &str = "/websub/";
/// Bytes of a token at most: ours have 64.
const TOKEN_BYTES_MAX: usize = 128;
/// Seconds after which a hub should try again.
const RETRY_AFTER: u64 = 60;
/// Longest value of a question that is looked at, in bytes.
const VALUE_BYTES_MAX: usize = 2_048;

/// Whether a path is that of a callback, whose bodies are documents.
pub(crate) fn is_callback(path: &str) -> bool {
    path.starts_with(PATH)
}

/// What a hub asks; hubs may add parameters of their own.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConfirmParameters {
    /// `subscribe`, `unsubscribe` or `denied`.
    #[serde(rename = "hub.mode")]
    mode: String,
    /// The topic it is about.
    #[serde(rename = "hub.topic")]
    topic: String,
    /// To be repeated.
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
    /// Seconds it will push for.
    #[serde(rename = "hub.lease_seconds")]
    lease_seconds: Option<String>,
    /// Why it refuses.
    #[serde(rename = "hub.reason")]
    reason: Option<String>,
}

impl From<ConfirmParameters> for HubQuestion {
    fn from(given: ConfirmParameters) -> Self {
        let short = |text: Option<String>| text.filter(|text| text.len() <= VALUE_BYTES_MAX);
        let seconds = given.lease_seconds.and_then(|seconds| seconds.trim().parse().ok());
        Self {
            mode: given.mode,
            topic: given.topic,
            challenge: short(given.challenge),
            lease: seconds.map(Duration::from_secs),
            reason: short(given.reason),
        }
    }
}

/// Confirms to a hub what this node asked it for.
#[utoipa::path(get, path = "/websub/{token}", tag = "hubs",
    params(("token" = String, Path, description = "Known to the hub only."), ConfirmParameters),
    responses((status = 200, description = "The challenge.", content_type = "text/plain",
        body = String)))]
pub(crate) async fn confirm(
    State(state): State<ApiState>,
    TextPath(token): TextPath,
    Parameters(given): Parameters<ConfirmParameters>,
) -> Result<Response, Problem> {
    let _permit = admit(&state)?;
    let token = possible(&token)?;
    let challenge = state.ports.hubs.confirm(token, given.into()).await.map_err(for_hub)?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], challenge.unwrap_or_default())
        .into_response())
}

/// Takes a document from a hub.
#[utoipa::path(post, path = "/websub/{token}", tag = "hubs",
    params(("token" = String, Path, description = "Known to the hub only.")),
    request_body(content = String, content_type = "*/*",
        description = "The document, signed by X-Hub-Signature."),
    responses((status = 202, description = "Stored, or ignored for want of a right signature.")))]
pub(crate) async fn push(
    State(state): State<ApiState>,
    TextPath(token): TextPath,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let _permit = admit(&state)?;
    let token = possible(&token)?;
    // Nobody else's documents are even read.
    if !state.ports.hubs.is_known(token).await.map_err(for_hub)? {
        return Err(unknown());
    }
    let body = to_bytes(body, state.config.push_bytes_max).await.map_err(|_too_large| {
        Problem::invalid("the document could not be read, or is larger than this server takes")
            .with_status(StatusCode::PAYLOAD_TOO_LARGE)
    })?;
    let text = |name: HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let push = HubPush {
        signature: text(HeaderName::from_static("x-hub-signature")),
        content_type: text(CONTENT_TYPE),
        body: body.into(),
    };
    state.ports.hubs.push(token, push).await.map_err(for_hub)?;
    Ok(StatusCode::ACCEPTED)
}

/// Few at a time: whoever guesses tokens guesses slowly.
fn admit(state: &ApiState) -> Result<SemaphorePermit<'_>, Problem> {
    state.hub_calls.try_acquire().map_err(|_full| later("too many hubs call at this moment"))
}

/// A token that could be one of ours; for any other the store is not asked.
fn possible(token: &str) -> Result<&str, Problem> {
    let fits = (1..=TOKEN_BYTES_MAX).contains(&token.len());
    let is_possible = fits && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_possible { Ok(token) } else { Err(unknown()) }
}

/// Hubs try again after 503, and give up on what they do not know.
fn for_hub(fault: Fault) -> Problem {
    match fault.kind {
        FaultKind::NotFound => unknown(),
        _ if fault.is_retryable() => later(fault.message),
        _ => fault.into(),
    }
}

fn later(why: impl Into<String>) -> Problem {
    Problem::new(FaultKind::Unavailable, why).retry_after(RETRY_AFTER)
}

fn unknown() -> Problem {
    Problem::new(FaultKind::NotFound, "nothing of the kind is expected at this address")
}
