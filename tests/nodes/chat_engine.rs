//! An engine for words on loopback: answers as it is told, whole or in pieces, and keeps what it
//! was asked.

use anyhow::Result;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, Default)]
struct Desk {
    says: Mutex<String>,
    asked: Mutex<Vec<Value>>,
    /// While true, nothing follows the first piece of an answer.
    holds: watch::Sender<bool>,
}

/// Serves `POST /v1/chat/completions` at `http://127.0.0.1:{port}`.
pub(crate) struct ChatEngine {
    pub(crate) port: u16,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl ChatEngine {
    pub(crate) async fn start(says: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let desk = Arc::new(Desk::default());
        let served = Arc::clone(&desk);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = Arc::clone(&served);
                // A client that goes away is its own affair.
                tokio::spawn(async move { serve(stream, &desk).await.unwrap_or_default() });
            }
        });
        let engine = Self { port, desk, server };
        engine.says(says);
        Ok(engine)
    }

    /// What it answers from now on.
    pub(crate) fn says(&self, text: &str) {
        text.clone_into(&mut self.desk.says.lock().expect("not poisoned"));
    }

    /// Whether it stops after the first piece, until it is told to go on.
    pub(crate) fn hold(&self, holds: bool) {
        self.desk.holds.send_replace(holds);
    }

    /// Every question.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.desk.asked.lock().expect("not poisoned").clone()
    }

    /// Nobody answers at its address any more.
    pub(crate) fn leave(&self) {
        self.server.abort();
    }
}

async fn serve(stream: TcpStream, desk: &Desk) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let question: Value = serde_json::from_slice(&body)?;
    let is_streamed = question["stream"] == true;
    desk.asked.lock().expect("not poisoned").push(question);
    let says = desk.says.lock().expect("not poisoned").clone();
    let (kind, body) = if is_streamed {
        ("text/event-stream", in_pieces(&says))
    } else {
        let message = json!({ "message": { "content": says }, "finish_reason": "stop" });
        ("application/json", json!({ "choices": [message] }).to_string())
    };
    let mut out = stream.into_inner();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    out.write_all(head.as_bytes()).await?;
    for part in body.split_inclusive("\n\n") {
        out.write_all(part.as_bytes()).await?;
        out.flush().await?;
        desk.holds.subscribe().wait_for(|holds| !holds).await?;
    }
    Ok(out.shutdown().await?)
}

fn in_pieces(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut body = String::new();
    for piece in characters.chunks(12) {
        let piece: String = piece.iter().collect();
        let delta = json!({ "choices": [{ "delta": { "content": piece } }] });
        body.push_str(&format!("data: {delta}\n\n"));
    }
    let last = json!({
        "choices": [{ "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 200, "completion_tokens": 20 }
    });
    body.push_str(&format!("data: {last}\n\ndata: [DONE]\n\n"));
    body
}
