//! Every security rule, seen from outside.

use super::fake::{Fake, OPERATOR_TOKEN, READER_TOKEN};
use super::support::{bench, bench_with, request};
use crate::config::ApiConfig;
use serde_json::Value;

/// Paths that are in no document: the page, the documentation, and what does not exist.
const OTHER_PATHS: [&str; 9] = [
    "/",
    "/operator",
    "/assets/x.js",
    "/nothing",
    "/api/nothing",
    "/api/v1/openapi.json",
    "/docs",
    "/docs/",
    "/docs/swagger-ui.css",
];

/// Every path there is, and some that are not.
fn paths() -> Vec<String> {
    let document: Value = serde_json::from_str(&crate::openapi_json()).unwrap();
    let documented = document["paths"].as_object().unwrap().keys();
    let documented = documented.map(|path| {
        path.replace("{id}", "3").replace("{name}", "x").replace("{token}", "00ff00ff")
    });
    documented.chain(OTHER_PATHS.map(str::to_owned)).collect()
}

#[tokio::test]
async fn no_route_answers_to_a_name_that_is_not_ours() {
    let bench = bench().await;
    for path in &paths() {
        for method in ["GET", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
            let sent = request(method, path, &[("host", "rebound.evil.org:8000")], "");
            let answer = bench.send(sent).await;
            assert_eq!(answer.status, 421, "{method} {path}");
        }
    }
    let detail =
        bench.get_with("/api/v1/me", &[("host", "evil.org")]).await.problem(421, "forbidden");
    assert!(detail.contains("allowed_hosts"));
}

#[tokio::test]
async fn a_request_without_a_host_or_with_two_is_refused() {
    let bench = bench().await;
    let mut none = request("GET", "/healthz", &[], "");
    none.headers_mut().remove("host");
    bench.send(none).await.problem(400, "invalid");
    let mut two = request("GET", "/healthz", &[], "");
    two.headers_mut().append("host", "evil.org".parse().unwrap());
    bench.send(two).await.problem(400, "invalid");
    let differing = request("GET", "http://evil.org/healthz", &[], "");
    bench.send(differing).await.problem(400, "invalid");
}

