//! SourcePreviewer: finds out what is at an address somebody pasted, and what following it would bring.
//!
//! **Receives** the call `preview` of the port `SourceCommands`. **Sends** fetches through [`PoliteWeb`].
//! **Limits** 4 previews at a time, 17 fetches and 25 s for each. **On restart** it keeps nothing.

use crate::web::{PoliteWeb, Refusal};
use autoglm_domain::{
    Clock, FailureCause, Fault, FaultKind, SourceId, SourceKind, SourceRequest, SourceSettings,
};
use autoglm_feeds::kind::sitemap::looks_like_sitemap;
use autoglm_feeds::kind::{Document, guess, read_document};
use autoglm_feeds::{
    DiscoveredFeed, FetchRequest, Fetched, Manner, ParseError, ParsedFeed, discover, encoding,
    known_site, normalise,
};
use autoglm_protocol::port::{OfferedFeed, PreviewArticle, PreviewSource, SourcePreview};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Articles shown.
const ARTICLES_SHOWN: usize = 10;
/// Characters of a text that are shown.
const TEXT_CHARS_SHOWN: usize = 240;
/// Previews at a time; further ones are refused, for a person can ask again.
const PREVIEWS_MAX: usize = 4;
/// Announced feeds that are tried until one can be read.
const ANNOUNCED_TRIED: usize = 3;
/// Usual addresses of feeds that are tried on a page that announces none.
const USUAL_TRIED: usize = 12;
/// Time for everything.
const PATIENCE: Duration = Duration::from_secs(25);

/// The previewer. Clones share the limits.
#[derive(Debug, Clone)]
pub struct SourcePreviewer {
    web: PoliteWeb,
    clock: Arc<dyn Clock>,
    parse_permits: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// A document with what is known of it.
#[derive(Debug, Clone)]
struct Fetch {
    body: Bytes,
    content_type: Option<String>,
    url: String,
}

/// A source that could be read.
#[derive(Debug)]
struct Found {
    url: String,
    kind: SourceKind,
    settings: SourceSettings,
    feed: ParsedFeed,
    feeds: Vec<DiscoveredFeed>,
}

/// What one look at a document came to.
enum Look {
    Found(Box<Found>),
    /// A web page; its feeds, and where its articles seem to be.
    Page(Vec<DiscoveredFeed>, Option<Box<SourceSettings>>),
    /// Sitemaps to read instead.
    Sitemaps(Vec<String>),
    Nothing(ParseError),
}

impl SourcePreviewer {
    /// Over the node's way to sources and its permits for reading documents.
    #[must_use]
    pub fn new(web: PoliteWeb, clock: Arc<dyn Clock>, parse_permits: Arc<Semaphore>) -> Self {
        let places = Arc::new(Semaphore::new(PREVIEWS_MAX));
        Self { web, clock, parse_permits, places }
    }

    /// The names of the proxies a source may be asked by.
    pub(crate) fn proxies(&self) -> Vec<String> {
        self.web.proxies()
    }

    /// See [`SourceCommands::preview`](autoglm_protocol::port::SourceCommands::preview).
    ///
    /// # Errors
    /// `Invalid`, `Forbidden`, `Timeout`, `Overloaded` or `Unavailable`, each with what to do.
    pub async fn preview(&self, command: PreviewSource) -> Result<SourcePreview, Fault> {
        let Ok(_place) = self.places.try_acquire() else {
            let message = "other previews are being made; ask again in a moment";
            return Err(Fault::overloaded(message, Duration::from_secs(2)));
        };
        match tokio::time::timeout(PATIENCE, self.find(command)).await {
            Ok(found) => self.show(found?).await,
            Err(_elapsed) => Err(Fault::new(
                FaultKind::Timeout,
                format!("the site did not answer within {} s; try again", PATIENCE.as_secs()),
            )),
        }
    }

    /// A readable feed with articles at this address or named by the page there, other than `known`.
    /// `None` also when too many are being looked for or the site does not answer in time.
    pub async fn feed_of(&self, url: &str, known: &str) -> Option<String> {
        let _place = self.places.try_acquire().ok()?;
        let settings = SourceSettings::default();
        // Without the credentials of a private source: who is found may be anybody.
        let request = SourceRequest::default();
        let command = PreviewSource { url: url.to_owned(), kind: None, settings, request };
        let found = tokio::time::timeout(PATIENCE, self.find(command)).await.ok()?.ok()?;
        let is_feed = found.kind == SourceKind::Feed && !found.feed.entries.is_empty();
        (is_feed && found.url != known).then_some(found.url)
    }

