//! Hubs that push (WebSub): a subscription from the first fetch to its end, through a kill, with
//! forgers, short leases and a hub that is down.

use crate::support::{SOON, bulletin, options, source, start, text};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::hub::{Hub, HubForm};
use autoglm_harness::{Behaviour, Item, Origin, TestNode, rss_of, wait_until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A publisher with its hub.
struct Press {
    origin: Origin,
    hub: Hub,
}

impl Press {
    async fn open() -> Result<Self> {
        Ok(Self { origin: Origin::start().await?, hub: Hub::start().await? })
    }

    fn address(&self, name: &str) -> String {
        format!("http://{name}.test:{}/feed", self.origin.port())
    }

    /// What the feed is with these articles, which name the hub in its head.
    fn feed(&self, name: &str, items: &[Item]) -> Vec<u8> {
        let links = format!(
            "<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"hub\" href=\"http://hub.test:{}/\"/>\
             <link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"self\" href=\"{}\"/><title>",
            self.hub.port(),
            self.address(name)
        );
        let document = String::from_utf8_lossy(&rss_of(name, items)).into_owned();
        document.replacen("<title>", &links, 1).into_bytes()
    }

    fn publish(&self, name: &str, items: &[Item]) {
        self.origin.set(&format!("{name}.test/feed"), Behaviour::feed(self.feed(name, items)));
    }

    /// The forms about one feed.
    fn forms(&self, name: &str) -> Vec<HubForm> {
        let topic = self.address(name);
        self.hub.forms().into_iter().filter(|form| form["hub.topic"] == topic).collect()
    }

    async fn wait_for_forms(&self, name: &str, count: usize) -> Result<HubForm> {
        let what = format!("{count} requests about {name} at the hub");
        wait_until(&what, SOON, async || Ok(self.forms(name).get(count - 1).cloned())).await
    }
}

async fn start_node() -> Result<TestNode> {
    start(options(&[]).set("server.public_url", "https://news.test")).await
}

async fn follow(node: &TestNode, address: &str) -> Result<Value> {
    node.post("/api/v1/sources", &json!({ "url": address })).await
}

/// Where a hub calls, at the node under test.
fn path(form: &HubForm) -> Result<&str> {
    form["hub.callback"].strip_prefix("https://news.test").context("another callback")
}

/// The hub asks back; status and what was repeated.
async fn ask_back(
    node: &TestNode,
    form: &HubForm,
    topic: &str,
    lease_seconds: &str,
) -> Result<(StatusCode, String)> {
    let question = [
        ("hub.mode", form["hub.mode"].as_str()),
        ("hub.topic", topic),
        ("hub.challenge", "a challenge"),
        ("hub.lease_seconds", lease_seconds),
    ];
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(question).finish();
    let asked = node.request(Method::GET, &format!("{}?{query}", path(form)?)).send().await?;
    let status = asked.status();
    Ok((status, asked.text().await?))
}

async fn confirm(node: &TestNode, form: &HubForm, lease_seconds: &str) -> Result<()> {
    let (status, repeated) = ask_back(node, form, &form["hub.topic"], lease_seconds).await?;
    ensure!(status == 200 && repeated == "a challenge", "{status} {repeated}");
    Ok(())
}

/// The hub sends a document signed with a secret.
async fn push(node: &TestNode, form: &HubForm, secret: &str, body: Vec<u8>) -> Result<StatusCode> {
    use aws_lc_rs::hmac;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), &body);
    let digest: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let sent = node
        .request(Method::POST, path(form)?)
        .header("content-type", "application/rss+xml")
        .header("x-hub-signature", format!("sha256={digest}"))
        .body(body);
    Ok(sent.send().await?.status())
}

async fn titles(node: &TestNode) -> Result<Vec<String>> {
    let articles = node.all("/api/v1/articles").await?;
    Ok(articles.iter().map(|article| text(article, "title").to_owned()).collect())
}

async fn wait_for(node: &TestNode, item: &Item) -> Result<()> {
    let what = format!("the article {:?}", item.title);
    wait_until(&what, SOON, async || Ok(titles(node).await?.contains(&item.title).then_some(())))
        .await
}

async fn wait_for_state(node: &TestNode, address: &str, state: &str) -> Result<Value> {
    let what = format!("{address} to be {state}");
    wait_until(&what, SOON, async || {
        let push = source(node, address).await?["push"].clone();
        ensure!(push["state"] == state, "{push}");
        Ok(Some(push))
    })
    .await
}

/// Neither the callback nor the secret is shown or logged.
async fn check_secrets(node: &TestNode, form: &HubForm) -> Result<()> {
    let token = path(form)?.rsplit('/').next().unwrap_or_default().to_owned();
    ensure!(token.len() >= 32 && form["hub.secret"].len() >= 32, "they could be guessed");
    let shown = [
        node.get("/api/v1/sources").await?.to_string(),
        node.get_as_operator("/admin/sources").await?.to_string(),
        node.get_as_operator("/admin/actors").await?.to_string(),
        node.request(Method::GET, "/metrics").send().await?.text().await?,
        node.log(),
    ];
    for secret in [&token, &form["hub.secret"]] {
        ensure!(!shown.iter().any(|text| text.contains(secret.as_str())), "a secret is shown");
    }
    Ok(())
}

