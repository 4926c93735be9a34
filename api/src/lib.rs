//! HTTP: REST, WebSocket, server-sent events, documentation, administration and the embedded page.
//!
//! The only room that knows axum and JSON bodies. It reaches the world through the ports and
//! handles of `protocol` alone, so HTTP can only do what a contract offers. Way of a request:
//! [`serve()`] → `guard` (Host, Origin, headers) → `routes` (one file per resource) → a port →
//! `body` (one file per JSON shape). Every failure leaves through `error`.

mod auth;
mod body;
mod config;
mod error;
mod extract;
mod guard;
mod live;
mod metric;
mod openapi;
mod page;
mod picture;
mod router;
mod routes;
mod serve;
mod stalled;
mod state;
#[cfg(test)]
mod tests;

pub use config::{ApiConfig, ApiDependencies, LiveConfig};
pub use metric::{REQUEST_SECONDS, REQUESTS_TOTAL};
pub use openapi::openapi_json;
pub use page::page_is_embedded;
pub use router::router;
pub use serve::serve;
