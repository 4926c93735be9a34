//! The document lists what there is.

use super::support::bench;
use serde_json::Value;
use std::collections::BTreeSet;

const OPERATIONS: [&str; 58] = [
    "delete /admin/stories/decisions/{id}",
    "delete /admin/topics",
    "delete /api/v1/session",
    "delete /api/v1/topics/{key}",
    "delete /api/v1/sources/{id}",
    "get /admin/actors",
    "get /admin/cluster",
    "get /admin/cluster/events",
    "patch /admin/cluster/nodes/{name}",
    "get /admin/devices",
    "get /admin/pipeline",
    "get /admin/sources",
    "get /admin/models",
    "get /admin/stories",
    "get /admin/stories/decisions",
    "get /admin/stories/{id}",
    "get /admin/topics",
    "get /api/v1/articles",
    "get /api/v1/articles/{id}",
    "get /api/v1/articles/{id}/summary",
    "get /api/v1/entities",
    "get /api/v1/entities/{key}",
    "get /api/v1/image",
    "get /api/v1/me",
    "get /api/v1/opml",
    "get /api/v1/recommendations",
    "get /api/v1/search",
    "get /api/v1/sources",
    "get /api/v1/sources/{id}",
    "get /api/v1/statistics",
    "get /api/v1/stories",
    "get /api/v1/stories/{id}",
    "get /api/v1/topics",
    "get /events",
    "get /healthz",
    "get /metrics",
    "get /readyz",
    "get /websub/{token}",
    "get /ws",
    "patch /api/v1/sources/{id}",
    "patch /api/v1/topics/{key}",
    "post /admin/actors/{name}/restart",
    "post /admin/drain",
    "post /admin/models/canary",
    "post /admin/models/promote",
    "post /admin/models/rollback",
    "post /admin/models/withdraw",
    "post /admin/stories/merge",
    "post /admin/stories/{id}/split",
    "post /api/v1/articles/{id}/summary",
    "post /api/v1/events",
    "post /api/v1/opml",
    "post /api/v1/session",
    "post /api/v1/sources",
    "post /api/v1/sources/preview",
    "post /api/v1/topics",
    "post /websub/{token}",
    "put /admin/topics",
];

#[test]
fn the_document_lists_every_route_with_its_failures() {
    let document: Value = serde_json::from_str(&crate::openapi_json()).unwrap();
    let mut found = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            found.insert(format!("{method} {path}"));
            assert!(operation["summary"].is_string(), "{method} {path}");
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            let failure = &operation["responses"]["default"]["content"]["application/problem+json"];
            assert!(failure.is_object(), "{method} {path}");
        }
    }
    let mut expected: BTreeSet<String> = OPERATIONS.iter().map(|line| (*line).to_owned()).collect();
    expected.insert("post /api/v1/sources/{id}/refresh".to_owned());
    assert_eq!(found, expected);
}

#[test]
fn every_shape_the_document_refers_to_is_in_it() {
    let text = crate::openapi_json();
    let document: Value = serde_json::from_str(&text).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut seen = 0;
    for rest in text.split("\"#/components/schemas/").skip(1) {
        let name = rest.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
    for name in ["Problem", "NewEvent", "Article", "LiveFrame", "SocketAnswer"] {
        assert!(schemas.contains_key(name), "{name}: {:?}", schemas.keys());
    }
    assert_eq!(schemas["Article"]["examples"][0]["id"], 4711);
}

#[tokio::test]
async fn the_document_and_its_page_are_served_from_the_binary() {
    let bench = bench().await;
    let answer = bench.get("/api/v1/openapi.json").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json()["info"]["title"], "Open-AutoGLM");
    assert_eq!(bench.get("/docs").await.status, 303);
    let page = bench.get("/docs/").await;
    assert!(String::from_utf8(page.body).unwrap().contains("swagger-ui-bundle.js"));
    let start = bench.get("/docs/swagger-initializer.js").await;
    assert!(String::from_utf8(start.body).unwrap().contains("/api/v1/openapi.json"));
}
