//! What tests of sources share: a server on loopback, an ingest that keeps its drafts, a parent.

use crate::host_limiter::{HostLimiter, HostLimiterConfig};
use crate::meter::PipelineMeter;
use crate::source::health_log::{HealthLog, SourceStore};
use crate::source::schedule::ScheduleConfig;
use crate::source::{BuiltInArticles, SourceFaults, SourceTools};
use crate::source_preview::SourcePreviewer;
use crate::web::PoliteWeb;
use async_trait::async_trait;
use autoglm_domain::{
    ArticleDraft, ArticleId, Clock, Fault, Health, Source, SourceId, SourceKind, SourceSettings,
    SystemClock,
};
use autoglm_feeds::{ClientConfig, GuardedClient, install_crypto_provider};
use autoglm_models::{FetchResult, RecentArticleRow, RenamedArticle};
use autoglm_protocol::Address;
use autoglm_protocol::ingest::{IngestHandle, IngestMessage, Stored};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What the server answers to every request.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    status: &'static str,
    content_type: &'static str,
    headers: Vec<String>,
    etag: Option<&'static str>,
    body: String,
}

impl Page {
    pub(crate) fn feed(body: &str) -> Self {
        let body = body.to_owned();
        let content_type = "application/rss+xml";
        Self { status: "200 OK", content_type, headers: Vec::new(), etag: None, body }
    }

    pub(crate) fn html(body: &str) -> Self {
        Self { content_type: "text/html", ..Self::feed(body) }
    }

    pub(crate) fn status(status: &'static str) -> Self {
        Self { status, ..Self::feed("") }
    }

    pub(crate) fn with_etag(self, etag: &'static str) -> Self {
        Self { etag: Some(etag), ..self }
    }

    pub(crate) fn with_header(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    fn answer(&self, request: &str) -> String {
        let known = self.etag.is_some_and(|etag| request.contains(etag));
        let (status, body) =
            if known { ("304 Not Modified", "") } else { (self.status, &*self.body) };
        let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        if let Some(etag) = self.etag {
            head.push_str(&format!("ETag: {etag}\r\n"));
        }
        for header in &self.headers {
            head.push_str(&format!("{header}\r\n"));
        }
        let (kind, length) = (self.content_type, body.len());
        format!("{head}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}")
    }
}

/// A server on loopback under the name `origin.demo`.
#[derive(Debug)]
pub(crate) struct Origin {
    port: u16,
    requests: Arc<AtomicUsize>,
    conditional: Arc<AtomicUsize>,
}

impl Origin {
    pub(crate) async fn start(page: Page) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let (requests, conditional) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counters = (Arc::clone(&requests), Arc::clone(&conditional));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 8_192];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                counters.0.fetch_add(1, Ordering::SeqCst);
                if request.to_lowercase().contains("if-none-match") {
                    counters.1.fetch_add(1, Ordering::SeqCst);
                }
                stream.write_all(page.answer(&request).as_bytes()).await.unwrap_or_default();
                stream.shutdown().await.unwrap_or_default();
            }
        });
        Self { port, requests, conditional }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://origin.demo:{}{path}", self.port)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn conditional_requests(&self) -> usize {
        self.conditional.load(Ordering::SeqCst)
    }
}

/// A server on loopback with one answer for each path; 404 elsewhere. It is `site.demo`.
#[derive(Debug)]
pub(crate) struct Site {
    port: u16,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Site {
    pub(crate) async fn start(pages: Vec<(&'static str, Page)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let asked = Arc::<Mutex<Vec<(String, String)>>>::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 8_192];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let page = pages.iter().find(|(own, _)| *own == path).map(|(_, page)| page);
                let missing = Page::status("404 Not Found");
                let page = page.unwrap_or(&missing);
                let answer = page.answer(&request).replace("{port}", &port.to_string());
                log.lock().expect("not poisoned").push((path, request));
                stream.write_all(answer.as_bytes()).await.unwrap_or_default();
                stream.shutdown().await.unwrap_or_default();
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://site.demo:{}{path}", self.port)
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.said(path).len()
    }

    /// What was said each time.
    pub(crate) fn said(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().filter(|(own, _)| own == path).map(|(_, said)| said.to_lowercase()).collect()
    }
}

/// A source of kind feed.
pub(crate) fn source(id: i64, url: &str) -> Source {
    Source {
        id: SourceId(id),
        kind: SourceKind::Feed,
        url: url.to_owned(),
        settings: SourceSettings::default(),
        private: None,
        title: url.to_owned(),
        site_url: String::new(),
        interval: Duration::from_secs(600),
        paused: false,
        etag: None,
        last_modified: None,
    }
}

/// Sources in memory.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) active: Mutex<Vec<(Source, Health)>>,
    pub(crate) saved: Mutex<Vec<FetchResult>>,
    pub(crate) known: Mutex<HashSet<[u8; 16]>>,
    pub(crate) recent: Mutex<Vec<RecentArticleRow>>,
    pub(crate) renamed: Mutex<Vec<RenamedArticle>>,
}

#[async_trait]
impl SourceStore for Sources {
    async fn active_sources(&self) -> Result<Vec<(Source, Health)>, Fault> {
        Ok(self.active.lock().expect("not poisoned").clone())
    }

