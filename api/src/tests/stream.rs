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
    answer.problem(429, "overloaded");
    assert_eq!(answer.headers["retry-after"], "5");
    drop(first);
    assert_eq!(open(&bench, "/events", &[]).await.status(), 200);
}

#[tokio::test]
async fn a_node_that_leaves_ends_the_stream_and_opens_no_other() {
    let bench = bench().await;
    let mut response = open(&bench, "/events", &[]).await;
    bench.drain.send_replace(true);
    assert_eq!(next(&mut response).await, None);
    bench.get("/events").await.problem(503, "unavailable");
}
