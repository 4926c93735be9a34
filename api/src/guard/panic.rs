//! Turns a panic in a handler into an answer, so that it stays that request's.

use crate::error::Problem;
use autoglm_protocol::domain::FaultKind;
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// The answer to a request whose handler panicked.
pub(crate) fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = %message, "a request handler panicked");
    Problem::new(
        FaultKind::Internal,
        "the request met a defect on our side; the log of the node says more",
    )
    .into_response()
}
