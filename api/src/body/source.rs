//! Sources as their readers see them, and as the operator does.

use crate::body::time::Time;
use autoglm_protocol::domain::{Health, Host};
use autoglm_protocol::port::OperatorSource;
use autoglm_protocol::view::SourceView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One subscribed source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Source<'a> {
    /// Its id.
    id: i64,
    /// `feed` or `built_in`.
    kind: &'static str,
    /// Where it is fetched.
    url: &'a str,
    /// As this reader named it, else its own title.
    title: &'a str,
    /// Its web page, or empty.
    site_url: &'a str,
    /// This reader's folder, or empty.
    folder: &'a str,
    /// Unread articles.
    unread: i64,
    /// How fetching goes.
    health: SourceHealth<'a>,
    /// What is wrong and what to do, when failing.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
    /// Last good answer.
    last_success_at: Option<Time>,
    /// When it will be tried next.
    next_fetch_at: Option<Time>,
    /// Seconds between fetches.
    interval_seconds: u64,
    /// Stopped by a person.
    paused: bool,
}

/// How fetching a source goes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceHealth<'a> {
    /// `new`, `healthy`, `slow`, `failing`, `gone` or `paused`.
    class: &'static str,
    /// Why it fails, such as `dns`, `tls`, `timeout`, `blocked` or `parse`.
    cause: Option<&'a str>,
}

/// One source as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OperatedSource<'a> {
    /// Its id.
    id: i64,
    /// `feed` or `built_in`.
    kind: &'static str,
    /// Where it is fetched.
    url: &'a str,
    /// As it calls itself.
    title: &'a str,
    /// Its web page, or empty.
    site_url: &'a str,
    /// How fetching goes.
    health: SourceHealth<'a>,
    /// What is wrong and what to do, when failing.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
    /// Last time anything was tried.
    last_attempt_at: Option<Time>,
    /// Last good answer.
    last_success_at: Option<Time>,
    /// When it will be tried next.
    next_fetch_at: Option<Time>,
    /// Seconds between fetches.
    interval_seconds: u64,
    /// Stopped by a person.
    paused: bool,
    /// `name:port` of its server; empty for a source that is not fetched.
    host: String,
    /// Failures since the last success.
    consecutive_failures: i32,
    /// Duration of the last fetch.
    last_fetch_ms: Option<i64>,
}

/// Adds a source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSource {
    /// Absolute http(s) address of a feed, or of a page that names one; at most 2048 bytes.
    #[schema(example = "https://blog.rust-lang.org/feed.xml")]
    pub(crate) url: String,
    /// Only `feed`.
    pub(crate) kind: Option<String>,
    /// The reader's own title, at most 300 bytes.
    pub(crate) title: Option<String>,
    /// The reader's folder, at most 200 bytes.
    pub(crate) folder: Option<String>,
    /// Seconds between fetches, 60 to 2592000.
    pub(crate) interval: Option<u64>,
}

/// Changes a source; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceChange {
    /// The reader's own title; empty for the source's.
    pub(crate) title: Option<String>,
    /// The reader's folder; empty for none.
    pub(crate) folder: Option<String>,
    /// Seconds between fetches, 60 to 2592000.
    pub(crate) interval: Option<u64>,
    /// Stop or go on fetching.
    pub(crate) paused: Option<bool>,
}

/// What a fetch brought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refreshed {
    /// Articles that were not known before.
    pub(crate) new_articles: usize,
}

impl<'a> From<&'a SourceView> for Source<'a> {
    fn from(view: &'a SourceView) -> Self {
        Self {
            id: view.id.0,
            kind: view.kind.name(),
            url: &view.url,
            title: &view.title,
            site_url: &view.site_url,
            folder: &view.folder,
            unread: view.unread,
            health: (&view.health).into(),
            problem: view.health.problem.as_deref(),
            last_success_at: view.health.last_success_at.map(Time),
            next_fetch_at: view.health.next_fetch_at.map(Time),
            interval_seconds: view.interval_seconds,
            paused: view.paused,
        }
    }
}

impl<'a> From<&'a Health> for SourceHealth<'a> {
    fn from(health: &'a Health) -> Self {
        Self { class: health.class.name(), cause: health.cause.as_deref() }
    }
}

impl<'a> From<&'a OperatorSource> for OperatedSource<'a> {
    fn from(operated: &'a OperatorSource) -> Self {
        let OperatorSource { source, health } = operated;
        Self {
            id: source.id.0,
            kind: source.kind.name(),
            url: &source.url,
            title: &source.title,
            site_url: &source.site_url,
            health: health.into(),
            problem: health.problem.as_deref(),
            last_attempt_at: health.last_attempt_at.map(Time),
            last_success_at: health.last_success_at.map(Time),
            next_fetch_at: health.next_fetch_at.map(Time),
            interval_seconds: source.interval.as_secs(),
            paused: source.paused,
            host: Host::of_url(&source.url).map(|host| host.to_string()).unwrap_or_default(),
            consecutive_failures: health.consecutive_failures,
            last_fetch_ms: health.last_fetch_ms,
        }
    }
}
