//! Topics that people edit: the list changes on a running node and articles are sorted again by it,
//! without being read again; readers have topics of their own.

use crate::configuration::check_failure;
use crate::support::{
    Newsroom, SOON, items, options, problem, refused, start, text, wait_for_titles,
};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Item, TestNode, wait_until};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Titles that are about something, with what they are about.
const NEWS: [(&str, &str); 8] = [
    ("Physicists keep plasma stable in a tokamak for twenty minutes", "fusion"),
    ("托卡马克装置实现长时间等离子体约束", "fusion"),
    ("Stellarator reaches a record plasma temperature", "fusion"),
    ("Striker scores twice as the league match ends in a draw", "sports"),
    ("Goalkeeper saves two penalties in the cup final", "sports"),
    ("Central bank lifts interest rates to slow inflation", "money"),
    ("央行宣布下调贷款利率", "money"),
    ("New vaccine against malaria passes its trial in hospitals", "health"),
];

fn publish_all(newsroom: &mut Newsroom) {
    let news = NEWS.iter().enumerate().map(|(number, (title, _))| Item {
        guid: format!("news-{number}"),
        title: (*title).to_owned(),
        html: format!("<p>{title}.</p>"),
    });
    newsroom.publish("wire", news);
}

/// A list of two topics that no built-in one is like.
fn our_list() -> Value {
    json!([
        {"key": "fusion", "en": "Nuclear fusion", "zh": "核聚变",
         "description": {"en": "Plasma, tokamaks and reactors", "zh": "等离子体与托卡马克"},
         "seeds": ["tokamak", "plasma", "stellarator", "托卡马克", "等离子体"]},
        {"key": "money", "en": "Money", "zh": "金钱", "description": "Banks and interest rates",
         "seeds": ["bank", "interest rates", "央行", "利率"]},
        {"key": "football", "en": "Football", "zh": "足球", "description": "Matches and goals",
         "seeds": ["striker", "goalkeeper", "cup final", "league"]},
        {"key": "medicine", "en": "Medicine", "zh": "医学", "description": "Vaccines and hospitals",
         "seeds": ["vaccine", "hospital", "malaria"]},
    ])
}

/// The best topic of each of our articles, by title.
async fn best_topics(node: &TestNode) -> Result<BTreeMap<String, String>> {
    let found = crate::support::articles(node).await?;
    let best = |article: &Value| text(&article["topics"][0], "name").to_owned();
    Ok(found.iter().map(|article| (text(article, "title").to_owned(), best(article))).collect())
}

async fn put(node: &TestNode, topics: &Value) -> Result<reqwest::Response> {
    let request = node.request(Method::PUT, "/admin/topics").bearer_auth(node.operator_token()?);
    Ok(request.json(&json!({ "topics": topics })).send().await?)
}

async fn wait_until_sorted(node: &TestNode) -> Result<()> {
    wait_until("every article to be sorted", SOON, async || {
        let list = node.get_as_operator("/admin/topics").await?;
        Ok((list["waiting"] == 0).then_some(()))
    })
    .await
}

async fn titles_of(node: &TestNode, topic: &str) -> Result<Vec<String>> {
    let all = node.all(&format!("/api/v1/articles?topic={topic}")).await?;
    Ok(all.iter().map(|article| text(article, "title").to_owned()).collect())
}

async fn versions(node: &TestNode) -> Result<Vec<Value>> {
    let mut versions = Vec::new();
    for article in crate::support::articles(node).await? {
        let one = node.get(&format!("/api/v1/articles/{}", article["id"])).await?;
        versions.push(one["model_version"].clone());
    }
    Ok(versions)
}

