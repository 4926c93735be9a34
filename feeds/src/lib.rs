//! Bytes to articles: the guarded HTTP client, feed reading, sanitising, identity and OPML.
//!
//! The way is [`client::GuardedClient::fetch`] → [`parse::read_feed`] → [`normalise::normalise`].
//! Nothing here spawns a task or knows an actor; everything that reads input states its limits.

mod atom;
mod cadence;
pub mod canonical_url;
pub mod client;
mod complete;
mod construct;
pub mod date;
pub mod discover;
pub mod encoding;
mod entities;
pub mod error;
pub mod evaluate;
pub mod extract;
pub mod fingerprint;
pub mod full_text;
pub mod identity;
mod json_feed;
pub mod kind;
pub mod known_site;
pub mod language;
pub mod normalise;
pub mod opml;
mod outline;
pub mod parse;
mod person;
pub mod repair;
pub mod robots;
mod salvage;
pub mod sanitize;
pub mod text;
mod vocabulary;
pub mod websub;

pub use canonical_url::CANONICAL_URL_VERSION;
pub use client::{
    ACCEPT_FEED, ACCEPT_IMAGE, ACCEPT_JSON, ACCEPT_PAGE, ACCEPT_SITEMAP, ACCEPT_TEXT, ClientConfig,
    DownloadError, DownloadPart, EngineAnswer, EngineClient, EngineConfig, FetchMeta, FetchRequest,
    Fetched, GuardedClient, Manner, check_proxies, install_crypto_provider,
};
pub use discover::{DiscoveredFeed, discover, looks_like_feed};
pub use error::{Error, FetchError, OpmlError, ParseError};
pub use extract::{CompiledRule, ExtractedPage, ExtractionRule, RuleError, extract};
pub use normalise::normalise;
pub use parse::{FeedEntry, ParsedFeed, read_feed};
