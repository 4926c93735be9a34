//! A source actor against a small server on loopback and an ingest that keeps its drafts.

use super::*;
use crate::testing_sources::{Origin, Page, Site, Sources, keep_drafts, parent, source, tools_for};
use autoglm_domain::{
    FaultKind, Moved, Private, ReaderId, Secret, SourceId, SourceRequest, SourceSettings,
    SystemClock,
};
use autoglm_models::RecentArticleRow;
use std::sync::Mutex;

struct Running {
    origin: Origin,
    drafts: Arc<Mutex<Vec<ArticleDraft>>>,
    handle: Address<SourceMessage>,
    tools: SourceTools,
    source: Source,
}

async fn run(page: Page) -> Running {
    let origin = Origin::start(page).await;
    let (ingest, drafts) = keep_drafts().await;
    let tools = tools_for(ingest);
    let source = source(1, &origin.url("/feed"));
    let address = Address::new("source-1", 4);
    let args = SourceArgs {
        source: source.clone(),
        health: Health::default(),
        // Far away: the tests ask for each fetch.
        slot: Duration::from_secs(3_600),
        tools: tools.clone(),
        address: address.clone(),
        status: StatusCell::default(),
    };
    SourceActor::spawn(args, parent().await).await.expect("started");
    Running { origin, drafts, handle: address, tools, source }
}

impl Running {
    async fn refresh(&self) -> Result<usize, Fault> {
        self.handle.call(Duration::from_secs(20), |reply| SourceMessage::Refresh { reply }).await
    }

    fn health(&self) -> Health {
        self.tools.log.health(self.source.id).expect("noted")
    }
}

const FEED: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour news</title>
<link>http://harbour.example/</link>
<item><title>A ship arrives</title><guid>g1</guid><description>It came at noon.</description></item>
<item><title>A ship leaves</title><guid>g2</guid><description>It left at night.</description></item>
</channel></rss>"#;

#[tokio::test]
async fn a_feed_is_fetched_stored_and_asked_for_conditionally_the_next_time() {
    let running = run(Page::feed(FEED).with_etag("\"v1\"")).await;
    assert_eq!(running.refresh().await, Ok(2));
    assert_eq!(running.drafts.lock().expect("not poisoned").len(), 2);
    let health = running.health();
    assert_eq!(health.class, HealthClass::Healthy);
    assert!(health.next_fetch_at.is_some());
    assert_eq!(running.refresh().await, Ok(0), "304");
    assert_eq!(running.drafts.lock().expect("not poisoned").len(), 2);
    assert_eq!(running.origin.conditional_requests(), 1);
}

#[tokio::test]
async fn a_web_page_that_offers_a_feed_is_a_problem_that_names_it() {
    let page = r#"<!doctype html><html><head><title>x</title><link rel="alternate"
        type="application/rss+xml" href="/the-feed.xml"></head><body>hello</body></html>"#;
    let running = run(Page::html(page)).await;
    assert_eq!(running.refresh().await.expect_err("no feed").kind, FaultKind::Unavailable);
    let health = running.health();
    assert_eq!((health.class, health.cause.as_deref()), (HealthClass::Failing, Some("parse")));
    let problem = health.problem.expect("a problem");
    assert!(problem.contains("/the-feed.xml"), "{problem}");
}

#[tokio::test]
async fn a_source_that_answers_410_is_gone() {
    let running = run(Page::status("410 Gone")).await;
    assert!(running.refresh().await.is_err());
    assert_eq!((running.health().class, running.health().next_fetch_at), (HealthClass::Gone, None));
}

#[tokio::test]
async fn a_server_that_asks_to_be_left_alone_is() {
    let running = run(Page::status("429 Too Many Requests").with_header("Retry-After: 7200")).await;
    assert!(running.refresh().await.is_err());
    let health = running.health();
    assert_eq!(health.cause.as_deref(), Some("rate_limited"));
    let asked_at = health.last_attempt_at.expect("tried");
    let wait = health.next_fetch_at.expect("scheduled").since(asked_at);
    assert!(wait >= Duration::from_secs(7_200), "{wait:?}");
}

