//! Server-side request forgery: each way a stranger may try to make us ask an inside address, played
//! by a server on loopback under the pinned names `*.demo`.

use super::resolver::GuardedResolver;
use super::tests::{Server, answer, client, config};
use super::*;
use crate::{FetchError, normalise, opml, parse};
use autoglm_domain::{SourceId, Timestamp};
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Mutex;

const PUBLIC: &str = "93.184.216.34";
const LOOPBACK: &str = "127.0.0.1";

async fn get(url: &str, config: &ClientConfig) -> Result<Fetched, FetchError> {
    client(config).fetch(&FetchRequest::feed(url)).await
}

async fn cause(url: &str, config: &ClientConfig) -> FailureCause {
    get(url, config).await.expect_err("must not be fetched").cause()
}

fn redirect(target: &str) -> Vec<u8> {
    answer("302 Found", &format!("Location: {target}\r\n"), b"")
}

/// A client whose lookups are answered in turn by these addresses.
fn client_answered(answers: &[&[&str]]) -> GuardedClient {
    install_crypto_provider();
    let parse = |text: &&str| text.parse().expect("is an address");
    let answers: VecDeque<Vec<IpAddr>> =
        answers.iter().map(|answer| answer.iter().map(parse).collect()).collect();
    let config = ClientConfig {
        connect_timeout: Duration::from_millis(200),
        timeout: Duration::from_millis(500),
        ..ClientConfig::default()
    };
    GuardedClient::with_lookup(&config, Lookup::Scripted(Arc::new(Mutex::new(answers))))
        .expect("the client can be built")
}

async fn admitted(answers: &[&str]) -> Vec<IpAddr> {
    use reqwest::dns::Resolve;
    let answers = answers.iter().map(|text| text.parse().expect("is an address")).collect();
    let lookup = Lookup::Scripted(Arc::new(Mutex::new(VecDeque::from([answers]))));
    let resolver = GuardedResolver { guard: Arc::new(Guard::default()), lookup };
    let found = resolver.resolve("feed.example".parse().expect("is a name")).await;
    found.map_or_else(|_| Vec::new(), |found| found.map(|address| address.ip()).collect())
}

#[tokio::test]
async fn a_redirect_to_the_clouds_metadata_is_not_followed() {
    let server = Server::start(vec![redirect("http://169.254.169.254/latest/meta-data/")], false);
    let url = server.await.url("a.demo");
    assert_eq!(cause(&url, &config()).await, FailureCause::Forbidden);
}

#[tokio::test]
async fn a_redirect_to_a_file_is_not_followed() {
    let server = Server::start(vec![redirect("file:///etc/passwd")], false).await;
    assert_eq!(cause(&server.url("a.demo"), &config()).await, FailureCause::Forbidden);
}

#[tokio::test]
async fn the_tenth_hop_over_alternating_names_is_checked_like_the_first() {
    let inside = Server::start(vec![answer("200 OK", "", b"<rss/>")], false).await;
    let name = |hop: usize| if hop.is_multiple_of(2) { "a.demo" } else { "b.demo" };
    let hop = |hop: usize| redirect(&format!("http://{}:{{port}}/{hop}", name(hop)));
    let mut hops: Vec<Vec<u8>> = (1..10).map(hop).collect();
    hops.push(redirect(&inside.url(LOOPBACK)));
    let server = Server::start(hops, false).await;
    let config = ClientConfig { redirects_max: 12, ..config() };
    assert_eq!(cause(&server.url("a.demo"), &config).await, FailureCause::Forbidden);
    assert_eq!((server.count(), inside.count()), (10, 0));
}