    async fn find(&self, command: PreviewSource) -> Result<Found, Fault> {
        let PreviewSource { url, kind, settings, request } = known(command);
        let manner = Manner::of(&request, &url);
        let fetched = self.fetch(kind.unwrap_or(SourceKind::Feed), &url, manner.as_ref()).await;
        let fetch = fetched.map_err(|refusal| fault_of(&refusal))?;
        match self.look(&fetch, &url, kind, &settings).await? {
            Look::Found(found) => Ok(*found),
            Look::Sitemaps(sitemaps) => {
                self.first_sitemap(&url, sitemaps, &settings, manner.as_ref()).await
            }
            Look::Page(feeds, proposal) => {
                self.feed_of_page(&fetch, feeds, proposal, manner.as_ref()).await
            }
            Look::Nothing(error) => Err(Fault::invalid(error.to_string())),
        }
    }

    async fn fetch(
        &self,
        kind: SourceKind,
        url: &str,
        manner: Option<&Arc<Manner>>,
    ) -> Result<Fetch, Refusal> {
        match self.web.fetch(kind, &FetchRequest::feed(url).made(manner)).await? {
            Fetched::Body { body, content_type, meta } => {
                Ok(Fetch { body, content_type, url: meta.final_url })
            }
            // Without validators a 304 makes no sense; there is nothing to show.
            Fetched::NotModified(meta) => {
                Ok(Fetch { body: Bytes::new(), content_type: None, url: meta.final_url })
            }
        }
    }

    /// Reads a document as what it is said to be, or as what it looks like.
    async fn look(
        &self,
        fetch: &Fetch,
        url: &str,
        kind: Option<SourceKind>,
        settings: &SourceSettings,
    ) -> Result<Look, Fault> {
        let (fetch, url, settings) = (fetch.clone(), url.to_owned(), settings.clone());
        self.compute(move || look(&fetch, url, kind, settings)).await
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = self.parse_permits.acquire().await;
        let _permit = permit.map_err(|_closed| Fault::internal("the parse permits are closed"))?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Fault::internal(format!("reading the document failed: {error}")))
    }

    /// The first feed of a page that can be read; else its list of articles.
    async fn feed_of_page(
        &self,
        page: &Fetch,
        feeds: Vec<DiscoveredFeed>,
        proposal: Option<Box<SourceSettings>>,
        manner: Option<&Arc<Manner>>,
    ) -> Result<Found, Fault> {
        // What a page names elsewhere must not get a login by being named: the person decides.
        let may_be_asked = |url: &str| trusts(manner, url);
        if !may_be_asked(&page.url) {
            return Err(Fault::invalid(format!(
                "it leads to {}, where the credentials are not sent; give that address if they are for it",
                page.url
            )));
        }
        let announced = feeds.iter().filter(|feed| may_be_asked(&feed.url));
        for feed in announced.take(ANNOUNCED_TRIED) {
            if let Some(found) = self.feed_at(&feed.url, manner).await? {
                return Ok(Found { feeds, ..found });
            }
        }
        let usual = Url::parse(&page.url).map(|page| known_site::usual_addresses(&page));
        for url in usual.unwrap_or_default().iter().take(USUAL_TRIED) {
            if let Some(found) = self.feed_at(url.as_str(), manner).await? {
                return Ok(Found { feeds, ..found });
            }
        }
        if let Some(settings) = proposal
            && self.web.rules(&page.url).await.allows(&page.url)
        {
            let look = self.look(page, &page.url, Some(SourceKind::Page), &settings).await?;
            if let Look::Found(found) = look {
                return Ok(*found);
            }
        }
        Err(Fault::invalid(format!(
            "{} is a web page without a feed, and no list of articles was recognised on it; \
             give the address of its feed, or kind page with selectors",
            page.url
        )))
    }

    /// `None` when there is no feed.
    async fn feed_at(
        &self,
        url: &str,
        manner: Option<&Arc<Manner>>,
    ) -> Result<Option<Found>, Fault> {
        let Ok(fetch) = self.fetch(SourceKind::Feed, url, manner).await else { return Ok(None) };
        let settings = SourceSettings::default();
        let look = self.look(&fetch, url, Some(SourceKind::Feed), &settings).await?;
        Ok(match look {
            Look::Found(found) => Some(*found),
            _ => None,
        })
    }

    async fn first_sitemap(
        &self,
        index: &str,
        sitemaps: Vec<String>,
        settings: &SourceSettings,
        manner: Option<&Arc<Manner>>,
    ) -> Result<Found, Fault> {
        let kind = Some(SourceKind::Sitemap);
        for url in sitemaps {
            let fetched = self.fetch(SourceKind::Sitemap, &url, manner).await;
            let Ok(fetch) = fetched else { continue };
            if let Look::Found(found) = self.look(&fetch, index, kind, settings).await? {
                return Ok(*found);
            }
        }
        Err(Fault::invalid("none of the sitemaps this index names could be read"))
    }

