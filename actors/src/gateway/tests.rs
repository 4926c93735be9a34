//! Terminals, their gateway and a reader shard together.

use super::*;
use crate::testing_readers::{House, event, eventually, soon};
use autoglm_domain::{ArticleId, EventKind, FaultKind};
use autoglm_protocol::push::PushItem;

async fn connect(house: &House, after: Option<u64>) -> (TerminalHandle, mpsc::Receiver<Frame>) {
    let (outlet, frames) = mpsc::channel(16);
    let terminal = house.gateway.connect(house.reader, after, outlet).await.expect("connected");
    (terminal, frames)
}

async fn first_seq(frames: &mut mpsc::Receiver<Frame>) -> u64 {
    match soon("the first frame", frames.recv()).await.expect("open") {
        Frame::Items { seq, items } if items.is_empty() => seq,
        other => panic!("{other:?}"),
    }
}

/// Reads frames until so many articles have come; answers their ids and the last number.
async fn articles(frames: &mut mpsc::Receiver<Frame>, count: usize) -> (Vec<ArticleId>, u64) {
    let (mut ids, mut last) = (Vec::new(), 0);
    while ids.len() < count {
        match soon("an article", frames.recv()).await.expect("open") {
            Frame::Items { seq, items } => {
                last = seq;
                for item in items {
                    match item {
                        PushItem::Article(view) => ids.push(view.id),
                        other => panic!("{other:?}"),
                    }
                }
            }
            reset @ Frame::Reset { .. } => panic!("{reset:?}"),
        }
    }
    (ids, last)
}

#[tokio::test]
async fn a_placed_article_reaches_every_terminal_of_its_readers() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let (_one, mut frames) = connect(&house, None).await;
    let (_two, mut others) = connect(&house, None).await;
    let seq = first_seq(&mut frames).await;
    first_seq(&mut others).await;
    let id = house.place(source, 1, 3).await;
    assert_eq!(articles(&mut frames, 1).await, (vec![id], seq + 1));
    assert_eq!(articles(&mut others, 1).await, (vec![id], seq + 1));
}

#[tokio::test]
async fn a_terminal_that_connects_again_gets_exactly_what_it_missed() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let (terminal, mut frames) = connect(&house, None).await;
    first_seq(&mut frames).await;
    let first = house.place(source, 1, 3).await;
    let (ids, seen) = articles(&mut frames, 1).await;
    assert_eq!(ids, [first]);
    terminal.close();
    drop(frames);
    let missed = [house.place(source, 2, 3).await, house.place(source, 3, 3).await];
    let (_terminal, mut frames) = connect(&house, Some(seen)).await;
    let (ids, last) = articles(&mut frames, 2).await;
    assert_eq!(ids, missed);
    assert_eq!(last, seen + 2);
}

#[tokio::test]
async fn a_restarted_shard_resets_its_terminals_and_they_go_on() {
    let mut house = House::new().await;
    let source = house.followed(1).await;
    let (_terminal, mut frames) = connect(&house, None).await;
    let before = first_seq(&mut frames).await;
    house.restart_cache().await;
    let Frame::Reset { seq } = soon("a reset", frames.recv()).await.expect("open") else {
        panic!("a reset comes first")
    };
    assert!(seq > before);
    let id = house.place(source, 1, 3).await;
    assert_eq!(articles(&mut frames, 1).await, (vec![id], seq + 1));
}

#[tokio::test]
async fn a_connection_that_ends_is_forgotten_and_the_shard_told() {
    let house = House::new().await;
    let (_terminal, mut frames) = connect(&house, None).await;
    first_seq(&mut frames).await;
    assert_eq!(house.cache.0.status.get().watched, 1);
    drop(frames);
    eventually("the shard knows", || async { house.cache.0.status.get().watched == 0 }).await;
}

#[tokio::test]
async fn only_so_many_terminals_connect() {
    let house = House::new().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(connect(&house, None).await);
    }
    let (outlet, _frames) = mpsc::channel(1);
    let refused = house.gateway.connect(house.reader, None, outlet).await;
    assert_eq!(refused.expect_err("full").kind, FaultKind::Overloaded);
    drop(open.pop());
    eventually("there is room again", || async {
        let (outlet, frames) = mpsc::channel(1);
        let answer = house.gateway.connect(house.reader, None, outlet).await;
        drop(frames);
        answer.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_burst_comes_in_few_frames() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let id = house.place(source, 1, 3).await;
    let (_terminal, mut frames) = connect(&house, None).await;
    let start = first_seq(&mut frames).await;
    for _ in 0..20 {
        let kinds = [EventKind::Save, EventKind::Unsave];
        let events = kinds.iter().map(|kind| event(house.reader, *kind, id));
        for event in events {
            house.readers.append_events(house.reader, vec![event]).await.expect("durable");
        }
    }
    let (mut count, mut last) = (0, start);
    while last < start + 40 {
        match soon("marks", frames.recv()).await.expect("open") {
            Frame::Items { seq, items } => {
                assert_eq!(seq, last + items.len() as u64);
                last = seq;
                count += 1;
            }
            reset @ Frame::Reset { .. } => panic!("{reset:?}"),
        }
    }
    assert!(count < 40, "{count} frames for 40 items");
}

#[tokio::test]
async fn a_gateway_that_dies_ends_its_connections_so_that_clients_come_again() {
    let house = House::new().await;
    let (_terminal, mut frames) = connect(&house, None).await;
    first_seq(&mut frames).await;
    house.gateway_actor.kill();
    assert_eq!(soon("the end", frames.recv()).await, None);
}