#[tokio::test]
async fn a_redirect_to_itself_ends() {
    let server = Server::start(vec![redirect("/feed")], false).await;
    assert_eq!(cause(&server.url("a.demo"), &config()).await, FailureCause::Status);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_name_that_changes_after_the_check_leads_nowhere_new() {
    let inside = Server::start(vec![answer("200 OK", "", b"<rss/>")], false).await;
    let url = inside.url("feed.example");
    let client = client_answered(&[&[PUBLIC], &[LOOPBACK]]);
    let first = client.fetch(&FetchRequest::feed(&url)).await.expect_err("nobody answers there");
    assert!(matches!(first.cause(), FailureCause::Timeout | FailureCause::Connect), "{first}");
    let second = client.fetch(&FetchRequest::feed(&url)).await.expect_err("leads inside");
    assert_eq!(second.cause(), FailureCause::Forbidden);
    assert_eq!(inside.count(), 0);
}

#[tokio::test]
async fn of_a_name_with_public_and_private_addresses_only_the_public_one_is_dialled() {
    let public: IpAddr = PUBLIC.parse().expect("is an address");
    assert_eq!(admitted(&[PUBLIC, "10.0.0.1"]).await, [public]);
    assert_eq!(admitted(&["10.0.0.1", PUBLIC]).await, [public]);
    assert!(admitted(&["10.0.0.1", "192.168.0.1"]).await.is_empty());
}

#[tokio::test]
async fn a_private_address_of_the_newer_protocol_is_dropped() {
    assert_eq!(admitted(&[PUBLIC, "::1"]).await, [PUBLIC.parse::<IpAddr>().expect("is one")]);
    assert!(admitted(&["::1", "fd00::1", "::ffff:10.0.0.1"]).await.is_empty());
}

#[tokio::test]
async fn an_external_entity_is_never_asked_for() {
    let inside = Server::start(vec![answer("200 OK", "", b"secret")], false).await;
    let document = format!(
        "<!DOCTYPE rss [<!ENTITY x SYSTEM \"{}\">]><rss><channel><title>&x;</title>\
         <item><title>a &x;</title></item></channel></rss>",
        inside.url(LOOPBACK)
    );
    let feed = parse::read_feed(document.as_bytes(), None, "https://example.org/");
    assert!(!format!("{feed:?}").contains("secret"));
    assert_eq!(inside.count(), 0);
}

#[tokio::test]
async fn links_of_a_feed_are_read_and_not_asked_for() {
    let inside = Server::start(vec![answer("200 OK", "", b"x")], false).await;
    let to = inside.url(LOOPBACK);
    let document = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><link rel='hub' href='{to}'/>\
         <link rel='next' href='{to}'/><icon>{to}</icon><logo>{to}</logo><entry><id>1</id>\
         <title>a</title><link rel='enclosure' href='{to}'/><content type='html'>\
         &lt;img src='{to}'&gt;</content></entry></feed>"
    );
    let feed = parse::read_feed(document.as_bytes(), None, "https://example.org/");
    let articles = normalise(feed.expect("is a feed"), SourceId(1), Timestamp(0));
    assert_eq!(articles.len(), 1);
    assert_eq!(inside.count(), 0);
    assert_eq!(cause(&to, &ClientConfig::default()).await, FailureCause::Forbidden);
}

#[tokio::test]
async fn the_page_of_an_article_is_fetched_under_the_same_rules() {
    assert_eq!(cause("http://10.0.0.1/", &ClientConfig::default()).await, FailureCause::Forbidden);
}

#[tokio::test]
async fn a_list_may_name_an_inside_address_but_it_is_not_fetched() {
    let list = b"<opml><body><outline xmlUrl='http://127.0.0.1:9200/'/></body></opml>";
    let list = opml::read(list).expect("has an outline");
    let url = &list.outlines[0].url;
    assert_eq!(cause(url, &ClientConfig::default()).await, FailureCause::Forbidden);
}

#[tokio::test]
async fn a_picture_is_fetched_under_the_same_rules() {
    let request =
        FetchRequest { accept: ACCEPT_IMAGE, ..FetchRequest::feed("http://192.168.0.1/logo.png") };
    let error = client(&ClientConfig::default()).fetch(&request).await.expect_err("is inside");
    assert_eq!(error.cause(), FailureCause::Forbidden);
}

#[tokio::test]
async fn an_address_to_be_called_back_is_inside_unless_it_is_named() {
    let guard = Guard::default();
    assert!(guard.check_url("http://127.0.0.1/hook").is_err());
    let named = [("hook.example".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST))];
    let guard = Guard::new(false, &named).expect("the name is good");
    assert!(guard.check_url("http://hook.example/hook").is_ok());
    assert!(guard.check_url("http://127.0.0.1/hook").is_err());
}
