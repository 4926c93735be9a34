//! Many terminals on one node: connected over WebSocket, each measured by what it receives.

use anyhow::{Context, Result};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects one terminal for the holder of a token.
pub(crate) async fn connect(address: &str, token: Option<&str>) -> Result<Socket> {
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    if let Some(token) = token {
        request
            .headers_mut()
            .insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}"))?);
    }
    let connected = tokio_tungstenite::connect_async(request).await;
    Ok(connected.context("a terminal cannot connect")?.0)
}

/// Milliseconds from the article's fetch to its arrival here, over all terminals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Vec<f64>>>);

impl Arrivals {
    fn add(&self, milliseconds: impl Iterator<Item = f64>) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(milliseconds);
    }

    /// Everything that arrived since the last call.
    pub(crate) fn take(&self) -> Vec<f64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Reads frames until the connection ends.
pub(crate) async fn listen(mut socket: Socket, arrivals: Arrivals) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let now = now_ms();
        // Only one field is needed of every article; parsing whole frames would measure the bench.
        let times = text.match_indices("\"fetched_at\":\"").filter_map(|(at, key)| {
            let start = at + key.len();
            Some(now - parse_ms(text.get(start..start + 24)?)?)
        });
        arrivals.add(times);
    }
}

fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs_f64() * 1_000.0
}

fn parse_ms(text: &str) -> Option<f64> {
    autoglm_domain::Timestamp::from_rfc3339(text).map(|at| at.0 as f64)
}

/// The value below which this share lies.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    let position = (share * (values.len() - 1) as f64).round();
    values[position as usize]
}
