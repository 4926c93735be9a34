//! What people paste, against a site on loopback.

use super::*;
use crate::testing_sources::{Page, Site, web_for};
use autoglm_domain::{JsonMapping, PageSelectors, Secret, SourceRequest, SystemClock};

const FEED: &str = "<rss><channel><title>Harbour</title><item><title>A ship</title>\
    <link>http://e.example/1</link><description>It came &lt;b&gt;at noon&lt;/b&gt;.</description>\
    </item></channel></rss>";

fn list_page() -> String {
    let rows = (1..8).map(|number| {
        format!(
            "<li class='row'><a href='/news/{number}'>Headline number {number} of the day</a></li>"
        )
    });
    format!(
        "<html><head><title>The list</title></head><body><ul>{}</ul></body></html>",
        rows.collect::<String>()
    )
}

fn previewer() -> SourcePreviewer {
    SourcePreviewer::new(web_for(&[]), Arc::new(SystemClock), Arc::new(Semaphore::new(2)))
}

async fn preview(url: &str) -> Result<SourcePreview, Fault> {
    previewer().preview(PreviewSource { url: url.to_owned(), ..PreviewSource::default() }).await
}

#[tokio::test]
async fn a_feed_shows_its_articles_as_they_would_be_stored() {
    let site = Site::start(vec![("/feed", Page::feed(FEED))]).await;
    let preview = preview(&site.url("/feed")).await.expect("a preview");
    assert_eq!((preview.kind, preview.title.as_str()), (SourceKind::Feed, "Harbour"));
    assert_eq!(preview.article_count, 1);
    assert_eq!(preview.articles[0].text, "It came at noon.");
}

#[tokio::test]
async fn a_page_leads_to_the_feed_it_announces() {
    let page = "<html><head><link rel=alternate type='application/rss+xml' href='/gone' title='Gone'>\
        <link rel=alternate type='application/rss+xml' href='/feed' title='All'></head></html>";
    let site = Site::start(vec![("/", Page::html(page)), ("/feed", Page::feed(FEED))]).await;
    let preview = preview(&site.url("/")).await.expect("a preview");
    assert_eq!(preview.url, site.url("/feed"));
    assert_eq!(preview.feeds.len(), 2);
}

#[tokio::test]
async fn a_page_that_announces_nothing_is_searched_at_the_usual_addresses() {
    let site = Site::start(vec![
        ("/blog", Page::html("<html><body>Welcome</body></html>")),
        ("/feed.xml", Page::feed(FEED)),
    ])
    .await;
    let preview = preview(&site.url("/blog")).await.expect("a preview");
    assert_eq!(preview.url, site.url("/feed.xml"));
}

#[tokio::test]
async fn a_page_without_any_feed_is_read_by_a_proposal_of_selectors() {
    let page = Box::leak(list_page().into_boxed_str());
    let site = Site::start(vec![("/list", Page::html(page))]).await;
    let preview = preview(&site.url("/list")).await.expect("a preview");
    assert_eq!((preview.kind, preview.article_count), (SourceKind::Page, 7));
    let selectors = preview.settings.selectors.expect("proposed");
    assert!(!selectors.item.is_empty());
    assert_eq!(preview.articles[0].url, site.url("/news/1"));
}

#[tokio::test]
async fn a_page_kept_from_programs_is_not_read_by_selectors() {
    let page = Box::leak(list_page().into_boxed_str());
    let site = Site::start(vec![
        ("/list", Page::html(page)),
        ("/robots.txt", Page::html("User-agent: *\nDisallow: /list")),
    ])
    .await;
    let refused = preview(&site.url("/list")).await.expect_err("refused");
    assert_eq!(refused.kind, FaultKind::Invalid);
}

