//! The demonstration's origin server: 200 sources on loopback, in RSS 2.0, Atom and JSON Feed,
//! that keep publishing.

use super::newsroom::{Happening, Newsroom, Tongue};
use anyhow::{Context, Result};
use autoglm_domain::{Clock as _, SystemClock, Timestamp};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Articles each source keeps in its document.
const ITEMS_MAX: usize = 25;
/// Reports published together at most.
const REPORTS_MAX: usize = 6;
/// Happenings that are still reported about: at the usual rate for about half a minute.
const DEVELOPING_MAX: usize = 40;

/// How a source writes its feed.
#[derive(Debug, Clone, Copy)]
enum Format {
    Rss,
    Atom,
    JsonFeed,
}

/// One published article.
#[derive(Debug, Clone)]
struct Item {
    id: String,
    url: String,
    title: String,
    html: String,
    at: Timestamp,
}

/// One source of the origin.
#[derive(Debug)]
struct Outlet {
    name: String,
    format: Format,
    tongue: Tongue,
    items: VecDeque<Item>,
    edition: u64,
}

/// All sources and the newsroom that feeds them.
#[derive(Debug)]
struct Newsstand {
    newsroom: Newsroom,
    /// The latest happenings, newest last: a story grows while it is here.
    developing: VecDeque<Happening>,
    outlets: Vec<Outlet>,
    published: u64,
    address: SocketAddr,
}

/// A running origin.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    address: SocketAddr,
    stand: Arc<Mutex<Newsstand>>,
}

impl Origin {
    /// Starts serving `count` sources on a free port of loopback, until `stop`.
    ///
    /// # Errors
    /// When no port can be opened.
    pub(super) async fn start(count: usize, seed: u64, stop: CancellationToken) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("cannot open a port on loopback for the demonstration's sources")?;
        let address = listener.local_addr().context("the port has no address")?;
        let stand = Arc::new(Mutex::new(Newsstand::new(count, seed, address)));
        // Ends with `stop`; a connection that breaks ends its own task.
        tokio::spawn(accept(listener, Arc::clone(&stand), stop));
        Ok(Self { address, stand })
    }

    /// Address, title and folder of every source.
    pub(super) fn sources(&self) -> Vec<(String, String, String)> {
        let stand = self.stand.lock().unwrap_or_else(PoisonError::into_inner);
        stand
            .outlets
            .iter()
            .enumerate()
            .map(|(index, outlet)| {
                let url = format!("http://s{:03}.demo:{}/feed", index + 1, self.address.port());
                let folder = if outlet.tongue == Tongue::Chinese { "中文" } else { "English" };
                (url, outlet.name.clone(), folder.to_owned())
            })
            .collect()
    }

    /// Publishes one happening in several sources; returns the number of articles.
    pub(super) fn publish(&self) -> usize {
        let mut stand = self.stand.lock().unwrap_or_else(PoisonError::into_inner);
        stand.publish(SystemClock.now())
    }

    /// Publishes `articles` a second until `stop`.
    pub(super) async fn keep_publishing(self, articles: f64, stop: CancellationToken) {
        let mut owed = 0.0_f64;
        let mut tick = tokio::time::interval(Duration::from_millis(500));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            owed += articles * 0.5;
            while owed >= 1.0 {
                owed -= self.publish() as f64;
            }
        }
    }
}

impl Newsstand {
    fn new(count: usize, seed: u64, address: SocketAddr) -> Self {
        let formats = [Format::Rss, Format::Atom, Format::JsonFeed];
        let outlets = (0..count)
            .map(|index| {
                let tongue = if index % 2 == 0 { Tongue::English } else { Tongue::Chinese };
                let name = match tongue {
                    Tongue::English => format!("The Daily Lantern No. {}", index + 1),
                    Tongue::Chinese => format!("灯塔日报 第{}版", index + 1),
                };
                Outlet {
                    name,
                    format: formats[index % 3],
                    tongue,
                    items: VecDeque::new(),
                    edition: 0,
                }
            })
            .collect();
        let (newsroom, developing) = (Newsroom::new(seed), VecDeque::new());
        Self { newsroom, developing, outlets, published: 0, address }
    }

    /// The page of one article, `/{outlet}/{id}`.
    fn page(&self, path: &str) -> Option<String> {
        let (outlet, id) = path.strip_prefix('/')?.split_once('/')?;
        let outlet = self.outlets.get(outlet.parse::<usize>().ok()?.checked_sub(1)?)?;
        let item = outlet.items.iter().find(|item| item.id == id)?;
        let title = escape(&item.title);
        Some(format!("<!doctype html><title>{title}</title><h1>{title}</h1>{}", item.html))
    }

