//! One fetch of one source from the request to the durable articles, and what it came to.

use super::SourceTools;
use super::pushed::Announcement;
use super::renaming::recollection;
use super::rhythm;
use super::schedule::Outcome;
use crate::trace;
use crate::web::Refusal;
use autoglm_domain::{
    ArticleDraft, FailureCause, Fault, FetchWishes, Source, SourceId, SourceKind, Timestamp,
};
use autoglm_feeds::identity::renaming::Remembered;
use autoglm_feeds::kind::{Document, read_document};
use autoglm_feeds::{
    FetchError, FetchMeta, FetchRequest, Fetched, Manner, ParseError, ParsedFeed, discover,
    normalise,
};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Most drafts IngestActor takes at once.
const BATCH_MAX: usize = 2_000;

/// Histogram: seconds from the request to the durable rows of its response.
const FETCH_TO_DURABLE: &str = "autoglm_fetch_to_durable_seconds";

/// What one fetch brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// For health and schedule.
    pub outcome: Outcome,
    /// New articles stored.
    pub inserted: usize,
    /// Validator to send next time.
    pub etag: Option<String>,
    /// Validator to send next time.
    pub last_modified: Option<String>,
    /// As the feed calls itself.
    pub title: Option<String>,
    /// The feed's web page.
    pub site_url: Option<String>,
    /// Where it says it lives now, for good.
    pub moved_to: Option<String>,
    /// Time between its articles; `None` when nothing was read or no rhythm shows.
    pub rhythm: Option<Duration>,
    /// What the document asks of us; `None` when nothing was read.
    pub wishes: Option<FetchWishes>,
    /// What it held; `None` when nothing was read.
    pub recollection: Option<Vec<Remembered>>,
    /// The hub its document names.
    pub announcement: Announcement,
}

/// What came of a document that a hub sent.
#[derive(Debug)]
pub(super) enum Taken {
    /// So many new articles are durable.
    Stored(usize),
    /// It cannot be read, and why.
    Unreadable(String),
    /// Our own store is away.
    StoreAway(Fault),
}

impl Visit {
    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            inserted: 0,
            etag: None,
            last_modified: None,
            title: None,
            site_url: None,
            moved_to: None,
            rhythm: None,
            wishes: None,
            recollection: None,
            announcement: Announcement::default(),
        }
    }
}

/// A document that has been read.
struct Read {
    drafts: Vec<ArticleDraft>,
    title: Option<String>,
    site_url: Option<String>,
    wishes: FetchWishes,
    rhythm: Option<Duration>,
    /// Whether the document has no article, known or new.
    empty: bool,
}

impl Read {
    fn of(feed: ParsedFeed, id: SourceId, now: Timestamp) -> Self {
        let published = feed.entries.iter().filter_map(|entry| entry.published.or(entry.updated));
        let rhythm = rhythm::observe(published.collect(), now);
        let (title, site_url) = (feed.title.clone(), feed.site_url.clone());
        let wishes = FetchWishes { floor: feed.interval_floor, quiet: feed.quiet };
        let drafts = normalise(feed, id, now);
        Self { empty: drafts.is_empty(), drafts, title, site_url, wishes, rhythm }
    }
}

/// A document that has been looked at.
enum Seen {
    Read(Read),
    /// It only names the documents to read.
    Index(Vec<FetchRequest>),
}

