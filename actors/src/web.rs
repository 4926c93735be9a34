//! PoliteWeb: how everything that reads sources reaches them: through the guarded client, behind the
//! limiter of the host, after asking robots.txt where that is due.

use crate::host_limiter::HostLimiter;
use autoglm_domain::{Fault, Host, SourceKind};
use autoglm_feeds::robots::{RobotsRules, product_token, robots_url};
use autoglm_feeds::{
    ACCEPT_FEED, ACCEPT_JSON, ACCEPT_PAGE, ACCEPT_SITEMAP, ACCEPT_TEXT, FetchError, FetchRequest,
    Fetched, GuardedClient, known_site,
};
use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;

/// How long a site's rules are believed: RFC 9309 says no longer than a day.
const ROBOTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Sites whose rules are kept.
const ROBOTS_SITES_MAX: u64 = 10_000;

/// Why there is no answer.
#[derive(Debug)]
pub enum Refusal {
    /// Too many wait for this host already.
    Busy(Fault),
    /// The fetch failed.
    Failed(FetchError),
    /// No http or https address.
    NoAddress(String),
    /// The site asks programs to stay away from this address.
    Robots(String),
    /// A route of RSSHub, and no server is configured.
    NoServer,
}

impl Refusal {
    /// Why and what to do, for people.
    #[must_use]
    pub fn problem(&self) -> String {
        match self {
            Self::Busy(fault) => fault.message.clone(),
            Self::Failed(error) => error.to_string(),
            Self::NoAddress(url) => format!(
                "{url:.200} cannot be fetched: only http and https addresses can; correct it"
            ),
            Self::Robots(url) => format!(
                "could not fetch {url}: the site's robots.txt asks programs to stay away; use its feed or another page"
            ),
            Self::NoServer => "could not fetch a route of RSSHub: no server is configured; \
                 name one or more in fetch.rsshub_servers"
                .to_owned(),
        }
    }
}

/// The way to the sources. Clones share everything.
#[derive(Debug, Clone)]
pub struct PoliteWeb {
    client: GuardedClient,
    limiter: HostLimiter,
    agent: Arc<str>,
    rsshub_servers: Arc<[String]>,
    robots: Cache<String, Arc<RobotsRules>>,
}

impl PoliteWeb {
    /// Over a client that introduces itself as `user_agent`.
    #[must_use]
    pub fn new(
        client: GuardedClient,
        limiter: HostLimiter,
        user_agent: &str,
        rsshub_servers: Vec<String>,
    ) -> Self {
        let robots =
            Cache::builder().max_capacity(ROBOTS_SITES_MAX).time_to_live(ROBOTS_KEPT).build();
        let agent = product_token(user_agent).into();
        Self { client, limiter, agent, rsshub_servers: rsshub_servers.into(), robots }
    }

    /// The names of the proxies a source may be asked by.
    #[must_use]
    pub fn proxies(&self) -> Vec<String> {
        self.client.proxy_names().map(str::to_owned).collect()
    }

