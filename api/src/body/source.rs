//! Sources as their readers see them, and as the operator does.

use crate::body::request::{SourceRequest, given};
use crate::body::time::Time;
use autoglm_protocol::domain;
use autoglm_protocol::domain::{Health, Host, HubSubscription};
use autoglm_protocol::port::{self, OperatorSource};
use autoglm_protocol::view::SourceView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One subscribed source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Source<'a> {
    /// Its id.
    id: i64,
    /// `feed`, `json_api`, `page`, `sitemap` or `built_in`.
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
    /// What is wrong and what to do, when failing or moved.
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
    /// New articles get the text of their pages.
    full_text: bool,
    /// How it is read; absent for a feed that is read as it comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SourceSettings>,
    /// Where it says it has moved to, or where it was found after it had failed for a while: send it
    /// back as `url` to take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    offered_url: Option<&'a str>,
    /// It is this reader's alone; nobody else sees it or its articles.
    private: bool,
    /// What is said when it is asked, by name, never by value: `user_agent`, `cookie`, `basic`,
    /// `bearer`, `proxy`, `headers.NAME`.
    request: &'a [String],
    /// Which hub pushes it, if one does or is asked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    push: Option<SourcePush<'a>>,
}

/// How a hub pushes a source (WebSub). Fetching goes on all the same, less often at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcePush<'a> {
    /// `asked`, `active`, `renewing`, `failing` or `denied`.
    state: &'static str,
    /// Where the hub takes requests.
    hub: &'a str,
    /// The hub has promised to push until then.
    until: Option<Time>,
    /// Last push with the right signature.
    last_push_at: Option<Time>,
    /// What is wrong, when failing or denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

/// How fetching a source goes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceHealth<'a> {
    /// `new`, `healthy`, `slow`, `failing`, `moved`, `gone` or `paused`.
    class: &'static str,
    /// Why it fails, such as `dns`, `tls`, `timeout`, `blocked` or `parse`.
    cause: Option<&'a str>,
}

/// One source as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OperatedSource<'a> {
    /// Its id.
    id: i64,
    /// `feed`, `json_api`, `page`, `sitemap` or `built_in`.
    kind: &'static str,
    /// Where it is fetched.
    url: &'a str,
    /// As it calls itself.
    title: &'a str,
    /// Its web page, or empty.
    site_url: &'a str,
    /// How fetching goes.
    health: SourceHealth<'a>,
    /// What is wrong and what to do, when failing or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
    /// Where it says it has moved to, or where it was found after it had failed for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    offered_url: Option<&'a str>,
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
    /// It is one reader's alone.
    private: bool,
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
    /// `feed`, `json_api`, `page` or `sitemap`; when not given, a feed or what the site is known for.
    pub(crate) kind: Option<String>,
    /// How it is read; a `json_api` needs a mapping, a `page` selectors.
    #[serde(default)]
    pub(crate) settings: SourceSettings,
    /// How it is asked.
    #[serde(default)]
    pub(crate) request: SourceRequest,
    /// The reader's own title, at most 300 bytes.
    pub(crate) title: Option<String>,
    /// The reader's folder, at most 200 bytes.
    pub(crate) folder: Option<String>,
    /// Seconds between fetches, 60 to 2592000.
    pub(crate) interval: Option<u64>,
}

/// Asks what is at an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewWish {
    /// An address of a feed, page, programming interface or sitemap, or a handle; at most 2048 bytes.
    #[schema(example = "https://blog.rust-lang.org/")]
    pub(crate) url: String,
    /// Read it as this; found out when not given.
    pub(crate) kind: Option<String>,
    /// Read it so; found out where the kind needs more.
    #[serde(default)]
    pub(crate) settings: SourceSettings,
    /// Ask it so.
    #[serde(default)]
    pub(crate) request: SourceRequest,
}

/// What following an address would bring; `url`, `kind` and `settings` sent back add it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Where it would be fetched.
    url: String,
    /// What is there.
    kind: &'static str,
    /// How it would be read, proposals included.
    settings: SourceSettings,
    /// As it calls itself, or empty.
    title: String,
    /// Its web page, or empty.
    site_url: String,
    /// Articles it has now.
    article_count: usize,
    /// The first of them.
    articles: Vec<PreviewArticle>,
    /// Feeds the same page announces, the one shown included.
    feeds: Vec<OfferedFeed>,
    /// What could not be read.
    problems: Vec<String>,
}

/// One article of a preview.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewArticle {
    title: String,
    url: String,
    published_at: Option<Time>,
    /// The beginning of its text.
    text: String,
}

/// A feed that a page announces.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfferedFeed {
    url: String,
    title: String,
}

/// How a source that is no feed is read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SourceSettings {
    /// Where a JSON API has its articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<JsonMapping>,
    /// Which elements of a web page are articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    selectors: Option<PageSelectors>,
    /// Only addresses that contain this are articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    url_contains: Option<String>,
    /// New articles get the text of their pages.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    full_text: bool,
    /// How those pages are read, where the general rules fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    page_rule: Option<PageRule>,
}

