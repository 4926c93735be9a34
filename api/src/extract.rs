//! Reading requests: bodies, query strings and path parts, each with a failure that says what to do.

use crate::error::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

/// A JSON body. Unknown fields are refused where the type says so.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_declared(request.headers(), &["application/json"]) {
            return Err(Problem::invalid(
                "the body is not declared as JSON; send it with content-type: application/json",
            )
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = whole_body(request, state).await?;
        read_object(&bytes).map(Self).map_err(|error| {
            Problem::invalid(format!("could not read the JSON body: {error}; see /docs"))
        })
    }
}

/// The body within its limit.
///
/// # Errors
/// 413, or what broke.
pub(crate) async fn whole_body<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        let problem = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            "the body is larger than this server takes; send it in smaller parts".to_owned()
        } else {
            format!("could not read the body: {}", rejection.body_text())
        };
        Problem::invalid(problem).with_status(rejection.status())
    })
}

/// Reads a JSON object.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn read_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    // serde would also take an array with the values in order; nobody was ever promised that.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("a JSON object is expected".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Whether the body is said to be one of these types.
pub(crate) fn is_declared(headers: &HeaderMap, types: &[&str]) -> bool {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    types.iter().any(|one| essence.eq_ignore_ascii_case(one))
}

/// The query string.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value)).map_err(|rejection| {
            let text = rejection.body_text();
            let cause = text.split_once(": ").map_or(text.as_str(), |(_, cause)| cause);
            Problem::invalid(format!("could not read the query string: {cause}; see /docs"))
        })
    }
}

/// The number in a path such as `/articles/7`.
pub(crate) struct IdPath(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for IdPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let TextPath(text) = TextPath::from_request_parts(parts, state).await?;
        text.parse().ok().filter(|id| *id > 0).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Problem::invalid(format!("{shown:?} is not an id; ids are whole numbers from 1"))
        })
    }
}

/// The text in a path such as `/actors/ingest/restart`, percent-decoded.
pub(crate) struct TextPath(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for TextPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::<String>::from_request_parts(parts, state)
            .await
            .map(|Path(text)| Self(text))
            .map_err(|rejection| Problem::invalid(rejection.body_text()))
    }
}

/// A page length: `default` when absent, at most `max`.
///
/// # Errors
/// `Invalid` above `max` or for 0.
pub(crate) fn page_limit(
    wanted: Option<usize>,
    default: usize,
    max: usize,
) -> Result<usize, Problem> {
    match wanted {
        None => Ok(default),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(limit) => Err(Problem::invalid(format!(
            "limit is {limit}; choose 1 to {max} and follow next_cursor for more"
        ))),
    }
}

/// A text of at most `max` bytes.
///
/// # Errors
/// `Invalid` when it is longer.
pub(crate) fn bounded(
    name: &str,
    text: Option<String>,
    max: usize,
) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if text.len() > max => Err(Problem::invalid(format!(
            "{name} has {} bytes; at most {max} are allowed",
            text.len()
        ))),
        other => Ok(other),
    }
}
