//! The one HTTP client for everything that is fetched: conditional, bounded, guarded on each hop.

mod connections;
mod download;
mod engine;
mod failure;
pub mod guard;
pub(crate) mod headers;
pub(crate) mod inflate;
mod manner;
mod post;
mod proxy;
pub(crate) mod resolver;
mod sending;

use crate::error::{Error, FetchError};
use crate::parse::base_address;
use autoglm_domain::{FailureCause, Secret};
use bytes::{Bytes, BytesMut};
use connections::Connections;
pub use download::{DownloadError, DownloadPart};
pub use engine::{EngineAnswer, EngineClient, EngineConfig};
use failure::{find, refused_by_server};
use guard::Guard;
use headers::{header, links, moved_permanently, retry_floor};
pub use manner::Manner;
pub use proxy::check_proxies;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LOCATION, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION,
};
use reqwest::{Response, StatusCode};
use resolver::{AddressRefused, Lookup, NameNotFound};
use sending::withheld_from;
use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// `Accept` for feeds: every format we read, then anything.
pub const ACCEPT_FEED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
     application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";
/// `Accept` for programming interfaces.
pub const ACCEPT_JSON: &str = "application/json, text/json;q=0.9, */*;q=0.5";
/// `Accept` for web pages.
pub const ACCEPT_PAGE: &str = "text/html, application/xhtml+xml, */*;q=0.5";
/// `Accept` for sitemaps.
pub const ACCEPT_SITEMAP: &str = "application/xml, text/xml, application/gzip;q=0.9, */*;q=0.5";
/// `Accept` for plain text.
pub const ACCEPT_TEXT: &str = "text/plain, */*;q=0.5";
/// `Accept` for images.
pub const ACCEPT_IMAGE: &str = "image/avif, image/webp, image/png, image/jpeg, image/*;q=0.8";

/// How the client behaves.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Sent as `User-Agent`; should name a contact.
    pub user_agent: String,
    /// Limit for one fetch from the first packet to the last byte, redirects included.
    pub timeout: Duration,
    /// Limit for one connection to be made, TLS included.
    pub connect_timeout: Duration,
    /// Largest body after decompression, in bytes.
    pub body_bytes_max: usize,
    /// Most redirects followed in one fetch.
    pub redirects_max: usize,
    /// Whether private networks may be reached.
    pub allow_private: bool,
    /// Names pinned to an address, exact or `*.suffix`; they and only they are exempt from the
    /// rule against private networks.
    pub resolve: Vec<(String, IpAddr)>,
    /// Ways out that a source may be asked by, by name; see [`check_proxies`].
    pub proxies: Vec<(String, Secret)>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            user_agent: concat!("Open-AutoGLM/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            body_bytes_max: 10 * 1024 * 1024,
            redirects_max: 5,
            allow_private: false,
            resolve: Vec::new(),
            proxies: Vec::new(),
        }
    }
}

/// What to fetch.
#[derive(Debug, Clone)]
pub struct FetchRequest {
    /// Where; user name and password in it are dropped.
    pub url: String,
    /// Validator of the last good answer.
    pub etag: Option<String>,
    /// Validator of the last good answer.
    pub last_modified: Option<String>,
    /// One of the `ACCEPT_` constants.
    pub accept: &'static str,
    /// How its source is asked, when not as every other.
    pub manner: Option<Arc<Manner>>,
}

impl FetchRequest {
    /// A first fetch of a feed, without validators.
    #[must_use]
    pub fn feed(url: impl Into<String>) -> Self {
        let (etag, last_modified, manner) = (None, None, None);
        Self { url: url.into(), etag, last_modified, accept: ACCEPT_FEED, manner }
    }
}

/// What a good answer says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchMeta {
    /// The address that answered, after all redirects.
    pub final_url: String,
    /// What relative links in the document refer to.
    pub base_url: String,
    /// Where the source says it lives now: the end of the unbroken run of 301 and 308 from the
    /// first hop on; `None` when the first hop was no such redirect.
    pub moved_permanently_to: Option<String>,
    /// Validator to send next time; `None` when the body was cut off.
    pub etag: Option<String>,
    /// Validator to send next time; `None` when the body was cut off.
    pub last_modified: Option<String>,
    /// Ask again no sooner than this (`Cache-Control: max-age`, `Expires`); at most 24 hours.
    pub retry_floor: Option<Duration>,
    /// From the start of the fetch to its last byte.
    pub elapsed: Duration,
    /// The connection ended before the body did; what came is whole up to the cut.
    pub truncated: bool,
    /// The `Link` headers as written; at most 16 of 2,048 bytes.
    pub links: Vec<String>,
}