#[tokio::test]
async fn the_title_of_the_feed_is_noted() {
    let running = run(Page::feed(FEED)).await;
    let visit = Fetch::new(&running.source, &running.tools).visit().await.expect("no defect");
    assert_eq!(visit.title.as_deref(), Some("Harbour news"));
    assert_eq!(visit.site_url.as_deref(), Some("http://harbour.example/"));
}

async fn visit_moved(site: &Site, health: Health) -> FetchResult {
    let (ingest, _drafts) = keep_drafts().await;
    let mut tools = tools_for(ingest);
    let sources = Arc::new(Sources::default());
    tools.log = HealthLog::new(Arc::clone(&sources) as _, Arc::clone(&tools.clock));
    let address = Address::new("source-1", 4);
    let args = SourceArgs {
        source: source(1, &site.url("/old")),
        health,
        slot: Duration::from_secs(3_600),
        tools: tools.clone(),
        address: address.clone(),
        status: StatusCell::default(),
    };
    SourceActor::spawn(args, parent().await).await.expect("started");
    let refresh = |reply| SourceMessage::Refresh { reply };
    address.call(Duration::from_secs(20), refresh).await.expect("fetched");
    tools.log.write(true).await.expect("written");
    sources.saved.lock().expect("not poisoned").pop().expect("noted")
}

#[tokio::test]
async fn a_permanent_redirect_is_shown_at_once_and_adopted_when_it_has_been_said_for_a_day() {
    let moved = Page::status("301 Moved Permanently").with_header("Location: /feed");
    let site = Site::start(vec![("/old", moved), ("/feed", Page::feed(FEED))]).await;
    let first = visit_moved(&site, Health::default()).await;
    assert_eq!((first.health.class, first.adopt_url), (HealthClass::Moved, None));
    assert!(first.health.problem.is_some_and(|problem| problem.contains("/feed")));
    let since = SystemClock.now().minus(Duration::from_secs(25 * 3_600));
    let moved = Some(Moved { to: site.url("/feed"), since, seen: 2 });
    let believed = visit_moved(&site, Health { moved, ..Health::default() }).await;
    assert_eq!(believed.adopt_url, Some(site.url("/feed")));
}

#[tokio::test]
async fn a_temporary_redirect_moves_nothing() {
    let away = Page::status("302 Found").with_header("Location: /feed");
    let site = Site::start(vec![("/old", away), ("/feed", Page::feed(FEED))]).await;
    let result = visit_moved(&site, Health::default()).await;
    assert_eq!((result.health.class, result.health.moved), (HealthClass::Healthy, None));
}

#[tokio::test]
async fn sitemaps_are_read_anew_though_their_index_stays_as_it_is() {
    let index = "<sitemapindex><sitemap><loc>http://site.demo:{port}/empty.xml</loc></sitemap>\
        <sitemap><loc>http://site.demo:{port}/news.xml</loc></sitemap></sitemapindex>";
    let news = "<urlset><url><loc>http://e.example/a-story</loc></url></urlset>";
    let site = Site::start(vec![
        ("/map.xml", Page::feed(index).with_etag("\"v1\"")),
        ("/empty.xml", Page::feed("<urlset></urlset>")),
        ("/news.xml", Page::feed(news)),
    ])
    .await;
    let (ingest, drafts) = keep_drafts().await;
    let address = Address::new("source-1", 4);
    let args = SourceArgs {
        source: Source { kind: SourceKind::Sitemap, ..source(1, &site.url("/map.xml")) },
        health: Health::default(),
        slot: Duration::from_secs(3_600),
        tools: tools_for(ingest),
        address: address.clone(),
        status: StatusCell::default(),
    };
    SourceActor::spawn(args, parent().await).await.expect("started");
    for _ in 0..2 {
        let refresh = |reply| SourceMessage::Refresh { reply };
        address.call(Duration::from_secs(20), refresh).await.expect("fetched");
    }
    assert_eq!(site.asked("/news.xml"), 2);
    assert!(!drafts.lock().expect("not poisoned").is_empty());
}

