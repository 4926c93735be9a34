//! Live push as server-sent events, for clients behind proxies that know no WebSocket.

use crate::auth::CurrentReader;
use crate::body::frame::{LiveFrame, number};
use crate::error::Problem;
use crate::extract::Parameters;
use crate::live::{LiveParameters, Terminal, leaving};
use crate::state::ApiState;
use autoglm_protocol::push::Frame;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{StreamExt, once, unfold};
use std::ops::Range;
use std::time::Duration;

/// How long a client waits before it connects again after its connection broke …
const RECONNECT_AFTER: Duration = Duration::from_secs(3);
/// … and in milliseconds when this side has ended it: at once, but not all at the same moment.
const RECONNECT_SOON_MS: Range<u64> = 100..1_000;

/// Live push as server-sent events: each event's data is one frame, its id the frame's number.
/// A node may end the stream at any time so that the client connects again, perhaps to another.
#[utoipa::path(get, path = "/events", tag = "live", params(LiveParameters,
    ("last-event-id" = Option<u64>, Header,
        description = "Sent by browsers when they connect again; goes before `after`.")),
    responses((status = 200, description = "Frames until one side leaves.",
        content_type = "text/event-stream", body = LiveFrame<'static>),
        (status = 503, description = "No room on this node, or it is leaving; see `retry-after`.")))]
pub(crate) async fn connect(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    headers: HeaderMap,
    Parameters(parameters): Parameters<LiveParameters>,
) -> Result<Response, Problem> {
    let after = last_event_id(&headers)?.or(parameters.after);
    let terminal = Terminal::open(&state, reader, after).await?;
    let frames = unfold(terminal, async |mut terminal| {
        let frame = terminal.next().await?;
        Some((event(&frame), terminal))
    });
    let frames = frames.take_until(Box::pin(leaving(state.ports.draining.clone())));
    let frames = frames.chain(once(async { Ok(farewell()) }));
    let keep_alive = KeepAlive::new().interval(state.config.live.ping_every);
    // Some proxies collect an answer before passing it on unless told not to.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(frames).keep_alive(keep_alive)).into_response())
}

/// Says that the client may connect again, to any node.
fn farewell() -> Event {
    Event::default().retry(Duration::from_millis(rand::random_range(RECONNECT_SOON_MS)))
}

fn event(frame: &Frame) -> Result<Event, axum::Error> {
    Event::default()
        .id(number(frame).to_string())
        .retry(RECONNECT_AFTER)
        .json_data(LiveFrame::from(frame))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_error| {
        Problem::invalid("last-event-id is no number of ours; connect without it")
    })
}
