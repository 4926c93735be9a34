//! Lists of subscriptions, in and out.

use crate::auth::CurrentReader;
use crate::body::list_import::ImportedList;
use crate::error::Problem;
use crate::extract::{is_declared, whole_body};
use crate::state::ApiState;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// The one route that takes larger bodies than the others.
pub(crate) const OPML_ROUTE: &str = "/api/v1/opml";
/// Largest list, in bytes: tens of thousands of subscriptions.
pub(crate) const OPML_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How a list may be declared; a form of another site can declare none of them.
const DECLARED: [&str; 4] =
    ["text/x-opml", "application/xml", "text/xml", "application/octet-stream"];

/// A list as it was sent.
pub(crate) struct ListBody(Bytes);

impl<S: Send + Sync> FromRequest<S> for ListBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_declared(request.headers(), &DECLARED) {
            return Err(Problem::invalid(
                "the body is not declared as a list; send it with content-type: text/x-opml",
            )
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        whole_body(request, state).await.map(Self)
    }
}

/// Writes the reader's subscriptions as OPML, with every setting but secrets.
#[utoipa::path(get, path = "/api/v1/opml", tag = "sources", operation_id = "export_list",
    responses((status = 200, description = "The list.", body = String, content_type = "text/x-opml")))]
pub(crate) async fn export(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
) -> Result<Response, Problem> {
    let list = state.ports.sources.export_list(reader).await?;
    let headers = [
        (CONTENT_TYPE, "text/x-opml; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"open-autoglm.opml\""),
    ];
    Ok((headers, list).into_response())
}

/// Subscribes the reader to what an OPML document lists, by the same rules as one by one.
#[utoipa::path(post, path = "/api/v1/opml", tag = "sources", operation_id = "import_list",
    request_body(content = String, content_type = "text/x-opml", description = "At most 8 MiB."),
    responses((status = 200, description = "What came of it.", body = ImportedList)))]
pub(crate) async fn import(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    ListBody(document): ListBody,
) -> Result<Response, Problem> {
    let report = state.ports.sources.import_list(reader, document.to_vec()).await?;
    Ok(Json(ImportedList::from(report)).into_response())
}
