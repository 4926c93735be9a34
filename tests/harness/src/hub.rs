//! A hub (WebSub) on loopback that notes what it is asked and answers as a test tells it to. Asking
//! back and pushing are the test's own part.

use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Longest request that is read, in bytes.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// One form that was sent: values by their names.
pub type HubForm = BTreeMap<String, String>;

#[derive(Debug)]
struct Desk {
    status: u16,
    forms: Vec<HubForm>,
}

/// A running hub; stops when dropped.
#[derive(Debug)]
pub struct Hub {
    port: u16,
    desk: Arc<Mutex<Desk>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// Starts on a free port of loopback; takes every request.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot open a port")?;
        let port = listener.local_addr()?.port();
        let desk = Arc::new(Mutex::new(Desk { status: 202, forms: Vec::new() }));
        let shared = Arc::clone(&desk);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let desk = Arc::clone(&shared);
                // A client that goes away in the middle is its own affair.
                tokio::spawn(async move { serve(socket, &desk).await.unwrap_or_default() });
            }
        });
        Ok(Self { port, desk, task })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers with this status from now on.
    pub fn answer_with(&self, status: u16) {
        lock(&self.desk).status = status;
    }

    /// Every form so far, the first first.
    #[must_use]
    pub fn forms(&self) -> Vec<HubForm> {
        lock(&self.desk).forms.clone()
    }
}

/// Reads one form and answers.
async fn serve(mut socket: TcpStream, desk: &Mutex<Desk>) -> Result<()> {
    let mut request = Vec::new();
    let body = loop {
        let mut chunk = [0_u8; 4096];
        let read = socket.read(&mut chunk).await?;
        anyhow::ensure!(read > 0 && request.len() < REQUEST_BYTES_MAX, "no whole request");
        request.extend_from_slice(&chunk[..read]);
        if let Some(body) = whole_body(&request) {
            break body.to_vec();
        }
    };
    let status = {
        let mut desk = lock(desk);
        desk.forms.push(url::form_urlencoded::parse(&body).into_owned().collect());
        desk.status
    };
    let answer =
        format!("HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    socket.write_all(answer.as_bytes()).await?;
    Ok(socket.shutdown().await?)
}

/// The body once all of it is there.
fn whole_body(request: &[u8]) -> Option<&[u8]> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    request.get(end + 4..end + 4 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_form_is_noted_and_answered_as_wished() -> Result<()> {
        let hub = Hub::start().await?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("http://127.0.0.1:{}/", hub.port());
        let send = |body: &'static str| http.post(&url).body(body).send();
        assert_eq!(send("a=1&b=x%26y").await?.status(), 202);
        hub.answer_with(500);
        assert_eq!(send("").await?.status(), 500);
        let forms = hub.forms();
        assert_eq!((forms.len(), forms[0]["b"].as_str()), (2, "x&y"));
        Ok(())
    }
}
