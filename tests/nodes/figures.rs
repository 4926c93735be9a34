//! What a node says of itself: how long things take, how much there is to do, in every place where
//! an operator or an autoscaler looks.

use crate::support::{SOON, options, start};
use anyhow::{Context as _, Result, ensure};
use autoglm_harness::wait_until;
use reqwest::Method;
use serde_json::Value;

fn requests(cluster: &Value) -> Option<&Value> {
    let stages = cluster["members"][0]["stages"].as_array()?;
    stages.iter().find(|stage| stage["name"] == "request").filter(|it| it["count"] != 0)
}

#[tokio::test]
async fn a_node_shows_how_long_its_readers_wait_and_how_much_it_has_to_do() -> Result<()> {
    let node = start(options(&[]).set("server.load_header", true)).await?;
    for _ in 0..3 {
        node.get("/api/v1/articles").await?;
    }
    let cluster = wait_until("the requests of readers are shown", SOON, async || {
        let cluster = node.get_as_operator("/admin/cluster").await?;
        Ok(requests(&cluster).is_some().then_some(cluster))
    })
    .await?;
    let request = requests(&cluster).context("just seen")?;
    ensure!(request["count"] == 3, "the operator's requests count too: {request}");
    ensure!(request["p99_ms"].as_f64() >= request["p50_ms"].as_f64(), "{request}");
    let load = &cluster["members"][0]["load"];
    ensure!(load["cpu_share"].as_f64().is_some_and(|share| share <= 1.0), "{load}");
    ensure!(load["shards"] == 516 && load["queue_age_seconds"].is_number(), "{load}");
    ensure!(cluster["hot_spots"].as_array().is_some_and(Vec::is_empty), "{cluster}");

    let answer = node.request(Method::GET, "/readyz").send().await?;
    let told = answer.headers().get("endpoint-load-metrics").context("no header")?.to_str()?;
    let report: Value = serde_json::from_str(told.strip_prefix("JSON ").context("no JSON")?)?;
    let utilization = report["application_utilization"].as_f64();
    ensure!(utilization.is_some_and(|share| share > 0.0 && share <= 1.0), "{told}");
    ensure!(report["rps_fractional"].as_f64().is_some_and(|rate| rate > 0.0), "{told}");

    let metrics = node.request(Method::GET, "/metrics").send().await?.text().await?;
    for name in [
        "autoglm_stage_p99_seconds{stage=\"request\"}",
        "autoglm_hot_spot{stage=\"request\"} 0",
        "autoglm_node_load_ratio",
        "autoglm_node_queue_age_seconds",
        "autoglm_node_expected_wait_seconds",
        "autoglm_node_terminals 0",
    ] {
        ensure!(metrics.contains(name), "{name} is missing in {metrics}");
    }
    let shown = node.run_verb(&["cluster", "status"]).await?;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    ensure!(shown.contains("| request") && shown.contains("load of its cores"), "{shown}");
    Ok(())
}
