//! Live push over a WebSocket, on which the client may also send events.

use crate::auth::CurrentReader;
use crate::body::event::NewEvents;
use crate::body::frame::{Acknowledgement, LiveFrame, Refusal, SocketAnswer};
use crate::error::Problem;
use crate::extract::{Parameters, read_object};
use crate::live::{LiveParameters, Terminal, leaving};
use crate::routes::events::accept;
use crate::state::ApiState;
use autoglm_protocol::domain::{FaultKind, ReaderId};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// Largest message of a client, in bytes.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Buffers of an idle connection; the library's own default of 128 KiB each is most of what ten
/// thousand idle terminals would cost.
const BUFFER_BYTES: usize = 4 * 1024;
/// Bytes of frames that may wait inside the socket besides what the network takes.
const WRITE_BUFFER_MAX: usize = 8 * 1024 * 1024;
/// Messages a client may send at once …
const BURST: f64 = 40.0;
/// … and for ever, per second.
const RATE: f64 = 10.0;
/// Messages beyond that which are answered with an error; after them the connection is closed.
const EXCESS_MAX: u32 = 100;
/// How long the client's own closing is waited for.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Live push over a WebSocket. The client may send `{"events": […]}` as for `POST /api/v1/events`
/// and gets `{"type": "ack", "accepted", "duplicates"}` or `{"type": "error", "kind", "detail", …}`.
/// Closed with code 1012 it should connect again at once, perhaps to another node.
#[utoipa::path(get, path = "/ws", tag = "live", params(LiveParameters),
    responses((status = 101, description = "Frames as JSON text.", body = LiveFrame<'static>),
        (status = 503, description = "No room on this node, or it is leaving; see `retry-after`.")))]
pub(crate) async fn connect(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    Parameters(parameters): Parameters<LiveParameters>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_rejection| {
        Problem::invalid("this is a WebSocket; connect with ws:// or use /events")
            .with_status(StatusCode::UPGRADE_REQUIRED)
    })?;
    let terminal = Terminal::open(&state, reader, parameters.after).await?;
    Ok(upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .on_upgrade(move |socket| async move {
            let connection = Connection {
                budget: Budget::full(),
                heard: Instant::now(),
                state,
                reader,
                socket,
                terminal,
            };
            connection.run().await;
        }))
}

/// One open WebSocket.
struct Connection {
    state: ApiState,
    reader: ReaderId,
    socket: WebSocket,
    terminal: Terminal,
    budget: Budget,
    heard: Instant,
}

/// Why a connection ends; `None` when there is nobody left to tell.
type End = Option<CloseFrame>;

impl Connection {
    async fn run(mut self) {
        let end = self.converse().await;
        if let Some(frame) = end {
            self.close(frame).await;
        }
    }

    async fn converse(&mut self) -> End {
        let live = self.state.config.live;
        let mut leaving = pin!(leaving(self.state.ports.draining.clone()));
        let mut ping = interval_at(Instant::now() + live.ping_every, live.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let idle = self.heard + live.idle_after;
            let step = tokio::select! {
                () = &mut leaving => Err(close(close_code::RESTART, "this node is leaving")),
                () = tokio::time::sleep_until(idle) => Err(None),
                _tick = ping.tick() => self.send(Message::Ping(Default::default())).await,
                frame = self.terminal.next() => match frame {
                    Some(frame) => {
                        let text = json(&LiveFrame::from(&frame));
                        self.send(text).await
                    }
                    None => Err(close(close_code::RESTART, "connect again")),
                },
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(_)) => Err(close(close_code::SIZE, "a message of at most 64 KiB is expected")),
                    None => Err(None),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// A client that does not take the message in time is left.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        let within = self.state.config.live.send_within;
        match timeout(within, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        self.heard = Instant::now();
        let is_within = match self.budget.spend(self.heard) {
            Spent::Within => true,
            Spent::Beyond => false,
            Spent::FarBeyond => return Err(close(close_code::POLICY, "too many messages")),
        };
        let answer = match message {
            Message::Close(_) => return Err(None),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => Err(Problem::invalid("a binary message came; send JSON as text")),
            Message::Text(_) if !is_within => {
                Err(Problem::new(FaultKind::Overloaded, "too many messages; send them in batches"))
            }
            Message::Text(text) => self.take_events(&text).await,
        };
        let answer = answer.map_or_else(
            |problem| SocketAnswer::Refused(Refusal::from(problem)),
            SocketAnswer::Acknowledged,
        );
        self.send(json(&answer)).await
    }

    async fn take_events(&mut self, text: &str) -> Result<Acknowledgement, Problem> {
        let given: NewEvents = read_object(text.as_bytes()).map_err(|error| {
            Problem::invalid(format!(
                "could not read the message: {error}; send {{\"events\": []}}"
            ))
        })?;
        let limit = self.state.config.request_timeout;
        let accepting = accept(&self.state, self.reader, given);
        let accepted = timeout(limit, accepting).await.unwrap_or_else(|_elapsed| {
            Err(Problem::new(
                FaultKind::Timeout,
                format!("the events were not taken within {limit:?}; send them again"),
            ))
        });
        Ok(Acknowledgement { accepted: accepted? })
    }

    /// Says why and waits a little for the client's answer, so that ours is not lost on the way.
    async fn close(&mut self, frame: CloseFrame) {
        if self.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        let rest = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        // Whether it answered makes no difference any more.
        let _closed = timeout(CLOSE_WITHIN, rest).await;
    }
}

fn close(code: u16, reason: &'static str) -> End {
    Some(CloseFrame { code, reason: reason.into() })
}

fn json(value: &impl Serialize) -> Message {
    // Plain values with text keys: there is nothing that could fail.
    Message::text(serde_json::to_string(value).unwrap_or_default())
}

/// How much a client may send: a bucket that fills again.
struct Budget {
    left: f64,
    at: Instant,
    excess: u32,
}

/// What is left of the budget.
#[derive(Debug, PartialEq, Eq)]
enum Spent {
    Within,
    Beyond,
    FarBeyond,
}

impl Budget {
    fn full() -> Self {
        Self { left: BURST, at: Instant::now(), excess: 0 }
    }

    fn spend(&mut self, now: Instant) -> Spent {
        let refilled = now.saturating_duration_since(self.at).as_secs_f64() * RATE;
        self.left = (self.left + refilled).min(BURST);
        self.at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            self.excess = 0;
            return Spent::Within;
        }
        self.excess += 1;
        if self.excess > EXCESS_MAX { Spent::FarBeyond } else { Spent::Beyond }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_never_stops_is_first_told_and_then_left() {
        let mut budget = Budget::full();
        let now = budget.at;
        for _ in 0..40 {
            assert_eq!(budget.spend(now), Spent::Within);
        }
        for _ in 0..EXCESS_MAX {
            assert_eq!(budget.spend(now), Spent::Beyond);
        }
        assert_eq!(budget.spend(now), Spent::FarBeyond);
        assert_eq!(budget.spend(now + Duration::from_secs(1)), Spent::Within);
    }
}