/// The same on every database.
pub(crate) async fn check_change_of_the_list(
    adapt: impl FnOnce(autoglm_harness::NodeOptions) -> autoglm_harness::NodeOptions,
) -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    publish_all(&mut newsroom);
    let mut node = start(adapt(options(&newsroom.addresses()))).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let before = best_topics(&node).await?;
    assert_eq!(before[NEWS[3].0], "sports");
    let read_by = versions(&node).await?;
    let list = node.get_as_operator("/admin/topics").await?;
    assert_eq!(list["origin"], "built_in");
    let put_in_force = put(&node, &our_list()).await?;
    ensure!(put_in_force.status().is_success(), "{}", put_in_force.text().await?);
    wait_until_sorted(&node).await?;
    let names: BTreeMap<&str, &str> =
        [("fusion", "fusion"), ("sports", "football"), ("money", "money"), ("health", "medicine")]
            .into();
    let sorted = best_topics(&node).await?;
    for (title, subject) in NEWS {
        assert_eq!(sorted[title], names[subject], "{title}");
    }
    assert_eq!(titles_of(&node, "fusion").await?.len(), 3);
    assert!(titles_of(&node, "sports").await?.is_empty());
    // They were sorted, not read again.
    assert_eq!(versions(&node).await?, read_by);
    let reread = &crate::support::actors(&node).await?["reread"]["status"];
    assert_eq!(reread["read_total"], 0, "{reread}");
    let shown = items(&node.get("/api/v1/topics").await?);
    assert_eq!(shown.iter().map(|topic| text(topic, "key")).collect::<Vec<_>>()[0], "fusion");
    // Ranking works by the new topics too.
    wait_until("the window to show the new topics", SOON, async || {
        let places = items(&node.get("/api/v1/recommendations?limit=50").await?);
        let football =
            places.iter().any(|place| place["article"]["topics"][0]["name"] == "football");
        Ok(football.then_some(()))
    })
    .await?;
    // What comes now is sorted by it, and the list outlives the node.
    node.kill().await?;
    node.start_again().await?;
    newsroom.publish(
        "wire",
        [Item {
            guid: "late".into(),
            title: "Striker signs for another league".into(),
            html: "<p>The striker signs for three seasons.</p>".into(),
        }],
    );
    wait_for_titles(&node, &newsroom.titles()).await?;
    assert_eq!(best_topics(&node).await?["Striker signs for another league"], "football");
    // Back again, to the same topics as at first.
    let reset = node.request(Method::DELETE, "/admin/topics").bearer_auth(node.operator_token()?);
    ensure!(reset.send().await?.status().is_success(), "not reset");
    wait_until_sorted(&node).await?;
    let after = best_topics(&node).await?;
    for (title, topic) in &before {
        assert_eq!(&after[title], topic, "{title}");
    }
    Ok(())
}

#[tokio::test]
async fn another_list_sorts_every_article_again_without_reading_it_again() -> Result<()> {
    check_change_of_the_list(|options| options).await
}

#[tokio::test]
async fn the_list_of_a_file_is_in_force_until_the_operator_imports_another() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("topics.yaml");
    std::fs::write(
        &file,
        "- key: fusion\n  en: Fusion\n  zh: 聚变\n  seeds: [plasma, 等离子体]\n",
    )?;
    let file = file.display().to_string();
    let mut node = start(options(&[]).set("understanding.topics_file", &file)).await?;
    let list = node.get_as_operator("/admin/topics").await?;
    assert_eq!((&list["origin"], &list["topics"][0]["zh"]), (&json!("config"), &json!("聚变")));
    // Export, edit, import.
    let copy = folder.path().join("mine.json").display().to_string();
    let said = node.run_verb(&["topics", "export", &copy]).await?;
    ensure!(said.status.success(), "{said:?}");
    let edited = std::fs::read_to_string(&copy)?.replace("Fusion", "Nuclear fusion");
    std::fs::write(&copy, edited)?;
    let said = node.run_verb(&["topics", "import", &copy]).await?;
    ensure!(String::from_utf8_lossy(&said.stdout).contains("Nuclear fusion"), "{said:?}");
    assert_eq!(node.terminate().await?, Some(0));
    node.start_again().await?;
    let list = node.get_as_operator("/admin/topics").await?;
    assert_eq!(
        (&list["origin"], &list["topics"][0]["en"]),
        (&json!("page"), &json!("Nuclear fusion"))
    );
    node.run_verb(&["topics", "reset"]).await?;
    let list = node.get_as_operator("/admin/topics").await?;
    assert_eq!((&list["origin"], &list["topics"][0]["en"]), (&json!("config"), &json!("Fusion")));
    // Mistakes name the file and the topic.
    std::fs::write(&copy, "[{\"key\": \"Bad Key\", \"en\": \"x\", \"zh\": \"x\"}]")?;
    let failed = node.run_verb(&["topics", "import", &copy]).await?;
    check_failure(&failed, 1, &["mine.json", "topic 1", "Bad Key"])?;
    let answer = put(&node, &json!([])).await?;
    problem(answer, 400, "invalid").await?;
    Ok(())
}

