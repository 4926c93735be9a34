//! One file per resource. A handler reads the request, asks one port and writes the answer.

mod actors;
mod articles;
mod cluster;
mod devices;
mod drain;
mod entities;
mod events;
mod health;
mod image;
mod me;
mod metrics;
mod models;
mod operator_sources;
mod operator_stories;
mod operator_topics;
pub(crate) mod opml;
mod pipeline;
mod recommendations;
mod search;
mod session;
mod socket;
mod sources;
mod statistics;
mod stories;
mod stream;
mod summaries;
mod topics;
pub(crate) mod websub;

use crate::state::ApiState;
use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes that are answered once.
pub(crate) fn plain() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().merge(readers()).merge(operator()).merge(probes()).merge(hubs())
}

/// Routes that stay open: no deadline, no compression.
pub(crate) fn live() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(socket::connect))
        .routes(routes!(stream::connect))
        .routes(routes!(summaries::show, summaries::write))
}

fn readers() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(sources::list, sources::add))
        .routes(routes!(sources::preview))
        .routes(routes!(sources::show, sources::change, sources::remove))
        .routes(routes!(sources::refresh))
        .merge(lists())
        .routes(routes!(articles::list))
        .routes(routes!(articles::show))
        .routes(routes!(stories::list))
        .routes(routes!(stories::show))
        .routes(routes!(search::search))
        .routes(routes!(recommendations::list))
        .routes(routes!(events::append))
        .routes(routes!(topics::list, topics::add))
        .routes(routes!(topics::change, topics::remove))
        .routes(routes!(entities::list))
        .routes(routes!(entities::show))
        .routes(routes!(statistics::show))
        .routes(routes!(me::show))
        .routes(routes!(session::create, session::remove))
        .routes(routes!(image::show))
}

fn lists() -> OpenApiRouter<ApiState> {
    let lists = OpenApiRouter::new().routes(routes!(opml::export, opml::import));
    lists.layer(DefaultBodyLimit::max(opml::OPML_BYTES_MAX))
}

fn operator() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(actors::list))
        .routes(routes!(actors::restart))
        .routes(routes!(devices::list))
        .routes(routes!(pipeline::show))
        .routes(routes!(operator_sources::list))
        .routes(routes!(models::show))
        .routes(routes!(models::canary))
        .routes(routes!(models::promote))
        .routes(routes!(models::withdraw))
        .routes(routes!(models::rollback))
        .routes(routes!(operator_stories::list))
        .routes(routes!(operator_stories::show))
        .routes(routes!(operator_stories::merge))
        .routes(routes!(operator_stories::split))
        .routes(routes!(operator_stories::decisions))
        .routes(routes!(operator_stories::forget))
        .routes(routes!(operator_topics::show, operator_topics::replace, operator_topics::reset))
        .routes(routes!(cluster::show))
        .routes(routes!(cluster::happenings))
        .routes(routes!(cluster::wish))
        .routes(routes!(drain::start))
}

fn hubs() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(websub::confirm, websub::push))
}

fn probes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::show))
}
