//! Which keys exist, which of the given ones do not, and how to show them all.

use super::{Config, EngineEntry, SourceConfig};
use serde_json::Value;

/// Maps whose keys are the operator's own, or whose own reader names the unknown ones.
const FREE_MAPS: [&str; 4] =
    ["fetch.resolve", "fetch.proxies", "sources[].settings", "sources[].request"];

/// Lists whose items have keys of their own.
const LISTS: [&str; 2] = ["sources", "understanding.engines"];

/// Every known key in dotted form; items of lists as `sources[].url`.
pub(super) fn known_keys() -> Vec<String> {
    let mut keys = Vec::new();
    collect(&serde_json::to_value(Config::default()).unwrap_or_default(), "", &mut keys);
    keys.retain(|key| !LISTS.contains(&key.as_str()));
    let source = serde_json::to_value(SourceConfig::default()).unwrap_or_default();
    collect(&source, "sources[]", &mut keys);
    let engine = serde_json::to_value(EngineEntry::default()).unwrap_or_default();
    collect(&engine, "understanding.engines[]", &mut keys);
    keys
}

fn collect(value: &Value, path: &str, keys: &mut Vec<String>) {
    match value {
        Value::Object(map) if !FREE_MAPS.contains(&path) => {
            for (key, child) in map {
                let child_path =
                    if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(child, &child_path, keys);
            }
        }
        _ => keys.push(path.to_owned()),
    }
}

/// One message for each key that does not exist, naming the nearest that does.
pub(super) fn unknown_keys(tree: &Value) -> Vec<String> {
    let known = known_keys();
    let mut problems = Vec::new();
    walk(tree, "", "", &known, &mut problems);
    problems
}

/// `shown` has list positions for people, `pattern` has `[]` for comparing.
fn walk(value: &Value, shown: &str, pattern: &str, known: &[String], problems: &mut Vec<String>) {
    if FREE_MAPS.contains(&pattern) {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                let join = |base: &str| {
                    if base.is_empty() { key.clone() } else { format!("{base}.{key}") }
                };
                walk(child, &join(shown), &join(pattern), known, problems);
            }
        }
        Value::Array(items) if known.iter().any(|key| key.starts_with(&format!("{pattern}[]"))) => {
            for (position, item) in items.iter().enumerate() {
                let shown = format!("{shown}[{position}]");
                walk(item, &shown, &format!("{pattern}[]"), known, problems);
            }
        }
        _ if known.iter().any(|key| key == pattern) || is_section(pattern, known) => {}
        _ => problems.push(describe_unknown(shown, pattern, known)),
    }
}

/// A section without any key under it (`server:` alone) is empty, not unknown.
fn is_section(pattern: &str, known: &[String]) -> bool {
    LISTS.contains(&pattern) || known.iter().any(|key| key.starts_with(&format!("{pattern}.")))
}

fn describe_unknown(shown: &str, pattern: &str, known: &[String]) -> String {
    let nearest = known.iter().max_by(|a, b| {
        strsim::jaro_winkler(a, pattern).total_cmp(&strsim::jaro_winkler(b, pattern))
    });
    match nearest {
        Some(nearest) => format!(
            "the configuration key {shown} does not exist; did you mean {}?",
            nearest.replace("[]", "")
        ),
        None => format!("the configuration key {shown} does not exist"),
    }
}

/// Effective values as YAML.
pub(super) fn describe(tree: &Value) -> String {
    let mut text = String::new();
    write_yaml(tree, 0, &mut text);
    text
}

fn write_yaml(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                text.push_str(&format!("{indent}{key}:"));
                write_child(child, depth, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                // A YAML list item may be written as JSON, which is YAML too.
                text.push_str(&format!("{indent}- {item}\n"));
            }
        }
        other => text.push_str(&format!("{indent}{other}\n")),
    }
}

fn write_child(child: &Value, depth: usize, text: &mut String) {
    match child {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            write_yaml(child, depth + 1, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            write_yaml(child, depth + 1, text);
        }
        scalar => text.push_str(&format!(" {scalar}\n")),
    }
}