/// One fetch.
#[derive(Debug)]
pub struct Fetch<'a> {
    pub(super) source: &'a Source,
    pub(super) tools: &'a SourceTools,
    /// What the last document held.
    pub(super) recollection: Option<&'a [Remembered]>,
    manner: Option<Arc<Manner>>,
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(source: &'a Source, tools: &'a SourceTools) -> Self {
        let request = source.private.as_ref().map(|private| &private.request);
        let manner = request.and_then(|request| Manner::of(request, &source.url));
        Self { source, tools, recollection: None, manner }
    }

    /// Remembers what the last document held.
    pub(crate) fn after(self, recollection: Option<&'a [Remembered]>) -> Self {
        Self { recollection, ..self }
    }

    /// Stores the articles that come with the product.
    pub(crate) async fn built_in(&self) -> Visit {
        let drafts = (self.tools.built_in.0)(self.source);
        match self.store(drafts).await {
            Ok(inserted) => {
                let (took, floor) = (Duration::ZERO, None);
                let good = Outcome::Good { took, floor, empty: false };
                Visit { inserted, ..Visit::of(good) }
            }
            Err(fault) => Visit::of(Outcome::StoreAway { retry_after: fault.retry_after }),
        }
    }

    /// Fetches, reads and stores.
    ///
    /// # Errors
    /// When reading panicked: our own defect, never the source's.
    #[tracing::instrument(name = "fetch", skip_all, fields(source = self.source.id.0))]
    pub(crate) async fn visit(&self) -> Result<Visit, String> {
        let fetched = match self.request().await {
            Ok(fetched) => fetched,
            Err(visit) => {
                self.tools.meter.error("fetch");
                return Ok(visit);
            }
        };
        let (Fetched::NotModified(answer) | Fetched::Body { meta: answer, .. }) = &fetched;
        // One response, whatever was in it; without the time it waited for its turn.
        self.tools.meter.record("fetch", 1, answer.elapsed);
        let (body, content_type, mut meta) = match fetched {
            Fetched::NotModified(meta) => return Ok(self.not_modified(&meta)),
            Fetched::Body { body, content_type, meta } => (body, content_type, meta),
        };
        let received = Instant::now();
        let announcement = self.announcement(&body, content_type.as_deref(), &meta).await?;
        let read = match self.read(body, content_type, meta.base_url.clone()).await? {
            Ok(Seen::Index(sitemaps)) => {
                // The sitemaps change while their index stays as it is: it is read anew each time.
                (meta.etag, meta.last_modified) = (None, None);
                self.read_sitemaps(sitemaps).await?
            }
            Ok(Seen::Read(read)) => Ok(read),
            Err(problem) => Err(problem),
        };
        let visit = match read {
            Ok(read) => self.keep(read, meta, received).await?,
            Err(problem) => {
                self.tools.meter.error("fetch");
                Visit::of(failed(FailureCause::Parse, problem))
            }
        };
        Ok(Visit { announcement, ..visit })
    }

    /// Reads and stores a document that was not asked for.
    pub(super) async fn take_document(
        &self,
        body: Bytes,
        content_type: Option<String>,
        base: String,
    ) -> Result<Taken, String> {
        let drafts = match self.read(body, content_type, base).await? {
            Ok(Seen::Read(read)) => read.drafts,
            Ok(Seen::Index(_)) => return Ok(Taken::Unreadable("it is an index".to_owned())),
            Err(problem) => return Ok(Taken::Unreadable(problem)),
        };
        if let Err(fault) = self.recognise(&drafts).await {
            return Ok(Taken::StoreAway(fault));
        }
        let whole =
            if self.source.settings.full_text { self.complete(drafts).await? } else { Ok(drafts) };
        let stored = match whole {
            Ok(drafts) => self.store(drafts).await,
            Err(fault) => Err(fault),
        };
        Ok(stored.map_or_else(Taken::StoreAway, Taken::Stored))
    }

    /// Recognises, completes and stores what was read.
    async fn keep(&self, read: Read, meta: FetchMeta, received: Instant) -> Result<Visit, String> {
        let away = |fault: Fault| Visit::of(Outcome::StoreAway { retry_after: fault.retry_after });
        if let Err(fault) = self.recognise(&read.drafts).await {
            return Ok(away(fault));
        }
        let recollection = recollection(&read.drafts);
        let read = match self.source.settings.full_text {
            true => match self.complete(read.drafts).await? {
                Ok(drafts) => Read { drafts, ..read },
                Err(fault) => return Ok(away(fault)),
            },
            false => read,
        };
        let visit = self.take(read, meta, received).await;
        // What could not be stored is not remembered as had.
        let stored = matches!(visit.outcome, Outcome::Good { .. });
        Ok(Visit { recollection: stored.then_some(recollection), ..visit })
    }

    /// Reads one document as what the source is; the inner error is for people.
    async fn read(
        &self,
        body: Bytes,
        content_type: Option<String>,
        base: String,
    ) -> Result<Result<Seen, String>, String> {
        let (kind, settings) = (self.source.kind, self.source.settings.clone());
        let (id, now) = (self.source.id, self.tools.clock.now());
        let work = move || {
            let document = read_document(kind, &settings, &body, content_type.as_deref(), &base);
            match document.map_err(|error| unreadable(&error, &body, &base))? {
                Document::Articles(feed) => Ok(Seen::Read(Read::of(feed, id, now))),
                Document::Sitemaps(urls) => {
                    Ok(Seen::Index(urls.into_iter().map(FetchRequest::feed).collect()))
                }
            }
        };
        self.compute(work).await
    }

    /// Reads the sitemaps an index names, one after the other; one that fails costs its own articles.
    async fn read_sitemaps(
        &self,
        sitemaps: Vec<FetchRequest>,
    ) -> Result<Result<Read, String>, String> {
        let mut whole: Option<Read> = None;
        let mut problem = "could not read the sitemap: its index names only further indexes; \
             give the address of one of them"
            .to_owned();
        for request in sitemaps {
            let fetched = self.ask(self.source.kind, request).await;
            let (body, content_type, base) = match fetched {
                Ok(Fetched::Body { body, content_type, meta }) => {
                    (body, content_type, meta.final_url)
                }
                Ok(Fetched::NotModified(_)) => continue,
                Err(refusal) => {
                    problem = refusal.problem();
                    continue;
                }
            };
            match self.read(body, content_type, base).await? {
                Ok(Seen::Read(read)) => match &mut whole {
                    Some(whole) => {
                        whole.empty &= read.empty;
                        whole.drafts.extend(read.drafts);
                    }
                    None => whole = Some(read),
                },
                Ok(Seen::Index(_)) => {}
                Err(why) => problem = why,
            }
        }
        Ok(whole.ok_or(problem))
    }

    /// Fetches as this source is asked.
    pub(super) async fn ask(
        &self,
        kind: SourceKind,
        request: FetchRequest,
    ) -> Result<Fetched, Refusal> {
        self.tools.web.fetch(kind, &request.made(self.manner.as_ref())).await
    }

    async fn request(&self) -> Result<Fetched, Visit> {
        let request = FetchRequest {
            etag: self.source.etag.clone(),
            last_modified: self.source.last_modified.clone(),
            ..FetchRequest::feed(self.source.url.clone())
        };
        let fetched = self.ask(self.source.kind, request).await;
        fetched.map_err(|refusal| {
            Visit::of(match &refusal {
                Refusal::Busy(fault) => Outcome::StoreAway { retry_after: fault.retry_after },
                Refusal::Failed(error) => refused(error),
                Refusal::NoAddress(_) | Refusal::NoServer => {
                    failed(FailureCause::Forbidden, refusal.problem())
                }
                Refusal::Robots(_) => failed(FailureCause::Blocked, refusal.problem()),
            })
        })
    }

    /// Runs work for the processor on a thread of its own, as many at a time as there are permits.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let permit = self.tools.parse_permits.acquire().await;
        let _permit = permit.map_err(|_closed| "the parse permits are closed".to_owned())?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| format!("reading {} failed by a defect: {error}", self.source.url))
    }

    fn not_modified(&self, meta: &FetchMeta) -> Visit {
        let took = meta.elapsed;
        let good = Outcome::Good { took, floor: meta.retry_floor, empty: false };
        Visit {
            // A 304 may repeat the validators or leave them out.
            etag: meta.etag.clone().or_else(|| self.source.etag.clone()),
            last_modified: meta.last_modified.clone().or_else(|| self.source.last_modified.clone()),
            moved_to: meta.moved_permanently_to.clone(),
            ..Visit::of(good)
        }
    }

    async fn take(&self, read: Read, meta: FetchMeta, received: Instant) -> Visit {
        let Read { drafts, title, site_url, wishes, rhythm, empty } = read;
        let inserted = match self.store(drafts).await {
            Ok(inserted) => inserted,
            // Without the new validators, so that the same document comes again.
            Err(fault) => return Visit::of(Outcome::StoreAway { retry_after: fault.retry_after }),
        };
        metrics::histogram!(FETCH_TO_DURABLE)
            .record((meta.elapsed + received.elapsed()).as_secs_f64());
        let floor = meta.retry_floor;
        let named = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Visit {
            outcome: Outcome::Good { took: meta.elapsed, floor, empty },
            inserted,
            // Without validators an empty feed stays what it is, instead of answering 304: well.
            etag: meta.etag.filter(|_| !empty),
            last_modified: meta.last_modified.filter(|_| !empty),
            title: named(title),
            site_url: named(site_url),
            moved_to: meta.moved_permanently_to,
            rhythm,
            wishes: Some(wishes),
            ..Visit::of(Outcome::Good { took: meta.elapsed, floor, empty })
        }
    }

    /// Waits until all drafts are durable; waiting here is how a slow store slows fetching.
    async fn store(&self, mut drafts: Vec<ArticleDraft>) -> Result<usize, Fault> {
        let mut inserted = 0;
        let trace_parent = trace::current_trace_parent();
        while !drafts.is_empty() {
            let rest = drafts.split_off(drafts.len().min(BATCH_MAX));
            let stored = self.tools.ingest.store(drafts, trace_parent.clone()).await?;
            inserted += stored.inserted.len();
            drafts = rest;
        }
        Ok(inserted)
    }
}

fn failed(cause: FailureCause, problem: String) -> Outcome {
    Outcome::Failed { cause, problem, retry_after: None, gone: false }
}

fn refused(error: &FetchError) -> Outcome {
    Outcome::Failed {
        cause: error.cause(),
        problem: error.to_string(),
        retry_after: error.retry_after(),
        gone: error.is_gone(),
    }
}

/// What to tell about a document that is no feed; a web page may name its feeds.
fn unreadable(error: &ParseError, body: &[u8], base: &str) -> String {
    if *error == ParseError::WebPage
        && let Some(feed) = discover(body, base).into_iter().next()
    {
        return format!(
            "could not read the feed: this is a web page; it offers the feed {}, use that address instead",
            feed.url
        );
    }
    error.to_string()
}
