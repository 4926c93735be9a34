//! The command line against a running node, and without one.

use crate::configuration::{check_failure, run};
use crate::support::{Newsroom, SOON, options, source, start, text, wait_for_titles};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{NodeOptions, TestNode, rss, wait_until};
use serde_json::Value;
use std::process::Output;

/// What it printed, if it went well.
fn printed(output: &Output) -> Result<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {text}{errors}", output.status);
    Ok(text)
}

async fn verb(node: &TestNode, arguments: &[&str]) -> Result<String> {
    printed(&node.run_verb(arguments).await?).with_context(|| arguments.join(" "))
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_added_listed_exported_removed_and_imported() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire", "post"]).await?;
    newsroom.publish_bulletins("wire", 0..3);
    newsroom.publish_bulletins("post", 0..3);
    let node = start(options(&[])).await?;
    let (wire, post) = (newsroom.address("wire"), newsroom.address("post"));
    verb(&node, &["source", "add", &wire, "--title", "My wire", "--folder", "Agencies"]).await?;
    let added = verb(&node, &["--json", "source", "add", &post]).await?;
    ensure!(serde_json::from_str::<Value>(&added)?["url"] == post.as_str(), "{added}");
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    ensure!(found.iter().any(|article| article["source_title"] == "My wire"), "{found:?}");
    let list = verb(&node, &["source", "list"]).await?;
    ensure!(list.contains("My wire") && list.contains("Agencies"), "{list}");
    let list = verb(&node, &["--json", "source", "list"]).await?;
    let list: Vec<Value> = serde_json::from_str(&list)?;
    ensure!(list.iter().any(|row| row["url"] == wire.as_str() && row["folder"] == "Agencies"));

    let file = node.directory().join("mine.opml").display().to_string();
    let said = verb(&node, &["source", "export", &file]).await?;
    ensure!(said.contains('2'), "{said}");
    let document = verb(&node, &["source", "export"]).await?;
    ensure!(document.contains(&wire) && document.contains("Agencies"), "{document}");
    for address in [&wire, &post] {
        let id = source(&node, address).await?["id"].to_string();
        verb(&node, &["source", "remove", &id]).await?;
        ensure!(source(&node, address).await.is_err(), "{address} is still there");
    }
    let said = verb(&node, &["source", "import", &file]).await?;
    ensure!(said.contains("imported 2 of 2"), "{said}");
    let again = source(&node, &wire).await?;
    ensure!(again["title"] == "My wire" && again["folder"] == "Agencies", "{again}");
    wait_for_titles(&node, &newsroom.titles()).await?;
    check_wrong_use(&node).await
}

async fn check_wrong_use(node: &TestNode) -> Result<()> {
    let file = node.directory().join("shopping.txt");
    std::fs::write(&file, "milk, bread")?;
    let file = file.display().to_string();
    check_failure(&node.run_verb(&["source", "import", &file]).await?, 1, &[&file, "OPML"])?;
    check_failure(
        &node.run_verb(&["source", "import", "nowhere.opml"]).await?,
        1,
        &["nowhere.opml"],
    )?;
    check_failure(&node.run_verb(&["source", "remove", "999999"]).await?, 1, &["404"])?;
    check_failure(&node.run_verb(&["source", "add", "not an address"]).await?, 1, &["400"])?;
    check_failure(&node.run_verb(&["source", "add"]).await?, 2, &["Usage"])?;
    check_failure(&node.run_verb(&["sorce"]).await?, 2, &["source"])
}