#[tokio::test]
async fn a_programming_interface_is_read_by_a_proposal_or_as_told() {
    let json = r#"{"data": [{"title": "First", "url": "http://e.example/1", "n": {"t": "Other"}},
        {"title": "Second", "url": "http://e.example/2", "n": {"t": "More"}}]}"#;
    let site = Site::start(vec![("/api", Page::feed(json))]).await;
    let found = preview(&site.url("/api")).await.expect("a preview");
    assert_eq!((found.kind, found.article_count), (SourceKind::JsonApi, 2));
    assert_eq!(found.settings.mapping.as_ref().map(|mapping| mapping.items.as_str()), Some("data"));
    let mapping = JsonMapping { title: "n.t".into(), ..found.settings.mapping.expect("proposed") };
    let settings = SourceSettings { mapping: Some(mapping), ..SourceSettings::default() };
    let command = PreviewSource {
        url: found.url,
        kind: Some(found.kind),
        settings,
        ..PreviewSource::default()
    };
    let told = previewer().preview(command).await.expect("a preview");
    assert_eq!(told.articles[0].title, "Other");
}

#[tokio::test]
async fn a_sitemap_and_an_index_of_sitemaps_are_recognised() {
    let urls = "<urlset><url><loc>http://e.example/a-long-story</loc></url></urlset>";
    let index = "<sitemapindex><sitemap><loc>http://site.demo:{port}/news.xml</loc></sitemap></sitemapindex>";
    let site =
        Site::start(vec![("/news.xml", Page::feed(urls)), ("/map.xml", Page::feed(index))]).await;
    for path in ["/news.xml", "/map.xml"] {
        let preview = preview(&site.url(path)).await.expect(path);
        assert_eq!((preview.kind, preview.url), (SourceKind::Sitemap, site.url(path)));
        assert_eq!(preview.articles[0].title, "A long story");
    }
}

#[tokio::test]
async fn what_cannot_be_followed_says_why() {
    let site = Site::start(vec![("/text", Page::html("<html><p>Just a text.</p></html>"))]).await;
    let say = async |url: &str| preview(url).await.expect_err(url);
    assert!(say(&site.url("/text")).await.message.contains("without a feed"));
    assert!(say(&site.url("/nothing")).await.message.contains("404"));
    assert_eq!(say("http://127.0.0.1:1/").await.kind, FaultKind::Forbidden);
    assert!(say("rsshub://a/b").await.message.contains("rsshub_servers"));
    let selectors = PageSelectors { item: ".gone".into(), ..PageSelectors::default() };
    let settings = SourceSettings { selectors: Some(selectors), ..SourceSettings::default() };
    let command = PreviewSource {
        url: site.url("/text"),
        kind: Some(SourceKind::Page),
        settings,
        ..PreviewSource::default()
    };
    let fault = previewer().preview(command).await.expect_err("nothing matches");
    assert!(fault.message.contains("no element matches"), "{fault}");
}

#[tokio::test]
async fn a_login_is_used_for_the_site_it_was_given_for_and_no_page_gets_it_elsewhere() {
    let elsewhere = Site::start(vec![("/feed", Page::feed(FEED))]).await;
    let page = format!(
        "<html><head><link rel=alternate type='application/rss+xml' href='{}'>\
         <link rel=alternate type='application/rss+xml' href='/own'></head></html>",
        elsewhere.url("/feed")
    );
    let site = Site::start(vec![("/", Page::html(&page)), ("/own", Page::feed(FEED))]).await;
    let request =
        SourceRequest { bearer: Some(Secret::new("t-o-k-e-n")), ..SourceRequest::default() };
    let wish =
        |url: String| PreviewSource { url, request: request.clone(), ..PreviewSource::default() };
    let preview = previewer().preview(wish(site.url("/"))).await.expect("a preview");
    assert_eq!((preview.url, elsewhere.asked("/feed")), (site.url("/own"), 0));
    assert_eq!(preview.feeds.len(), 2, "the other is offered");
    for path in ["/", "/own"] {
        assert!(site.said(path)[0].contains("authorization: bearer t-o-k-e-n"), "{path}");
    }
    let away = Page::status("302 Found").with_header(&format!("Location: {}", site.url("/")));
    let gate = Site::start(vec![("/", away)]).await;
    let fault = previewer().preview(wish(gate.url("/"))).await.expect_err("led elsewhere");
    assert!(fault.message.contains("credentials are not sent"), "{fault}");
}
