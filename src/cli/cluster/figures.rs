//! How much the nodes have to do and how long things take on each, as `cluster status` prints it.

use super::text;
use comfy_table::Table;
use serde_json::Value;

/// Said of a figure that is not known.
const UNKNOWN: &str = "-";

/// Loads and latencies with a column for each node; `None` while no node has said anything.
pub(super) fn table(cluster: &Value) -> Option<Table> {
    let members = items(&cluster["members"]);
    let stages = stages(&members);
    if stages.is_empty() {
        return None;
    }
    let mut table = Table::new();
    let names = members.iter().map(|member| text(&member["name"]));
    table.set_header(std::iter::once("p50 / p99 ms".to_owned()).chain(names));
    let mut row = |name: &str, cell: &dyn Fn(&Value) -> String| {
        let cells = members.iter().map(|member| cell(member));
        table.add_row(std::iter::once(name.to_owned()).chain(cells));
    };
    row("load of its cores", &|node| figure(&node["load"]["cpu_share"], 100.0, "%"));
    row("oldest waiting", &|node| figure(&node["load"]["queue_age_seconds"], 1.0, "s"));
    row("expected wait", &|node| figure(&node["load"]["expected_wait_ms"], 1.0, "ms"));
    row("terminals", &|node| figure(&node["load"]["terminals"], 1.0, ""));
    for stage in stages {
        row(stage, &|node| latency(node, stage));
    }
    Some(table)
}

/// What is slow, a sentence each.
pub(super) fn hot_spots(cluster: &Value) -> Vec<String> {
    items(&cluster["hot_spots"]).into_iter().map(sentence).collect()
}

fn sentence(spot: &Value) -> String {
    let nodes: Vec<String> = items(&spot["nodes"]).into_iter().map(text).collect();
    let others = match spot["others_ms"].as_f64() {
        Some(others) => format!(", others {others:.0} ms"),
        None => String::new(),
    };
    let wherever = if spot["kind"] == "stage" { "most nodes, say" } else { "node" };
    format!(
        "HOT {} on {wherever} {}: p99 {:.0} ms, usually {:.0} ms{others}, for {} s",
        text(&spot["stage"]),
        nodes.join(", "),
        spot["p99_ms"].as_f64().unwrap_or_default(),
        spot["usual_ms"].as_f64().unwrap_or_default(),
        spot["seconds"],
    )
}

/// The stages that did anything anywhere in the last minute, as the first node orders them.
fn stages<'a>(members: &[&'a Value]) -> Vec<&'a str> {
    let all = members.iter().flat_map(|member| items(&member["stages"]));
    let busy = all.filter(|stage| stage["count"] != 0 || !stage["hot"].is_null());
    let busy: Vec<&str> = busy.filter_map(|stage| stage["name"].as_str()).collect();
    let mut names: Vec<&str> = Vec::new();
    for member in members {
        for name in items(&member["stages"]).into_iter().filter_map(|it| it["name"].as_str()) {
            if busy.contains(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn latency(member: &Value, name: &str) -> String {
    let stage = items(&member["stages"]).into_iter().find(|stage| stage["name"] == name);
    let Some(stage) = stage else { return UNKNOWN.to_owned() };
    let hot = if stage["hot"].is_null() { "" } else { " HOT" };
    if stage["count"] == 0 {
        return format!("{UNKNOWN}{hot}");
    }
    let number = |key: &str| milliseconds(stage[key].as_f64().unwrap_or_default());
    format!("{} / {}{hot}", number("p50_ms"), number("p99_ms"))
}

fn milliseconds(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

fn figure(value: &Value, times: f64, unit: &str) -> String {
    match value.as_f64() {
        Some(value) => format!("{:.0} {unit}", value * times).trim_end().to_owned(),
        None => UNKNOWN.to_owned(),
    }
}

fn items(list: &Value) -> Vec<&Value> {
    list.as_array().map(|items| items.iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster() -> Value {
        let stage = |name: &str, count: u32, p99_ms: f64| json!({ "name": name, "count": count, "p50_ms": 4.25, "p99_ms": p99_ms });
        let mut slow = stage("request", 600, 480.0);
        slow["hot"] = json!({ "kind": "node" });
        json!({
            "members": [
                { "name": "a", "stages": [stage("fetch", 0, 0.0), stage("request", 9, 12.0)],
                  "load": { "cpu_share": 0.354, "queue_age_seconds": 12.4, "terminals": 3,
                            "expected_wait_ms": null } },
                { "name": "b", "stages": [stage("fetch", 0, 0.0), slow], "load": null },
                { "name": "c", "stages": [] },
            ],
            "hot_spots": [
                { "stage": "store", "nodes": ["a", "b"], "kind": "stage", "p99_ms": 300.4,
                  "usual_ms": 20.0, "others_ms": 280.0, "seconds": 20 },
                { "stage": "request", "nodes": ["b"], "kind": "node", "p99_ms": 480.0,
                  "usual_ms": 35.0, "others_ms": null, "seconds": 40 },
            ]
        })
    }

    fn rows(cluster: &Value) -> Vec<Vec<String>> {
        let lines = table(cluster).expect("a table").to_string();
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
        lines.lines().filter(|line| line.starts_with('|')).map(cells).collect()
    }

    #[test]
    fn every_node_has_a_column_and_every_busy_stage_a_row() {
        let rows = rows(&cluster());
        let named =
            |name: &str| rows.iter().find(|row| row[1] == name).map(|row| row[2..5].to_vec());
        let cells = |cells: [&str; 3]| Some(cells.map(str::to_owned).to_vec());
        assert_eq!(named("p50 / p99 ms"), cells(["a", "b", "c"]));
        assert_eq!(named("load of its cores"), cells(["35 %", "-", "-"]));
        assert_eq!(named("oldest waiting"), cells(["12 s", "-", "-"]));
        assert_eq!(named("request"), cells(["4.2 / 12", "4.2 / 480 HOT", "-"]));
        assert_eq!(named("fetch"), None, "nobody fetched");
    }

    #[test]
    fn what_is_slow_is_a_sentence() {
        assert_eq!(
            hot_spots(&cluster()),
            [
                "HOT store on most nodes, say a, b: p99 300 ms, usually 20 ms, others 280 ms, for 20 s",
                "HOT request on node b: p99 480 ms, usually 35 ms, for 40 s",
            ]
        );
    }

    #[test]
    fn a_node_of_an_earlier_program_has_nothing_to_show() {
        assert!(table(&json!({ "members": [{ "name": "a" }] })).is_none());
        assert_eq!(hot_spots(&json!({})), [""; 0]);
    }
}
