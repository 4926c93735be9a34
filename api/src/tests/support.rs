//! Builds the router over fakes, sends requests to it, or serves it on a real port.

use crate::config::{ApiConfig, ApiDependencies};
use crate::tests::fake::Fake;
use autoglm_protocol::Address;
use autoglm_protocol::domain::{Fault, ManualClock, ReaderId, Timestamp};
use autoglm_protocol::figures::LoadReport;
use autoglm_protocol::gateway::{GatewayHandle, GatewayMessage};
use autoglm_protocol::push::Frame;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::terminal::TerminalHandle;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

/// A terminal as the gateway sees it.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) reader: ReaderId,
    pub(crate) after: Option<u64>,
    pub(crate) outlet: mpsc::Sender<Frame>,
}

/// Everything a test needs.
pub(crate) struct Bench {
    pub(crate) router: Router,
    pub(crate) fake: Arc<Fake>,
    pub(crate) drain: watch::Sender<bool>,
    pub(crate) load: StatusCell<LoadReport>,
    pub(crate) connected: mpsc::UnboundedReceiver<Connected>,
}

struct FakeGateway(mpsc::UnboundedSender<Connected>);

impl Actor for FakeGateway {
    type Msg = GatewayMessage;
    type State = ();
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<GatewayMessage>,
        (): (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<GatewayMessage>,
        message: GatewayMessage,
        _: &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let GatewayMessage::Connect { reader, after, outlet, reply } = message {
            let refusal = match after {
                Some(404) => Some(Fault::not_found("no such terminal")),
                Some(503) => Some(Fault::overloaded("no room", Duration::from_secs(10))),
                _ => None,
            };
            if let Some(refusal) = refusal {
                reply.send(Err(refusal))?;
                return Ok(());
            }
            reply.send(Ok(TerminalHandle(Address::new("terminal", 8))))?;
            self.0.send(Connected { reader, after, outlet })?;
        }
        Ok(())
    }
}

/// A router over these fakes with this configuration.
pub(crate) async fn bench_with(fake: Fake, config: ApiConfig) -> Bench {
    let (sender, connected) = mpsc::unbounded_channel();
    let (actor, _task) = Actor::spawn(None, FakeGateway(sender), ()).await.unwrap();
    let gateway = Address::new("gateway", 64);
    gateway.publish(actor);
    let fake = Arc::new(fake);
    let (drain, draining) = watch::channel(false);
    let dependencies = ApiDependencies {
        library: Arc::clone(&fake) as _,
        sources: Arc::clone(&fake) as _,
        readers: Arc::clone(&fake) as _,
        gateway: GatewayHandle(gateway),
        access: Arc::clone(&fake) as _,
        images: Arc::clone(&fake) as _,
        hubs: Arc::clone(&fake) as _,
        operations: Arc::clone(&fake) as _,
        stories: Arc::clone(&fake) as _,
        models: Arc::clone(&fake) as _,
        topics: Arc::clone(&fake) as _,
        cluster: Arc::clone(&fake) as _,
        summaries: Arc::clone(&fake) as _,
        metrics: Arc::new(|| "autoglm_up 1\n".to_owned()),
        timed: Arc::new({
            let fake = Arc::clone(&fake);
            move |_took| *fake.timed.lock().unwrap() += 1
        }),
        load: StatusCell::default(),
        clock: Arc::new(ManualClock::at(Timestamp(1_800_000_000_000))),
        draining,
    };
    let load = dependencies.load.clone();
    Bench { router: crate::router(dependencies, config), fake, drain, load, connected }
}

pub(crate) async fn bench() -> Bench {
    bench_with(Fake::default(), ApiConfig::default()).await
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Checks that this is a problem of this status and kind, and gives its detail.
    pub(crate) fn problem(&self, status: u16, kind: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["kind"], kind);
        assert_eq!(problem["type"], format!("urn:autoglm:problem:{kind}"));
        assert!(problem["title"].is_string());
        problem["detail"].as_str().unwrap().to_owned()
    }
}

/// A request to `localhost` as the command line would send it.
pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:8000");
    }
    if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

impl Bench {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, &[], "")).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(request("GET", path, headers, "")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(request("POST", path, &[], body)).await
    }

    /// Serves on a free port of loopback until the test ends.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(crate::serve(listener, self.router.clone(), 64, std::future::pending()));
        address
    }
}
