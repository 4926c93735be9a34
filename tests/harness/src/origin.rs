//! An origin server on loopback that serves what a test tells it to, well or badly.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a path answers.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// A document with its media type; its ETag follows from its bytes, and whoever sends it back
    /// gets 304.
    Document {
        /// Media type.
        kind: String,
        /// Bytes as they are.
        body: Vec<u8>,
    },
    /// The same after a while.
    Late {
        /// How long it takes.
        after: Duration,
        /// Media type.
        kind: String,
        /// Bytes as they are.
        body: Vec<u8>,
    },
    /// A feed for those whose request has this text in its head; 401 for all others.
    Locked {
        /// The text, such as `cookie: member=1`.
        key: String,
        /// The feed.
        body: Vec<u8>,
    },
    /// A status with headers and no body.
    Status {
        /// The number.
        status: u16,
        /// Names and values.
        headers: Vec<(String, String)>,
    },
    /// Never stops sending.
    Endless,
    /// Accepts the request and says nothing.
    Silent,
    /// Announces more bytes than it sends, then closes.
    LyingLength {
        /// Media type.
        kind: String,
        /// What it really sends.
        body: Vec<u8>,
    },
    /// Closes without an answer.
    Closes,
}

impl Behaviour {
    /// A feed document.
    #[must_use]
    pub fn feed(body: impl Into<Vec<u8>>) -> Self {
        Self::Document { kind: "application/rss+xml".to_owned(), body: body.into() }
    }
}

#[derive(Debug, Default)]
struct Shelf {
    paths: HashMap<String, Behaviour>,
    requests: BTreeMap<String, usize>,
}

/// A running origin; stops when dropped.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Origin {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot open a port")?;
        let address = listener.local_addr()?;
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let shared = Arc::clone(&shelf);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shelf = Arc::clone(&shared);
                // A client that goes away in the middle is its own affair.
                tokio::spawn(async move { serve(socket, shelf).await.unwrap_or_default() });
            }
        });
        Ok(Self { address, shelf, task })
    }

    /// Port, for addresses such as `http://s1.test:PORT/feed`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What a path (with its host: `s1.test/feed`, or the path alone for every host) answers.
    pub fn set(&self, path: &str, behaviour: Behaviour) {
        lock(&self.shelf).paths.insert(path.to_owned(), behaviour);
    }

    /// Requests seen for all keys together.
    #[must_use]
    pub fn requests_total(&self) -> usize {
        lock(&self.shelf).requests.values().sum()
    }

    /// Requests seen for a key as in [`Self::set`].
    #[must_use]
    pub fn requests(&self, path: &str) -> usize {
        lock(&self.shelf).requests.get(path).copied().unwrap_or_default()
    }
}

/// One article of a feed made by [`rss_of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Stable id within the feed; also the end of its address, `http://articles.test/{guid}`.
    pub guid: String,
    /// Plain text.
    pub title: String,
    /// HTML.
    pub html: String,
}

/// A feed in RSS 2.0 with these articles, newest first as given.
#[must_use]
pub fn rss_of<'a>(title: &str, items: impl IntoIterator<Item = &'a Item>) -> Vec<u8> {
    let items: String = items
        .into_iter()
        .map(|item| {
            let [guid, title, html] =
                [&item.guid, &item.title, &item.html].map(|text| escape(text));
            format!(
                "<item><guid isPermaLink=\"false\">{guid}</guid><title>{title}</title>\
                 <link>http://articles.test/{guid}</link><description>{html}</description></item>"
            )
        })
        .collect();
    let title = escape(title);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>{title}</title>\
         <link>http://articles.test/</link>{items}</channel></rss>"
    )
    .into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A feed in RSS 2.0 with so many articles; titles are `{prefix} article {number}`.
#[must_use]
pub fn rss(title: &str, prefix: &str, numbers: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let items: String = numbers
        .into_iter()
        .map(|number| {
            format!(
                "<item><guid isPermaLink=\"false\">{prefix}-{number}</guid>\
                 <title>{prefix} article {number}</title>\
                 <link>http://articles.test/{prefix}/{number}</link>\
                 <description>Report {number} by {prefix} on a quiet day, with enough words to read.</description></item>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>{title}</title>\
         <link>http://articles.test/</link>{items}</channel></rss>"
    )
    .into_bytes()
}

async fn serve(mut socket: TcpStream, shelf: Arc<Mutex<Shelf>>) -> Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(request) = read_head(&mut socket, &mut buffer).await? else { return Ok(()) };
        let behaviour = choose(&request, &shelf);
        if !answer(&mut socket, behaviour, &request).await? {
            return Ok(());
        }
    }
}

