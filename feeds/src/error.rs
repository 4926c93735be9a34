//! The ways this room fails: building the client, fetching, reading a feed, reading OPML.

use autoglm_domain::FailureCause;
use std::time::Duration;

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// TLS or the resolver could not be set up.
    #[error("could not build the HTTP client: {0}; check the TLS set-up of this machine")]
    Client(#[from] reqwest::Error),
    /// A certificate of the built-in root store could not be read.
    #[error("could not read the built-in root certificates: {0}; this build is damaged")]
    RootCertificates(String),
    /// An entry of `fetch.resolve` is neither a name nor `*.suffix`.
    #[error("could not use the resolve entry {0:?}: it is not a host name; write name or *.suffix")]
    ResolveEntry(String),
    /// An entry of `fetch.proxies` cannot be used.
    #[error("could not use the proxy {name:?} of fetch.proxies: {why}")]
    Proxy {
        /// Its name.
        name: String,
        /// What is wrong and what to do; never its address.
        why: String,
    },
    /// An engine cannot be asked at its address.
    #[error(
        "could not use the engine at {address:?}: {why}; write it as http://host:port or https://…"
    )]
    Engine {
        /// Its address.
        address: String,
        /// What is wrong; never its key.
        why: String,
    },
}

/// One fetch failed.
#[derive(Debug, thiserror::Error)]
#[error("could not fetch {url}: {why}; {advice}")]
pub struct FetchError {
    pub(crate) url: String,
    pub(crate) cause: FailureCause,
    pub(crate) why: String,
    pub(crate) advice: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
}

impl FetchError {
    pub(crate) fn new(url: &str, cause: FailureCause, why: impl Into<String>) -> Self {
        Self {
            url: url.to_owned(),
            cause,
            why: why.into(),
            advice: advice(cause),
            status: None,
            retry_after: None,
        }
    }

    /// The class of the failure, for health and back-off.
    #[must_use]
    pub fn cause(&self) -> FailureCause {
        self.cause
    }

    /// How long the server asks us to stay away; at most 24 hours.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the server says the source is gone for ever (410).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }

    /// The HTTP status, when there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }
}

/// What a person can do about a failure of this cause.
fn advice(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::Dns => "check the spelling of the host name",
        FailureCause::Tls => "the site's certificate must be renewed by its owner",
        FailureCause::Connect => "check that the site is up; it is tried again later",
        FailureCause::Timeout => "the site is slow; it is tried again later",
        FailureCause::Blocked => "open the address in a browser; the site may want a login",
        FailureCause::RateLimited => "nothing to do; it is tried again when the site allows",
        FailureCause::Status => "open the address in a browser; the feed may have moved",
        FailureCause::TooLarge => "raise fetch.body_bytes_max or choose a smaller feed",
        FailureCause::Forbidden => "use a public http or https address, or allow it in fetch",
        FailureCause::Parse => "check that the address is that of a feed",
        FailureCause::Empty => "wait for the first article",
        FailureCause::Parked => "see the log, then resume the source",
    }
}

/// A document could not be read as a feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No bytes, or only white space.
    #[error("could not read the feed: the document is empty; check the address")]
    Empty,
    /// A web page came instead of a feed.
    #[error("could not read the feed: this is a web page; subscribe to a feed it links to")]
    WebPage,
    /// It has no root element of RSS, RDF, Atom or JSON Feed.
    #[error("could not read the feed: this is not RSS, RDF, Atom or JSON Feed; check the address")]
    NotAFeed,
    /// It begins like a feed but nothing in it can be read.
    #[error("could not read the feed: {0}; its owner must repair it")]
    Broken(String),
    /// Asked for JSON.
    #[error("could not read the JSON document: it is not JSON ({0}); check the address")]
    NotJson(String),
    /// A kind that needs to be told where things are.
    #[error("could not read the JSON document: nobody said where its articles are; give a mapping")]
    NoMapping,
    /// A path that cannot be read or finds nothing.
    #[error("could not find the articles: {0}; correct the mapping")]
    Mapping(String),
    /// A kind that needs to be told where things are.
    #[error("could not read the page: nobody said where its articles are; give selectors")]
    NoSelectors,
    /// A selector that cannot be read or finds nothing.
    #[error("could not find the articles: {0}; correct the selectors")]
    Selector(String),
    /// Asked for a sitemap.
    #[error("could not read the sitemap: it names no address; check the address of the sitemap")]
    NotASitemap,
}

/// A document could not be read as a subscription list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpmlError {
    /// It is larger than the limit in bytes.
    #[error("could not read the OPML file: it has more than {0} bytes; split it")]
    TooLarge(usize),
    /// There is no outline in it.
    #[error("could not read the OPML file: it has no outline; export it again")]
    NoOutline,
}