#[tokio::test(flavor = "multi_thread")]
async fn search_status_healthcheck_refresh_and_tail_show_what_the_node_has() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..4);
    let node = start(options(&newsroom.addresses())).await?;
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    let title = text(&found[0], "title");
    let words: Vec<&str> = title.split_whitespace().collect();
    let hits = verb(&node, &[&["search"], words.as_slice()].concat()).await?;
    ensure!(hits.contains(title), "{hits}");
    let hits = verb(&node, &["--json", "search", "bulletin", "--limit", "2"]).await?;
    let hits: Value = serde_json::from_str(&hits)?;
    ensure!(hits["items"].as_array().map(Vec::len) == Some(2), "{hits}");
    let nothing = verb(&node, &["search", "hippopotamus"]).await?;
    ensure!(nothing.contains("nothing found"), "{nothing}");

    let status = verb(&node, &["status"]).await?;
    ensure!(status.contains("articles stored") && status.contains("all well"), "{status}");
    let status: Value = serde_json::from_str(&verb(&node, &["--json", "status"]).await?)?;
    ensure!(status["statistics"]["backlog"] == 0 && status["stages"].is_array(), "{status}");
    ensure!(verb(&node, &["healthcheck", "--ready"]).await?.contains("well"));

    let tail = async { verb(&node, &["--json", "tail", "--count", "2"]).await };
    let publish = async {
        wait_until("the tail to be connected", SOON, async || {
            let numbers = node.get("/api/v1/statistics").await?;
            Ok((numbers["terminals"] == 1).then_some(()))
        })
        .await?;
        newsroom.publish_bulletins("wire", 4..6);
        let id = source(&node, &newsroom.address("wire")).await?["id"].to_string();
        verb(&node, &["source", "refresh", &id]).await
    };
    let (tail, refreshed) = tokio::try_join!(tail, publish)?;
    ensure!(refreshed.contains("new articles"), "{refreshed}");
    let lines: Vec<Value> = tail.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(lines.len() == 2, "{tail}");
    for number in [4, 5] {
        let wanted = crate::support::bulletin("wire", number).title;
        ensure!(lines.iter().any(|line| line["title"] == wanted.as_str()), "{wanted}: {tail}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_node_every_verb_that_needs_one_says_so_and_exits_with_3() -> Result<()> {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.to_string();
    let folder = tempfile::tempdir()?;
    let verbs: [&[&str]; 7] = [
        &["status"],
        &["search", "anything"],
        &["source", "list"],
        &["source", "add", "http://a.test/feed"],
        &["source", "remove", "1"],
        &["healthcheck"],
        &["tail", "--count", "1"],
    ];
    for verb in verbs {
        let arguments = [&["--bind", free.as_str()], verb].concat();
        let output = run(folder.path(), &arguments).await?;
        check_failure(&output, 3, &[&free, "autoglm serve", "--bind"])
            .with_context(|| verb.join(" "))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn some_verbs_need_no_node() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let document = printed(&run(folder.path(), &["openapi"]).await?)?;
    let document: Value = serde_json::from_str(&document)?;
    for path in ["/api/v1/articles", "/api/v1/events", "/ws", "/admin/actors", "/readyz"] {
        ensure!(document["paths"][path].is_object(), "{path} is not described");
    }
    ensure!(text(&document, "openapi").starts_with("3."), "{}", document["openapi"]);

    let feed = folder.path().join("feed.xml");
    std::fs::write(&feed, rss("Mine", "mine", 1..=2))?;
    let reading = printed(&run(folder.path(), &["eval", "feed", "feed.xml"]).await?)?;
    let reading: Value = serde_json::from_str(&reading)?;
    ensure!(reading["entries"].as_array().map(Vec::len) == Some(2), "{reading}");
    ensure!(reading["entries"][0]["title"] == "mine article 1", "{reading}");
    check_failure(&run(folder.path(), &["eval", "feed", "gone.xml"]).await?, 1, &["gone.xml"])?;

    let version = printed(&run(folder.path(), &["--version"]).await?)?;
    ensure!(version.starts_with("autoglm "), "{version}");
    let help = printed(&run(folder.path(), &["--help"]).await?)?;
    ensure!(help.contains("healthcheck") && help.contains("--bind"), "{help}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sets_of_a_folder_are_measured_without_a_node_or_a_configuration() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir_all(folder.path().join("set/dates"))?;
    let case = r#"{"case": "one", "input": "Mon, 02 Jan 2006 15:04:05 -0700"}"#;
    std::fs::write(folder.path().join("set/dates/cases.jsonl"), case)?;
    let output = run(folder.path(), &["eval", "ingest", "--set", "set", "--out", "out"]).await?;
    ensure!(printed(&output)?.contains("dates: 1 cases"));
    let results = std::fs::read_to_string(folder.path().join("out/dates/results.jsonl"))?;
    ensure!(results.contains("2006-01-02T22:04:05"), "{results}");
    let output = run(folder.path(), &["eval", "ingest", "--out", "out"]).await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && errors.contains("--set FOLDER"), "{errors}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_readers_token_is_made_before_the_node_runs_and_opens_its_own_list() -> Result<()> {
    let options = NodeOptions { yaml: "sources: []\n".to_owned(), ..NodeOptions::default() };
    let mut node = TestNode::prepare(crate::support::binary(), options)?;
    let made = verb(&node, &["--json", "reader", "add", "alice", "--language", "zh"]).await?;
    let made: Value = serde_json::from_str(&made)?;
    let list = verb(&node, &["reader", "list"]).await?;
    ensure!(list.contains("alice"), "{list}");
    node.start_again().await?;
    let request =
        node.request(reqwest::Method::GET, "/api/v1/me").bearer_auth(text(&made, "token"));
    let me: Value = request.send().await?.error_for_status()?.json().await?;
    ensure!(me["reader"]["name"] == "alice" && me["reader"]["id"] == made["id"], "{me}");
    ensure!(me["reader"]["language"] == "zh", "{me}");
    let nobody = node.get("/api/v1/me").await?;
    ensure!(
        nobody["reader"]["id"] != made["id"],
        "without a token one is the local reader: {nobody}"
    );
    Ok(())
}
