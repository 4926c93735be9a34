//! Security seen from outside, over the real socket.

use crate::support::{Newsroom, options, problem, refused, source, start, text, wait_for_titles};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::TestNode;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, http::HeaderValue};

/// Sends these lines as they are and reads the first line of the answer.
async fn raw(node: &TestNode, request: &str) -> Result<String> {
    let mut socket = TcpStream::connect(node.address()).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_is_refused_on_every_route() -> Result<()> {
    let node = start(options(&[])).await?;
    for path in ["/", "/api/v1/articles", "/healthz", "/metrics", "/admin/actors", "/ws", "/docs"] {
        let close = "connection: close\r\n\r\n";
        let rebound = format!("GET {path} HTTP/1.1\r\nhost: news.evil.example\r\n{close}");
        let line = raw(&node, &rebound).await?;
        ensure!(line.starts_with("HTTP/1.1 421"), "{path} answers {line}");
        let two =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n{close}");
        let line = raw(&node, &two).await?;
        ensure!(line.starts_with("HTTP/1.1 400"), "{path} with two hosts answers {line}");
    }
    let own = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let line = raw(&node, own).await?;
    ensure!(line.starts_with("HTTP/1.1 200"), "{line}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_can_neither_act_nor_listen() -> Result<()> {
    let node = start(options(&[])).await?;
    let evil = "https://evil.example";
    let body = json!({ "url": "http://a.test/feed" });
    for (name, value) in [("origin", evil), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        for path in ["/api/v1/sources", "/api/v1/events"] {
            let request = node.request(Method::POST, path).header(name, value);
            problem(request.json(&body).send().await?, 403, "forbidden").await?;
        }
    }
    let listening = node.request(Method::GET, "/events").header("origin", evil).send().await?;
    problem(listening, 403, "forbidden").await?;
    let mut request = format!("ws://{}/ws", node.address()).into_client_request()?;
    request.headers_mut().insert("origin", HeaderValue::from_static(evil));
    match tokio_tungstenite::connect_async(request).await {
        Err(Error::Http(answer)) => ensure!(answer.status() == 403, "{}", answer.status()),
        Err(other) => return Err(other.into()),
        Ok(_) => anyhow::bail!("another site's page may listen"),
    }
    // The own page may.
    let mut request = format!("ws://{}/ws", node.address()).into_client_request()?;
    let own = HeaderValue::from_str(&format!("http://{}", node.address()))?;
    request.headers_mut().insert("origin", own);
    tokio_tungstenite::connect_async(request).await.context("the own page may not listen")?;
    let sources = node.get("/api/v1/sources").await?;
    ensure!(sources["items"].as_array().map(Vec::len) == Some(1), "one was added: {sources}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_open_what_they_are_for_and_nothing_else() -> Result<()> {
    let node = start(options(&[]).set("server.token", "the-readers-own-token")).await?;
    let operators = [
        (Method::GET, "/admin/actors"),
        (Method::GET, "/admin/devices"),
        (Method::GET, "/admin/pipeline"),
        (Method::GET, "/admin/sources"),
        (Method::GET, "/admin/cluster"),
        (Method::POST, "/admin/actors/ingest/restart"),
        (Method::POST, "/admin/drain"),
    ];
    for (method, path) in operators {
        refused(&node, method.clone(), path, 401, "unauthorized").await?;
        let wrong = node.request(method.clone(), path).bearer_auth("guessed");
        problem(wrong.send().await?, 401, "unauthorized").await?;
        let reader = node.request(method, path).bearer_auth("the-readers-own-token");
        problem(reader.send().await?, 403, "forbidden").await?;
    }
    refused(&node, Method::GET, "/api/v1/articles", 401, "unauthorized").await?;
    let wrong = node.request(Method::GET, "/api/v1/articles").bearer_auth("guessed");
    problem(wrong.send().await?, 401, "unauthorized").await?;
    let right = node.request(Method::GET, "/api/v1/me").bearer_auth("the-readers-own-token");
    let me: Value = right.send().await?.error_for_status()?.json().await?;
    ensure!(me["token_required"] == true, "{me}");
    node.get_as_operator("/admin/actors").await?;
    check_listening(&node).await?;
    check_token_file(&node)
}

async fn check_listening(node: &TestNode) -> Result<()> {
    match tokio_tungstenite::connect_async(format!("ws://{}/ws", node.address())).await {
        Err(Error::Http(answer)) => ensure!(answer.status() == 401, "{}", answer.status()),
        Err(other) => return Err(other.into()),
        Ok(_) => anyhow::bail!("anybody may listen"),
    }
    Ok(())
}

/// The operator's token is nobody else's, and no log has it.
fn check_token_file(node: &TestNode) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = node.data_directory().join("operator.token");
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "others may read the operator's token: {mode:o}");
    let log = node.log();
    ensure!(!log.contains(&node.operator_token()?), "the log has the operator's token");
    ensure!(!log.contains("the-readers-own-token"), "the log has the reader's token");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_reached_neither_by_sources_nor_by_pictures() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..1);
    let node = start(options(&newsroom.addresses())).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let port = newsroom.origin.port();
    newsroom.origin.set("/inside", autoglm_harness::Behaviour::feed("<rss/>"));
    let addresses = [
        format!("http://127.0.0.1:{port}/inside"),
        format!("http://[::ffff:127.0.0.1]:{port}/inside"),
        format!("http://2130706433:{port}/inside"),
        format!("http://0x7f.1:{port}/inside"),
        format!("http://localhost:{port}/inside"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ];
    for address in &addresses {
        check_source_refused(&node, address).await.with_context(|| address.clone())?;
        let query: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
        let picture = node.request(Method::GET, &format!("/api/v1/image?url={query}"));
        let status = picture.send().await?.status();
        ensure!(status.is_client_error(), "the picture at {address} answers {status}");
    }
    let visits = newsroom.origin.requests("/inside");
    ensure!(visits == 0, "the inside was visited {visits} times");
    Ok(())
}

/// Either it cannot be added, or it is added and says that it is forbidden.
async fn check_source_refused(node: &TestNode, address: &str) -> Result<()> {
    let body = json!({ "url": address });
    let answer = node.request(Method::POST, "/api/v1/sources").json(&body).send().await?;
    if answer.status().is_client_error() {
        return Ok(());
    }
    ensure!(answer.status().is_success(), "status {}", answer.status());
    let added: Value = answer.json().await?;
    autoglm_harness::wait_until("the refusal", crate::support::SOON, async || {
        let source = source(node, text(&added, "url")).await?;
        ensure!(source["health"]["cause"] == "forbidden", "{source}");
        Ok(Some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers() -> Result<()> {
    let node = start(options(&[])).await?;
    for path in ["/", "/api/v1/articles", "/api/v1/nothing", "/healthz", "/metrics", "/docs/"] {
        let answer = node.request(Method::GET, path).send().await?;
        for name in ["content-security-policy", "x-content-type-options", "referrer-policy"] {
            ensure!(answer.headers().contains_key(name), "{path} has no {name}");
        }
        let policy = answer.headers()["content-security-policy"].to_str()?.to_owned();
        ensure!(!policy.contains("unsafe-eval"), "{path}: {policy}");
        let foreign = answer.headers().get("access-control-allow-origin");
        ensure!(foreign.is_none(), "{path} is open to other sites: {foreign:?}");
    }
    Ok(())
}
