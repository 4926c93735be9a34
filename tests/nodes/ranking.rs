//! What a reader does changes what they get, at once.

use crate::support::{
    Newsroom, articles, event, is_ours, items, options, send, start, text, wait_for_titles,
};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Dice, Item, NodeOptions, TestNode, wait_until};
use serde_json::Value;
use std::time::Duration;

/// Subjects far from each other, each with its words.
const SUBJECTS: [(&str, [&str; 12]); 3] = [
    (
        "football",
        [
            "goal",
            "striker",
            "penalty",
            "league",
            "coach",
            "stadium",
            "midfielder",
            "referee",
            "cup",
            "defender",
            "football",
            "match",
        ],
    ),
    (
        "medicine",
        [
            "hospital", "vaccine", "patient", "surgeon", "virus", "clinic", "nurse", "therapy",
            "cancer", "doctor", "disease", "health",
        ],
    ),
    (
        "finance",
        [
            "bank",
            "inflation",
            "bond",
            "shares",
            "investor",
            "interest",
            "currency",
            "profit",
            "market",
            "economy",
            "dividend",
            "loan",
        ],
    ),
];
/// Articles on each subject.
const EACH: usize = 12;
/// How many football articles the reader likes.
const LIKED: usize = 6;
/// Who publishes them: each a part of every subject.
const SOURCES: [&str; 4] = ["north", "east", "south", "west"];
/// Lists read before and after; the ranking explores, so one list alone says little.
const LISTS: usize = 4;

/// An article of its own on a subject: some of its words are the subject's, the others nobody has
/// used before, so that it is a story of its own.
fn about(subject: &str, words: &[&str; 12], number: usize) -> Item {
    let mut dice = Dice::new(number as u64 * 7919 + subject.len() as u64 * 104_729);
    let mut text = |count: usize| -> String {
        let word = |place: usize, dice: &mut Dice| match place % 3 {
            0 => words[dice.below(words.len())].to_owned(),
            _ => invented(dice),
        };
        let chosen: Vec<String> = (0..count).map(|place| word(place, &mut dice)).collect();
        chosen.join(" ")
    };
    Item {
        guid: format!("{subject}/{number}"),
        title: text(6),
        html: format!("<p>The {}. Then the {}. After that the {}.</p>", text(9), text(9), text(9)),
    }
}

/// A word of three syllables.
fn invented(dice: &mut Dice) -> String {
    (0..3)
        .map(|_| {
            let consonant = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"];
            let vowel = ["a", "e", "i", "o", "u", "ai", "ou"];
            format!("{}{}", consonant[dice.below(consonant.len())], vowel[dice.below(vowel.len())])
        })
        .collect()
}

fn subject(article: &Value) -> &str {
    text(article, "url").split('/').nth(3).unwrap_or_default()
}

async fn ranked(node: &TestNode) -> Result<Vec<Value>> {
    let places = items(&node.get("/api/v1/recommendations?limit=50").await?);
    let articles = places.iter().map(|place| place["article"].clone());
    Ok(articles.filter(is_ours).collect())
}

/// Mean place of the football articles in `among`, between 0 (first) and 1 (last).
async fn place_of_football(node: &TestNode, among: &[Value]) -> Result<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for _ in 0..LISTS {
        let mut list = ranked(node).await?;
        list.retain(|article| among.contains(&article["id"]));
        for (place, article) in list.iter().enumerate() {
            if subject(article) == "football" {
                sum += place as f64 / (list.len() - 1).max(1) as f64;
                count += 1.0;
            }
        }
    }
    ensure!(count > 0.0, "no football article is recommended");
    Ok(sum / count)
}

