//! Every failure has one shape and says what to do.

use super::fake::Fake;
use super::support::{bench, bench_with, request};
use crate::config::ApiConfig;
use autoglm_protocol::domain::{Fault, FaultKind};
use axum::body::{Body, Bytes};
use futures_util::stream::pending;
use std::io::Error;
use std::time::Duration;

#[tokio::test]
async fn what_a_port_answers_decides_the_status() {
    let bench = bench().await;
    for (kind, status, name) in [
        (FaultKind::NotFound, 404, "not_found"),
        (FaultKind::Invalid, 400, "invalid"),
        (FaultKind::Conflict, 409, "conflict"),
        (FaultKind::Overloaded, 429, "overloaded"),
        (FaultKind::Unavailable, 503, "unavailable"),
        (FaultKind::Timeout, 504, "timeout"),
        (FaultKind::Fenced, 503, "fenced"),
        (FaultKind::Internal, 500, "internal"),
    ] {
        *bench.fake.fault.lock().unwrap() = Some(Fault::new(kind, "why it failed"));
        let answer = bench.get("/api/v1/articles").await;
        let detail = answer.problem(status, name);
        assert_eq!(detail == "why it failed", kind != FaultKind::Internal);
        let waits = matches!(status, 429 | 503);
        assert_eq!(answer.headers.contains_key("retry-after"), waits, "{name}");
        assert_eq!(answer.json()["retry_after"].is_number(), waits);
    }
    let fault = Fault::unavailable("the owner moves", Duration::from_secs(4));
    *bench.fake.fault.lock().unwrap() = Some(fault);
    assert_eq!(bench.get("/api/v1/articles").await.headers["retry-after"], "4");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_explained() {
    let bench = bench().await;
    let cases = [
        ("{", "EOF"),
        ("7", "object"),
        ("[\"https://e.org\", null, null, null, null]", "object"),
        ("{\"url\": 7}", "string"),
        ("{\"url\": \"https://e.org\", \"folders\": \"x\"}", "unknown field `folders`"),
        ("{}", "missing field `url`"),
        ("{\"url\": \"https://e.org\", \"interval\": 5}", "60"),
        ("{\"url\": \"https://e.org\", \"kind\": \"telnet\"}", "telnet"),
        ("{\"url\": \" \"}", "empty"),
    ];
    for (body, hint) in cases {
        let detail = bench.post("/api/v1/sources", body).await.problem(400, "invalid");
        assert!(detail.contains(hint), "{body}: {detail}");
    }
    let form = request("POST", "/api/v1/sources", &[("content-type", "text/plain")], "{}");
    bench.send(form).await.problem(415, "invalid");
    let detail = bench
        .send(request("PATCH", "/api/v1/sources/3", &[], "{\"address\": \"x\"}"))
        .await
        .problem(400, "invalid");
    assert!(detail.contains("unknown field"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let config = ApiConfig { body_bytes_max: 100, ..ApiConfig::default() };
    let bench = bench_with(Fake::default(), config).await;
    let body = format!("{{\"url\": \"https://e.org/{}\"}}", "a".repeat(200));
    bench.post("/api/v1/sources", &body).await.problem(413, "invalid");
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_before_it_is_sent() {
    let config = ApiConfig { body_bytes_max: 100, ..ApiConfig::default() };
    let bench = bench_with(Fake::default(), config).await;
    let headers = [("content-type", "application/json"), ("content-length", "5000000")];
    let detail = bench
        .send(request("POST", "/api/v1/sources", &headers, "{}"))
        .await
        .problem(413, "invalid");
    assert!(detail.contains("100 bytes"), "{detail}");
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_explained() {
    let bench = bench().await;
    for (query, hint) in [
        ("limit=many", "limit"),
        ("limit=0", "1 to 200"),
        ("limit=201", "1 to 200"),
        ("limt=5", "limt"),
        ("source=x", "source"),
        ("language=klingon", "language"),
        ("marks=starred", "unread, saved, read or hidden"),
    ] {
        let detail = bench.get(&format!("/api/v1/articles?{query}")).await.problem(400, "invalid");
        assert!(detail.contains(hint) || query.starts_with("marks"), "{query}: {detail}");
    }
    bench.get("/api/v1/search?q=%20").await.problem(400, "invalid");
    bench.get("/api/v1/search").await.problem(400, "invalid");
    let long = "x".repeat(2000);
    bench.get(&format!("/api/v1/articles?cursor={long}")).await.problem(400, "invalid");
}

#[tokio::test]
async fn an_id_that_is_none_is_explained() {
    let bench = bench().await;
    for id in ["x", "0", "-1", "1.5", "99999999999999999999", "%FF"] {
        bench.get(&format!("/api/v1/articles/{id}")).await.problem(400, "invalid");
    }
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_problems() {
    let bench = bench().await;
    for path in [
        "/api/v2/x",
        "/api",
        "/admin/x",
        "/v1/x",
        "/fever/",
        "/reader/api/0/x",
        "/mcp",
        "/assets/x.js",
    ] {
        let answer = bench.get_with(path, &[("accept", "text/html")]).await;
        assert!(answer.problem(404, "not_found").contains("/docs"), "{path}");
    }
    let answer = bench.send(request("PUT", "/api/v1/articles", &[], "{}")).await;
    answer.problem(405, "invalid");
    assert!(answer.headers["allow"].to_str().unwrap().contains("GET"));
    bench.send(request("DELETE", "/healthz", &[], "")).await.problem(405, "invalid");
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_own_request_only() {
    let bench = bench().await;
    let answer = bench.get("/api/v1/articles/666").await;
    assert!(!answer.problem(500, "internal").contains("panics"));
    assert!(answer.headers.contains_key("content-security-policy"));
    assert_eq!(bench.get("/api/v1/articles/1").await.status, 200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended() {
    let config = ApiConfig { request_timeout: Duration::from_millis(10), ..ApiConfig::default() };
    let bench = bench_with(Fake::default(), config).await;
    bench.get("/api/v1/articles/667").await.problem(504, "timeout");
    let mut endless = request("POST", "/api/v1/sources", &[], "{}");
    *endless.body_mut() = Body::from_stream(pending::<Result<Bytes, Error>>());
    bench.send(endless).await.problem(504, "timeout");
}
