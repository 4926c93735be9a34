//! From a feed to the page: what a reader gets of an article.

use crate::support::{Newsroom, articles, items, options, start, text, wait_for_titles};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Item, NodeOptions, TestNode, wait_until};
use serde_json::Value;
use std::time::Duration;

fn item(guid: &str, title: &str, html: &str) -> Item {
    Item { guid: guid.to_owned(), title: title.to_owned(), html: html.to_owned() }
}

/// Two sources tell of one flood in nearly the same words.
const FLOOD: &str = "The river rose above the old bridge on Tuesday night and four villages were \
    evacuated. Firefighters carried residents to a school on the hill, where volunteers had \
    prepared beds and soup. The mayor said that the water should fall before the weekend. A farmer \
    lost two tractors and most of his hay. The road to the coast stays closed until engineers have \
    looked at every pillar of the bridge, and the ferry runs twice as often until then.";

const MATCH: &str = "<p>The home football team won the cup final after a penalty shootout. The \
    goalkeeper saved three penalties. The coach praised the players and the fans in the stadium, \
    who had waited for a trophy for thirty years. The striker scored early, and the visitors \
    equalised shortly before the end of the match.</p><script>alert('no')</script>\
    <p onclick=\"alert(1)\">The league season begins again in August, and the club wants to sign \
    another defender until then. Tickets for the first home match are sold out already.</p>";

const ZUQIU: &str = "<p>昨晚的足球比赛中，主队在点球大战里获胜，夺得联赛冠军。门将一共扑出三个点球，被评为全场最佳球员。\
    主教练赛后称赞了全体球员，也感谢了到场的球迷。这座奖杯，球队等待了整整三十年。\
    前锋在开场不久打入一球，客队在终场之前扳平比分，双方在加时赛里都没有再进球。\
    俱乐部表示，新赛季将在八月开始，球队还希望再引进一名后卫。首个主场的球票已经全部售完，球迷可以在广场上观看转播。</p>";

const LILV: &str = "<p>央行今天宣布下调基准利率，以支持经济增长。消息公布之后，股市在午后上涨，银行和地产板块涨幅居前。\
    分析师认为，通货膨胀目前仍然可控，企业贷款的成本将会下降。不过也有投资者担心，货币贬值会让进口商品变得更贵。\
    央行行长在记者会上说，今后几个月将继续观察物价和就业的变化，再决定是否需要进一步的措施。\
    债券收益率当天小幅回落，黄金价格则基本持平。市场普遍预计，下一次会议不会再调整利率。</p>";

fn publish(newsroom: &mut Newsroom) {
    let match_title = "Goalkeeper saves three penalties as the home team wins the football cup";
    newsroom.publish(
        "morning",
        [
            item("flood", "Four villages evacuated after river rises above old bridge", FLOOD),
            item("match", match_title, MATCH),
        ],
    );
    let flood = "Four villages evacuated after the river rises above the old bridge";
    newsroom.publish("evening", [item("flood-2", flood, FLOOD)]);
    newsroom.publish(
        "chenbao",
        [
            item("zuqiu", "门将扑出三个点球，主队夺得足球联赛冠军", ZUQIU),
            item("yinhang", "央行宣布下调利率，股市午后上涨", LILV),
        ],
    );
}

/// What every reader gets; the same on every database.
pub(crate) async fn check(adapt: impl FnOnce(NodeOptions) -> NodeOptions) -> Result<()> {
    let mut newsroom = Newsroom::open(&["morning", "evening", "chenbao"]).await?;
    publish(&mut newsroom);
    let node = start(adapt(options(&newsroom.addresses()))).await?;
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    for article in &found {
        check_understood(&node, article).await?;
    }
    check_languages(&found)?;
    check_topics(&found)?;
    check_story(&node, &found).await?;
    check_full_text(&node, &found).await?;
    check_lists(&node, &found).await?;
    check_page(&node).await
}

async fn check_understood(node: &TestNode, article: &Value) -> Result<()> {
    let known = items(&node.get("/api/v1/topics").await?);
    let topics = article["topics"].as_array().cloned().unwrap_or_default();
    ensure!(!topics.is_empty(), "no topic: {article}");
    for topic in &topics {
        ensure!(known.iter().any(|row| row["key"] == topic["name"]), "unknown topic: {topic}");
        let score = topic["score"].as_f64().unwrap_or(-1.0);
        ensure!((0.0..=1.0).contains(&score), "strange score: {topic}");
    }
    let summary = text(article, "summary");
    ensure!(!summary.is_empty() && summary.chars().count() <= 420, "its summary: {article}");
    ensure!(article["story_id"].as_i64().is_some_and(|id| id > 0), "no story: {article}");
    ensure!(text(article, "fetched_at").ends_with('Z'), "no moment: {article}");
    ensure!(!text(article, "source_title").is_empty(), "no source: {article}");
    Ok(())
}

