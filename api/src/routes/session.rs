//! Signing in and out: a reader's token in a cookie that no script can read.

use crate::auth::{SESSION_COOKIE, holder};
use crate::body::session::NewSession;
use crate::error::Problem;
use crate::extract::JsonBody;
use crate::state::ApiState;
use autoglm_protocol::port::Principal;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};

/// A session lasts as long as its token, at most this long without being renewed: one year.
const SESSION_SECONDS: u32 = 31_536_000;

/// Signs in: puts a reader's token into the cookie `autoglm_session`.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = NewSession,
    responses((status = 204, description = "Signed in.")))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    JsonBody(given): JsonBody<NewSession>,
) -> Result<Response, Problem> {
    match holder(&state, &given.token).await? {
        Principal::Reader(_) => Ok(cookie(&state, &given.token, SESSION_SECONDS)),
        // In a cookie it would be sent by every tab; in a header it is sent by intent.
        Principal::Operator => Err(Problem::forbidden(
            "the operator's token makes no session; send it as authorization: Bearer TOKEN",
        )),
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204, description = "Signed out.")))]
pub(crate) async fn remove(State(state): State<ApiState>) -> Response {
    cookie(&state, "", 0)
}

fn cookie(state: &ApiState, token: &str, seconds: u32) -> Response {
    let is_https =
        state.config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let secure = if is_https { "; Secure" } else { "" };
    let value = format!(
        "{SESSION_COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    (StatusCode::NO_CONTENT, [(SET_COOKIE, value)]).into_response()
}
