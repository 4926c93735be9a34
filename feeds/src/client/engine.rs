//! Asking an engine that the operator has configured: its address may be on a private network, and
//! this client reaches that scheme, name and port and nothing else.
//!
//! The exemption is a client of its own, not a rule of the one that fetches: nothing that comes from
//! outside ever chooses what is sent here, and no redirect is followed.

use super::failure::refused_by_server;
use super::{ClientConfig, GuardedClient};
use crate::error::{Error, FetchError};
use autoglm_domain::{FailureCause, Secret};
use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use std::time::Duration;
use url::Url;

/// Longest part of a refusal's text that is told, in characters.
const REASON_CHARS_MAX: usize = 200;
/// Bytes of a refusal that are looked at.
const REASON_BYTES_MAX: usize = 4096;
/// What stands for the key wherever an engine repeats it.
const HIDDEN: &str = "<key>";

/// How an engine is reached.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// For a whole answer.
    pub timeout: Duration,
    /// For a connection to be made.
    pub connect_timeout: Duration,
    /// Most bytes of an answer.
    pub body_bytes_max: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        let ClientConfig { user_agent, connect_timeout, .. } = ClientConfig::default();
        let (timeout, body_bytes_max) = (Duration::from_secs(120), 32 * 1024 * 1024);
        Self { user_agent, timeout, connect_timeout, body_bytes_max }
    }
}

/// The way to one engine; cloning it is cheap.
#[derive(Debug, Clone)]
pub struct EngineClient {
    client: GuardedClient,
    origin: Url,
    authorization: Option<HeaderValue>,
    key: Secret,
}

impl EngineClient {
    /// The way to the engine at this address, with its key if it wants one.
    ///
    /// # Errors
    /// When the address is none of http or https, the key no text for a header, or TLS cannot be
    /// set up.
    pub fn new(address: &str, key: &Secret, config: &EngineConfig) -> Result<Self, Error> {
        let client = GuardedClient::new(&ClientConfig {
            user_agent: config.user_agent.clone(),
            timeout: config.timeout,
            connect_timeout: config.connect_timeout,
            body_bytes_max: config.body_bytes_max,
            redirects_max: 0,
            allow_private: true,
            resolve: Vec::new(),
            proxies: Vec::new(),
        })?;
        let origin = client.guard().check_url(address).map_err(|refusal| Error::Engine {
            address: address.chars().take(200).collect(),
            why: refusal.to_string(),
        })?;
        let authorization = if key.is_empty() {
            None
        } else {
            let mut value =
                HeaderValue::try_from(format!("Bearer {}", key.expose())).map_err(|_bad| {
                    Error::Engine {
                        address: origin.to_string(),
                        why: "its key has characters that no header may have".to_owned(),
                    }
                })?;
            value.set_sensitive(true);
            Some(value)
        };
        Ok(Self { client, origin, authorization, key: key.clone() })
    }

    /// Sends JSON to an address of the engine.
    ///
    /// # Errors
    /// When the address is another's, the engine cannot be reached, or it answers with anything but
    /// success; what it says is told without the key.
    pub async fn post_json(&self, address: &str, body: String) -> Result<EngineAnswer, FetchError> {
        let url = self.checked(address)?;
        let mut request = self
            .client
            .connections
            .direct
            .post(url.clone())
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await.map_err(|error| self.client.failure(&url, &error))?;
        if response.status().is_success() {
            return Ok(EngineAnswer { client: self.client.clone(), url, response, taken: 0 });
        }
        Err(self.refusal(&url, response).await)
    }

    /// The same scheme, name and port as the configured address.
    fn checked(&self, address: &str) -> Result<Url, FetchError> {
        let url = self.client.check(address)?;
        if url.origin() == self.origin.origin() {
            return Ok(url);
        }
        let why = format!("it is not on the engine {}", self.origin.origin().ascii_serialization());
        Err(FetchError::new(url.as_str(), FailureCause::Forbidden, why))
    }

    async fn refusal(&self, url: &Url, mut response: Response) -> FetchError {
        let mut error = refused_by_server(url, &response);
        error.advice = "check url, model and key of this engine in understanding.engines";
        let mut body = BytesMut::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= REASON_BYTES_MAX {
                break;
            }
        }
        let text = self.without_key(&String::from_utf8_lossy(&body));
        let words: Vec<&str> = text.split_whitespace().collect();
        let reason: String = words.join(" ").chars().take(REASON_CHARS_MAX).collect();
        if !reason.is_empty() && !reason.starts_with('<') {
            error.why.push_str(&format!(" ({reason})"));
        }
        error
    }

    /// A text of the engine's without the key, which some repeat.
    #[must_use]
    pub fn without_key(&self, text: &str) -> String {
        if self.key.is_empty() { text.to_owned() } else { text.replace(self.key.expose(), HIDDEN) }
    }
}