    /// As articles would be stored, so that the preview promises nothing else.
    async fn show(&self, found: Found) -> Result<SourcePreview, Fault> {
        let now = self.clock.now();
        self.compute(move || {
            let Found { url, kind, settings, feed, feeds } = found;
            let title = feed.title.clone().unwrap_or_default();
            let site_url = feed.site_url.clone().unwrap_or_default();
            let problems = feed.problems.clone();
            let drafts = normalise(feed, SourceId(0), now);
            let articles = drafts.iter().take(ARTICLES_SHOWN).map(|draft| PreviewArticle {
                title: draft.title.clone(),
                url: draft.url.clone(),
                published_at: draft.published_at,
                text: draft.content_text.chars().take(TEXT_CHARS_SHOWN).collect(),
            });
            SourcePreview {
                url,
                kind,
                settings,
                title,
                site_url,
                article_count: drafts.len(),
                articles: articles.collect(),
                feeds: feeds.into_iter().map(offered).collect(),
                problems,
            }
        })
        .await
    }
}

fn offered(feed: DiscoveredFeed) -> OfferedFeed {
    OfferedFeed { url: feed.url, title: feed.title }
}

/// Whether an address may be asked for without a person having given it.
fn trusts(manner: Option<&Arc<Manner>>, url: &str) -> bool {
    manner
        .filter(|manner| manner.has_credentials())
        .is_none_or(|manner| Url::parse(url).is_ok_and(|url| manner.trusts(&url)))
}

/// Completes what a person typed: the scheme, and what the site is known for.
fn known(mut command: PreviewSource) -> PreviewSource {
    let text = command.url.trim();
    if command.kind.is_none()
        && let Some(known) = known_site::known_source(text)
    {
        let known = known.with_wishes(command.settings);
        let (url, kind, settings) = (known.url, Some(known.kind), known.settings);
        return PreviewSource { url, kind, settings, request: command.request };
    }
    let has_scheme = text.contains("://");
    command.url = if has_scheme { text.to_owned() } else { format!("https://{text}") };
    command
}

/// Pure: what a document is.
fn look(fetch: &Fetch, url: String, kind: Option<SourceKind>, settings: SourceSettings) -> Look {
    let kind = kind.unwrap_or_else(|| kind_of(&fetch.body));
    let settings = proposed(kind, settings, fetch);
    let read = |settings: &SourceSettings| {
        read_document(kind, settings, &fetch.body, fetch.content_type.as_deref(), &fetch.url)
    };
    match read(&settings) {
        Ok(Document::Articles(feed)) => {
            Look::Found(Box::new(Found { url, kind, settings, feed, feeds: Vec::new() }))
        }
        Ok(Document::Sitemaps(urls)) => {
            Look::Sitemaps(urls.into_iter().map(String::from).collect())
        }
        Err(ParseError::WebPage | ParseError::NotAFeed) if kind == SourceKind::Feed => {
            let proposal = proposed(SourceKind::Page, SourceSettings::default(), fetch);
            let proposal =
                Some(proposal).filter(|settings| settings.selectors.is_some()).map(Box::new);
            Look::Page(discover(&fetch.body, &fetch.url), proposal)
        }
        Err(error) => Look::Nothing(error),
    }
}

/// By its first bytes; what is neither sitemap nor JSON is tried as a feed.
fn kind_of(body: &[u8]) -> SourceKind {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
    // A feed in JSON says so; any other document in JSON is a programming interface.
    let is_json = matches!(start, Some(b'{' | b'['));
    let head = String::from_utf8_lossy(&body[..body.len().min(2_048)]);
    match is_json {
        true if !head.contains("jsonfeed.org") => SourceKind::JsonApi,
        false if looks_like_sitemap(body) => SourceKind::Sitemap,
        _ => SourceKind::Feed,
    }
}

/// Fills in where articles seem to be, when nobody said it.
fn proposed(kind: SourceKind, mut settings: SourceSettings, fetch: &Fetch) -> SourceSettings {
    let text = || encoding::decode(&fetch.body, fetch.content_type.as_deref()).text;
    match kind {
        SourceKind::JsonApi if settings.mapping.is_none() => {
            settings.mapping = guess::json_mapping(&text());
        }
        SourceKind::Page if settings.selectors.is_none() => {
            settings.selectors = guess::page_selectors(&text());
        }
        _ => {}
    }
    settings
}

fn fault_of(refusal: &Refusal) -> Fault {
    let message = refusal.problem();
    match refusal {
        Refusal::Busy(fault) => fault.clone(),
        Refusal::Failed(error) => match error.cause() {
            FailureCause::Forbidden => Fault::new(FaultKind::Forbidden, message),
            FailureCause::Timeout => Fault::new(FaultKind::Timeout, message),
            // The person can correct the address; asking again would not help.
            _ if matches!(error.status(), Some(404 | 410)) => Fault::invalid(message),
            FailureCause::Dns | FailureCause::TooLarge => Fault::invalid(message),
            _ => {
                let wait = error.retry_after().unwrap_or(Duration::from_secs(60));
                Fault::unavailable(message, wait)
            }
        },
        Refusal::NoAddress(_) | Refusal::NoServer | Refusal::Robots(_) => Fault::invalid(message),
    }
}

#[cfg(test)]
mod tests;
