//! Live push as server-sent events.

use super::fake::Fake;
use super::support::{Bench, bench, bench_with, request};
use crate::config::ApiConfig;
use autoglm_protocol::domain::{ArticleId, Marks};
use autoglm_protocol::push::{Frame, PushItem};
use axum::body::Body;
use axum::http::Response;
use http_body_util::BodyExt;
use tower::ServiceExt;

async fn open(bench: &Bench, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    bench.router.clone().oneshot(request("GET", path, headers, "")).await.unwrap()
}

async fn next(response: &mut Response<Body>) -> Option<String> {
    let frame = response.body_mut().frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn frames_arrive_with_their_number_as_id() {
    let mut bench = bench().await;
    let mut response = open(&bench, "/events?after=5", &[]).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let connected = bench.connected.recv().await.unwrap();
    assert_eq!((connected.reader.0, connected.after), (1, Some(5)));
    let mark = PushItem::Mark {
        article_id: ArticleId(4),
        marks: Marks { saved: true, ..Marks::default() },
    };
    connected.outlet.send(Frame::Items { seq: 6, items: vec![mark] }).await.unwrap();
    let event = next(&mut response).await.unwrap();
    assert!(event.contains("id: 6\n"), "{event}");
    let data = "data: {\"seq\":6,\"items\":[{\"type\":\"mark\",\"article_id\":4,\"marks\":{\"read\":false,\"saved\":true,\"hidden\":false}}]}\n";
    assert!(event.contains(data), "{event}");
    connected.outlet.send(Frame::Reset { seq: 9 }).await.unwrap();
    let event = next(&mut response).await.unwrap();
    assert!(
        event.contains("id: 9\n") && event.contains("data: {\"type\":\"reset\",\"seq\":9}\n"),
        "{event}"
    );
    drop(response);
    connected.outlet.closed().await;
}

#[tokio::test]
async fn a_browser_that_connects_again_goes_on_where_it_was() {
    let mut bench = bench().await;
    let _open = open(&bench, "/events?after=5", &[("last-event-id", "17")]).await;
    assert_eq!(bench.connected.recv().await.unwrap().after, Some(17));
    bench.get_with("/events", &[("last-event-id", "x")]).await.problem(400, "invalid");
    bench.get("/events?after=x").await.problem(400, "invalid");
    bench.get("/events?after=404").await.problem(404, "not_found");
}

#[tokio::test]
async fn only_so_many_terminals_are_let_in() {
    let bench =
        bench_with(Fake::default(), ApiConfig { terminals_max: 1, ..ApiConfig::default() }).await;
    let first = open(&bench, "/events", &[]).await;
    let answer = bench.get("/events").await;
    // Not 429: a balancer shall try another node.
    answer.problem(503, "overloaded");
    assert_eq!(answer.headers["retry-after"], "5");
    drop(first);
    assert_eq!(open(&bench, "/events", &[]).await.status(), 200);
}

/// Checks that the stream ends and that its client shall connect again within a second.
async fn ends_soon_to_be_back(response: &mut Response<Body>) {
    let last = next(response).await.expect("how long to wait");
    let wait = last.trim().strip_prefix("retry: ").and_then(|wait| wait.parse::<u64>().ok());
    assert!(wait.is_some_and(|wait| wait < 1_000), "{last:?}");
    assert_eq!(next(response).await, None);
}

#[tokio::test]
async fn a_terminal_that_the_gateway_lets_go_gets_what_is_in_hand_and_connects_again() {
    let mut bench = bench().await;
    let mut response = open(&bench, "/events", &[]).await;
    let connected = bench.connected.recv().await.unwrap();
    connected.outlet.send(Frame::Items { seq: 6, items: Vec::new() }).await.unwrap();
    drop(connected);
    assert!(next(&mut response).await.unwrap().contains("id: 6\n"));
    ends_soon_to_be_back(&mut response).await;
}

#[tokio::test]
async fn a_gateway_without_room_sends_the_client_to_another_node() {
    let mut bench = bench().await;
    let answer = bench.get("/events?after=503").await;
    answer.problem(503, "overloaded");
    assert_eq!(answer.headers["retry-after"], "10");
    assert!(bench.connected.try_recv().is_err());
}

#[tokio::test]
async fn a_node_that_leaves_ends_the_stream_and_opens_no_other() {
    let bench = bench().await;
    let mut response = open(&bench, "/events", &[]).await;
    bench.drain.send_replace(true);
    ends_soon_to_be_back(&mut response).await;
    bench.get("/events").await.problem(503, "unavailable");
}
