//! Refuses what other sites' pages send: every unsafe request, and live connections, which browsers
//! let any page open.
//!
//! `Sec-Fetch-Site` is written by the browser itself and decides where it is present; `Origin`
//! decides otherwise. A request with neither comes from no page.

use crate::error::Problem;
use crate::guard::host::of_request;
use crate::state::ApiState;
use axum::extract::{Request, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Routes that are checked on every method.
const LIVE: [&str; 2] = ["/ws", "/events"];

/// Lets only requests of our own page, or of no page, pass.
pub(crate) async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let is_safe = request.method().is_safe();
    if is_safe && !LIVE.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    match judge(&state, request.headers(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn judge(state: &ApiState, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let site = fetch_site(headers);
    let allowed = match (site, origin) {
        (Some(site), None) => is_own_site(site),
        // In development another port of this machine serves the page and forwards the request.
        (Some(site), Some(origin)) => is_own_site(site) && state.hosts.contains_origin(origin),
        (None, Some(origin)) => {
            state.hosts.is_own_origin(origin, of_request(headers, uri).unwrap_or_default())
        }
        (None, None) => true,
    };
    if allowed { Ok(()) } else { Err(refusal()) }
}

/// For routes that only our own page may load although they are safe.
///
/// # Errors
/// `Forbidden` when another site's page asks.
pub(crate) fn only_own_page(headers: &HeaderMap) -> Result<(), Problem> {
    if fetch_site(headers).is_none_or(is_own_site) { Ok(()) } else { Err(refusal()) }
}

fn fetch_site(headers: &HeaderMap) -> Option<&str> {
    headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or("cross-site"))
}

/// `none` is an address typed by a person. `same-site` is another port or a sister name: not ours.
fn is_own_site(site: &str) -> bool {
    site == "same-origin" || site == "none"
}

fn refusal() -> Problem {
    Problem::forbidden(
        "the request comes from a page of another site; if that is your own address, add its \
         name to server.allowed_hosts in the configuration",
    )
}