#[tokio::test]
async fn a_configured_name_is_answered() {
    let config = ApiConfig {
        allowed_hosts: vec!["news.lan".to_owned()],
        public_url: Some("https://news.example.org".to_owned()),
        ..ApiConfig::default()
    };
    let bench = bench_with(Fake::default(), config).await;
    for host in ["news.lan:8000", "news.example.org", "127.0.0.1:8000", "[::1]:8000"] {
        assert_eq!(bench.get_with("/healthz", &[("host", host)]).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn an_unsafe_request_of_another_site_is_refused() {
    let bench = bench().await;
    let foreign: [&[(&str, &str)]; 6] = [
        &[("origin", "http://evil.org")],
        &[("origin", "null")],
        &[("origin", "http://localhost:3000")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.org")],
    ];
    for headers in foreign {
        for (method, path) in [
            ("POST", "/api/v1/events"),
            ("POST", "/api/v1/session"),
            ("DELETE", "/api/v1/sources/3"),
            ("PATCH", "/api/v1/sources/3"),
            ("POST", "/admin/drain"),
            ("POST", "/nothing"),
        ] {
            let answer = bench.send(request(method, path, headers, "{}")).await;
            answer.problem(403, "forbidden");
        }
    }
    assert!(bench.fake.command.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_live_connection_of_another_site_is_refused() {
    let mut bench = bench().await;
    for path in ["/ws", "/events"] {
        bench.get_with(path, &[("origin", "http://evil.org")]).await.problem(403, "forbidden");
        bench.get_with(path, &[("sec-fetch-site", "cross-site")]).await.problem(403, "forbidden");
    }
    assert!(bench.connected.try_recv().is_err());
}

#[tokio::test]
async fn our_own_page_and_programs_may_change_things() {
    let bench = bench().await;
    let own: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "http://localhost:8000")],
        &[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8000")],
        // The page in development comes from another port, and the browser calls it same-origin.
        &[
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://localhost:5173"),
            ("host", "127.0.0.1:8000"),
        ],
        &[("sec-fetch-site", "none")],
    ];
    for headers in own {
        let answer = bench.send(request("DELETE", "/api/v1/sources/3", headers, "")).await;
        assert_eq!(answer.status, 204, "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_behind_a_proxy_is_known_by_the_public_address() {
    let config = ApiConfig {
        public_url: Some("https://news.example.org".to_owned()),
        ..ApiConfig::default()
    };
    let bench = bench_with(Fake::default(), config).await;
    let headers = [("origin", "https://news.example.org"), ("host", "127.0.0.1:8000")];
    let answer = bench.send(request("DELETE", "/api/v1/sources/3", &headers, "")).await;
    assert_eq!(answer.status, 204);
}

#[tokio::test]
async fn an_image_is_for_our_own_page_only_and_can_do_nothing() {
    let bench = bench().await;
    *bench.fake.image_type.lock().unwrap() = "image/png".to_owned();
    let path = "/api/v1/image?url=https%3A%2F%2Fp.org%2F1.png%3Fa%3D1%26b%3D2";
    for site in ["cross-site", "same-site"] {
        bench.get_with(path, &[("sec-fetch-site", site)]).await.problem(403, "forbidden");
    }
    let answer = bench.get_with(path, &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, [1, 2, 3]);
    assert_eq!(*bench.fake.command.lock().unwrap(), "https://p.org/1.png?a=1&b=2");
    assert!(answer.headers["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    assert_eq!(answer.headers["content-type"], "image/png");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert!(answer.headers["cache-control"].to_str().unwrap().starts_with("private"));
    bench.get("/api/v1/image?url=file:///etc/passwd").await.problem(400, "invalid");
    bench.send(request("POST", path, &[], "")).await.problem(405, "invalid");
    *bench.fake.image_type.lock().unwrap() = "image/svg+xml".to_owned();
    bench.get(path).await.problem(500, "internal");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let bench = bench().await;
    for path in &paths() {
        let answer = bench.get_with(path, &[("sec-fetch-site", "cross-site")]).await;
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "cross-origin-resource-policy",
            "cross-origin-opener-policy",
            "cache-control",
        ] {
            assert!(answer.headers.contains_key(name), "{path} {name}");
        }
    }
    let docs = bench.get("/docs/").await;
    assert_eq!(docs.status, 200);
    let policy = docs.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("style-src 'self' 'unsafe-inline'") && !policy.contains("script-src"));
    let page = bench.get_with("/", &[("accept", "text/html")]).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn without_a_token_a_locked_installation_answers_no_reader() {
    let locked = Fake { locked: true, ..Fake::default() };
    let bench = bench_with(locked, ApiConfig::default()).await;
    for path in [
        "/api/v1/sources",
        "/api/v1/sources/3",
        "/api/v1/articles",
        "/api/v1/articles/1",
        "/api/v1/stories",
        "/api/v1/stories/1",
        "/api/v1/search?q=a",
        "/api/v1/recommendations",
        "/api/v1/topics",
        "/api/v1/entities",
        "/api/v1/entities/nvidia",
        "/api/v1/statistics",
        "/api/v1/me",
        "/api/v1/image?url=https://e.org/a",
        "/ws",
        "/events",
    ] {
        let answer = bench.get(path).await;
        answer.problem(401, "unauthorized");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        bench
            .get_with(path, &[("authorization", "Bearer wrong")])
            .await
            .problem(401, "unauthorized");
        bench
            .get_with(path, &[("cookie", "autoglm_session=wrong")])
            .await
            .problem(401, "unauthorized");
    }
    bench.post("/api/v1/events", "{\"events\":[]}").await.problem(401, "unauthorized");
    let bearer = format!("Bearer {OPERATOR_TOKEN}");
    let numbers = bench.get_with("/api/v1/statistics", &[("authorization", &bearer)]).await;
    assert_eq!(numbers.status, 200);
    bench.get_with("/api/v1/me", &[("authorization", &bearer)]).await.problem(403, "forbidden");
    let bearer = format!("Bearer {READER_TOKEN}");
    let me = bench.get_with("/api/v1/me", &[("authorization", &bearer)]).await.json();
    assert_eq!(me["reader"]["id"], 2);
    assert_eq!(me["token_required"], true);
}

#[tokio::test]
async fn the_operators_routes_are_closed_to_everybody_else_also_on_loopback() {
    let bench = bench().await;
    let routes = [
        ("GET", "/admin/actors"),
        ("POST", "/admin/actors/ingest/restart"),
        ("GET", "/admin/devices"),
        ("GET", "/admin/pipeline"),
        ("GET", "/admin/sources"),
        ("GET", "/admin/cluster"),
        ("GET", "/admin/cluster/events"),
        ("PATCH", "/admin/cluster/nodes/a"),
        ("GET", "/admin/models"),
        ("POST", "/admin/models/canary"),
        ("POST", "/admin/models/promote"),
        ("POST", "/admin/models/withdraw"),
        ("POST", "/admin/models/rollback"),
        ("GET", "/admin/stories"),
        ("GET", "/admin/stories/9"),
        ("POST", "/admin/stories/merge"),
        ("POST", "/admin/stories/9/split"),
        ("GET", "/admin/stories/decisions"),
        ("DELETE", "/admin/stories/decisions/4"),
        ("POST", "/admin/drain"),
    ];
    for (method, path) in routes {
        bench.send(request(method, path, &[], "")).await.problem(401, "unauthorized");
        let bearer = format!("Bearer {READER_TOKEN}");
        let sent = request(method, path, &[("authorization", &bearer)], "");
        bench.send(sent).await.problem(403, "forbidden");
        let cookie = format!("autoglm_session={READER_TOKEN}");
        bench
            .send(request(method, path, &[("cookie", &cookie)], ""))
            .await
            .problem(403, "forbidden");
        let sent = request(method, path, &[("authorization", "Basic b3A6b3A=")], "");
        bench.send(sent).await.problem(401, "unauthorized");
    }
    assert_eq!(*bench.fake.drained.lock().unwrap(), 0);
    assert!(bench.fake.command.lock().unwrap().is_empty());
}
