//! What the operator decides about stories holds for the articles that come later, whatever happens
//! to the node in between.

use crate::support::{Newsroom, SOON, articles, options, refused, start, text};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Item, NodeOptions, TestNode, wait_until};
use reqwest::Method;
use serde_json::{Value, json};

/// Who publishes.
const SOURCES: [&str; 6] = ["north", "east", "south", "west", "coast", "hills"];

const STORM: (&str, &str) = (
    "Winter storm closes the ferry harbour of Marlow",
    "A winter storm has closed the ferry harbour of Marlow since Tuesday night. Waves of six metres \
     broke over the eastern pier, and two ferries had to turn back to the islands with three hundred \
     passengers on board. The harbour master said that pilots would look at the damage in the \
     morning before any ship may leave.",
);
const TREATY: (&str, &str) = (
    "Parliament of Tarn adopts the herring treaty",
    "Members of parliament in Tarn have adopted a treaty on herring quotas by a narrow majority. \
     Fishing boats will land a third less next season, while the government pays for new nets. \
     Opposition deputies called the vote a gift to foreign trawlers and announced a complaint at \
     the constitutional court.",
);

/// The text as this source prints it.
fn printed(source: &str, (title, body): (&str, &str)) -> Item {
    Item {
        guid: format!("{source}-{}", title.len()),
        title: title.to_owned(),
        html: format!("<p>{body}</p><p>Printed by the {source} news.</p>"),
    }
}

/// Publishes a text in a source and waits until it is placed; its id and its story.
async fn published(
    node: &TestNode,
    newsroom: &mut Newsroom,
    source: &str,
    content: (&str, &str),
) -> Result<(i64, i64)> {
    let item = printed(source, content);
    let url = format!("http://articles.test/{}", item.guid);
    newsroom.publish(source, [item]);
    wait_until(&format!("{url} to be placed"), SOON, async || {
        let all = articles(node).await?;
        let found =
            all.iter().find(|article| article["url"] == url && article["stage"] == "placed");
        Ok(found.and_then(|article| Some((article["id"].as_i64()?, article["story_id"].as_i64()?))))
    })
    .await
}

async fn decided(node: &TestNode, path: &str, body: Value) -> Result<Value> {
    let request = node.request(Method::POST, path).bearer_auth(node.operator_token()?);
    let answer = request.json(&body).send().await?;
    let status = answer.status();
    let answer: Value = answer.json().await?;
    ensure!(status.is_success(), "{path} {body}: {answer}");
    Ok(answer)
}

async fn killed_and_started_again(node: &mut TestNode) -> Result<()> {
    node.kill().await?;
    node.start_again().await
}

/// A verb's answer as JSON.
async fn verb(node: &TestNode, arguments: &[&str]) -> Result<Value> {
    let arguments = [&["story"], arguments, &["--json"]].concat();
    let output = node.run_verb(&arguments).await?;
    let [printed, complaint] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    ensure!(output.status.success(), "{arguments:?}: {complaint}");
    serde_json::from_str(&printed).with_context(|| format!("not JSON: {printed}"))
}

/// The same on every database.
pub(crate) async fn check(adapt: impl FnOnce(NodeOptions) -> NodeOptions) -> Result<()> {
    let mut newsroom = Newsroom::open(&SOURCES).await?;
    SOURCES.iter().for_each(|source| newsroom.publish(source, []));
    let mut node = start(adapt(options(&newsroom.addresses()))).await?;
    let (storm, first) = published(&node, &mut newsroom, "north", STORM).await?;
    let (treaty, second) = published(&node, &mut newsroom, "east", TREATY).await?;
    ensure!(first != second, "two events are one story: {first}");

    // Merged, it is one story for the reader and for what comes.
    decided(&node, "/admin/stories/merge", json!({ "stories": [first, second] })).await?;
    let story = node.get(&format!("/api/v1/stories/{first}")).await?;
    ensure!(story["article_count"] == 2 && story["representative"] == storm, "{story}");
    let told = node.all(&format!("/api/v1/articles?story={first}")).await?;
    ensure!(told.len() == 2 && told.iter().any(|article| article["id"] == treaty), "{told:?}");
    refused(&node, Method::GET, &format!("/api/v1/stories/{second}"), 404, "not_found").await?;
    let (live, place) = published(&node, &mut newsroom, "south", TREATY).await?;
    ensure!(place == first, "a copy went to {place} instead of the merged {first}");
    killed_and_started_again(&mut node).await?;
    let (later, place) = published(&node, &mut newsroom, "west", TREATY).await?;
    ensure!(place == first, "after kill -9 a copy went to {place} instead of {first}");

    // Split off, copies follow what they are copies of, and not the story it was in.
    let taken = [first, treaty, live, later].map(|id| id.to_string());
    let arguments: Vec<&str> =
        std::iter::once("split").chain(taken.iter().map(String::as_str)).collect();
    let split = verb(&node, &arguments).await?;
    let own = split["story"].as_i64().with_context(|| format!("no story: {split}"))?;
    ensure!(own != first && split["moved"] == 3, "{split}");
    let (_, place) = published(&node, &mut newsroom, "coast", TREATY).await?;
    ensure!(place == own, "a copy went to {place} instead of {own}");
    killed_and_started_again(&mut node).await?;
    let (_, place) = published(&node, &mut newsroom, "hills", TREATY).await?;
    ensure!(place == own, "after kill -9 a copy went to {place} instead of {own}");
    let (_, place) = published(&node, &mut newsroom, "hills", STORM).await?;
    ensure!(place == first, "a copy of what was left went to {place} instead of {first}");
    check_memory(&node, split["decision"].as_i64().unwrap_or_default()).await
}

/// Both decisions are remembered until one is forgotten.
async fn check_memory(node: &TestNode, split: i64) -> Result<()> {
    let known = verb(node, &["decisions"]).await?;
    let kinds: Vec<_> = known["items"].as_array().into_iter().flatten().collect();
    ensure!(kinds.len() == 2, "{known}");
    ensure!(text(kinds[0], "kind") == "split" && kinds[0]["statements"][0]["holds"] == true);
    ensure!(text(kinds[1], "kind") == "merge" && kinds[1]["statements"][0]["holds"] == false);
    let forgotten = node.run_verb(&["story", "forget", &split.to_string()]).await?;
    ensure!(forgotten.status.success(), "{forgotten:?}");
    let known = verb(node, &["decisions"]).await?;
    ensure!(known["items"].as_array().is_some_and(|items| items.len() == 1), "{known}");
    let all = verb(node, &["list", "herring"]).await?;
    ensure!(all["items"].as_array().is_some_and(|items| items.len() == 1), "{all}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_and_a_split_by_the_operator_hold_for_later_articles_and_over_kill_9() -> Result<()>
{
    check(|options| options).await
}