#[tokio::test]
async fn a_hub_pushes_what_no_fetch_has_found_also_after_a_kill_and_until_the_end() -> Result<()> {
    let press = Press::open().await?;
    let item = |number| bulletin("blog", number);
    press.publish("blog", &[item(1), item(0)]);
    let address = press.address("blog");
    let mut node = start_node().await?;
    let id = follow(&node, &address).await?["id"].clone();
    let form = press.wait_for_forms("blog", 1).await?;
    ensure!(form["hub.mode"] == "subscribe" && form["hub.lease_seconds"] == "864000", "{form:?}");
    wait_for_state(&node, &address, "asked").await?;

    let (status, _) = ask_back(&node, &form, &press.address("other"), "3600").await?;
    ensure!(status == 404, "a topic nobody asked for: {status}");
    confirm(&node, &form, "3600").await?;
    let shown = wait_for_state(&node, &address, "active").await?;
    ensure!(shown["until"].is_string() && shown["last_push_at"].is_null(), "{shown}");

    let forged = push(&node, &form, "another secret", press.feed("blog", &[item(66)])).await?;
    ensure!(forged == 202, "a forger learns nothing: {forged}");
    let secret = form["hub.secret"].clone();
    let pushed = push(&node, &form, &secret, press.feed("blog", &[item(2)])).await?;
    ensure!(pushed == 202, "{pushed}");
    wait_for(&node, &item(2)).await?;
    ensure!(!titles(&node).await?.contains(&item(66).title), "what was forged is there");
    ensure!(press.origin.requests("blog.test/feed") == 1, "nothing was fetched for it");
    ensure!(source(&node, &address).await?["push"]["last_push_at"].is_string());
    check_secrets(&node, &form).await?;

    node.kill().await?;
    node.start_again().await?;
    let pushed = push(&node, &form, &secret, press.feed("blog", &[item(3), item(2)])).await?;
    ensure!(pushed == 202, "after the kill: {pushed}");
    wait_for(&node, &item(3)).await?;
    ensure!(titles(&node).await?.iter().filter(|title| **title == item(2).title).count() == 1);
    ensure!(press.forms("blog").len() == 1, "the subscription is remembered");

    node.request(Method::DELETE, &format!("/api/v1/sources/{id}")).send().await?;
    let end = press.wait_for_forms("blog", 2).await?;
    ensure!(end["hub.mode"] == "unsubscribe", "{end:?}");
    confirm(&node, &end, "0").await?;
    let late = push(&node, &form, &secret, press.feed("blog", &[item(4)])).await?;
    ensure!(late == 404, "nobody reads it any more: {late}");
    Ok(())
}

#[tokio::test]
async fn a_short_lease_is_renewed_and_a_hub_that_is_down_costs_nothing() -> Result<()> {
    let press = Press::open().await?;
    for name in ["brief", "down"] {
        press.publish(name, &[bulletin(name, 0)]);
    }
    let node = start_node().await?;
    follow(&node, &press.address("brief")).await?;
    let first = press.wait_for_forms("brief", 1).await?;
    confirm(&node, &first, "6").await?;
    let again = press.wait_for_forms("brief", 2).await?;
    ensure!(again == first, "the same callback and secret: {again:?}");
    confirm(&node, &again, "3600").await?;
    wait_for_state(&node, &press.address("brief"), "active").await?;

    press.hub.answer_with(503);
    let address = press.address("down");
    let id = follow(&node, &address).await?["id"].clone();
    let shown = wait_for_state(&node, &address, "failing").await?;
    ensure!(text(&shown, "problem").contains("503"), "{shown}");
    press.publish("down", &[bulletin("down", 1), bulletin("down", 0)]);
    node.post(&format!("/api/v1/sources/{id}/refresh"), &json!({})).await?;
    wait_for(&node, &bulletin("down", 1)).await?;
    let health = source(&node, &address).await?["health"].clone();
    ensure!(health["class"] == "healthy", "the hub's failure is not the source's: {health}");
    Ok(())
}

#[tokio::test]
async fn without_a_public_address_no_hub_is_asked() -> Result<()> {
    let press = Press::open().await?;
    press.publish("blog", &[bulletin("blog", 0)]);
    let node = start(options(&[])).await?;
    follow(&node, &press.address("blog")).await?;
    wait_for(&node, &bulletin("blog", 0)).await?;
    ensure!(source(&node, &press.address("blog")).await?["push"].is_null());
    let answer = node.request(Method::POST, "/websub/00ff").body("x").send().await?;
    ensure!(answer.status() == 404 && press.hub.forms().is_empty(), "{}", answer.status());
    Ok(())
}
