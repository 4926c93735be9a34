//! The one table from kinds of failure to HTTP answers, and the only shape a failure leaves in.

use autoglm_protocol::domain::{Fault, FaultKind};
use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// How one kind of failure is answered.
struct Row {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    /// Seconds to wait when the fault does not say.
    retry_after: Option<u64>,
}

/// The table.
const fn row(kind: FaultKind) -> Row {
    let (status, name, title, retry_after) = match kind {
        FaultKind::NotFound => (StatusCode::NOT_FOUND, "not_found", "not found", None),
        FaultKind::Invalid => (StatusCode::BAD_REQUEST, "invalid", "the request is wrong", None),
        FaultKind::Conflict => {
            (StatusCode::CONFLICT, "conflict", "it contradicts what is already there", None)
        }
        FaultKind::Unauthorized => {
            (StatusCode::UNAUTHORIZED, "unauthorized", "a valid token is needed", None)
        }
        FaultKind::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "not allowed", None),
        FaultKind::Overloaded => {
            (StatusCode::TOO_MANY_REQUESTS, "overloaded", "too much work is waiting", Some(1))
        }
        FaultKind::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not available now", Some(1))
        }
        FaultKind::Timeout => (StatusCode::GATEWAY_TIMEOUT, "timeout", "no answer in time", None),
        // The shard has just moved; its new owner answers the next attempt.
        FaultKind::Fenced => {
            (StatusCode::SERVICE_UNAVAILABLE, "fenced", "the owner has changed", Some(1))
        }
        FaultKind::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", "a defect of ours", None)
        }
    };
    Row { status, name, title, retry_after }
}

/// A failure on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: FaultKind,
    detail: String,
    retry_after: Option<u64>,
    index: Option<usize>,
}

/// Every failure, as RFC 9457 describes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:autoglm:problem:` and the kind.
    #[serde(rename = "type")]
    #[schema(example = "urn:autoglm:problem:not_found")]
    problem_type: String,
    /// The kind in words.
    #[schema(example = "not found")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    pub(crate) status: u16,
    /// What was attempted, on what, why it failed and what to do.
    #[schema(example = "there is no article 4711 among your sources")]
    pub(crate) detail: String,
    /// One of `not_found`, `invalid`, `conflict`, `unauthorized`, `forbidden`, `overloaded`,
    /// `unavailable`, `timeout`, `fenced`, `internal`.
    #[schema(example = "not_found")]
    pub(crate) kind: &'static str,
    /// Seconds after which trying again makes sense; also the header `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u64>,
    /// Which item of a list in the request is wrong, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<usize>,
}

impl Problem {
    /// A failure of this kind.
    pub(crate) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        let row = row(kind);
        Self {
            status: row.status,
            kind,
            detail: detail.into(),
            retry_after: row.retry_after,
            index: None,
        }
    }

    /// The request itself is wrong.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Invalid, detail)
    }

    /// The token or the place a request comes from may not do this.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Forbidden, detail)
    }

    /// With another status than the table's, for what HTTP itself distinguishes (405, 413, …).
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Names the wrong item of a list.
    pub(crate) fn at_index(mut self, index: usize) -> Self {
        self.detail = format!("item {index}: {}", self.detail);
        self.index = Some(index);
        self
    }

    /// Asks to wait this long.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The body.
    pub(crate) fn into_body(self) -> ProblemBody {
        let row = row(self.kind);
        ProblemBody {
            problem_type: format!("urn:autoglm:problem:{}", row.name),
            title: row.title,
            status: self.status.as_u16(),
            detail: self.detail,
            kind: row.name,
            retry_after: self.retry_after,
            index: self.index,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        if fault.kind == FaultKind::Internal {
            // Logged here because the caller gets less: the message may name files and queries.
            tracing::error!(error = %fault.message, "a request met a defect");
            return Self::new(
                FaultKind::Internal,
                "the request met a defect on our side; the log of the node says more",
            );
        }
        let mut problem = Self::new(fault.kind, fault.message);
        if let Some(wait) = fault.retry_after {
            problem.retry_after = Some(whole_seconds(wait));
        }
        problem
    }
}

/// Rounded up: a client that waits a whole number of seconds never comes too early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, retry_after) = (self.status, self.kind, self.retry_after);
        let mut response = (status, Json(self.into_body())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if kind == FaultKind::Unauthorized {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_status_and_its_name_on_the_wire() {
        let kinds = [
            (FaultKind::NotFound, 404),
            (FaultKind::Invalid, 400),
            (FaultKind::Conflict, 409),
            (FaultKind::Unauthorized, 401),
            (FaultKind::Forbidden, 403),
            (FaultKind::Overloaded, 429),
            (FaultKind::Unavailable, 503),
            (FaultKind::Timeout, 504),
            (FaultKind::Fenced, 503),
            (FaultKind::Internal, 500),
        ];
        for (kind, status) in kinds {
            assert_eq!(Problem::new(kind, "").status.as_u16(), status);
            let name = serde_json::to_value(kind).expect("a plain enum");
            assert_eq!(name, row(kind).name);
        }
    }

    #[test]
    fn a_wait_of_part_of_a_second_is_rounded_up() {
        let problem = Problem::from(Fault::overloaded("full", Duration::from_millis(1200)));
        let response = problem.into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    }

    #[test]
    fn what_a_defect_says_inside_stays_inside() {
        let problem = Problem::from(Fault::internal("select * from token failed"));
        assert!(!problem.detail.contains("token"));
    }
}
