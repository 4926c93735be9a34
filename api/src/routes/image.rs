//! Pictures of articles, fetched by the node so that a reader's browser talks to nobody else.

use crate::auth::CurrentReader;
use crate::error::Problem;
use crate::extract::{Parameters, bounded};
use crate::guard::origin::only_own_page;
use crate::state::ApiState;
use autoglm_protocol::domain::Fault;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const URL_BYTES_MAX: usize = 4096;

/// Which picture.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImageParameters {
    /// Absolute http(s) address, at most 4096 bytes.
    url: String,
}

/// Fetches one picture through the guarded client.
#[utoipa::path(get, path = "/api/v1/image", tag = "articles", params(ImageParameters),
    responses((status = 200, description = "The picture, never SVG, at most 8 MiB.",
        content_type = "image/*")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    CurrentReader(_reader): CurrentReader,
    headers: HeaderMap,
    Parameters(given): Parameters<ImageParameters>,
) -> Result<Response, Problem> {
    only_own_page(&headers)?;
    let url = bounded("url", Some(given.url), URL_BYTES_MAX)?.unwrap_or_default();
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Problem::invalid("url is not an absolute http(s) address of a picture"));
    }
    let image = state.ports.images.image(&url).await?;
    if !image.content_type.starts_with("image/") || image.content_type.contains("svg") {
        return Err(Fault::internal(format!("an image came as {}", image.content_type)).into());
    }
    let headers = [
        (CONTENT_TYPE, image.content_type.as_str()),
        (CACHE_CONTROL, "private, max-age=604800, immutable"),
        // Opened as a document it may still do nothing.
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (CONTENT_DISPOSITION, "inline"),
    ];
    Ok((headers, image.bytes).into_response())
}
