//! Events are taken all or not at all.

use super::support::{Bench, bench};
use crate::body::event::NewEvents;
use autoglm_protocol::domain::{EventKind, EventTarget, ReaderId, SourceId, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const ID: &str = "018f0000-0000-7000-8000-000000000001";

fn good() -> Value {
    json!({"id": ID, "kind": "save", "article_id": 4, "at": "2026-11-22T08:00:00+08:00"})
}

/// Sends a good event and then this one.
async fn index_of_refusal(bench: &Bench, event: Value) -> (Value, String) {
    let body = json!({"events": [good(), event]}).to_string();
    let answer = bench.post("/api/v1/events", &body).await;
    let detail = answer.problem(400, "invalid");
    (answer.json()["index"].clone(), detail)
}

#[tokio::test]
async fn good_events_are_taken_with_the_reader_and_the_moment() {
    let bench = bench().await;
    let mute =
        json!({"id": ID, "kind": "mute", "target": {"source": 3}, "at": "2999-01-01T00:00:00Z"});
    let dwell = json!({"id": ID, "kind": "dwell", "article_id": 4, "at": "2026-01-01T00:00:00Z", "dwell_ms": 900});
    let body = json!({"events": [good(), mute, dwell]}).to_string();
    let answer = bench.post("/api/v1/events", &body).await;
    assert_eq!(answer.json(), json!({"accepted": 3, "duplicates": 0}));
    let events = bench.fake.events.lock().unwrap();
    assert_eq!(events[0].reader_id, ReaderId(1));
    assert_eq!(events[0].kind, EventKind::Save);
    assert_eq!(events[0].at.to_rfc3339(), "2026-11-22T00:00:00.000Z");
    assert_eq!(events[1].target, EventTarget::Source(SourceId(3)));
    assert_eq!(events[1].at, Timestamp(1_800_000_000_000), "never later than our clock");
    assert_eq!(events[2].dwell_ms, Some(900));
}

#[tokio::test]
async fn one_wrong_event_refuses_all_and_is_named() {
    let bench = bench().await;
    let at = "2026-11-22T08:00:00Z";
    let cases = [
        (json!({"id": ID, "kind": "clap", "article_id": 4, "at": at}), "impression, open"),
        (json!({"id": "1", "kind": "save", "article_id": 4, "at": at}), "UUID"),
        (json!({"id": ID, "kind": "save", "at": at}), "neither"),
        (
            json!({"id": ID, "kind": "less", "article_id": 4, "target": {"source": 1}, "at": at}),
            "both",
        ),
        (json!({"id": ID, "kind": "mute", "target": {}, "at": at}), "exactly one"),
        (
            json!({"id": ID, "kind": "mute", "target": {"source": 1, "story": 2}, "at": at}),
            "exactly one",
        ),
        (json!({"id": ID, "kind": "mute", "target": {"topic": ""}, "at": at}), "topic"),
        (json!({"id": ID, "kind": "mute", "target": {"topic": "my-3"}, "at": at}), "of your own"),
        (json!({"id": ID, "kind": "mute", "article_id": 4, "at": at}), "give target"),
        (json!({"id": ID, "kind": "read", "target": {"source": 1}, "at": at}), "give article_id"),
        (json!({"id": ID, "kind": "save", "article_id": 0, "at": at}), "from 1"),
        (json!({"id": ID, "kind": "save", "article_id": "4", "at": at}), "i64"),
        (json!({"id": ID, "kind": "save", "article_id": 4, "at": "yesterday"}), "RFC 3339"),
        (json!({"id": ID, "kind": "save", "article_id": 4}), "missing field `at`"),
        (
            json!({"id": ID, "kind": "save", "article_id": 4, "at": at, "mood": 1}),
            "unknown field `mood`",
        ),
        (json!({"id": ID, "kind": "dwell", "article_id": 4, "at": at}), "dwell_ms"),
        (json!(7), "objects"),
        (json!([ID, "save", 4, null, at, null]), "objects"),
        (json!({"id": ID, "kind": "mute", "target": [3, null, null], "at": at}), "objects"),
    ];
    for (event, hint) in cases {
        let shown = event.to_string();
        let (index, detail) = index_of_refusal(&bench, event).await;
        assert_eq!(index, 1, "{shown}");
        assert!(detail.starts_with("item 1: ") && detail.contains(hint), "{shown}: {detail}");
    }
    assert!(bench.fake.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn no_events_and_too_many_are_refused() {
    let bench = bench().await;
    bench.post("/api/v1/events", "{\"events\": []}").await.problem(400, "invalid");
    let body = json!({"events": vec![good(); 501]}).to_string();
    let answer = bench.post("/api/v1/events", &body).await;
    assert!(answer.problem(400, "invalid").contains("500"));
    assert_eq!(answer.json()["index"], 500);
    assert!(bench.fake.events.lock().unwrap().is_empty());
    let body = json!({"events": vec![good(); 500]}).to_string();
    assert_eq!(bench.post("/api/v1/events", &body).await.status, 200);
}

proptest! {
    #[test]
    fn no_event_whatever_it_holds_breaks_the_reading(
        kind in "[a-z]{0,8}|mute|save|dwell",
        at in "\\PC{0,30}|2026-11-22T08:00:00Z",
        article in proptest::option::of(any::<i64>()),
        topic in proptest::option::of("\\PC{0,80}"),
        dwell in any::<Option<i64>>(),
    ) {
        let target = topic.map(|topic| json!({"topic": topic}));
        let event = json!({
            "id": ID, "kind": kind, "article_id": article, "target": target, "at": at,
            "dwell_ms": dwell
        });
        let now = Timestamp(1_800_000_000_000);
        let read = NewEvents { events: vec![event] }.read(ReaderId(1), now);
        if let Ok(events) = read {
            prop_assert_eq!(events.len(), 1);
            prop_assert!(events[0].at <= now);
            prop_assert_eq!(events[0].reader_id, ReaderId(1));
        }
    }
}
