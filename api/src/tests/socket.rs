//! Live push over a WebSocket, on a real port.

use super::fake::{Fake, READER_TOKEN, article};
use super::support::{Bench, bench, bench_with};
use crate::config::{ApiConfig, LiveConfig};
use autoglm_protocol::domain::{ArticleId, StoryId};
use autoglm_protocol::push::{Frame, PushItem};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(bench: &Bench, query: &str) -> Client {
    let address = bench.listen().await;
    connect_async(format!("ws://{address}/ws{query}")).await.unwrap().0
}

async fn next(client: &mut Client) -> Value {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn close_code(client: &mut Client) -> Option<u16> {
    loop {
        match client.next().await {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}

#[tokio::test]
async fn frames_are_pushed_from_where_the_client_was() {
    let mut bench = bench().await;
    let mut client = open(&bench, "?after=41").await;
    let connected = bench.connected.recv().await.unwrap();
    assert_eq!(connected.after, Some(41));
    let items = vec![
        PushItem::Article(Arc::new(article(7))),
        PushItem::Story { story_id: StoryId(9), article_id: ArticleId(7) },
    ];
    connected.outlet.send(Frame::Items { seq: 43, items }).await.unwrap();
    let frame = next(&mut client).await;
    assert_eq!(frame["seq"], 43);
    assert_eq!(frame["items"][0]["type"], "article");
    assert_eq!(frame["items"][0]["article"]["title"], "标题 <b>");
    assert_eq!(frame["items"][1], json!({"type": "story", "story_id": 9, "article_id": 7}));
    connected.outlet.send(Frame::Reset { seq: 90 }).await.unwrap();
    assert_eq!(next(&mut client).await, json!({"type": "reset", "seq": 90}));
    client.close(None).await.unwrap();
    connected.outlet.closed().await;
}

#[tokio::test]
async fn events_sent_over_the_socket_are_acknowledged_or_explained() {
    let bench = bench().await;
    let mut client = open(&bench, "").await;
    let id = "018f0000-0000-7000-8000-000000000001";
    let good = json!({"id": id, "kind": "open", "article_id": 4, "at": "2026-11-22T08:00:00Z"});
    client.send(Message::text(json!({"events": [good]}).to_string())).await.unwrap();
    assert_eq!(next(&mut client).await, json!({"type": "ack", "accepted": 1, "duplicates": 0}));
    let bad = json!({"id": id, "kind": "clap", "article_id": 4, "at": "2026-11-22T08:00:00Z"});
    client.send(Message::text(json!({"events": [good, bad]}).to_string())).await.unwrap();
    let refusal = next(&mut client).await;
    assert_eq!((&refusal["type"], &refusal["index"]), (&json!("error"), &json!(1)));
    assert_eq!((&refusal["kind"], &refusal["status"]), (&json!("invalid"), &json!(400)));
    for message in [Message::text("{"), Message::text("{\"event\": []}"), Message::binary(vec![1])]
    {
        client.send(message).await.unwrap();
        assert_eq!(next(&mut client).await["type"], "error");
    }
    assert_eq!(bench.fake.events.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection() {
    let bench = bench().await;
    let mut client = open(&bench, "").await;
    client.send(Message::text("x".repeat(70_000))).await.unwrap();
    assert!(matches!(close_code(&mut client).await, Some(1009) | None));
}

#[tokio::test]
async fn a_client_that_floods_is_told_and_then_left() {
    let bench = bench().await;
    let (mut writer, mut reader) = open(&bench, "").await.split();
    let flood = async { while writer.send(Message::text("{}")).await.is_ok() {} };
    let listen = async {
        let mut overloaded = 0;
        while let Some(Ok(message)) = reader.next().await {
            match message {
                Message::Text(text) => overloaded += usize::from(text.contains("overloaded")),
                Message::Close(frame) => {
                    return (overloaded, frame.map(|frame| u16::from(frame.code)));
                }
                _ => {}
            }
        }
        (overloaded, None)
    };
    let ((), (overloaded, code)) = tokio::join!(flood, listen);
    assert!(overloaded > 0);
    assert!(matches!(code, Some(1008) | None), "{code:?}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_nothing_piles_up() {
    let live = LiveConfig { send_within: Duration::from_millis(50), ..LiveConfig::default() };
    let mut bench = bench_with(Fake::default(), ApiConfig { live, ..ApiConfig::default() }).await;
    let _client = open(&bench, "").await;
    let connected = bench.connected.recv().await.unwrap();
    let items = vec![PushItem::Article(Arc::new(article(7))); 2000];
    let push = async {
        while connected.outlet.send(Frame::Items { seq: 1, items: items.clone() }).await.is_ok() {}
    };
    push.await;
    assert!(connected.outlet.is_closed());
}

#[tokio::test]
async fn a_client_that_says_nothing_is_dropped() {
    let live = LiveConfig {
        ping_every: Duration::from_millis(5),
        idle_after: Duration::from_millis(50),
        ..LiveConfig::default()
    };
    let mut bench = bench_with(Fake::default(), ApiConfig { live, ..ApiConfig::default() }).await;
    // A client answers pings only while it reads, which this one does not.
    let _client = open(&bench, "").await;
    bench.connected.recv().await.unwrap().outlet.closed().await;
}

#[tokio::test]
async fn a_node_that_leaves_says_so_and_takes_no_other_terminal() {
    let bench = bench().await;
    let address = bench.listen().await;
    let (mut client, _) = connect_async(format!("ws://{address}/ws")).await.unwrap();
    bench.drain.send_replace(true);
    assert_eq!(close_code(&mut client).await, Some(1012));
    let Err(Error::Http(refused)) = connect_async(format!("ws://{address}/ws")).await else {
        panic!("let in");
    };
    assert_eq!(refused.status(), 503);
}

#[tokio::test]
async fn a_gateway_that_restarts_sends_its_terminals_to_connect_again() {
    let mut bench = bench().await;
    let mut client = open(&bench, "").await;
    drop(bench.connected.recv().await.unwrap());
    assert_eq!(close_code(&mut client).await, Some(1012));
}

#[tokio::test]
async fn the_socket_speaks_for_the_reader_of_the_cookie_and_for_our_page_only() {
    let mut bench =
        bench_with(Fake { locked: true, ..Fake::default() }, ApiConfig::default()).await;
    let address = bench.listen().await;
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    assert!(connect_async(request.clone()).await.is_err());
    let cookie = format!("autoglm_session={READER_TOKEN}");
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", format!("http://{address}").parse().unwrap());
    let _client = connect_async(request.clone()).await.unwrap();
    assert_eq!(bench.connected.recv().await.unwrap().reader.0, 2);
    request.headers_mut().insert("origin", "http://evil.org".parse().unwrap());
    let Err(Error::Http(refused)) = connect_async(request).await else { panic!("let in") };
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn a_plain_request_for_the_socket_is_told_what_it_is() {
    let bench = bench().await;
    bench.get("/ws").await.problem(426, "invalid");
}