/// A good answer.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// 304: nothing new.
    NotModified(FetchMeta),
    /// A document.
    Body {
        /// Decompressed.
        body: Bytes,
        /// The `Content-Type` header.
        content_type: Option<String>,
        /// The rest.
        meta: FetchMeta,
    },
}

/// The client; cloning it is cheap and shares its connections.
#[derive(Debug, Clone)]
pub struct GuardedClient {
    connections: Connections,
    guard: Arc<Guard>,
    timeout: Duration,
    body_bytes_max: usize,
    redirects_max: usize,
}

/// Makes aws-lc-rs the process's TLS provider unless one is installed; calling it again is harmless.
pub fn install_crypto_provider() {
    // An error means that one is installed already, which is what we want.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl GuardedClient {
    /// Builds the client. The TLS provider must be installed (see [`install_crypto_provider`]).
    pub fn new(config: &ClientConfig) -> Result<Self, Error> {
        Self::with_lookup(config, Lookup::System)
    }

    fn with_lookup(config: &ClientConfig, lookup: Lookup) -> Result<Self, Error> {
        let guard = Guard::new(config.allow_private, &config.resolve);
        let guard = Arc::new(guard.map_err(Error::ResolveEntry)?);
        let connections = Connections::new(config, &guard, lookup)?;
        Ok(Self {
            connections,
            guard,
            timeout: config.timeout,
            body_bytes_max: config.body_bytes_max,
            redirects_max: config.redirects_max,
        })
    }

    /// The address rules of this client, for those who only want to check.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The names of the proxies there are.
    pub fn proxy_names(&self) -> impl Iterator<Item = &str> {
        self.connections.proxied.keys().map(String::as_str)
    }

    /// Fetches one document within the configured limits.
    pub async fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let started = Instant::now();
        match tokio::time::timeout(self.timeout, self.follow(request)).await {
            Ok(Ok(mut fetched)) => {
                match &mut fetched {
                    Fetched::NotModified(meta) | Fetched::Body { meta, .. } => {
                        meta.elapsed = started.elapsed();
                    }
                }
                Ok(fetched)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.too_slow(&shown(&request.url))),
        }
    }

    fn too_slow(&self, url: &str) -> FetchError {
        let why = format!("no complete answer within {} s", self.timeout.as_secs_f32());
        FetchError::new(url, FailureCause::Timeout, why)
    }

    /// Follows redirects, each checked like the first address.
    async fn follow(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let mut url = self.check(&request.url)?;
        let mut seen = vec![url.clone()];
        let mut permanent = true;
        let mut moved_to = None;
        let manner = request.manner.as_deref();
        let mut trusted = manner.is_some_and(|manner| manner.trusts(&url));
        loop {
            let response = self.send(&url, request, trusted).await?;
            let Some(target) = redirect_target(&url, &response) else {
                let answer = self.answer(&url, moved_to, response).await;
                let withheld = !trusted && manner.is_some_and(Manner::has_credentials);
                return answer.map_err(|error| if withheld { withheld_from(error) } else { error });
            };
            permanent &= moved_permanently(response.status());
            let next = self.check(&target)?;
            // Once led elsewhere, even the way back is somebody else's choice.
            trusted &= manner.is_some_and(|manner| manner.trusts(&next));
            if seen.contains(&next) {
                let why = format!("it redirects in a circle through {next}");
                return Err(FetchError::new(url.as_str(), FailureCause::Status, why));
            }
            if seen.len() > self.redirects_max {
                let why = format!("it redirects more than {} times", self.redirects_max);
                return Err(FetchError::new(url.as_str(), FailureCause::Status, why));
            }
            if permanent {
                moved_to = Some(next.to_string());
            }
            seen.push(next.clone());
            url = next;
        }
    }

    fn check(&self, url: &str) -> Result<Url, FetchError> {
        self.guard.check_url(url).map_err(|refusal| {
            FetchError::new(&shown(url), FailureCause::Forbidden, refusal.to_string())
        })
    }

    async fn answer(
        &self,
        url: &Url,
        moved_permanently_to: Option<String>,
        response: Response,
    ) -> Result<Fetched, FetchError> {
        let status = response.status();
        let mut meta = FetchMeta {
            final_url: url.to_string(),
            base_url: base_address(url, header(response.headers(), CONTENT_LOCATION).as_deref()),
            moved_permanently_to,
            etag: header(response.headers(), ETAG),
            last_modified: header(response.headers(), LAST_MODIFIED),
            retry_floor: retry_floor(response.headers()),
            elapsed: Duration::ZERO,
            truncated: false,
            links: links(response.headers()),
        };
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Fetched::NotModified(meta));
        }
        if !status.is_success() {
            return Err(refused_by_server(url, &response));
        }
        let content_type = header(response.headers(), CONTENT_TYPE);
        let encoding = header(response.headers(), CONTENT_ENCODING);
        let (body, truncated) = self.read_body(url, response).await?;
        let body = inflate::unpack(body, encoding.as_deref(), self.body_bytes_max)
            .ok_or_else(|| self.too_large(url))?;
        if truncated {
            // A validator would claim that we have what was lost.
            meta.etag = None;
            meta.last_modified = None;
            meta.truncated = true;
        }
        Ok(Fetched::Body { body, content_type, meta })
    }

    /// Reads the decompressed body up to the limit. A body that breaks off is kept as far as it
    /// came: servers lie about its length, and the whole articles of half a feed are good.
    async fn read_body(
        &self,
        url: &Url,
        mut response: Response,
    ) -> Result<(Bytes, bool), FetchError> {
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.body_bytes_max => {
                    return Err(self.too_large(url));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok((body.freeze(), false)),
                Err(error) if !body.is_empty() && !error.is_timeout() => {
                    tracing::debug!(%url, %error, "the body broke off");
                    return Ok((body.freeze(), true));
                }
                Err(error) => return Err(self.failure(url, &error)),
            }
        }
    }

    fn too_large(&self, url: &Url) -> FetchError {
        let why = format!("its body has more than {} bytes", self.body_bytes_max);
        FetchError::new(url.as_str(), FailureCause::TooLarge, why)
    }

    /// Turns a transport error into its class.
    fn failure(&self, url: &Url, error: &reqwest::Error) -> FetchError {
        let fail = |cause, why: String| FetchError::new(url.as_str(), cause, why);
        if let Some(refused) = find::<AddressRefused>(error) {
            return fail(FailureCause::Forbidden, refused.to_string());
        }
        if let Some(unknown) = find::<NameNotFound>(error) {
            return fail(FailureCause::Dns, unknown.to_string());
        }
        if error.is_timeout() {
            return self.too_slow(url.as_str());
        }
        if let Some(tls) = find::<rustls::Error>(error) {
            return fail(FailureCause::Tls, tls.to_string());
        }
        if error.is_decode() {
            return fail(FailureCause::Parse, "its compression is broken".to_owned());
        }
        let mut deepest: &dyn StdError = error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        fail(FailureCause::Connect, deepest.to_string())
    }
}

/// An address as it may be shown: without credentials, not too long.
fn shown(url: &str) -> String {
    let mut text = url.to_owned();
    if let Ok(mut parsed) = Url::parse(url) {
        let _ = parsed.set_username("");
        let _ = parsed.set_password(None);
        text = parsed.into();
    }
    text.chars().take(300).collect()
}

/// Where a redirect leads; `None` when the answer is none.
fn redirect_target(url: &Url, response: &Response) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let bytes = response.headers().get(LOCATION)?.as_bytes();
    let location = String::from_utf8_lossy(bytes);
    Some(match url.join(location.trim()) {
        Ok(target) => target.into(),
        Err(_) => location.into_owned(),
    })
}

#[cfg(test)]
mod forgery_tests;
#[cfg(test)]
mod manner_tests;
#[cfg(test)]
mod tests;