/// One request head as text; `None` when the client is done.
async fn read_head(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<String>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            buffer.drain(..end + 4);
            return Ok(Some(head));
        }
        anyhow::ensure!(buffer.len() < 64 * 1024, "the request head is too long");
        let mut chunk = [0_u8; 4096];
        let read = socket.read(&mut chunk).await?;
        if read == 0 {
            return Ok(None);
        }
        buffer.extend_from_slice(&chunk[..read]);
    }
}

fn choose(request: &str, shelf: &Mutex<Shelf>) -> Option<Behaviour> {
    let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
    let host = request
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("host:").map(|host| host.trim().to_owned())
        })
        .unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let with_host = format!("{host}{path}");
    let mut shelf = lock(shelf);
    for key in [with_host, path] {
        if let Some(behaviour) = shelf.paths.get(&key).cloned() {
            *shelf.requests.entry(key).or_default() += 1;
            return Some(behaviour);
        }
    }
    None
}

/// Writes the answer; whether the connection may go on.
async fn answer(
    socket: &mut TcpStream,
    behaviour: Option<Behaviour>,
    request: &str,
) -> Result<bool> {
    match behaviour {
        None => head(socket, 404, &[], 0).await.map(|()| true),
        Some(Behaviour::Document { kind, body }) => {
            let etag = etag(&body);
            if request.contains(&etag) {
                return head(socket, 304, &[("etag".to_owned(), etag)], 0).await.map(|()| true);
            }
            let headers = [("content-type".to_owned(), kind), ("etag".to_owned(), etag)];
            head(socket, 200, &headers, body.len()).await?;
            socket.write_all(&body).await?;
            Ok(true)
        }
        Some(Behaviour::Late { after, kind, body }) => {
            tokio::time::sleep(after).await;
            head(socket, 200, &[("content-type".to_owned(), kind)], body.len()).await?;
            socket.write_all(&body).await?;
            Ok(true)
        }
        Some(Behaviour::Locked { key, .. }) if !request.contains(&key) => {
            head(socket, 401, &[], 0).await.map(|()| true)
        }
        Some(Behaviour::Locked { body, .. }) => {
            let headers = [("content-type".to_owned(), "application/rss+xml".to_owned())];
            head(socket, 200, &headers, body.len()).await?;
            socket.write_all(&body).await?;
            Ok(true)
        }
        Some(Behaviour::Status { status, headers }) => {
            head(socket, status, &headers, 0).await.map(|()| true)
        }
        Some(Behaviour::LyingLength { kind, body }) => {
            head(socket, 200, &[("content-type".to_owned(), kind)], body.len() + 1000).await?;
            socket.write_all(&body).await?;
            Ok(false)
        }
        Some(Behaviour::Endless) => {
            let start = b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\nconnection: close\r\n\r\n<rss version=\"2.0\"><channel>";
            socket.write_all(start).await?;
            loop {
                socket.write_all(&b"<item><title>again</title></item>".repeat(100)).await?;
            }
        }
        Some(Behaviour::Silent) => {
            // Longer than any deadline of a test; the client gives up first.
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(false)
        }
        Some(Behaviour::Closes) => Ok(false),
    }
}

/// A validator that changes with the bytes.
fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

async fn head(
    socket: &mut TcpStream,
    status: u16,
    headers: &[(String, String)],
    length: usize,
) -> Result<()> {
    let mut text = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    socket.write_all(text.as_bytes()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unchanged_document_is_not_sent_again_and_a_changed_one_is() -> Result<()> {
        let origin = Origin::start().await?;
        origin.set("a.test/feed", Behaviour::feed(rss("A", "a", 1..=2)));
        let http = reqwest::Client::builder().no_proxy().build()?;
        let ask = |etag: String| {
            let request = http.get(format!("http://127.0.0.1:{}/feed", origin.port()));
            request.header("host", "a.test").header("if-none-match", etag).send()
        };
        let first = ask(String::new()).await?;
        assert_eq!(first.status(), 200);
        let etag = first.headers()["etag"].to_str()?.to_owned();
        assert!(first.text().await?.contains("a article 2"));
        assert_eq!(ask(etag.clone()).await?.status(), 304);
        origin.set("a.test/feed", Behaviour::feed(rss("A", "a", 1..=3)));
        assert_eq!(ask(etag).await?.status(), 200);
        assert_eq!((origin.requests("a.test/feed"), origin.requests_total()), (3, 3));
        Ok(())
    }

    #[test]
    fn what_is_markup_in_a_title_does_not_break_the_feed() {
        let item =
            Item { guid: "1".into(), title: "a < b & c".into(), html: "<p>&amp;</p>".into() };
        let feed = String::from_utf8(rss_of("t", [&item])).unwrap_or_default();
        assert!(feed.contains("<title>a &lt; b &amp; c</title>"), "{feed}");
        assert!(feed.contains("&lt;p&gt;&amp;amp;&lt;/p&gt;"), "{feed}");
    }
}