    async fn save_fetch_results(&self, results: Vec<FetchResult>) -> Result<(), Fault> {
        self.saved.lock().expect("not poisoned").extend(results);
        Ok(())
    }

    async fn known_identities(
        &self,
        _source: SourceId,
        identities: &[[u8; 16]],
    ) -> Result<HashSet<[u8; 16]>, Fault> {
        let known = self.known.lock().expect("not poisoned");
        Ok(identities.iter().copied().filter(|identity| known.contains(identity)).collect())
    }

    async fn recent_articles(
        &self,
        _source: SourceId,
        limit: usize,
    ) -> Result<Vec<RecentArticleRow>, Fault> {
        Ok(self.recent.lock().expect("not poisoned").iter().take(limit).cloned().collect())
    }

    async fn rename_articles(
        &self,
        _source: SourceId,
        articles: Vec<RenamedArticle>,
    ) -> Result<u64, Fault> {
        let renamed = articles.len() as u64;
        self.renamed.lock().expect("not poisoned").extend(articles);
        Ok(renamed)
    }
}

/// A web in which `*.demo` is on loopback and nothing else private can be reached.
pub(crate) fn web_for(rsshub_servers: &[String]) -> PoliteWeb {
    install_crypto_provider();
    let loopback = std::net::IpAddr::from([127, 0, 0, 1]);
    let config =
        ClientConfig { resolve: vec![("*.demo".into(), loopback)], ..ClientConfig::default() };
    let client = GuardedClient::new(&config).expect("a client");
    let limiter = HostLimiter::new(HostLimiterConfig::default());
    PoliteWeb::new(client, limiter, &config.user_agent, rsshub_servers.to_vec())
}

/// Tools over [`web_for`].
pub(crate) fn tools_for(ingest: IngestHandle) -> SourceTools {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store: Arc<dyn SourceStore> = Arc::new(Sources::default());
    let (web, parse_permits) = (web_for(&[]), Arc::new(Semaphore::new(2)));
    SourceTools {
        previewer: SourcePreviewer::new(
            web.clone(),
            Arc::clone(&clock),
            Arc::clone(&parse_permits),
        ),
        web,
        parse_permits,
        ingest,
        log: HealthLog::new(Arc::clone(&store), Arc::clone(&clock)),
        store,
        meter: PipelineMeter::new(Arc::clone(&clock)),
        clock,
        schedule: ScheduleConfig::default(),
        hubs: None,
        built_in: BuiltInArticles::default(),
        faults: SourceFaults::default(),
    }
}

/// A parent for actors under test; it survives them.
pub(crate) struct Parent;

impl Actor for Parent {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<()>,
        _event: SupervisionEvent,
        _state: &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// Starts a [`Parent`].
pub(crate) async fn parent() -> ActorCell {
    Actor::spawn(None, Parent, ()).await.expect("it cannot fail").0.get_cell()
}

/// Answers every batch as new.
struct Ingest;

impl Actor for Ingest {
    type Msg = IngestMessage;
    type State = Arc<Mutex<Vec<ArticleDraft>>>;
    type Arguments = Self::State;

    async fn pre_start(
        &self,
        _myself: ActorRef<IngestMessage>,
        drafts: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(drafts)
    }

    async fn handle(
        &self,
        _myself: ActorRef<IngestMessage>,
        message: IngestMessage,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let IngestMessage::Store { drafts, reply, permit, .. } = message {
            let mut kept = state.lock().expect("not poisoned");
            let first = kept.len() as i64 + 1;
            let inserted = (first..first + drafts.len() as i64).map(ArticleId).collect();
            kept.extend(drafts);
            drop(permit);
            reply.send(Ok(Stored { inserted, ..Stored::default() })).unwrap_or_default();
        }
        Ok(())
    }
}

/// Starts an ingest that keeps what it is given.
pub(crate) async fn keep_drafts() -> (IngestHandle, Arc<Mutex<Vec<ArticleDraft>>>) {
    let drafts = Arc::<Mutex<Vec<ArticleDraft>>>::default();
    let (actor, _) = Actor::spawn(None, Ingest, Arc::clone(&drafts)).await.expect("started");
    let address = Address::new("ingest", 64);
    address.publish(actor);
    (IngestHandle(address), drafts)
}
