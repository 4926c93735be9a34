//! Where credentials go and where they never go, and the ways out.

use super::tests::{Server, answer, client, config};
use super::*;
use autoglm_domain::{BasicCredentials, SourceRequest};
use std::collections::BTreeMap;

const SECRETS: [&str; 3] = ["c-o-o-k-i-e", "x-key", "basic "];

fn request() -> SourceRequest {
    SourceRequest {
        user_agent: Some("Mine/1".into()),
        headers: BTreeMap::from([
            ("x-key".to_owned(), Secret::new("k-e-y")),
            ("accept".to_owned(), Secret::new("text/own")),
        ]),
        cookie: Some(Secret::new("c-o-o-k-i-e")),
        basic: Some(BasicCredentials { user: Secret::new("ada"), password: Secret::new("p:w") }),
        ..SourceRequest::default()
    }
}

fn asking(url: &str, request: &SourceRequest) -> FetchRequest {
    FetchRequest::feed(url).made(Manner::of(request, url).as_ref())
}

fn ok() -> Vec<u8> {
    answer("200 OK", "", b"<rss/>")
}

fn moved(to: &str) -> Vec<u8> {
    answer("302 Found", &format!("Location: {to}\r\n"), b"")
}

#[tokio::test]
async fn a_source_is_told_what_its_reader_says_in_the_place_of_what_is_usual() {
    let server = Server::start(vec![ok()], false).await;
    let request = asking(&server.url("s1.demo"), &request());
    client(&config()).fetch(&request).await.expect("is answered");
    let asked = server.asked(0);
    for line in [
        "user-agent: mine/1\r\n",
        "accept: text/own\r\n",
        "cookie: c-o-o-k-i-e\r\n",
        "x-key: k-e-y\r\n",
        // ada:p:w
        "authorization: basic ywrhona6dw==\r\n",
    ] {
        assert_eq!(asked.matches(line).count(), 1, "{line} in {asked}");
    }
    assert_eq!(asked.matches("accept: ").count(), 1, "{asked}");
    let shown = format!("{request:?}");
    assert!(!shown.contains("k-e-y") && !shown.contains("c-o-o-k"), "{shown}");
}

#[tokio::test]
async fn another_port_of_the_same_name_is_told_no_secret() {
    let other = Server::start(vec![ok()], false).await;
    let server = Server::start(vec![moved(&other.url("s1.demo"))], false).await;
    let request = asking(&server.url("s1.demo"), &request());
    client(&config()).fetch(&request).await.expect("is answered");
    let asked = other.asked(0);
    assert!(asked.contains("mine/1"), "the agent is no secret: {asked}");
    assert!(SECRETS.iter().all(|secret| !asked.contains(secret)), "{asked}");
}

#[tokio::test]
async fn a_redirect_within_the_origin_keeps_them_and_a_return_from_elsewhere_does_not() {
    let server = Server::start(
        vec![
            moved("/second"),
            moved("http://s2.demo:{port}/elsewhere"),
            moved("http://s1.demo:{port}/return"),
            answer("401 Unauthorized", "", b""),
        ],
        false,
    )
    .await;
    let url = server.url("s1.demo");
    let refused = client(&config()).fetch(&asking(&url, &request())).await.expect_err("401");
    assert!(refused.to_string().contains("credentials were not sent"), "{refused}");
    let told: Vec<bool> = (0..4).map(|at| server.asked(at).contains("c-o-o-k-i-e")).collect();
    assert_eq!(told, [true, true, false, false]);
}

#[test]
fn an_origin_is_scheme_name_and_port() {
    let manner = Manner::of(&request(), "https://example.org/feed").expect("something is said");
    let trusts = |url: &str| manner.trusts(&Url::parse(url).expect("a URL"));
    assert!(trusts("https://example.org/other?x=1") && trusts("https://EXAMPLE.org:443/"));
    for other in [
        "http://example.org/feed",
        "https://www.example.org/",
        "https://example.org:8443/",
        "https://example.org.evil.example/",
        "https://example.org@evil.example/",
    ] {
        assert!(!trusts(other), "{other}");
    }
    let nowhere = Manner::of(&request(), "rsshub://a/b").expect("something is said");
    assert!(!nowhere.trusts(&Url::parse("rsshub://a/b").expect("a URL")));
    assert!(Manner::of(&SourceRequest::default(), "https://example.org/").is_none());
}

