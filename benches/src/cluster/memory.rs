//! What a reader who does something costs a node in memory: their profile and their timeline are in
//! the shard's actors, and stay there.

use super::{Row, Scale};
use crate::audience;
use crate::setup::{OriginProcess, Setup, resident_bytes, sources_yaml};
use anyhow::{Context, Result, ensure};
use autoglm_harness::checker::client::Participant;
use autoglm_harness::{
    ClusterOptions, NodeOptions, TestCluster, TestNode, ThrowawayPostgres, wait_until,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use std::time::Duration;

/// Sources each of them follows, of ten articles each.
const SOURCES: usize = 20;
/// Readers who do something at the same time.
const AT_ONCE: usize = 16;
/// Of so many readers one warms up: connections, caches and the allocator have their size then.
const WARM_SHARE: usize = 4;
/// What each of them does with as many articles.
const KINDS: [&str; 6] = ["impression", "open", "read", "save", "share", "less"];
/// Profiles are saved every half minute; a node that has saved them all has settled.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);

pub(super) async fn measure(setup: &Setup, scale: &Scale) -> Result<Vec<Row>> {
    let origin = OriginProcess::start()?;
    let cluster = start(setup, &origin).await?;
    let warm = scale.active / WARM_SHARE + 1;
    let readers = add_readers(&cluster, warm + scale.active)?;
    let articles = cluster.articles()?;
    let (warmers, measured) = readers.split_at(warm);
    let before = after_visits(&cluster, warmers, &articles, warm).await?;
    let after = after_visits(&cluster, measured, &articles, readers.len()).await?;
    let each = after.saturating_sub(before) as f64 / measured.len() as f64;
    let what = format!(
        "memory for each active reader: {} who follow {SOURCES} sources, opened two lists and sent {} events",
        measured.len(),
        KINDS.len()
    );
    let measured = format!(
        "{:.1} KB ({:.0} → {:.0} MB; profile, timeline and their places in the caches)",
        each / 1024.0,
        before as f64 / 1e6,
        after as f64 / 1e6
    );
    Ok(vec![Row::new(&what, "≤ 16 KB", measured)])
}

/// Memory of the only node.
pub(super) async fn memory_of(cluster: &TestCluster) -> Result<u64> {
    resident_bytes(cluster.node(0).await.process_id().context("the node has ended")?)
}

/// One node that has fetched, understood and placed everything there is, and then does nothing.
async fn start(setup: &Setup, origin: &OriginProcess) -> Result<TestCluster> {
    let node = NodeOptions { yaml: sources_yaml(SOURCES, origin.port), ..NodeOptions::default() }
        .set("fetch.interval_seconds", 86_400)
        .set("telemetry.log", "warn");
    let options = ClusterOptions { nodes: 1, node, durable: true, ..ClusterOptions::default() };
    let cluster =
        TestCluster::start_on(ThrowawayPostgres::start()?, &setup.binary, options).await?;
    wait_until("all articles", Duration::from_secs(180), async || {
        let statistics = cluster.node(0).await.get("/api/v1/statistics").await?;
        let stored = statistics["articles"]["stored"].as_u64().unwrap_or_default();
        let wanted = SOURCES as u64 * crate::origin::ARTICLES_PER_RESPONSE;
        Ok((stored >= wanted && statistics["backlog"] == 0).then_some(()))
    })
    .await?;
    Ok(cluster)
}

/// Readers who follow all sources.
fn add_readers(cluster: &TestCluster, count: usize) -> Result<Vec<Participant>> {
    let readers = cluster.add_readers(count)?;
    let (first, last) = readers.first().zip(readers.last()).context("no reader was added")?;
    cluster.query(&format!(
        "INSERT INTO subscription (reader_id, source_id, read_count, created_at) \
         SELECT reader, source.id, 0, 0 FROM generate_series({}, {}) AS reader, source \
         WHERE source.url LIKE 'http%' ON CONFLICT DO NOTHING",
        first.id, last.id
    ))?;
    Ok(readers)
}

/// The node's memory when these readers have been there, and all `present` readers are in memory
/// and saved.
async fn after_visits(
    cluster: &TestCluster,
    readers: &[Participant],
    articles: &[i64],
    present: usize,
) -> Result<u64> {
    {
        let node = cluster.node(0).await;
        let visits = stream::iter(readers).map(|reader| visit(&node, reader, articles));
        visits.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        wait_until("a node that has saved everything", SETTLED_WITHIN, async || {
            let seen = Presence::read(&node).await?;
            ensure!(seen.is_settled(present), "{seen:?}, and {present} readers are expected");
            Ok(Some(()))
        })
        .await?;
    }
    memory_of(cluster).await
}

/// A reader looks at two lists with a terminal open, and does something with what they see.
async fn visit(node: &TestNode, reader: &Participant, articles: &[i64]) -> Result<()> {
    let terminal = audience::connect(node.address(), Some(&reader.token)).await?;
    for list in ["/api/v1/recommendations?limit=20", "/api/v1/articles?limit=20"] {
        let request = node.request("GET".parse()?, list).bearer_auth(&reader.token);
        let answer = request.send().await?.error_for_status().context("a list was refused")?;
        answer.bytes().await?;
    }
    let first = usize::try_from(reader.id)? * KINDS.len();
    let others = articles.iter().cycle().skip(first % articles.len().max(1));
    let events: Vec<Value> = KINDS
        .iter()
        .zip(others)
        .map(|(kind, article)| {
            json!({ "id": uuid::Uuid::new_v4(), "kind": kind, "article_id": article,
                "at": "2026-01-01T00:00:00Z" })
        })
        .collect();
    let request = node.request("POST".parse()?, "/api/v1/events").bearer_auth(&reader.token);
    let answer = request.json(&json!({ "events": events })).send().await?;
    answer.error_for_status().context("events were refused")?;
    drop(terminal);
    Ok(())
}

/// Who is in the memory of the shards' actors.
#[derive(Debug, Default)]
struct Presence {
    timelines: u64,
    profiles: u64,
    unsaved: u64,
    terminals: u64,
}

impl Presence {
    async fn read(node: &TestNode) -> Result<Self> {
        let actors = node.get_as_operator("/admin/actors").await?;
        let statistics = node.get("/api/v1/statistics").await?;
        let terminals = statistics["terminals"].as_u64().context("no number of terminals")?;
        let mut presence = Self { terminals, ..Self::default() };
        for actor in actors["items"].as_array().into_iter().flatten() {
            let name = actor["name"].as_str().unwrap_or_default();
            let count = |field: &str| actor["status"][field].as_u64().unwrap_or_default();
            if name.starts_with("cache-shard-") {
                presence.timelines += count("readers");
            } else if name.starts_with("recommender-shard-") {
                presence.profiles += count("readers");
                presence.unsaved += count("unsaved");
            }
        }
        Ok(presence)
    }

    fn is_settled(&self, readers: usize) -> bool {
        let readers = readers as u64;
        let all_there = self.timelines >= readers && self.profiles >= readers;
        all_there && self.unsaved == 0 && self.terminals == 0
    }
}
