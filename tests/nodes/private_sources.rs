//! A source that needs a login, and two readers of whom one has it.

use crate::support::{SOON, options, text};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Behaviour, Origin, TestNode, rss, wait_until};
use reqwest::Method;
use serde_json::{Value, json};

const SECRET: &str = "member=c-o-o-k-i-e";

async fn as_reader(node: &TestNode, token: &str, path: &str) -> Result<Value> {
    let request = node.request(Method::GET, path).bearer_auth(token);
    Ok(request.send().await?.error_for_status()?.json().await?)
}

async fn verb(node: &TestNode, arguments: &[&str]) -> Result<Value> {
    let output = node.run_verb(arguments).await?;
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {said}{errors}", arguments.join(" "));
    ensure!(!said.contains("c-o-o-k-i-e") && !errors.contains("c-o-o-k-i-e"), "{said}{errors}");
    Ok(serde_json::from_str(&said).unwrap_or_else(|_| Value::String(said.into_owned())))
}

#[allow(clippy::too_many_lines, reason = "one story told from begin to end")]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_login_opens_is_seen_by_nobody_else_and_the_login_by_nobody_at_all() -> Result<()> {
    let origin = Origin::start().await?;
    let address = format!("http://club.test:{}/feed", origin.port());
    let body = rss("Club", "members", 1..=3);
    origin.set("club.test/feed", Behaviour::Locked { key: format!("cookie: {SECRET}"), body });
    let mut node = TestNode::prepare(crate::support::binary(), options(&[]))?;
    let alice = verb(&node, &["--json", "reader", "add", "alice"]).await?;
    let token = text(&alice, "token").to_owned();
    node.start_again().await?;

    let refused = node.run_verb(&["source", "add", &address]).await?;
    ensure!(!refused.status.success(), "without the login there is nothing to follow");
    let cookie = node.directory().join("cookie");
    std::fs::write(&cookie, format!("{SECRET}\n"))?;
    let cookie = cookie.display().to_string();
    let added =
        verb(&node, &["--json", "source", "add", &address, "--cookie-file", &cookie]).await?;
    ensure!(added["private"] == true && added["request"] == json!(["cookie"]), "{added}");
    let id = added["id"].to_string();
    let articles = wait_until("the articles of the club", SOON, async || {
        let articles = node.all("/api/v1/articles").await?;
        let own: Vec<Value> = articles
            .into_iter()
            .filter(|one| one["source_id"] == added["id"] && one["stage"] == "placed")
            .collect();
        Ok((own.len() == 3).then_some(own))
    })
    .await?;

    // Alice comes by every door, also with the numbers in hand.
    let wish = json!({"url": address, "kind": "feed"});
    let hers = node.request(Method::POST, "/api/v1/sources").bearer_auth(&token).json(&wish);
    let hers: Value = hers.send().await?.error_for_status()?.json().await?;
    ensure!(hers["private"] == false && hers["id"] != added["id"], "{hers}");
    for path in [
        "/api/v1/articles",
        "/api/v1/search?q=members",
        "/api/v1/recommendations",
        "/api/v1/stories",
    ] {
        let seen = as_reader(&node, &token, path).await?.to_string();
        ensure!(!seen.contains("members article"), "{path}: {seen}");
    }
    let article = articles[0]["id"].to_string();
    let story = articles[0]["story_id"].to_string();
    for (method, path) in [
        (Method::GET, format!("/api/v1/articles/{article}")),
        (Method::GET, format!("/api/v1/stories/{story}")),
        (Method::GET, format!("/api/v1/sources/{id}")),
        (Method::POST, format!("/api/v1/sources/{id}/refresh")),
        (Method::DELETE, format!("/api/v1/sources/{id}")),
    ] {
        let answer = node.request(method, &path).bearer_auth(&token).send().await?;
        ensure!(answer.status() == 404, "{path}: {}", answer.status());
    }

    // The login itself comes out nowhere: not in answers, lists, the operator's view or the log.
    let operated = node.get_as_operator("/admin/sources").await?.to_string();
    let actors = node.get_as_operator("/admin/actors").await?.to_string();
    let listed = node.get("/api/v1/sources").await?.to_string();
    let exported = verb(&node, &["source", "export"]).await?.to_string();
    ensure!(exported.contains("club.test") && exported.contains("withheld"), "{exported}");
    for (place, shown) in
        [("operator", operated), ("actors", actors), ("sources", listed), ("log", node.log())]
    {
        ensure!(!shown.contains("c-o-o-k-i-e"), "{place}: {shown}");
    }
    check_that_it_works_on(&mut node, &origin, &id).await
}

/// The login is kept: after a restart it still opens the door.
async fn check_that_it_works_on(node: &mut TestNode, origin: &Origin, id: &str) -> Result<()> {
    let body = rss("Club", "members", 1..=4);
    origin.set("club.test/feed", Behaviour::Locked { key: format!("cookie: {SECRET}"), body });
    node.kill().await?;
    node.start_again().await?;
    let said = verb(node, &["source", "refresh", id]).await?;
    let new = wait_until("the fourth article", SOON, async || {
        let articles = node.all("/api/v1/articles").await?;
        Ok(articles.iter().any(|one| one["title"] == "members article 4").then_some(()))
    });
    new.await.with_context(|| said.to_string())
}
