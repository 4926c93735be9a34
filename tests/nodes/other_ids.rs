//! A publisher whose software gives every article another id: nothing comes twice, marks stay.

use crate::support::{SOON, articles, event, options, refresh, send, start, text};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::{Behaviour, Origin, TestNode, wait_until};
use serde_json::Value;
use std::ops::RangeInclusive;

/// Articles with ids that begin with `prefix`.
fn feed(prefix: &str, numbers: RangeInclusive<usize>) -> Behaviour {
    let items: String = numbers
        .rev()
        .map(|number| {
            format!(
                "<item><guid isPermaLink=\"false\">{prefix}-{number}</guid>\
                 <title>Report number {number}</title>\
                 <link>http://articles.test/report/{number}</link>\
                 <description>The report with the number {number} has some words.</description></item>"
            )
        })
        .collect();
    let head = "<rss version=\"2.0\"><channel><title>Reports</title>";
    Behaviour::feed(format!("{head}{items}</channel></rss>"))
}

async fn wait_for(node: &TestNode, count: usize) -> Result<Vec<Value>> {
    wait_until(&format!("{count} articles"), SOON, async || {
        let found = articles(node).await?;
        Ok((found.len() == count).then_some(found))
    })
    .await
}

fn titled(articles: &[Value], title: &str) -> Result<Value> {
    let found = articles.iter().find(|article| text(article, "title") == title);
    found.cloned().with_context(|| format!("no article {title:?} among {articles:?}"))
}

#[tokio::test]
async fn a_feed_whose_ids_all_change_brings_only_its_news() -> Result<()> {
    let origin = Origin::start().await?;
    let address = format!("http://reports.test:{}/feed", origin.port());
    origin.set("reports.test/feed", feed("old", 1..=5));
    let mut node = start(options(std::slice::from_ref(&address))).await?;
    let found = wait_for(&node, 5).await?;
    let read = titled(&found, "Report number 3")?;
    send(&node, &[event("read", &read)]).await?;

    origin.set("reports.test/feed", feed("new", 2..=6));
    let found = wait_for(&node, 6).await?;
    let same = titled(&found, "Report number 3")?;
    ensure!(same["id"] == read["id"] && same["marks"]["read"] == true, "{same}");

    // The same after a start, when what was read before is known only from the store.
    node.kill().await?;
    origin.set("reports.test/feed", feed("newest", 2..=7));
    node.start_again().await?;
    let found = wait_for(&node, 7).await?;
    let same = titled(&found, "Report number 3")?;
    ensure!(same["id"] == read["id"] && same["marks"]["read"] == true, "{same}");
    refresh(&node, &address).await?;
    ensure!(articles(&node).await?.len() == 7, "nothing came again");
    Ok(())
}