/// Three articles whose ids begin with `prefix`.
fn three_articles(prefix: &str) -> String {
    let item = |n: u8| {
        format!(
            "<item><title>Ship {n}</title><guid isPermaLink='false'>{prefix}{n}</guid>\
             <link>http://harbour.example/{n}</link></item>"
        )
    };
    let items: String = (1..=3).map(item).collect();
    format!("<rss version='2.0'><channel><title>Harbour</title>{items}</channel></rss>")
}

#[tokio::test]
async fn articles_under_other_ids_are_recognised_by_what_was_read_before_and_by_what_is_stored() {
    let site = Site::start(vec![
        ("/before", Page::feed(&three_articles("a"))),
        ("/now", Page::feed(&three_articles("b"))),
    ])
    .await;
    let (ingest, _drafts) = keep_drafts().await;
    let mut tools = tools_for(ingest);
    let store = Arc::new(Sources::default());
    tools.store = Arc::clone(&store) as _;
    let before = Fetch::new(&source(1, &site.url("/before")), &tools).visit().await;
    let recollection = before.expect("no defect").recollection.expect("read");
    assert!(store.renamed.lock().expect("not poisoned").is_empty(), "all are new");
    let now = source(1, &site.url("/now"));
    Fetch::new(&now, &tools).after(Some(&recollection)).visit().await.expect("no defect");
    let renamed = std::mem::take(&mut *store.renamed.lock().expect("not poisoned"));
    assert_eq!(renamed.len(), 3);
    assert_eq!(renamed[0].url, "http://harbour.example/1");

    // After a start nothing was read before: then the store is asked.
    let stored = |renamed: &autoglm_models::RenamedArticle| RecentArticleRow {
        identity: renamed.old,
        canonical_url: renamed.canonical_url.clone(),
        title: format!("Ship {}", renamed.url.trim_start_matches("http://harbour.example/")),
        published_at: None,
    };
    *store.recent.lock().expect("not poisoned") = renamed.iter().map(stored).collect();
    Fetch::new(&now, &tools).visit().await.expect("no defect");
    assert_eq!(*store.renamed.lock().expect("not poisoned"), renamed);
}

#[tokio::test]
async fn what_a_document_asks_for_holds_also_while_it_does_not_change() {
    let document = three_articles("a").replace(
        "</title><item>",
        "</title><ttl>300</ttl><skipHours><hour>3</hour></skipHours><item>",
    );
    let running = run(Page::feed(&document).with_etag("\"v1\"")).await;
    assert_eq!(running.refresh().await, Ok(3));
    assert_eq!(running.refresh().await, Ok(0), "304");
    assert_eq!(running.origin.conditional_requests(), 1);
    let health = running.health();
    assert_eq!(health.wishes.quiet, QuietTimes::new([3], []));
    let asked_at = health.last_attempt_at.expect("tried");
    let wait = health.next_fetch_at.expect("scheduled").since(asked_at);
    assert!(wait >= Duration::from_secs(300 * 60), "{wait:?}");
}

#[test]
fn a_fetch_is_put_off_until_the_quiet_times_are_over_but_not_for_a_week() {
    // A Monday at midnight.
    let now = Timestamp(1_795_996_800_000);
    let until = |quiet: QuietTimes| outside(quiet, now, now).since(now);
    assert_eq!(until(QuietTimes::new([0, 1], [])), Duration::from_secs(2 * 3_600));
    assert_eq!(until(QuietTimes::new([], [0])), Duration::from_secs(24 * 3_600));
    assert_eq!(until(QuietTimes::new([], 0..6)), QUIET_MAX);
}