async fn own_topic(node: &TestNode, body: &Value) -> Result<String> {
    let made = node.post("/api/v1/topics", body).await?;
    Ok(made["key"].as_str().context("a key")?.to_owned())
}

#[tokio::test]
async fn a_reader_makes_a_topic_of_their_own_and_finds_its_articles() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    publish_all(&mut newsroom);
    let node = start(options(&newsroom.addresses())).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let body = json!({"name": "Fusion research", "width": "normal",
        "description": "Experiments with hot plasma in tokamaks and stellarators 等离子体 托卡马克"});
    let key = own_topic(&node, &body).await?;
    let topics = items(&node.get("/api/v1/topics").await?);
    let own = topics.iter().find(|topic| topic["key"] == key.as_str()).context("in the list")?;
    assert_eq!((text(own, "en"), &own["own"]["width"]), ("Fusion research", &json!("normal")));
    let expected: Vec<&str> =
        NEWS.iter().filter(|(_, about)| *about == "fusion").map(|(title, _)| *title).collect();
    // The window takes in what was placed a moment later, and a list is kept for some seconds.
    let found = wait_until("the topic's articles in its list", SOON, async || {
        let found = titles_of(&node, &key).await?;
        let missing = expected.iter().find(|title| !found.iter().any(|one| one == *title));
        ensure!(missing.is_none(), "{missing:?} is not in {found:?}");
        Ok(Some(found))
    })
    .await?;
    for (title, about) in NEWS {
        assert!(about == "fusion" || !found.iter().any(|one| one == title), "{title}");
    }
    // A word in a title is enough, in pages as everywhere.
    let words = json!({"name": "Malaria", "seeds": ["vaccine", "goalkeeper"], "width": "narrow"});
    let second = own_topic(&node, &words).await?;
    let page = node.get(&format!("/api/v1/articles?topic={second}&limit=1")).await?;
    let cursor = page["next_cursor"].as_str().context("a second page")?;
    let next = node.get(&format!("/api/v1/articles?topic={second}&cursor={cursor}")).await?;
    let both: Vec<Value> = items(&page).into_iter().chain(items(&next)).collect();
    let mut both: Vec<&str> = both.iter().map(|article| text(article, "title")).collect();
    both.sort_unstable();
    assert_eq!(both, [NEWS[4].0, NEWS[7].0]);
    // A change counts at once, and what is gone is gone.
    node.patch(&format!("/api/v1/topics/{second}"), &json!({"seeds": ["striker"]})).await?;
    assert!(titles_of(&node, &second).await?.contains(&NEWS[3].0.to_owned()));
    let removed = node.request(Method::DELETE, &format!("/api/v1/topics/{second}")).send().await?;
    assert_eq!(removed.status(), 204);
    refused(&node, Method::GET, &format!("/api/v1/articles?topic={second}"), 404, "not_found")
        .await?;
    let taken = node.request(Method::POST, "/api/v1/topics").json(&body).send().await?;
    problem(taken, 409, "conflict").await?;
    Ok(())
}