fn with_url<'a>(found: &'a [Value], end: &str) -> Result<&'a Value> {
    let address = format!("http://articles.test/{end}");
    let article = found.iter().find(|article| article["url"] == address.as_str());
    article.with_context(|| format!("there is no {address}"))
}

fn check_languages(found: &[Value]) -> Result<()> {
    for (end, language) in [("flood", "en"), ("match", "en"), ("zuqiu", "zh"), ("yinhang", "zh")] {
        let article = with_url(found, end)?;
        ensure!(article["language"] == language, "not {language}: {article}");
    }
    Ok(())
}

/// Football is football in both languages.
fn check_topics(found: &[Value]) -> Result<()> {
    for end in ["match", "zuqiu"] {
        let article = with_url(found, end)?;
        ensure!(article["topics"][0]["name"] == "sports", "not sports: {article}");
    }
    let bank = with_url(found, "yinhang")?;
    ensure!(bank["topics"][0]["name"] != "sports", "sports: {bank}");
    Ok(())
}

async fn check_story(node: &TestNode, found: &[Value]) -> Result<()> {
    let (one, two) = (with_url(found, "flood")?, with_url(found, "flood-2")?);
    ensure!(one["story_id"] == two["story_id"], "two stories of one event: {one} {two}");
    let other = with_url(found, "match")?;
    ensure!(one["story_id"] != other["story_id"], "one story of two events: {one} {other}");
    let story = node.get(&format!("/api/v1/stories/{}", one["story_id"])).await?;
    ensure!(story["source_count"] == 2, "two sources tell it: {story}");
    let members = story["articles"].as_array().cloned().unwrap_or_default();
    ensure!(members.len() == 2 && members.contains(&one["id"]), "its articles: {story}");
    let stories = items(&node.get("/api/v1/stories").await?);
    ensure!(stories.iter().any(|listed| listed["id"] == story["id"]), "not listed: {story}");
    Ok(())
}

async fn check_full_text(node: &TestNode, found: &[Value]) -> Result<()> {
    let id = &with_url(found, "match")?["id"];
    let full = node.get(&format!("/api/v1/articles/{id}")).await?;
    let html = text(&full, "content_html");
    ensure!(html.contains("saved three penalties"), "no text: {full}");
    ensure!(!html.contains("alert") && !html.contains("onclick"), "script: {full}");
    ensure!(!text(&full, "model_version").is_empty(), "by which model: {full}");
    Ok(())
}

/// Filters and search find what they should and nothing else.
async fn check_lists(node: &TestNode, found: &[Value]) -> Result<()> {
    let chinese = node.all("/api/v1/articles?language=zh").await?;
    ensure!(chinese.iter().all(|article| article["language"] == "zh"), "{chinese:?}");
    ensure!(chinese.iter().any(|article| text(article, "title").contains("门将")), "{chinese:?}");
    let sports = node.all("/api/v1/articles?topic=sports").await?;
    ensure!(
        sports.iter().any(|article| article["id"]
            == with_url(found, "zuqiu").map_or(Value::Null, |a| a["id"].clone())),
        "{sports:?}"
    );
    for (query, end) in [("goalkeeper penalties", "match"), ("点球", "zuqiu"), ("利率", "yinhang")]
    {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let hits = items(&node.get(&format!("/api/v1/search?q={encoded}")).await?);
        let wanted = &with_url(found, end)?["id"];
        ensure!(hits.iter().any(|hit| &hit["id"] == wanted), "{query} finds {hits:?}");
    }
    let nothing = items(&node.get("/api/v1/search?q=hippopotamus").await?);
    ensure!(nothing.is_empty(), "{nothing:?}");
    // The window is filled by hints; the ranked list follows the stored one.
    wait_until("recommendations of everything", Duration::from_secs(30), async || {
        let ranked = items(&node.get("/api/v1/recommendations?limit=50").await?);
        let has = |end: &str| {
            ranked
                .iter()
                .any(|place| place["article"]["url"] == format!("http://articles.test/{end}"))
        };
        ensure!(has("match") && has("yinhang"), "{} places", ranked.len());
        let reasons =
            |place: &Value| place["reasons"].as_array().is_some_and(|list| !list.is_empty());
        ensure!(ranked.iter().all(reasons), "a place without a reason: {ranked:?}");
        Ok(Some(()))
    })
    .await?;
    ensure!(articles(node).await?.len() == found.len(), "the list has changed by looking at it");
    Ok(())
}

async fn check_page(node: &TestNode) -> Result<()> {
    let answer = node.request(reqwest::Method::GET, "/").send().await?;
    ensure!(answer.status() == 200, "the page answers {}", answer.status());
    let policy = answer.headers().get("content-security-policy").cloned();
    ensure!(policy.is_some_and(|policy| !policy.is_empty()), "the page has no policy");
    let page = answer.text().await?;
    ensure!(page.contains("<html"), "no page: {page}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_becomes_articles_on_the_page_with_language_topic_summary_and_story() -> Result<()>
{
    check(|options| options).await
}
