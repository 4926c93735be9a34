//! A collector of traces for tests: takes what OpenTelemetry exporters send over HTTP and remembers
//! the spans.

use anyhow::{Context, Result};
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Longest body taken; exporters send batches of 512 spans.
const BODY_MAX: usize = 16 * 1024 * 1024;
/// What an exporter is told: everything was taken.
const TAKEN: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";

/// One span, as far as tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedSpan {
    /// The trace it belongs to, in hexadecimal.
    pub trace_id: String,
    /// Itself, in hexadecimal.
    pub span_id: String,
    /// What it is a part of; empty for a root.
    pub parent_id: String,
    /// What was done.
    pub name: String,
}

/// Listens on a free port of loopback until dropped.
#[derive(Debug)]
pub struct Collector {
    port: u16,
    spans: Arc<Mutex<Vec<CollectedSpan>>>,
    listening: JoinHandle<()>,
}

impl Collector {
    /// Starts it.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port is free")?;
        let port = listener.local_addr()?.port();
        let spans = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&spans);
        let listening = tokio::spawn(async move {
            while let Ok((socket, _peer)) = listener.accept().await {
                let collected = Arc::clone(&collected);
                tokio::spawn(async move {
                    if let Err(error) = serve(socket, &collected).await {
                        eprintln!("the collector of traces dropped a connection: {error:#}");
                    }
                });
            }
        });
        Ok(Self { port, spans, listening })
    }

    /// What to configure as `telemetry.otlp_endpoint`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The spans so far.
    #[must_use]
    pub fn spans(&self) -> Vec<CollectedSpan> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(socket: TcpStream, collected: &Mutex<Vec<CollectedSpan>>) -> Result<()> {
    let mut socket = BufReader::new(socket);
    while let Some(body) = request(&mut socket).await? {
        let request = ExportTraceServiceRequest::decode(body).context("not an export of traces")?;
        let spans = spans_of(request);
        collected.lock().unwrap_or_else(PoisonError::into_inner).extend(spans);
        socket.write_all(TAKEN).await?;
    }
    Ok(())
}

/// The body of the next request; `None` when the client has closed.
async fn request(socket: &mut BufReader<TcpStream>) -> Result<Option<Bytes>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().context("the length is no number")?;
        }
        if line.is_empty() {
            break;
        }
    }
    anyhow::ensure!(length <= BODY_MAX, "a body of {length} bytes");
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    Ok(Some(body.into()))
}

fn spans_of(request: ExportTraceServiceRequest) -> Vec<CollectedSpan> {
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans);
    spans
        .map(|span| CollectedSpan {
            trace_id: hexadecimal(&span.trace_id),
            span_id: hexadecimal(&span.span_id),
            parent_id: hexadecimal(&span.parent_span_id),
            name: span.name,
        })
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
