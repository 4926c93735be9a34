//! Fetching from a small server on loopback: good answers, bad ones and attacks.

use super::*;
use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Puts the server's port where an answer says `{port}`.
fn with_port(answer: Vec<u8>, port: u16) -> Vec<u8> {
    match String::from_utf8(answer) {
        Ok(text) => text.replace("{port}", &port.to_string()).into_bytes(),
        Err(binary) => binary.into_bytes(),
    }
}

/// Answers every connection with the given bytes in turn (the last one again and again) and keeps
/// what it was asked. `hold` keeps the connection open after the answer.
pub(super) struct Server {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn start(answers: Vec<Vec<u8>>, hold: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be bound");
        let port = listener.local_addr().expect("is bound").port();
        let answers: Vec<Vec<u8>> =
            answers.into_iter().map(|answer| with_port(answer, port)).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 8192];
                let length = stream.read(&mut head).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&head[..length]).to_lowercase();
                record.lock().expect("no test panicked").push(text);
                let answer = answers[number.min(answers.len() - 1)].clone();
                number += 1;
                tokio::spawn(async move {
                    let _ = stream.write_all(&answer).await;
                    if hold {
                        std::future::pending::<()>().await;
                    }
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, asked }
    }

    pub(super) fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/feed", self.port)
    }

    /// How many requests came.
    pub(super) fn count(&self) -> usize {
        self.asked.lock().expect("no test panicked").len()
    }

    pub(super) fn asked(&self, number: usize) -> String {
        self.asked.lock().expect("no test panicked")[number].clone()
    }
}

pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

pub(super) fn config() -> ClientConfig {
    ClientConfig {
        timeout: Duration::from_secs(10),
        body_bytes_max: 64 * 1024,
        resolve: vec![("*.demo".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST))],
        ..ClientConfig::default()
    }
}

pub(super) fn client(config: &ClientConfig) -> GuardedClient {
    install_crypto_provider();
    GuardedClient::new(config).expect("the client can be built")
}

async fn fetch(server: &Server) -> Result<Fetched, FetchError> {
    client(&config()).fetch(&FetchRequest::feed(server.url("s1.demo"))).await
}

