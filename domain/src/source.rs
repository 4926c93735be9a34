//! A source: a configured place to fetch from, once for everybody, or for one reader alone.

use crate::{Private, QuietTimes, SourceId, SourceSettings, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use url::Url;

/// What sort of place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// RSS, RDF, Atom or JSON Feed.
    Feed,
    /// A JSON document read by a path mapping; hot lists are mostly such.
    JsonApi,
    /// A web page that lists articles, read by CSS selectors.
    Page,
    /// A sitemap, news sitemap or index of sitemaps.
    Sitemap,
    /// Articles that come with the product itself; nothing is fetched.
    BuiltIn,
}

impl SourceKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Feed, Self::JsonApi, Self::Page, Self::Sitemap, Self::BuiltIn];

    /// Whether it is fetched from somewhere.
    #[must_use]
    pub fn is_fetched(self) -> bool {
        self != Self::BuiltIn
    }

    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::JsonApi => "json_api",
            Self::Page => "page",
            Self::Sitemap => "sitemap",
            Self::BuiltIn => "built_in",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Name and port of a source's server: the unit of politeness and of fetch ownership.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Host(String);

impl Host {
    /// From a name and a port.
    #[must_use]
    pub fn new(name: &str, port: u16) -> Self {
        Self(format!("{}:{port}", name.to_ascii_lowercase()))
    }

    /// Of an address; `None` when it has no host or its scheme no known port.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        Some(Self::new(url.host_str()?, url.port_or_known_default()?))
    }

    /// `name:port`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A source with everything a fetch needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The id.
    pub id: SourceId,
    /// What sort.
    pub kind: SourceKind,
    /// Where to fetch.
    pub url: String,
    /// How it is read.
    pub settings: SourceSettings,
    /// Whose it is and how it is asked; `None` when it is shared by everybody.
    pub private: Option<Private>,
    /// As the source calls itself, or its address until it did.
    pub title: String,
    /// Its web page, empty when unknown.
    pub site_url: String,
    /// Wanted time between fetches; the source's own hints may make it longer.
    pub interval: Duration,
    /// Not fetched while true.
    pub paused: bool,
    /// Validator of the last good answer.
    pub etag: Option<String>,
    /// Validator of the last good answer.
    pub last_modified: Option<String>,
}

/// Why fetching fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// The name does not resolve.
    Dns,
    /// The certificate or handshake.
    Tls,
    /// Nobody answers at the address.
    Connect,
    /// Too slow.
    Timeout,
    /// The server refuses us (401, 403, challenge pages).
    Blocked,
    /// 429 or 503 with Retry-After.
    RateLimited,
    /// Any other unwanted HTTP status.
    Status,
    /// Larger than allowed after decompression.
    TooLarge,
    /// The guard refuses the address: private network, port, scheme.
    Forbidden,
    /// Not a feed, or broken beyond repair.
    Parse,
    /// A feed without any article, from the start.
    Empty,
    /// Our own code failed repeatedly on this source; it is parked.
    Parked,
}

impl FailureCause {
    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Blocked => "blocked",
            Self::RateLimited => "rate_limited",
            Self::Status => "status",
            Self::TooLarge => "too_large",
            Self::Forbidden => "forbidden",
            Self::Parse => "parse",
            Self::Empty => "empty",
            Self::Parked => "parked",
        }
    }
}

/// The health of a source in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthClass {
    /// Never fetched yet.
    New,
    /// The last fetch was good.
    Healthy,
    /// Good, but it takes long.
    Slow,
    /// The last fetches failed; see the problem.
    Failing,
    /// Good, but under another address; see [`Moved`].
    Moved,
    /// Answers 410: it asks not to be fetched again.
    Gone,
    /// Stopped by a person.
    Paused,
}

impl HealthClass {
    /// All classes.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Healthy,
        Self::Slow,
        Self::Failing,
        Self::Moved,
        Self::Gone,
        Self::Paused,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Healthy => "healthy",
            Self::Slow => "slow",
            Self::Failing => "failing",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Paused => "paused",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// How fetching a source goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// In one word.
    pub class: HealthClass,
    /// Name of the [`FailureCause`], when failing.
    pub cause: Option<String>,
    /// What is wrong and what to do, when failing.
    pub problem: Option<String>,
    /// Last time anything was tried.
    pub last_attempt_at: Option<Timestamp>,
    /// Last good answer, 304 included.
    pub last_success_at: Option<Timestamp>,
    /// When it will be tried next.
    pub next_fetch_at: Option<Timestamp>,
    /// Failures since the last success.
    pub consecutive_failures: i32,
    /// Duration of the last fetch, request to last byte.
    pub last_fetch_ms: Option<i64>,
    /// Where the source says it lives now, while that is not believed yet.
    pub moved: Option<Moved>,
    /// Time between its articles as observed: the middle one of the latest gaps.
    pub rhythm: Option<Duration>,
    /// What its document asks of us.
    pub wishes: FetchWishes,
    /// A feed that was found where this source was looked for after it had failed for a while: for
    /// a person to take.
    pub offered_url: Option<String>,
}

/// What a document asks of those who fetch it. It holds until the next document is read: an answer
/// without one (304) says nothing about it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchWishes {
    /// Not more often than this (`ttl`, `sy:updatePeriod`).
    pub floor: Option<Duration>,
    /// Not at these times (`skipHours`, `skipDays`).
    pub quiet: QuietTimes,
}

/// A permanent redirect (301, 308) as observed: one alone may be a mistake of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Where to.
    pub to: String,
    /// First answer that said so.
    pub since: Timestamp,
    /// Answers in a row that said so.
    pub seen: i32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            class: HealthClass::New,
            cause: None,
            problem: None,
            last_attempt_at: None,
            last_success_at: None,
            next_fetch_at: None,
            consecutive_failures: 0,
            last_fetch_ms: None,
            moved: None,
            rhythm: None,
            wishes: FetchWishes::default(),
            offered_url: None,
        }
    }
}
