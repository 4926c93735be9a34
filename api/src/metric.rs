//! Counts, times and traces HTTP requests by route template, never by address, so that labels stay few.

use crate::state::ApiState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// Counter of answered requests; labels `method`, `route`, `status`.
pub const REQUESTS_TOTAL: &str = "autoglm_http_requests_total";
/// Histogram of seconds until the head of the answer; labels `method`, `route`.
pub const REQUEST_SECONDS: &str = "autoglm_http_request_seconds";

/// What readers read that waits for somebody else's site, or for words of a model.
const WAITS_ELSEWHERE: [&str; 2] = ["/api/v1/image", "/api/v1/articles/{id}/summary"];

/// Tells the recorder what the figures mean.
pub(crate) fn describe() {
    metrics::describe_counter!(REQUESTS_TOTAL, "HTTP requests answered");
    metrics::describe_histogram!(
        REQUEST_SECONDS,
        metrics::Unit::Seconds,
        "time until the head of the answer"
    );
}

/// Measures one request.
pub(crate) async fn measure(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!(
        "http_request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    let status = response.status().as_str().to_owned();
    metrics::counter!(REQUESTS_TOTAL, "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    let took = started.elapsed();
    if tells_of_this_node(method, &route, response.status()) {
        (state.ports.timed)(took);
    }
    metrics::histogram!(REQUEST_SECONDS, "method" => method, "route" => route)
        .record(took.as_secs_f64());
    response
}

/// Whether the time of a request says how well the node serves its readers: what they read and
/// what they did. Who is refused at the door waits for nothing and would hide who waits.
fn tells_of_this_node(method: &str, route: &str, status: StatusCode) -> bool {
    let reads = method == "GET" && route.starts_with("/api/v1/");
    let does = method == "POST" && route == "/api/v1/events";
    let waits_here = (reads || does) && !WAITS_ELSEWHERE.contains(&route);
    waits_here && (status.is_success() || status.is_server_error())
}

/// A client may invent methods; labels may not grow with them.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_readers_wait_for_here_tells_of_the_node() {
        let (ok, away) = (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE);
        for (method, route, status) in [
            ("GET", "/api/v1/articles/{id}", ok),
            ("GET", "/api/v1/recommendations", away),
            ("POST", "/api/v1/events", ok),
        ] {
            assert!(tells_of_this_node(method, route, status), "{method} {route}");
        }
        for (method, route, status) in [
            ("GET", "/api/v1/image", ok),
            ("GET", "/api/v1/articles/{id}/summary", ok),
            ("POST", "/api/v1/sources/{id}/refresh", ok),
            ("GET", "/admin/cluster", ok),
            ("GET", "/metrics", ok),
            ("GET", "other", ok),
            ("GET", "/api/v1/articles", StatusCode::UNAUTHORIZED),
        ] {
            assert!(!tells_of_this_node(method, route, status), "{method} {route}");
        }
    }
}