fn body(fetched: Fetched) -> (Bytes, FetchMeta) {
    match fetched {
        Fetched::Body { body, meta, .. } => (body, meta),
        Fetched::NotModified(_) => panic!("a body was expected"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

#[tokio::test]
async fn validators_are_sent_and_not_modified_is_understood() {
    let server = Server::start(
        vec![
            answer(
                "200 OK",
                "ETag: \"a1\"\r\nLast-Modified: Mon, 02 Jan 2006 15:04:05 GMT\r\n\
                Cache-Control: max-age=600\r\nContent-Type: text/xml\r\n",
                b"<rss/>",
            ),
            answer("304 Not Modified", "ETag: \"a1\"\r\n", b""),
        ],
        false,
    )
    .await;
    let (bytes, meta) = body(fetch(&server).await.expect("is answered"));
    assert_eq!(&bytes[..], b"<rss/>");
    assert_eq!(meta.retry_floor, Some(Duration::from_secs(600)));
    let again = FetchRequest {
        etag: meta.etag.clone(),
        last_modified: meta.last_modified.clone(),
        ..FetchRequest::feed(server.url("s1.demo"))
    };
    let fetched = client(&config()).fetch(&again).await.expect("is answered");
    assert!(
        matches!(fetched, Fetched::NotModified(meta) if meta.etag.as_deref() == Some("\"a1\""))
    );
    let second = server.asked(1);
    assert!(second.contains("if-none-match: \"a1\""), "{second}");
    assert!(second.contains("if-modified-since: mon, 02 jan 2006"), "{second}");
    assert!(second.contains("accept-encoding:") && second.contains("gzip"), "{second}");
}

#[tokio::test]
async fn a_compressed_body_is_unpacked_and_a_bomb_is_stopped_at_the_limit() {
    let packed = gzip(b"<rss>hello</rss>");
    let good = Server::start(vec![answer("200 OK", "Content-Encoding: gzip\r\n", &packed)], false);
    let (bytes, _) = body(fetch(&good.await).await.expect("is answered"));
    assert_eq!(&bytes[..], b"<rss>hello</rss>");
    let packed = gzip(&vec![b' '; 5_000_000]);
    assert!(packed.len() < config().body_bytes_max);
    let bomb = Server::start(vec![answer("200 OK", "Content-Encoding: gzip\r\n", &packed)], false);
    let error = fetch(&bomb.await).await.expect_err("is too large");
    assert_eq!(error.cause(), FailureCause::TooLarge);
}

#[tokio::test]
async fn a_body_without_end_is_stopped_at_the_limit() {
    let mut endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    endless.extend(vec![b'x'; 1_000_000]);
    let server = Server::start(vec![endless], true).await;
    assert_eq!(fetch(&server).await.expect_err("too large").cause(), FailureCause::TooLarge);
}

#[tokio::test]
async fn a_body_that_never_comes_runs_into_the_deadline() {
    let stuck = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>".to_vec();
    let server = Server::start(vec![stuck], true).await;
    let config = ClientConfig { timeout: Duration::from_millis(300), ..config() };
    let request = FetchRequest::feed(server.url("s1.demo"));
    let error = client(&config).fetch(&request).await.expect_err("is too slow");
    assert_eq!(error.cause(), FailureCause::Timeout);
}

#[tokio::test]
async fn a_length_that_lies_costs_neither_the_body_nor_a_later_fetch() {
    let lie = b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 900\r\n\r\n<rss>half".to_vec();
    let server = Server::start(vec![lie], false).await;
    let (bytes, meta) = body(fetch(&server).await.expect("what came is kept"));
    assert_eq!(&bytes[..], b"<rss>half");
    assert!(meta.truncated);
    assert_eq!(meta.etag, None, "the validator would claim the lost half");
}

#[tokio::test]
async fn every_redirect_is_checked() {
    for target in [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "file:///etc/passwd",
        "http://[::ffff:169.254.169.254]/",
        "http://2130706433/",
    ] {
        let header = format!("Location: {target}\r\n");
        let server = Server::start(vec![answer("302 Found", &header, b"")], false).await;
        let error = fetch(&server).await.expect_err("leads inside");
        assert_eq!(error.cause(), FailureCause::Forbidden, "{target}");
    }
}

#[tokio::test]
async fn only_an_unbroken_run_of_permanent_redirects_moves_a_source() {
    let hop = |status: &str, to: &str| answer(status, &format!("Location: {to}\r\n"), b"");
    let server = Server::start(
        vec![
            hop("301 Moved Permanently", "/b"),
            hop("302 Found", "/c"),
            hop("308 Permanent Redirect", "/d"),
            answer("200 OK", "", b"<rss/>"),
        ],
        false,
    )
    .await;
    let (_, meta) = body(fetch(&server).await.expect("is answered"));
    assert!(meta.final_url.ends_with("/d"));
    assert!(meta.moved_permanently_to.expect("has moved").ends_with("/b"));
}

#[tokio::test]
async fn redirects_in_a_circle_or_without_end_are_given_up() {
    let server = Server::start(vec![answer("302 Found", "Location: /feed\r\n", b"")], false).await;
    assert_eq!(fetch(&server).await.expect_err("a circle").cause(), FailureCause::Status);
    let hops = (0..10).map(|n| answer("302 Found", &format!("Location: /{n}\r\n"), b"")).collect();
    let server = Server::start(hops, false).await;
    assert_eq!(fetch(&server).await.expect_err("too many").cause(), FailureCause::Status);
}

#[tokio::test]
async fn a_refusal_tells_its_class_and_how_long_to_stay_away() {
    for (status, headers, cause, wait) in [
        ("429 Too Many Requests", "Retry-After: 120\r\n", FailureCause::RateLimited, Some(120)),
        ("503 Service Unavailable", "Retry-After: 9\r\n", FailureCause::RateLimited, Some(9)),
        ("503 Service Unavailable", "", FailureCause::Status, None),
        ("403 Forbidden", "", FailureCause::Blocked, None),
        ("410 Gone", "", FailureCause::Status, None),
    ] {
        let server = Server::start(vec![answer(status, headers, b"no")], false).await;
        let error = fetch(&server).await.expect_err("is refused");
        assert_eq!(error.cause(), cause, "{status}");
        assert_eq!(error.retry_after(), wait.map(Duration::from_secs), "{status}");
        assert_eq!(error.is_gone(), status.starts_with("410"));
        assert!(error.to_string().starts_with("could not fetch http://s1.demo"), "{error}");
    }
}

#[tokio::test]
async fn the_exemption_holds_for_the_named_hosts_only() {
    let server = Server::start(vec![answer("200 OK", "", b"<rss/>")], false).await;
    assert!(fetch(&server).await.is_ok());
    for host in ["127.0.0.1", "localhost", "demo", "[::1]"] {
        let request = FetchRequest::feed(server.url(host));
        let error = client(&config()).fetch(&request).await.expect_err("is inside");
        assert_eq!(error.cause(), FailureCause::Forbidden, "{host}");
    }
    let open = ClientConfig { allow_private: true, ..config() };
    let request = FetchRequest::feed(server.url("127.0.0.1"));
    assert!(client(&open).fetch(&request).await.is_ok());
}

#[tokio::test]
async fn the_address_that_is_dialled_is_the_one_that_is_checked() {
    use reqwest::dns::Resolve;
    let resolver = GuardedResolver { guard: Arc::new(Guard::default()), lookup: Lookup::System };
    let name = "localhost".parse().expect("is a name");
    let error = resolver.resolve(name).await.err().expect("leads inside");
    assert!(error.downcast_ref::<AddressRefused>().is_some(), "{error}");
}

#[tokio::test]
async fn nobody_listening_and_no_such_name_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be bound");
    let port = listener.local_addr().expect("is bound").port();
    drop(listener);
    let request = FetchRequest::feed(format!("http://me:secret@s1.demo:{port}/"));
    let error = client(&config()).fetch(&request).await.expect_err("nobody is there");
    assert_eq!(error.cause(), FailureCause::Connect);
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn hundreds_of_cookies_are_ignored_and_thousands_of_headers_refused() {
    for (count, is_read) in [(500, true), (20_000, false)] {
        let cookies = "Set-Cookie: a=1\r\n".repeat(count);
        let server = Server::start(vec![answer("200 OK", &cookies, b"<rss/>")], false).await;
        assert_eq!(fetch(&server).await.is_ok(), is_read, "{count} headers");
    }
}
