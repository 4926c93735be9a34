//! Signing in and out.

use super::fake::{Fake, OPERATOR_TOKEN, READER_TOKEN};
use super::support::{bench, bench_with, request};
use crate::config::ApiConfig;

#[tokio::test]
async fn a_readers_token_moves_into_a_cookie_that_opens_the_same_doors() {
    let config = ApiConfig {
        public_url: Some("https://news.example.org".to_owned()),
        ..ApiConfig::default()
    };
    let bench = bench_with(Fake { locked: true, ..Fake::default() }, config).await;
    let body = format!("{{\"token\": \"{READER_TOKEN}\"}}");
    let answer = bench.post("/api/v1/session", &body).await;
    assert_eq!(answer.status, 204);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Secure"] {
        assert!(cookie.contains(part), "{part}");
    }
    let sent = format!("other=1; {}", cookie.split(';').next().unwrap());
    let me = bench.get_with("/api/v1/me", &[("cookie", &sent)]).await;
    assert_eq!(me.json()["reader"]["id"], 2);
    let out = bench.send(request("DELETE", "/api/v1/session", &[], "")).await;
    assert!(
        out.headers["set-cookie"].to_str().unwrap().contains("autoglm_session=; Path=/; Max-Age=0")
    );
}

#[tokio::test]
async fn only_a_readers_known_token_makes_a_session() {
    let bench = bench().await;
    bench.post("/api/v1/session", "{\"token\": \"unknown\"}").await.problem(401, "unauthorized");
    bench
        .post("/api/v1/session", "{\"token\": \"a; Domain=x\"}")
        .await
        .problem(401, "unauthorized");
    let body = format!("{{\"token\": \"{OPERATOR_TOKEN}\"}}");
    let answer = bench.post("/api/v1/session", &body).await;
    answer.problem(403, "forbidden");
    assert!(!answer.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_cookie_that_is_no_longer_known_locks_nobody_out_where_no_token_is_needed() {
    let bench = bench().await;
    let me = bench.get_with("/api/v1/me", &[("cookie", "autoglm_session=old")]).await;
    assert_eq!(me.json()["reader"]["id"], 1);
    let me = bench.get_with("/api/v1/me", &[("authorization", "Basic b2xkOm9sZA==")]).await;
    assert_eq!(me.json()["reader"]["id"], 1, "a proxy's own password is not ours to judge");
    bench
        .get_with("/api/v1/me", &[("authorization", "Bearer old")])
        .await
        .problem(401, "unauthorized");
}
