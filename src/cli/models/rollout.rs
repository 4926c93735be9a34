//! The rollout of models in words.

use crate::cli::print_line;
use anyhow::Result;
use comfy_table::Table;
use serde_json::Value;

/// Which models read: those in use, the candidate, those before.
pub(super) fn rollout(rollout: &Value) -> Result<()> {
    let version = |part: &Value| part["version"].as_str().unwrap_or("none").to_owned();
    print_line(&format!("in use     {}", version(&rollout["active"])))?;
    let candidate = &rollout["candidate"];
    if candidate.is_object() {
        let state = if candidate["promoted"].as_bool() == Some(true) {
            "is replacing it: old articles are being read".to_owned()
        } else {
            format!("reads {} % of new articles beside it", candidate["share"])
        };
        print_line(&format!("candidate  {}, {state}", version(&candidate["models"])))?;
    }
    if rollout["previous"].is_object() {
        print_line(&format!("before     {}", version(&rollout["previous"])))?;
    }
    Ok(())
}

/// Everything `/admin/models` says.
pub(super) fn report(report: &Value) -> Result<()> {
    rollout(&report["rollout"])?;
    if let Some(problem) = report["problem"].as_str() {
        print_line(&format!("this node does not follow: {problem}"))?;
    }
    let reread = &report["reread"];
    if reread["version"].as_str().is_some_and(|version| !version.is_empty()) {
        print_line(&format!("reading old articles again: {} read so far", reread["read"]))?;
    }
    if let Some(problem) = reread["problem"].as_str() {
        print_line(&format!("reading old articles again failed: {problem}"))?;
    }
    let mut table = Table::new();
    table.set_header(["models", "texts", "failed", "ms a text", "same topic", "neighbours alike"]);
    for version in report["versions"].as_array().into_iter().flatten() {
        let compared = version["compared"].as_f64().unwrap_or_default();
        let same = version["same_topic"].as_f64().unwrap_or_default();
        let share = if compared > 0.0 {
            format!("{:.0} %", same * 100.0 / compared)
        } else {
            String::new()
        };
        let alike = version["neighbour_agreement"].as_f64().map(|value| format!("{value:.2}"));
        table.add_row([
            version["version"].as_str().unwrap_or_default().to_owned(),
            version["texts"].to_string(),
            version["failures"].to_string(),
            format!("{:.3}", version["milliseconds_per_text"].as_f64().unwrap_or_default()),
            share,
            alike.unwrap_or_default(),
        ]);
    }
    print_line(&table.to_string())
}
