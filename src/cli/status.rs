//! `autoglm status` and `autoglm healthcheck`: is it well?

use super::{Client, print_line};
use anyhow::{Result, bail};
use comfy_table::Table;
use serde_json::{Value, json};

pub(super) async fn run(client: Client, json: bool) -> Result<()> {
    let statistics = client.get("/api/v1/statistics").await?;
    // Without the operator's token (another machine, another user) the figures must do.
    let pipeline = client.get_as_operator("/admin/pipeline").await.ok();
    let actors = client.get_as_operator("/admin/actors").await.ok();
    if json {
        let stages = pipeline.as_ref().map(|report| report["stages"].clone());
        return print_line(&json!({ "statistics": statistics, "stages": stages }).to_string());
    }
    print_line(&format!(
        "{} sources, {} articles stored, {} understood, {} stories, {} waiting, {} terminals",
        statistics["sources"],
        statistics["articles"]["stored"],
        statistics["articles"]["understood"],
        statistics["stories"],
        statistics["backlog"],
        statistics["terminals"],
    ))?;
    if let Some(pipeline) = pipeline {
        print_line(&stage_table(&pipeline).to_string())?;
    }
    match actors {
        Some(actors) => print_line(&describe_actors(&actors)),
        None => print_line("no operator token in the data folder: stages and actors are not shown"),
    }
}

fn stage_table(pipeline: &Value) -> Table {
    let mut table = Table::new();
    table.set_header(["stage", "per second", "p50 ms", "p99 ms", "waiting", "errors"]);
    for stage in pipeline["stages"].as_array().into_iter().flatten() {
        let number = |key: &str| format!("{:.1}", stage[key].as_f64().unwrap_or_default());
        table.add_row([
            stage["name"].as_str().unwrap_or_default().to_owned(),
            number("rate"),
            number("p50_ms"),
            number("p99_ms"),
            stage["queue"].to_string(),
            stage["errors"].to_string(),
        ]);
    }
    table
}

fn describe_actors(actors: &Value) -> String {
    let items = actors["items"].as_array().cloned().unwrap_or_default();
    let unwell: Vec<String> = items
        .iter()
        .filter(|actor| actor["state"] != "running" && actor["state"] != "stopped")
        .map(|actor| {
            let text = |key: &str| actor[key].as_str().unwrap_or_default();
            format!("{} is {}: {}", text("name"), text("state"), text("reason"))
        })
        .collect();
    if unwell.is_empty() {
        return format!("{} actors, all well", items.len());
    }
    format!("{} actors, {} not well\n{}", items.len(), unwell.len(), unwell.join("\n"))
}

pub(super) async fn healthcheck(client: Client, ready: bool) -> Result<()> {
    let path = if ready { "/readyz" } else { "/healthz" };
    let status = client.probe(path).await?;
    if status.is_success() {
        return print_line("well");
    }
    bail!("{path} answers {status}")
}