/// CSS selectors for the pages of articles, at most 64 together.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PageRule {
    /// The content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    content: Vec<String>,
    /// What is taken out before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remove: Vec<String>,
}

/// Paths such as `data.list[0].title`, `$` for the document; all but `items` within one item.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JsonMapping {
    items: String,
    title: String,
    /// A path, or a template such as `https://example.org/item/{id}`.
    link: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
}

/// CSS selectors; all but `item` within one item.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PageSelectors {
    item: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
}

impl From<SourceSettings> for domain::SourceSettings {
    fn from(given: SourceSettings) -> Self {
        let mapping = |given: JsonMapping| {
            let JsonMapping { items, title, link, id, summary, content, published, author } = given;
            domain::JsonMapping { items, title, link, id, summary, content, published, author }
        };
        let selectors = |given: PageSelectors| {
            let PageSelectors { item, link, title, summary, published } = given;
            domain::PageSelectors { item, link, title, summary, published }
        };
        Self {
            mapping: given.mapping.map(mapping),
            selectors: given.selectors.map(selectors),
            url_contains: given.url_contains,
            full_text: given.full_text,
            page_rule: given
                .page_rule
                .map(|PageRule { content, remove }| domain::PageRule { content, remove }),
        }
    }
}

impl From<domain::SourceSettings> for SourceSettings {
    fn from(kept: domain::SourceSettings) -> Self {
        let mapping = |kept: domain::JsonMapping| {
            let domain::JsonMapping { items, title, link, id, summary, content, published, author } =
                kept;
            JsonMapping { items, title, link, id, summary, content, published, author }
        };
        let selectors = |kept: domain::PageSelectors| {
            let domain::PageSelectors { item, link, title, summary, published } = kept;
            PageSelectors { item, link, title, summary, published }
        };
        Self {
            mapping: kept.mapping.map(mapping),
            selectors: kept.selectors.map(selectors),
            url_contains: kept.url_contains,
            full_text: kept.full_text,
            page_rule: kept
                .page_rule
                .map(|domain::PageRule { content, remove }| PageRule { content, remove }),
        }
    }
}

impl From<port::SourcePreview> for Preview {
    fn from(preview: port::SourcePreview) -> Self {
        let article = |article: port::PreviewArticle| PreviewArticle {
            title: article.title,
            url: article.url,
            published_at: article.published_at.map(Time),
            text: article.text,
        };
        let feed = |feed: port::OfferedFeed| OfferedFeed { url: feed.url, title: feed.title };
        Self {
            url: preview.url,
            kind: preview.kind.name(),
            settings: preview.settings.into(),
            title: preview.title,
            site_url: preview.site_url,
            article_count: preview.article_count,
            articles: preview.articles.into_iter().map(article).collect(),
            feeds: preview.feeds.into_iter().map(feed).collect(),
            problems: preview.problems,
        }
    }
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
    /// Whether new articles get the text of their pages.
    pub(crate) full_text: Option<bool>,
    /// Another address: the `offered_url`, or any when nobody else follows the source.
    pub(crate) url: Option<String>,
    /// How it is read, as a whole; only when nobody else follows the source.
    pub(crate) settings: Option<SourceSettings>,
    /// How it is asked; `null` takes everything away, and the source stays the reader's own. For a
    /// shared source the answer is one of the reader's own, with another id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<SourceRequest>)]
    pub(crate) request: Option<Option<SourceRequest>>,
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
            full_text: view.settings.full_text,
            settings: (!view.settings.is_default()).then(|| view.settings.clone().into()),
            offered_url: offered_url(&view.health),
            private: view.private,
            request: &view.request,
            push: view.push.as_ref().map(SourcePush::from),
        }
    }
}

impl<'a> From<&'a HubSubscription> for SourcePush<'a> {
    fn from(subscription: &'a HubSubscription) -> Self {
        Self {
            state: subscription.state(),
            hub: &subscription.hub,
            until: subscription.lease_until.map(Time),
            last_push_at: subscription.last_push_at.map(Time),
            problem: subscription.problem.as_deref(),
        }
    }
}

fn offered_url(health: &Health) -> Option<&str> {
    let moved = health.moved.as_ref().map(|moved| moved.to.as_str());
    moved.or(health.offered_url.as_deref())
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
            offered_url: offered_url(health),
            last_attempt_at: health.last_attempt_at.map(Time),
            last_success_at: health.last_success_at.map(Time),
            next_fetch_at: health.next_fetch_at.map(Time),
            interval_seconds: source.interval.as_secs(),
            paused: source.paused,
            host: Host::of_url(&source.url).map(|host| host.to_string()).unwrap_or_default(),
            private: source.private.is_some(),
            consecutive_failures: health.consecutive_failures,
            last_fetch_ms: health.last_fetch_ms,
        }
    }
}