/// A successful answer of which nothing has been read.
#[derive(Debug)]
pub struct EngineAnswer {
    client: GuardedClient,
    url: Url,
    response: Response,
    taken: usize,
}

impl EngineAnswer {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When the connection breaks off, the time is over or the answer is too large.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let chunk = self.response.chunk().await;
        let chunk = chunk.map_err(|error| self.client.failure(&self.url, &error))?;
        self.taken += chunk.as_ref().map_or(0, Bytes::len);
        if self.taken > self.client.body_bytes_max {
            return Err(self.client.too_large(&self.url));
        }
        Ok(chunk)
    }

    /// All of it. An answer that breaks off is none.
    ///
    /// # Errors
    /// As [`Self::chunk`].
    pub async fn whole(mut self) -> Result<Bytes, FetchError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Server, answer};
    use super::*;
    use crate::install_crypto_provider;

    const LOOPBACK: &str = "127.0.0.1";

    fn engine(server: &Server) -> EngineClient {
        install_crypto_provider();
        let config = EngineConfig { body_bytes_max: 1_000, ..EngineConfig::default() };
        EngineClient::new(&server.url(LOOPBACK), &Secret::new("s-e-c-r-e-t"), &config)
            .expect("an engine")
    }

    #[tokio::test]
    async fn an_engine_on_loopback_is_asked_with_its_key() {
        let server = Server::start(vec![answer("200 OK", "", b"{}")], false).await;
        let answer = engine(&server).post_json(&server.url(LOOPBACK), "{\"a\":1}".into()).await;
        assert_eq!(answer.expect("answered").whole().await.expect("whole"), "{}");
        let asked = server.asked(0);
        assert!(asked.starts_with("post /feed") && asked.contains("bearer s-e-c-r-e-t"), "{asked}");
    }

    #[tokio::test]
    async fn nothing_but_the_engine_is_reached_and_no_redirect_is_followed() {
        let away = "Location: http://127.0.0.1:{port}/elsewhere\r\n";
        let server = Server::start(vec![answer("307 Temporary", away, b"")], false).await;
        let other = Server::start(vec![answer("200 OK", "", b"{}")], false).await;
        let engine = engine(&server);
        for address in [other.url(LOOPBACK), server.url("localhost"), "file:///etc/passwd".into()] {
            let error = engine.post_json(&address, String::new()).await.expect_err("elsewhere");
            assert_eq!(error.cause(), FailureCause::Forbidden, "{address}");
        }
        let error = engine.post_json(&server.url(LOOPBACK), String::new()).await;
        assert_eq!(error.expect_err("a redirect").status(), Some(307));
        assert_eq!((server.count(), other.count()), (1, 0));
    }

    #[tokio::test]
    async fn a_refusal_tells_why_and_when_to_come_again_but_not_the_key() {
        let body = b"{\"error\": \"key s-e-c-r-e-t is over its limit\"}";
        let headers = "Retry-After: 7\r\n";
        let server = Server::start(vec![answer("429 Too Many", headers, body)], false).await;
        let engine = engine(&server);
        let error = engine.post_json(&server.url(LOOPBACK), String::new()).await.expect_err("429");
        assert_eq!(
            (error.status(), error.retry_after()),
            (Some(429), Some(Duration::from_secs(7)))
        );
        let shown = format!("{error} {error:?} {engine:?}");
        assert!(shown.contains("over its limit") && !shown.contains("s-e-c-r-e-t"), "{shown}");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_or_breaks_off_is_none() {
        let large = answer("200 OK", "", &[b'x'; 1_001]);
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec();
        let server = Server::start(vec![large, cut], false).await;
        for cause in [FailureCause::TooLarge, FailureCause::Parse] {
            let answer = engine(&server).post_json(&server.url(LOOPBACK), String::new()).await;
            let error = answer.expect("a head").whole().await.expect_err("no answer");
            assert_eq!(error.cause(), cause, "{error}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_at_once() {
        install_crypto_provider();
        let new = |address: &str, key: &str| {
            EngineClient::new(address, &Secret::new(key), &EngineConfig::default())
        };
        assert!(new("localhost:11434", "").is_err());
        let error = new("http://localhost:11434", "a\nb").expect_err("no header").to_string();
        assert!(!error.contains("a\nb") && error.contains("key"), "{error}");
    }
}
