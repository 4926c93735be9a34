//! One reader shard over a real store.

use super::*;
use crate::testing_readers::{House, event, eventually};
use autoglm_domain::{EventKind, EventTarget, Incarnation, Shard};
use autoglm_protocol::push::PushItem;
use autoglm_protocol::reader_request::Watching;

const GATEWAY: Incarnation = Incarnation(9_000);

async fn watch(house: &House, after: Option<u64>) -> Watching {
    let request = ReaderRequest::Watch { reader: house.reader, gateway: GATEWAY, after };
    match house.readers.ask(request).await.expect("a place") {
        ReaderAnswer::Watching(watching) => watching,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn events_are_durable_once_and_sending_them_twice_counts_once() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let article = house.place(source, 1, 3).await;
    let events = vec![
        event(house.reader, EventKind::Open, article),
        event(house.reader, EventKind::Save, article),
    ];
    let first = house.readers.append_events(house.reader, events.clone()).await;
    assert_eq!(first, Ok((2, 0)));
    assert_eq!(house.readers.append_events(house.reader, events).await, Ok((0, 2)));
    let log = house.store.events_after(house.reader, 0, 10).await.expect("the log");
    assert_eq!(log.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_request_that_is_not_right_is_refused_with_its_reason() {
    let house = House::new().await;
    let strange = event(ReaderId(77), EventKind::Open, ArticleId(1));
    let answer = house.readers.append_events(house.reader, vec![strange]).await;
    assert_eq!(answer.expect_err("another reader's").kind, FaultKind::Invalid);
    let many = (0..501).map(|_| event(house.reader, EventKind::Open, ArticleId(1))).collect();
    let answer = house.readers.append_events(house.reader, many).await;
    assert_eq!(answer.expect_err("too many").kind, FaultKind::Invalid);
    let elsewhere = (2..).map(ReaderId).find(|id| Shard::of_reader(*id) != house.fence.shard);
    let unread = ReaderRequest::Unread { reader: elsewhere.expect("one") };
    let answer = house.readers.ask(unread).await;
    assert_eq!(answer.expect_err("another shard's").kind, FaultKind::Internal);
}

#[tokio::test]
async fn a_terminal_that_was_away_gets_exactly_what_it_missed() {
    let house = House::new().await;
    let (followed, other) =
        (house.followed(1).await, crate::testing_readers::source(&house.store, 2).await);
    let start = watch(&house, None).await;
    let mut expected = Vec::new();
    for number in 1..=3 {
        expected.push(house.place(followed, number, 3).await);
        house.place(other, 100 + number, 3).await;
    }
    let goal = start.seq + 3;
    eventually("three articles are pushed", || async { watch(&house, None).await.seq == goal })
        .await;
    let back = watch(&house, Some(start.seq + 1)).await;
    let missed: Vec<ArticleId> = back
        .missed
        .expect("known")
        .iter()
        .map(|item| match item {
            PushItem::Article(view) => view.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(missed, expected[1..]);
    assert_eq!(back.stream, start.stream);
}

#[tokio::test]
async fn a_mark_made_on_one_terminal_reaches_the_others_with_all_it_has() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let article = house.place(source, 1, 3).await;
    let opened = event(house.reader, EventKind::Open, article);
    house.readers.append_events(house.reader, vec![opened]).await.expect("durable");
    let start = watch(&house, None).await;
    let saved = event(house.reader, EventKind::Save, article);
    house.readers.append_events(house.reader, vec![saved]).await.expect("durable");
    let missed = watch(&house, Some(start.seq)).await.missed.expect("known");
    let marks = Marks { read: true, saved: true, hidden: false };
    assert_eq!(missed, [PushItem::Mark { article_id: article, marks }]);
}

#[tokio::test]
async fn what_is_muted_is_not_pushed_and_a_restart_remembers_it() {
    let mut house = House::new().await;
    let source = house.followed(1).await;
    let mut mute = event(house.reader, EventKind::Mute, ArticleId(1));
    mute.target = EventTarget::Source(source);
    house.readers.append_events(house.reader, vec![mute]).await.expect("durable");
    house.restart_cache().await;
    let start = watch(&house, None).await;
    house.place(source, 1, 3).await;
    // The placed article was handed over before this mark is pushed.
    let article = house.place(source, 2, 3).await;
    let opened = event(house.reader, EventKind::Open, article);
    house.readers.append_events(house.reader, vec![opened]).await.expect("durable");
    let missed = watch(&house, Some(start.seq)).await.missed.expect("known");
    assert!(missed.iter().all(|item| matches!(item, PushItem::Mark { .. })), "{missed:?}");
}

#[tokio::test]
async fn after_a_restart_the_old_numbers_are_answered_with_a_reset() {
    let mut house = House::new().await;
    let before = watch(&house, None).await;
    house.restart_cache().await;
    let after = watch(&house, Some(before.seq)).await;
    assert_eq!(after.missed, None);
    assert!(after.stream > before.stream && after.seq > before.seq);
}

#[tokio::test]
async fn a_shard_that_has_moved_refuses_everything() {
    let house = House::new().await;
    let node = house.fence.owner;
    house.store.release_leases(node, &[house.fence.shard]).await.expect("given back");
    house.store.acquire_leases(node, &[house.fence.shard]).await.expect("at the next epoch");
    let opened = event(house.reader, EventKind::Open, ArticleId(1));
    let answer = house.readers.append_events(house.reader, vec![opened]).await;
    assert_eq!(answer.expect_err("moved").kind, FaultKind::Unavailable);
    let unread = ReaderRequest::Unread { reader: house.reader };
    let direct = CacheShardHandle(house.cache.0.address.clone()).request(unread).await;
    assert_eq!(direct.expect_err("moved").kind, FaultKind::Fenced);
    assert_eq!(house.store.events_after(house.reader, 0, 10).await.expect("the log"), []);
}

#[tokio::test]
async fn readers_nobody_watches_are_forgotten_watched_ones_last() {
    let house = House::new().await;
    let clock =
        Arc::new(autoglm_domain::ManualClock::at(autoglm_domain::Timestamp(1_790_000_000_000)));
    let args = CacheShardArgs {
        clock: clock.clone(),
        config: CacheShardConfig { readers_max: 1, ..CacheShardConfig::default() },
        ..house.cache.0.clone()
    };
    let mut state = CacheShardState {
        args,
        readers: HashMap::new(),
        watched: 0,
        last_life: 0,
        fenced: false,
        events_total: 0,
        pushed_total: 0,
    };
    state.watch(house.reader, GATEWAY, None).await.expect("loaded");
    clock.advance(Duration::from_secs(89));
    state.passivate();
    assert_eq!((state.readers.len(), state.watched), (1, 1));
    clock.advance(Duration::from_secs(2));
    state.passivate();
    assert_eq!((state.readers.len(), state.watched), (1, 0));
    clock.advance(Duration::from_secs(600));
    state.passivate();
    assert_eq!(state.readers.len(), 0);
    state.load(ReaderId(1)).await.expect("loaded");
    state.load(ReaderId(2)).await.expect("loaded");
    assert_eq!(state.readers.len(), 1, "one at most");
}