/// The same on every database.
pub(crate) async fn check(adapt: impl FnOnce(NodeOptions) -> NodeOptions) -> Result<()> {
    let mut newsroom = Newsroom::open(&SOURCES).await?;
    for (name, words) in &SUBJECTS {
        for number in 0..EACH {
            newsroom.publish(SOURCES[number % SOURCES.len()], [about(name, words, number)]);
        }
    }
    let node = start(adapt(options(&newsroom.addresses()))).await?;
    let found = wait_for_titles(&node, &newsroom.titles()).await?;
    // One or two of each story are enough; the texts are made to be stories of their own.
    wait_until("most articles to be ranked", Duration::from_secs(30), async || {
        let count = ranked(&node).await?.len();
        ensure!(count * 3 >= found.len() * 2, "{count} of {} are ranked", found.len());
        Ok(Some(()))
    })
    .await?;
    let football: Vec<&Value> =
        found.iter().filter(|article| subject(article) == "football").collect();
    let (liked, rest) = football.split_at(LIKED);
    let hidden = found.iter().find(|article| subject(article) == "finance").context("finance")?;
    let untouched: Vec<Value> = found
        .iter()
        .filter(|article| subject(article) != "football" || rest.contains(article))
        .filter(|article| article["id"] != hidden["id"])
        .map(|article| article["id"].clone())
        .collect();
    let before = place_of_football(&node, &untouched).await?;
    react(&node, liked, hidden).await?;
    let after = place_of_football(&node, &untouched).await?;
    eprintln!("mean place of football: {before:.2} before, {after:.2} after");
    ensure!(after < before, "football stays at {before:.2} → {after:.2}");
    check_hidden(&node, hidden).await?;
    check_marks(&node, liked, hidden).await
}

async fn react(node: &TestNode, liked: &[&Value], hidden: &Value) -> Result<()> {
    let mut events = vec![event("hide", hidden)];
    for article in liked {
        events.extend(["open", "dwell", "save"].map(|kind| event(kind, article)));
    }
    let answer = send(node, &events).await?;
    ensure!(answer["accepted"] == events.len() && answer["duplicates"] == 0, "{answer}");
    let again = send(node, &events).await?;
    ensure!(again["accepted"] == 0 && again["duplicates"] == events.len(), "{again}");
    Ok(())
}

async fn check_hidden(node: &TestNode, hidden: &Value) -> Result<()> {
    let id = &hidden["id"];
    for _ in 0..LISTS {
        let list = ranked(node).await?;
        ensure!(!list.iter().any(|article| &article["id"] == id), "hidden, yet recommended");
    }
    let listed = articles(node).await?;
    ensure!(!listed.iter().any(|article| &article["id"] == id), "hidden, yet listed");
    Ok(())
}

async fn check_marks(node: &TestNode, liked: &[&Value], hidden: &Value) -> Result<()> {
    let mut saved = node.all("/api/v1/articles?marks=saved").await?;
    saved.retain(is_ours);
    let ids = |list: &[Value]| {
        let mut ids: Vec<i64> = list.iter().filter_map(|article| article["id"].as_i64()).collect();
        ids.sort_unstable();
        ids
    };
    let expected: Vec<Value> = liked.iter().map(|article| (*article).clone()).collect();
    ensure!(ids(&saved) == ids(&expected), "saved are {:?}", ids(&saved));
    for article in &saved {
        let marks = &article["marks"];
        ensure!(
            marks["read"] == true && marks["saved"] == true && marks["hidden"] == false,
            "{article}"
        );
    }
    let away = node.all("/api/v1/articles?marks=hidden").await?;
    ensure!(ids(&away) == ids(std::slice::from_ref(hidden)), "hidden are {away:?}");
    ensure!(away[0]["marks"]["hidden"] == true, "{away:?}");
    let unread = node.all("/api/v1/articles?marks=unread").await?;
    ensure!(unread.iter().all(|article| article["marks"]["read"] == false), "{unread:?}");
    ensure!(
        !unread.iter().any(|article| ids(&expected).contains(&article["id"].as_i64().unwrap_or(0)))
    );
    // Taken back, it is in the list again.
    send(node, &[event("unhide", hidden)]).await?;
    let listed = articles(node).await?;
    ensure!(listed.iter().any(|article| article["id"] == hidden["id"]), "shown again, yet missing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_saving_and_hiding_change_the_ranking_at_once() -> Result<()> {
    check(|options| options).await
}