async fn offered(site: &Site, source: Source, fetches: usize) -> Option<String> {
    let (ingest, _drafts) = keep_drafts().await;
    let tools = tools_for(ingest);
    let address = Address::new("source-1", 4);
    let args = SourceArgs {
        source,
        health: Health::default(),
        slot: Duration::from_secs(3_600),
        tools: tools.clone(),
        address: address.clone(),
        status: StatusCell::default(),
    };
    SourceActor::spawn(args, parent().await).await.expect("started");
    for _ in 0..fetches {
        let wait = Duration::from_secs(20);
        let refreshed: Result<usize, Fault> =
            address.call(wait, |reply| SourceMessage::Refresh { reply }).await;
        refreshed.expect_err("it fails");
    }
    let offered = tools.log.health(SourceId(1)).expect("noted").offered_url;
    offered.map(|url| url.replace(&site.url(""), ""))
}

#[tokio::test]
async fn a_feed_found_where_a_failing_source_was_is_offered() {
    let page = r#"<html><head><title>x</title><link rel="alternate" type="application/rss+xml"
        href="/new.xml"></head><body>hello</body></html>"#;
    let site = Site::start(vec![
        ("/", Page::html(page)),
        ("/was-a-feed", Page::html(page)),
        ("/gone.xml", Page::status("410 Gone")),
        ("/new.xml", Page::feed(&three_articles("a"))),
    ])
    .await;
    let at = |path: &str| source(1, &site.url(path));
    assert_eq!(offered(&site, at("/missing.xml"), 2).await, None, "it may come back");
    assert_eq!(offered(&site, at("/missing.xml"), 3).await.as_deref(), Some("/new.xml"));
    assert_eq!(offered(&site, at("/gone.xml"), 1).await.as_deref(), Some("/new.xml"));
    assert_eq!(offered(&site, at("/was-a-feed"), 1).await.as_deref(), Some("/new.xml"));
}

#[tokio::test]
async fn a_private_source_is_asked_with_its_credentials_and_so_are_its_pages_on_the_same_site() {
    let page = |text: &str| {
        Page::html(&format!("<html><body><article><p>{text}</p></article></body></html>"))
    };
    let elsewhere = Site::start(vec![("/2", page("Elsewhere it left at night, they say."))]).await;
    let feed = format!(
        "<rss><channel><title>T</title><item><title>A</title><guid>a</guid>\
         <link>http://site.demo:{{port}}/1</link></item><item><title>B</title><guid>b</guid>\
         <link>{}</link></item></channel></rss>",
        elsewhere.url("/2")
    );
    let own = page("It came at noon, with a cargo of tea, and everybody was there.");
    let site = Site::start(vec![("/feed", Page::feed(&feed)), ("/1", own)]).await;
    let (ingest, _drafts) = keep_drafts().await;
    let request = SourceRequest {
        user_agent: Some("Mine/1".into()),
        cookie: Some(Secret::new("c-o-o-k-i-e")),
        ..SourceRequest::default()
    };
    let address = Address::new("source-1", 4);
    let args = SourceArgs {
        source: Source {
            settings: SourceSettings { full_text: true, ..SourceSettings::default() },
            private: Some(Private { owner: ReaderId(1), request }),
            ..source(1, &site.url("/feed"))
        },
        health: Health::default(),
        slot: Duration::from_secs(3_600),
        tools: tools_for(ingest),
        address: address.clone(),
        status: StatusCell::default(),
    };
    SourceActor::spawn(args, parent().await).await.expect("started");
    let refresh = |reply| SourceMessage::Refresh { reply };
    address.call(Duration::from_secs(20), refresh).await.expect("fetched");
    for said in [&site.said("/feed")[0], &site.said("/1")[0]] {
        assert!(said.contains("cookie: c-o-o-k-i-e") && said.contains("mine/1"), "{said}");
    }
    let strange = &elsewhere.said("/2")[0];
    assert!(strange.contains("mine/1") && !strange.contains("cookie"), "{strange}");
    for robots in [site.said("/robots.txt"), elsewhere.said("/robots.txt")].concat() {
        assert!(!robots.contains("cookie"), "{robots}");
    }
}