/// A client with one proxy, `office`, at this address.
fn by_proxy(address: &str) -> GuardedClient {
    let proxies = vec![("office".to_owned(), Secret::new(address))];
    client(&ClientConfig { proxies, ..config() })
}

fn through(name: &str) -> SourceRequest {
    SourceRequest { proxy: Some(name.to_owned()), ..SourceRequest::default() }
}

#[tokio::test]
async fn a_source_is_asked_by_the_proxy_it_names_and_never_past_it() {
    let proxy = Server::start(vec![ok()], false).await;
    let site = Server::start(vec![ok()], false).await;
    // On loopback: the operator's proxy may be where no source may be.
    let web = by_proxy(&format!("http://me:pass@127.0.0.1:{}", proxy.port));
    let url = site.url("s1.demo");
    assert!(!format!("{web:?}").contains("pass"), "{web:?}");
    web.fetch(&asking(&url, &through("office"))).await.expect("is answered by the proxy");
    let asked = proxy.asked(0);
    assert!(asked.starts_with(&format!("get {url} http/1.1")), "{asked}");
    assert!(asked.contains("proxy-authorization: basic "), "{asked}");
    assert_eq!(site.count(), 0);
    web.fetch(&FetchRequest::feed(url.as_str())).await.expect("others go directly");
    assert_eq!((proxy.count(), site.count()), (1, 1));
    let refused = web.fetch(&asking(&url, &through("cellar"))).await.expect_err("unknown");
    assert_eq!(refused.cause(), FailureCause::Forbidden);
    assert!(refused.to_string().contains("cellar; there are [office]"), "{refused}");
    assert_eq!((proxy.count(), site.count()), (1, 1));
}

#[tokio::test]
async fn inside_addresses_are_refused_before_a_proxy_and_so_is_the_proxy_itself() {
    let proxy = Server::start(vec![ok()], false).await;
    let web = by_proxy(&format!("http://127.0.0.1:{}", proxy.port));
    for url in ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://printer/"] {
        let refused = web.fetch(&asking(url, &through("office"))).await.expect_err(url);
        assert_eq!(refused.cause(), FailureCause::Forbidden, "{url}");
    }
    let web = by_proxy("socks5://gate.demo:1080");
    let refused = web.fetch(&asking("http://gate.demo/", &through("office"))).await;
    assert!(refused.expect_err("itself").to_string().contains("proxy itself"));
    assert_eq!(proxy.count(), 0);
}

#[tokio::test]
async fn behind_a_socks5_proxy_names_are_resolved_and_checked_here() {
    let proxy = Server::start(vec![ok()], false).await;
    let proxies = vec![
        ("checked".to_owned(), Secret::new(format!("socks5://127.0.0.1:{}", proxy.port))),
        ("blind".to_owned(), Secret::new(format!("socks5h://127.0.0.1:{}", proxy.port))),
    ];
    install_crypto_provider();
    let answers = std::collections::VecDeque::from([vec![IpAddr::from([10, 0, 0, 1])]]);
    let lookup = Lookup::Scripted(Arc::new(std::sync::Mutex::new(answers)));
    let web = GuardedClient::with_lookup(&ClientConfig { proxies, ..config() }, lookup);
    let web = web.expect("a client");
    let refused = web.fetch(&asking("http://inside.example/", &through("checked"))).await;
    assert_eq!(refused.expect_err("private").cause(), FailureCause::Forbidden);
    assert_eq!(proxy.count(), 0);
    // The other kind of proxy gets the name; this one does not speak its language.
    assert!(web.fetch(&asking("http://inside.example/", &through("blind"))).await.is_err());
    assert_eq!(proxy.count(), 1);
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
    for (name, address) in [
        ("Office", "http://me:pass@127.0.0.1:3128"),
        ("office", "ftp://me:pass@127.0.0.1"),
        ("office", "me:pass@"),
        ("", "http://127.0.0.1"),
    ] {
        let proxies = [(name.to_owned(), Secret::new(address))];
        let problem = check_proxies(&proxies).expect_err(address).to_string();
        assert!(problem.contains("fetch.proxies") && !problem.contains("pass"), "{problem}");
    }
    let good = [("office".to_owned(), Secret::new("socks5h://me:pass@proxy.lan:1080"))];
    assert!(check_proxies(&good).is_ok());
}
