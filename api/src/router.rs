//! Puts routes and guards together.

use crate::config::{ApiConfig, ApiDependencies};
use crate::guard::{deadline, header, host, load, origin, panic, size};
use crate::openapi::{DOCUMENT_ROUTE, document};
use crate::state::ApiState;
use crate::{metric, page, routes};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn_with_state, map_response, map_response_with_state};
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Every route behind every guard; install the metrics recorder before. What is added to the answer later is behind none of them.
pub fn router(dependencies: ApiDependencies, config: ApiConfig) -> Router {
    metric::describe();
    let state = ApiState::new(dependencies, config);
    let (plain, _document) = routes::plain().split_for_parts();
    let (live, _document) = routes::live().split_for_parts();
    let plain = plain
        .merge(docs())
        .fallback(page::fallback)
        .layer(from_fn_with_state(state.clone(), deadline::enforce))
        .layer(CompressionLayer::new());
    // The last layer is the first to see a request, and layers also cover the fallbacks.
    plain
        .merge(live)
        .method_not_allowed_fallback(page::wrong_method)
        .layer(DefaultBodyLimit::max(state.config.body_bytes_max))
        .layer(from_fn_with_state(state.clone(), size::check))
        .layer(from_fn_with_state(state.clone(), origin::check))
        .layer(from_fn_with_state(state.clone(), host::check))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn_with_state(state.clone(), metric::measure))
        .layer(map_response_with_state(state.clone(), load::tell))
        .layer(map_response(header::add))
        .with_state(state)
}

/// The document and the page that shows it.
fn docs() -> Router<ApiState> {
    let json = || async { ([(CONTENT_TYPE, "application/json")], document()).into_response() };
    // Without a validator: it would be asked at another site.
    let page = SwaggerUi::new("/docs").config(Config::from(DOCUMENT_ROUTE).validator_url("none"));
    let page: Router<ApiState> = page.into();
    page.layer(map_response(header::docs)).route(DOCUMENT_ROUTE, get(json))
}
