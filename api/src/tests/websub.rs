//! What hubs may say, and what they may not.

use super::fake::{Fake, HUB_TOKEN};
use super::support::{Bench, bench, bench_with, request};
use crate::config::ApiConfig;
use autoglm_protocol::domain::{Fault, FaultKind};
use autoglm_protocol::websub::HubPush;
use serde_json::json;
use std::time::Duration;

const QUESTION: &str = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fe.org%2Ff&\
     hub.challenge=%3Cb%3Eabc%3C%2Fb%3E&hub.lease_seconds=60&hub.extra=1";

fn callback(token: &str) -> String {
    format!("/websub/{token}")
}

async fn push(bench: &Bench, body: &str) -> super::support::Answer {
    let headers = [("content-type", "application/rss+xml"), ("x-hub-signature", "sha256=ab")];
    bench.send(request("POST", &callback(HUB_TOKEN), &headers, body)).await
}

#[tokio::test]
async fn a_challenge_is_repeated_as_plain_text_that_no_browser_takes_for_a_page() {
    let bench = bench().await;
    let answer = bench.get(&format!("{}?{QUESTION}", callback(HUB_TOKEN))).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (200, &b"<b>abc</b>"[..]));
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let asked = bench.fake.command.lock().unwrap().clone();
    assert!(asked.contains("https://e.org/f") && asked.contains("60s"), "{asked}");
}

#[tokio::test]
async fn a_refusal_has_nothing_to_repeat_and_a_question_without_a_topic_is_none() {
    let bench = bench().await;
    let denied = format!("{}?hub.mode=denied&hub.topic=t&hub.reason=no", callback(HUB_TOKEN));
    let answer = bench.get(&denied).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    bench.get(&callback(HUB_TOKEN)).await.problem(400, "invalid");
}

#[tokio::test]
async fn an_unknown_callback_is_404_and_one_that_cannot_be_ours_is_not_even_looked_up() {
    let bench = bench().await;
    let unknown = bench.get(&format!("{}?{QUESTION}", callback("abcd"))).await;
    assert!(!unknown.problem(404, "not_found").contains("secret"), "it tells nothing");
    bench.post(&callback("abcd"), "x").await.problem(404, "not_found");
    assert_eq!(*bench.fake.command.lock().unwrap(), "is abcd known");
    *bench.fake.command.lock().unwrap() = String::new();
    for token in ["zz", "..", "00%00ff", "%E4%B8%AD", &"a".repeat(129)] {
        bench.get(&format!("{}?{QUESTION}", callback(token))).await.problem(404, "not_found");
        bench.post(&callback(token), "x").await.problem(404, "not_found");
    }
    assert!(bench.fake.command.lock().unwrap().is_empty());
    assert!(bench.fake.pushes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_document_is_handed_on_as_it_came_without_any_readers_token() {
    let bench = bench_with(Fake { locked: true, ..Fake::default() }, ApiConfig::default()).await;
    assert_eq!(push(&bench, "<rss/>").await.status, 202);
    let expected = HubPush {
        signature: Some("sha256=ab".to_owned()),
        content_type: Some("application/rss+xml".to_owned()),
        body: b"<rss/>".to_vec(),
    };
    assert_eq!(*bench.fake.pushes.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn a_document_may_be_as_large_as_a_fetched_one_and_no_larger() {
    let config = ApiConfig { body_bytes_max: 10, push_bytes_max: 1_000, ..ApiConfig::default() };
    let bench = bench_with(Fake::default(), config).await;
    assert_eq!(push(&bench, &"a".repeat(1_000)).await.status, 202);
    assert_eq!(push(&bench, &"a".repeat(1_001)).await.status, 413);
    assert_eq!(bench.fake.pushes.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_taken_now_is_sent_again_later() {
    let bench = bench().await;
    for kind in [FaultKind::Overloaded, FaultKind::Unavailable, FaultKind::Timeout] {
        *bench.fake.fault.lock().unwrap() = Some(Fault::new(kind, "not now"));
        let answer = push(&bench, "<rss/>").await;
        answer.problem(503, "unavailable");
        assert_eq!(answer.headers["retry-after"], "60");
    }
    let once = Fault::overloaded("not now", Duration::from_secs(1));
    *bench.fake.fault.lock().unwrap() = Some(once);
    let answer = bench.get(&format!("{}?{QUESTION}", callback(HUB_TOKEN))).await;
    answer.problem(503, "unavailable");
}

#[tokio::test]
async fn a_page_of_another_site_is_no_hub() {
    let bench = bench().await;
    for headers in [[("origin", "https://evil.org")], [("sec-fetch-site", "cross-site")]] {
        let sent = request("POST", &callback(HUB_TOKEN), &headers, "<rss/>");
        bench.send(sent).await.problem(403, "forbidden");
    }
    assert!(bench.fake.pushes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_source_tells_who_pushes_it() {
    let bench = bench().await;
    assert!(bench.get("/api/v1/sources/3").await.json().get("push").is_none());
    let expected = json!({
        "state": "active", "hub": "https://hub.example/", "until": "1970-01-01T00:00:02.000Z",
        "last_push_at": "1970-01-01T00:00:00.000Z"
    });
    assert_eq!(bench.get("/api/v1/sources/12").await.json()["push"], expected);
}
