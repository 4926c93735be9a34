//! Traces: one follows an article through every stage, and nobody depends on whoever collects them.

use crate::support::{Newsroom, SOON, options, start, wait_for_titles};
use crate::terminal::Terminal;
use anyhow::{Result, ensure};
use autoglm_harness::{CollectedSpan, Collector, wait_until};
use std::collections::BTreeMap;

/// What every article goes through.
const STAGES: [&str; 6] = ["fetch", "store", "index", "understand", "place", "push"];

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_follows_an_article_from_the_fetch_to_the_frame_of_a_terminal() -> Result<()> {
    let collector = Collector::start().await?;
    let mut newsroom = Newsroom::open(&["wire", "post"]).await?;
    newsroom.publish_bulletins("wire", 0..1);
    newsroom.publish_bulletins("post", 0..1);
    let options = options(&newsroom.addresses())
        .set("telemetry.otlp_endpoint", collector.endpoint())
        .set("telemetry.trace_share", 1.0);
    let node = start(options).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let known = newsroom.titles();
    let mut terminal = Terminal::connect(&node, None).await?;
    // Both at once, so that the later stages may work on articles of several traces together.
    newsroom.publish_bulletins("wire", 1..5);
    newsroom.publish_bulletins("post", 1..5);
    let fresh = newsroom.titles().difference(&known).cloned().collect();
    terminal.until(&fresh).await?;

    let whole = wait_until("the whole trace of both fetches", SOON, async || {
        let whole: Vec<_> =
            by_trace(collector.spans()).into_values().filter(|trace| is_whole(trace)).collect();
        Ok((whole.len() >= 2).then_some(whole))
    })
    .await?;
    for trace in &whole {
        for span in trace {
            let is_root = span.parent_id.is_empty();
            ensure!(is_root == (span.name == "fetch"), "{span:?} is out of place in {trace:?}");
            let parent = trace.iter().find(|other| other.span_id == span.parent_id);
            ensure!(is_root || parent.is_some(), "{span:?} hangs in the air in {trace:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_nothing_but_the_traces() -> Result<()> {
    let closed = Collector::start().await?;
    let endpoint = closed.endpoint();
    drop(closed);
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..5);
    let options = options(&newsroom.addresses())
        .set("telemetry.otlp_endpoint", endpoint)
        .set("telemetry.trace_share", 1.0);
    let mut node = start(options).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    node.terminate().await?;
    Ok(())
}

fn by_trace(spans: Vec<CollectedSpan>) -> BTreeMap<String, Vec<CollectedSpan>> {
    let mut traces: BTreeMap<String, Vec<CollectedSpan>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace_id.clone()).or_default().push(span);
    }
    traces
}

fn is_whole(trace: &[CollectedSpan]) -> bool {
    STAGES.iter().all(|stage| trace.iter().any(|span| span.name == *stage))
}