    /// Something new happens and is reported, and so is more about what happened before.
    fn publish(&mut self, now: Timestamp) -> usize {
        let news = self.newsroom.invent();
        self.developing.push_back(news);
        if self.developing.len() > DEVELOPING_MAX {
            self.developing.pop_front();
        }
        let reports = 1 + self.newsroom.below(REPORTS_MAX);
        for report in 0..reports {
            let latest = self.developing.len() - 1;
            let about = if report == 0 { latest } else { self.newsroom.below(latest + 1) };
            let happening = self.developing[about].clone();
            let index = self.newsroom.below(self.outlets.len());
            let report = self.newsroom.report(&happening, self.outlets[index].tongue);
            self.published += 1;
            let body: String =
                report.paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
            let id = format!("{}-{}", happening.topic(), self.published);
            // By number, because the reader's browser does not know the names of `fetch.resolve`.
            let url = format!("http://{}/{}/{id}", self.address, index + 1);
            let outlet = &mut self.outlets[index];
            outlet.edition += 1;
            outlet.items.push_front(Item { id, url, title: report.title, html: body, at: now });
            outlet.items.truncate(ITEMS_MAX);
        }
        reports
    }
}

async fn accept(listener: TcpListener, stand: Arc<Mutex<Newsstand>>, stop: CancellationToken) {
    loop {
        let socket = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((socket, _peer)) => socket,
                Err(error) => {
                    tracing::warn!(%error, "the demonstration's origin cannot accept");
                    continue;
                }
            },
        };
        let stand = Arc::clone(&stand);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&request, &stand);
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service);
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection to the demonstration's origin broke");
            }
        });
    }
}

fn answer(request: &Request<Incoming>, stand: &Mutex<Newsstand>) -> Response<Full<Bytes>> {
    let index = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.strip_prefix('s')?.split('.').next()?.parse::<usize>().ok());
    let stand = stand.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(page) = stand.page(request.uri().path()) {
        return respond(StatusCode::OK, "text/html; charset=utf-8", "", page);
    }
    let Some(outlet) = index.and_then(|index| stand.outlets.get(index.checked_sub(1)?)) else {
        return respond(StatusCode::NOT_FOUND, "text/plain", "", "no such source".to_owned());
    };
    let tag = format!("\"{}\"", outlet.edition);
    let known =
        request.headers().get(IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
    if known {
        return respond(StatusCode::NOT_MODIFIED, "text/plain", &tag, String::new());
    }
    let (kind, body) = outlet.document();
    respond(StatusCode::OK, kind, &tag, body)
}

fn respond(status: StatusCode, kind: &str, tag: &str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status).header(CONTENT_TYPE, kind);
    if !tag.is_empty() {
        response = response.header(ETAG, tag);
    }
    response.body(Full::new(Bytes::from(body))).unwrap_or_default()
}

impl Outlet {
    fn document(&self) -> (&'static str, String) {
        match self.format {
            Format::Rss => ("application/rss+xml; charset=utf-8", self.rss()),
            Format::Atom => ("application/atom+xml; charset=utf-8", self.atom()),
            Format::JsonFeed => ("application/feed+json", self.json_feed()),
        }
    }

    fn rss(&self) -> String {
        let items: String = self
            .items
            .iter()
            .map(|item| {
                format!(
                    "<item><guid isPermaLink=\"false\">{}</guid><link>{}</link><title>{}</title>\
                     <pubDate>{}</pubDate><description><![CDATA[{}]]></description></item>",
                    item.id,
                    item.url,
                    escape(&item.title),
                    rfc2822(item.at),
                    item.html
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel>\
             <title>{}</title><link>http://lantern.demo/</link>{items}</channel></rss>",
            escape(&self.name)
        )
    }

    fn atom(&self) -> String {
        let entries: String = self
            .items
            .iter()
            .map(|item| {
                format!(
                    "<entry><id>tag:lantern.demo,2026:{}</id><link href=\"{}\"/><title>{}</title>\
                     <updated>{}</updated><content type=\"html\">{}</content></entry>",
                    item.id,
                    item.url,
                    escape(&item.title),
                    item.at.to_rfc3339(),
                    escape(&item.html)
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">\
             <id>tag:lantern.demo,2026:{0}</id><title>{0}</title><updated>{1}</updated>{entries}</feed>",
            escape(&self.name),
            self.items.front().map(|item| item.at).unwrap_or_default().to_rfc3339(),
        )
    }

    fn json_feed(&self) -> String {
        let items: Vec<serde_json::Value> = self
            .items
            .iter()
            .map(|item| {
                serde_json::json!({
                    "id": item.id,
                    "url": item.url,
                    "title": item.title,
                    "content_html": item.html,
                    "date_published": item.at.to_rfc3339(),
                })
            })
            .collect();
        serde_json::json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.name,
            "items": items,
        })
        .to_string()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rfc2822(at: Timestamp) -> String {
    chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default().to_rfc2822()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::SourceId;

    #[test]
    fn every_format_is_read_whole_by_the_feeds_room() {
        let mut stand = Newsstand::new(6, 11, SocketAddr::from(([127, 0, 0, 1], 1)));
        while stand.outlets.iter().any(|outlet| outlet.items.len() < 3) {
            stand.publish(Timestamp(1_790_000_000_000));
        }
        for outlet in &stand.outlets {
            let (kind, body) = outlet.document();
            let feed =
                autoglm_feeds::read_feed(body.as_bytes(), Some(kind), "http://s001.demo/feed")
                    .expect("our own feed");
            let drafts = autoglm_feeds::normalise(feed, SourceId(1), Timestamp(1_790_000_100_000));
            assert_eq!(drafts.len(), outlet.items.len(), "{kind}");
        }
    }
}
