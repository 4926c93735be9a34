//! Requests that are wrong: each gets its exact status and a problem that says why.

use crate::support::{Newsroom, event, options, problem, refused, start, text, wait_for_titles};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::TestNode;
use reqwest::Method;
use serde_json::{Value, json};

/// Largest body of a request, in bytes.
const BODY_MAX: usize = 1024 * 1024;

async fn post_text(
    node: &TestNode,
    path: &str,
    kind: &str,
    body: &str,
) -> Result<reqwest::Response> {
    let request = node.request(Method::POST, path).header("content-type", kind);
    Ok(request.body(body.to_owned()).send().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_get_their_exact_status_and_say_why() -> Result<()> {
    let node = start(options(&[])).await?;
    let table: [(Method, &str, u16, &str); 17] = [
        (Method::GET, "/api/v1/articles/999999999", 404, "not_found"),
        (Method::GET, "/api/v1/articles/abc", 400, "invalid"),
        (Method::GET, "/api/v1/articles/-1", 400, "invalid"),
        (Method::GET, "/api/v1/articles/99999999999999999999", 400, "invalid"),
        (Method::GET, "/api/v1/articles?limit=0", 400, "invalid"),
        (Method::GET, "/api/v1/articles?limit=201", 400, "invalid"),
        (Method::GET, "/api/v1/articles?limt=5", 400, "invalid"),
        (Method::GET, "/api/v1/articles?cursor=forged", 400, "invalid"),
        (Method::GET, "/api/v1/articles?marks=liked", 400, "invalid"),
        (Method::GET, "/api/v1/search", 400, "invalid"),
        (Method::GET, "/api/v1/sources/999999999", 404, "not_found"),
        (Method::DELETE, "/api/v1/sources/999999999", 404, "not_found"),
        (Method::POST, "/api/v1/sources/999999999/refresh", 404, "not_found"),
        (Method::GET, "/api/v1/stories/999999999", 404, "not_found"),
        (Method::GET, "/api/v1/nothing", 404, "not_found"),
        (Method::DELETE, "/api/v1/articles", 405, "invalid"),
        (Method::GET, "/ws", 426, "invalid"),
    ];
    for (method, path, status, kind) in table {
        refused(&node, method, path, status, kind).await?;
    }
    check_bodies(&node).await?;
    check_sources(&node).await
}

async fn check_bodies(node: &TestNode) -> Result<()> {
    let json_type = "application/json";
    let broken = post_text(node, "/api/v1/events", json_type, "{\"events\": [").await?;
    let broken = problem(broken, 400, "invalid").await?;
    ensure!(text(&broken, "detail").contains("JSON"), "{broken}");
    let plain = post_text(node, "/api/v1/events", "text/plain", "{}").await?;
    problem(plain, 415, "invalid").await?;
    // A little more than is taken: what is left unread would reset the connection.
    let large = format!("{{\"events\": [\"{}\"]}}", "x".repeat(BODY_MAX));
    let large = post_text(node, "/api/v1/events", json_type, &large).await?;
    problem(large, 413, "invalid").await?;
    let unknown = post_text(node, "/api/v1/events", json_type, "{\"evnts\": []}").await?;
    problem(unknown, 400, "invalid").await?;
    let empty = post_text(node, "/api/v1/events", json_type, "{\"events\": []}").await?;
    problem(empty, 400, "invalid").await?;
    Ok(())
}

async fn check_sources(node: &TestNode) -> Result<()> {
    let wrong = [
        json!({ "url": "" }),
        json!({ "url": "not an address" }),
        json!({ "url": "ftp://a.test/feed" }),
        json!({ "url": "file:///etc/passwd" }),
        json!({ "url": "http://a.test/feed", "interval": 1 }),
        json!({ "url": "http://a.test/feed", "kind": "telepathy" }),
        json!({ "url": format!("http://a.test/{}", "x".repeat(3000)) }),
        json!({ "address": "http://a.test/feed" }),
    ];
    for body in wrong {
        let answer = node.request(Method::POST, "/api/v1/sources").json(&body).send().await?;
        problem(answer, 400, "invalid").await.with_context(|| body.to_string())?;
    }
    let sources = node.get("/api/v1/sources").await?;
    ensure!(sources["items"].as_array().map(Vec::len) == Some(1), "only the guide: {sources}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_event_refuses_all_of_them_and_is_named() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..2);
    let node = start(options(&newsroom.addresses())).await?;
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    let good = event("save", &found[0]);
    let with = |key: &str, value: Value| {
        let mut wrong = event("save", &found[1]);
        wrong[key] = value;
        wrong
    };
    let wrong = [
        with("kind", json!("adore")),
        with("id", json!("not a uuid")),
        with("at", json!("yesterday")),
        with("article_id", json!(-3)),
        with("target", json!({ "topic": "sports" })),
        with("surprise", json!(1)),
    ];
    for wrong in wrong {
        let body = json!({ "events": [good, wrong] });
        let answer = node.request(Method::POST, "/api/v1/events").json(&body).send().await?;
        let problem = problem(answer, 400, "invalid").await.with_context(|| wrong.to_string())?;
        ensure!(problem["index"] == 1, "which one: {problem}");
    }
    let saved = node.all("/api/v1/articles?marks=saved").await?;
    ensure!(saved.is_empty(), "a refused request has left marks: {saved:?}");
    Ok(())
}
