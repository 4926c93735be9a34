//! Readers' events.

use crate::auth::CurrentReader;
use crate::body::event::{Accepted, NewEvents};
use crate::error::Problem;
use crate::extract::JsonBody;
use crate::state::ApiState;
use autoglm_protocol::domain::ReaderId;
use axum::Json;
use axum::extract::State;

/// Reads all events, then makes them durable; shared with the WebSocket.
///
/// # Errors
/// `Invalid` when one of them is wrong, before any is stored; or what the reader's owner answers.
pub(crate) async fn accept(
    state: &ApiState,
    reader: ReaderId,
    given: NewEvents,
) -> Result<Accepted, Problem> {
    let events = given.read(reader, state.ports.clock.now())?;
    let (accepted, duplicates) = state.ports.readers.append_events(reader, events).await?;
    Ok(Accepted { accepted, duplicates })
}

/// Takes what a reader did. Acknowledged means durable; the same id counts once.
#[utoipa::path(post, path = "/api/v1/events", tag = "events", request_body = NewEvents,
    responses((status = 200, description = "All are durable.", body = Accepted)))]
pub(crate) async fn append(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    JsonBody(given): JsonBody<NewEvents>,
) -> Result<Json<Accepted>, Problem> {
    accept(&state, reader, given).await.map(Json)
}
