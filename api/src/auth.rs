//! Whom a request speaks for: the token in `Authorization` or in the session cookie.

use crate::error::Problem;
use crate::state::ApiState;
use autoglm_protocol::domain::{FaultKind, ReaderId};
use autoglm_protocol::port::Principal;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;

/// Name of the session cookie.
pub(crate) const SESSION_COOKIE: &str = "autoglm_session";
/// Longest token that is looked at, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 512;

/// The reader a request speaks for.
pub(crate) struct CurrentReader(pub(crate) ReaderId);

/// The proof that a request speaks for some reader or for the operator.
pub(crate) struct Anybody;

/// The proof that a request speaks for the operator.
pub(crate) struct Operator;

/// A token and how it came.
enum Given {
    Header(String),
    Cookie(String),
    Nothing,
}

impl FromRequestParts<ApiState> for CurrentReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let anonymous = state.ports.access.anonymous_reader();
        let reader = match given(&parts.headers)? {
            Given::Header(token) => match principal(state, &token).await? {
                Some(Principal::Reader(reader)) => Some(reader),
                // The operator of an installation for one person reads as that person.
                Some(Principal::Operator) => Some(anonymous.ok_or_else(|| {
                    Problem::forbidden(
                        "the operator's token speaks for no reader; use a reader's token",
                    )
                })?),
                None => return Err(unknown_token()),
            },
            // A cookie outlives its token; where no token is needed it must not lock anybody out.
            Given::Cookie(token) => match principal(state, &token).await? {
                Some(Principal::Reader(reader)) => Some(reader),
                Some(Principal::Operator) | None => anonymous,
            },
            Given::Nothing => anonymous,
        };
        reader.map(Self).ok_or_else(|| {
            Problem::new(
                FaultKind::Unauthorized,
                "this installation asks for a reader's token; send authorization: Bearer TOKEN \
                 or sign in with POST /api/v1/session",
            )
        })
    }
}

impl FromRequestParts<ApiState> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        match Operator::from_request_parts(parts, state).await {
            Ok(_operator) => Ok(Self),
            Err(_) => CurrentReader::from_request_parts(parts, state).await.map(|_reader| Self),
        }
    }
}

impl FromRequestParts<ApiState> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let principal = match given(&parts.headers)? {
            Given::Header(token) | Given::Cookie(token) => principal(state, &token).await?,
            Given::Nothing => None,
        };
        match principal {
            Some(Principal::Operator) => Ok(Self),
            Some(Principal::Reader(_)) => {
                Err(Problem::forbidden("a reader's token does not open the operator's routes"))
            }
            None => Err(Problem::new(
                FaultKind::Unauthorized,
                "the operator's routes need authorization: Bearer TOKEN with the operator's \
                 token, which the first start of the node wrote down",
            )),
        }
    }
}

async fn principal(state: &ApiState, token: &str) -> Result<Option<Principal>, Problem> {
    Ok(state.ports.access.principal(token).await?)
}

/// Whom a token given in a body speaks for.
///
/// # Errors
/// `Unauthorized` for an unknown token, or what the store answers.
pub(crate) async fn holder(state: &ApiState, token: &str) -> Result<Principal, Problem> {
    if !is_token(token) {
        return Err(unknown_token());
    }
    principal(state, token).await?.ok_or_else(unknown_token)
}

/// Visible ASCII without what a cookie cannot carry.
fn is_token(text: &str) -> bool {
    let fits = (1..=TOKEN_BYTES_MAX).contains(&text.len());
    fits && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}

fn unknown_token() -> Problem {
    Problem::new(
        FaultKind::Unauthorized,
        "the token is not known here; make a new one with the command autoglm reader",
    )
}

fn given(headers: &HeaderMap) -> Result<Given, Problem> {
    // Other schemes are not ours: a proxy that asks for a password passes its header on.
    if let Some(token) = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes())) {
        return token.filter(|token| is_token(token)).map(Given::Header).ok_or_else(unknown_token);
    }
    let cookie = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, token)| *name == SESSION_COOKIE && is_token(token));
    Ok(cookie.map_or(Given::Nothing, |(_, token)| Given::Cookie(token.to_owned())))
}

/// The token of a bearer header, if it is one; the inner `None` is a token that is no text.
fn bearer(value: &[u8]) -> Option<Option<String>> {
    let (scheme, token) = value.split_at_checked(7)?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer ");
    is_bearer.then(|| str::from_utf8(token.trim_ascii()).ok().map(str::to_owned))
}
