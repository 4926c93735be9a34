//! The operator's routes.

use super::fake::OPERATOR_TOKEN;
use super::support::{Answer, Bench, bench, request};
use serde_json::json;

async fn operate(bench: &Bench, method: &str, path: &str) -> Answer {
    let bearer = format!("bearer {OPERATOR_TOKEN}");
    bench.send(request(method, path, &[("authorization", &bearer)], "")).await
}

#[tokio::test]
async fn the_operator_sees_actors_devices_and_the_way_of_an_article() {
    let bench = bench().await;
    let actor = json!({
        "name": "ingest", "parent": "node", "state": "running", "restarts": 1, "reason": null,
        "status": {"queue": 2}
    });
    assert_eq!(operate(&bench, "GET", "/admin/actors").await.json(), json!({"items": [actor]}));
    let device = json!({
        "name": "cpu", "kind": "", "model": "", "state": "", "batches": 0, "items": 0, "queue": 0,
        "mean_batch": 0.0, "busy_share": 0.0, "restarts": 0, "late_batches": 0,
        "tokens_per_second": 0.0, "overhead_ms": 0.0, "batch_tokens_max": 0,
        "stage_seconds": {"pre_processing": 0.0, "forward": 0.0, "post_processing": 0.0}
    });
    assert_eq!(operate(&bench, "GET", "/admin/devices").await.json(), json!({"items": [device]}));
    let at = "1970-01-01T00:00:00.000Z";
    let pipeline = json!({
        "at": at,
        "stages": [{"name": "fetch", "rate": 1.0, "p50_ms": 2.0, "p99_ms": 3.0, "queue": 4, "errors": 5}],
        "history": [{"at": at, "rates": {"fetch": 1.0}, "queues": {"fetch": 4}}]
    });
    assert_eq!(operate(&bench, "GET", "/admin/pipeline").await.json(), pipeline);
}

#[tokio::test]
async fn the_operator_sees_sources_and_the_cluster() {
    let bench = bench().await;
    let sources = operate(&bench, "GET", "/admin/sources").await.json();
    assert_eq!(sources["items"][0]["host"], "e.org:443");
    assert_eq!(sources["items"][0]["consecutive_failures"], 0);
    assert_eq!(sources["items"][0]["interval_seconds"], 900);
    let hot = json!({
        "kind": "node", "p99_ms": 480.0, "usual_ms": 35.0, "others_ms": 40.0, "seconds": 40
    });
    let cluster = json!({
        "node": "a", "incarnation": 5, "view": 8, "unowned": 3,
        "members": [{
            "name": "a", "incarnation": 5, "state": "up", "roles": ["all"], "address": "", "weight": 1,
            "shards": {"reader": 256, "host": 256, "single": [{"name": "story", "epoch": 4}]},
            "load": {
                "cpu_share": 0.25, "queue_age_seconds": 1.5, "expected_wait_ms": null,
                "terminals": 7, "shards": 513
            },
            "stages": [
                {
                    "name": "request", "count": 600, "p50_ms": 30.0, "p99_ms": 450.0, "queue": 0,
                    "usual_ms": 35.0, "hot": hot
                },
                {
                    "name": "infer", "count": 0, "p50_ms": 0.0, "p99_ms": 0.0, "queue": 0,
                    "usual_ms": null
                }
            ]
        }, {
            "name": "b", "incarnation": 6, "state": "up", "roles": ["all"], "address": "", "weight": 1,
            "shards": {"reader": 0, "host": 0, "single": []}, "stages": []
        }],
        "hot_spots": [{
            "stage": "request", "nodes": ["a"], "kind": "node", "p99_ms": 480.0, "usual_ms": 35.0,
            "others_ms": 40.0, "seconds": 40
        }]
    });
    assert_eq!(operate(&bench, "GET", "/admin/cluster").await.json(), cluster);
    let events = operate(&bench, "GET", "/admin/cluster/events?limit=7").await.json();
    assert_eq!((&events["items"][0]["id"], &events["items"][0]["kind"]), (&json!(7), &json!("up")));
}

#[tokio::test]
async fn requests_of_readers_are_timed_and_the_operators_are_not() {
    let bench = bench().await;
    for path in ["/api/v1/articles", "/api/v1/articles/1", "/healthz", "/api/v1/image?url=x"] {
        bench.send(request("GET", path, &[], "")).await;
    }
    operate(&bench, "GET", "/admin/cluster").await;
    assert_eq!(*bench.fake.timed.lock().unwrap(), 2);
}

#[tokio::test]
async fn the_operator_wishes_of_a_node_by_name() {
    let bench = bench().await;
    let bearer = format!("Bearer {OPERATOR_TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = "/admin/cluster/nodes/node%20a";
    let answer = bench.send(request("PATCH", path, &headers, r#"{"weight": 2}"#)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(*bench.fake.command.lock().unwrap(), "wish node a Some(2) None");
    let wrong = bench.send(request("PATCH", path, &headers, r#"{"wait": 2}"#)).await;
    wrong.problem(400, "invalid");
}

#[tokio::test]
async fn the_operator_restarts_an_actor_by_name_and_drains_the_node() {
    let bench = bench().await;
    let answer = operate(&bench, "POST", "/admin/actors/source%2F12/restart").await;
    assert_eq!(answer.status, 202);
    assert_eq!(*bench.fake.command.lock().unwrap(), "restart source/12");
    operate(&bench, "POST", "/admin/actors/nobody/restart").await.problem(404, "not_found");
    assert_eq!(operate(&bench, "POST", "/admin/drain").await.status, 202);
    assert_eq!(*bench.fake.drained.lock().unwrap(), 1);
}