    /// Fetches what a source of this kind is made of. A route of RSSHub is asked of one server
    /// after the other until one answers.
    ///
    /// # Errors
    /// The last refusal.
    pub async fn fetch(
        &self,
        kind: SourceKind,
        request: &FetchRequest,
    ) -> Result<Fetched, Refusal> {
        let mut refusal = Refusal::NoServer;
        for url in known_site::addresses(&request.url, &self.rsshub_servers) {
            let request = FetchRequest { url, accept: accept(kind), ..request.clone() };
            match self.fetch_one(kind, &request).await {
                Ok(fetched) => return Ok(fetched),
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }

    async fn fetch_one(
        &self,
        kind: SourceKind,
        request: &FetchRequest,
    ) -> Result<Fetched, Refusal> {
        if matches!(kind, SourceKind::Page | SourceKind::Sitemap)
            && !self.rules(&request.url).await.allows(&request.url)
        {
            return Err(Refusal::Robots(request.url.clone()));
        }
        self.admitted(request).await
    }

    /// One request when it is this host's turn.
    async fn admitted(&self, request: &FetchRequest) -> Result<Fetched, Refusal> {
        let host = Host::of_url(&request.url);
        let host = host.ok_or_else(|| Refusal::NoAddress(request.url.clone()))?;
        let _permit = self.limiter.acquire(&host).await.map_err(Refusal::Busy)?;
        self.client.fetch(request).await.map_err(Refusal::Failed)
    }

    /// Sends a form when it is this host's turn.
    ///
    /// # Errors
    /// As a fetch.
    pub async fn post_form(&self, url: &str, form: &str) -> Result<(), Refusal> {
        let host = Host::of_url(url).ok_or_else(|| Refusal::NoAddress(url.to_owned()))?;
        let _permit = self.limiter.acquire(&host).await.map_err(Refusal::Busy)?;
        self.client.post_form(url, form).await.map_err(Refusal::Failed)
    }

    /// The rules of an address's site. Those that could not be had are asked for again next time;
    /// when nobody answers at all, the fetch itself will say so better.
    pub async fn rules(&self, url: &str) -> Arc<RobotsRules> {
        let Some(address) = robots_url(url) else { return Arc::new(RobotsRules::AllowAll) };
        let load = self.robots.try_get_with(address.clone(), self.load_rules(address));
        load.await.unwrap_or_else(|unknown| Arc::clone(&unknown))
    }

    /// The inner error is a verdict that is not kept.
    async fn load_rules(&self, address: String) -> Result<Arc<RobotsRules>, Arc<RobotsRules>> {
        let request = FetchRequest { accept: ACCEPT_TEXT, ..FetchRequest::feed(address) };
        match self.admitted(&request).await {
            Ok(Fetched::Body { body, .. }) => Ok(Arc::new(RobotsRules::parse(&self.agent, &body))),
            Ok(Fetched::NotModified(_)) => Ok(Arc::new(RobotsRules::AllowAll)),
            Err(Refusal::Failed(error)) => match error.status() {
                Some(429 | 500..) => Err(Arc::new(RobotsRules::DisallowAll)),
                Some(_) => Ok(Arc::new(RobotsRules::AllowAll)),
                None => Err(Arc::new(RobotsRules::AllowAll)),
            },
            Err(_) => Err(Arc::new(RobotsRules::AllowAll)),
        }
    }
}

fn accept(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Feed | SourceKind::BuiltIn => ACCEPT_FEED,
        SourceKind::JsonApi => ACCEPT_JSON,
        SourceKind::Page => ACCEPT_PAGE,
        SourceKind::Sitemap => ACCEPT_SITEMAP,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_sources::{Page, Site, web_for};

    fn page(site: &Site, path: &str) -> FetchRequest {
        FetchRequest::feed(site.url(path))
    }

    #[tokio::test]
    async fn a_page_the_site_keeps_from_programs_is_not_fetched_and_its_feed_is() {
        let robots = Page::html("User-agent: *\nDisallow: /private");
        let site = Site::start(vec![
            ("/robots.txt", robots),
            ("/private/list", Page::html("<a>")),
            ("/open", Page::html("<a>")),
        ])
        .await;
        let web = web_for(&[]);
        let refused = web.fetch(SourceKind::Page, &page(&site, "/private/list")).await;
        assert!(matches!(refused, Err(Refusal::Robots(_))), "{refused:?}");
        assert!(web.fetch(SourceKind::Page, &page(&site, "/open")).await.is_ok());
        assert!(web.fetch(SourceKind::Feed, &page(&site, "/private/list")).await.is_ok());
        assert_eq!(site.asked("/robots.txt"), 1, "rules are kept");
        assert_eq!(site.asked("/private/list"), 1);
    }

    #[tokio::test]
    async fn a_site_that_cannot_say_is_left_alone_and_one_without_rules_is_open() {
        let site = Site::start(vec![
            ("/robots.txt", Page::status("503 Service Unavailable")),
            ("/list", Page::html("<a>")),
        ])
        .await;
        let web = web_for(&[]);
        let refused = web.fetch(SourceKind::Page, &page(&site, "/list")).await;
        assert!(matches!(refused, Err(Refusal::Robots(_))), "{refused:?}");
        let site = Site::start(vec![("/list", Page::html("<a>"))]).await;
        assert!(web.fetch(SourceKind::Page, &page(&site, "/list")).await.is_ok());
    }

    #[tokio::test]
    async fn a_route_of_rsshub_goes_to_the_next_server_when_one_fails() {
        let down = Site::start(vec![("/a/b", Page::status("503 Service Unavailable"))]).await;
        let up = Site::start(vec![("/a/b", Page::feed("<rss/>"))]).await;
        let web = web_for(&[down.url("/"), up.url("/")]);
        assert!(web.fetch(SourceKind::Feed, &FetchRequest::feed("rsshub://a/b")).await.is_ok());
        assert_eq!((down.asked("/a/b"), up.asked("/a/b")), (1, 1));
        let without = web_for(&[]).fetch(SourceKind::Feed, &FetchRequest::feed("rsshub://a")).await;
        assert!(without.expect_err("none").problem().contains("fetch.rsshub_servers"));
    }
}
