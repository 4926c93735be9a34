//! What readers get while nobody owns their shard.

use super::{RegionReaders, RouteReader};
use crate::testing_readers::{House, event};
use async_trait::async_trait;
use autoglm_domain::{EventKind, Fault, ReaderId};
use autoglm_protocol::port::Readers as _;
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest};
use autoglm_protocol::recommender_shard::RecommenderShardMessage;
use autoglm_protocol::view::RankedList;
use std::sync::Arc;
use std::time::Duration;

/// Answers everything with this fault.
#[derive(Debug)]
struct Nowhere(Fault);

#[async_trait]
impl RouteReader for Nowhere {
    async fn route(&self, _: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        Err(self.0.clone())
    }
}

fn away() -> Fault {
    Fault::unavailable("nobody owns it", Duration::from_secs(1))
}

/// The same node, for which nobody owns the reader's shard.
fn without_owner(house: &House, fault: Fault) -> RegionReaders {
    RegionReaders::new(Arc::new(Nowhere(fault)), house.library.clone(), house.saved.clone())
}

async fn saved(house: &House) {
    let address = &house.recommender.0.address;
    let limit = Duration::from_secs(10);
    let drained = address.call(limit, |reply| RecommenderShardMessage::Drain { reply }).await;
    assert_eq!(drained, Ok(()));
}

fn topics_of(list: &RankedList) -> Vec<String> {
    let first = list.items.iter().take(5);
    first.flat_map(|place| place.article.topics.iter().map(|topic| topic.name.clone())).collect()
}

#[tokio::test]
async fn without_an_owner_a_list_is_made_by_the_saved_profile_and_says_so() {
    let house = House::new().await;
    let mut liked = Vec::new();
    for number in 0..10 {
        let source = house.followed(1 + number).await;
        liked.push(house.place(source, number.unsigned_abs(), 1).await);
        let source = house.followed(101 + number).await;
        house.place(source, 100 + number.unsigned_abs(), 50).await;
    }
    for article in &liked[..4] {
        let events =
            [EventKind::Open, EventKind::Save].map(|kind| event(house.reader, kind, *article));
        house.readers.append_events(house.reader, events.to_vec()).await.expect("durable");
    }
    saved(&house).await;
    let readers = without_owner(&house, away());
    let list = readers.recommendations(house.reader, 20).await.expect("a list");
    assert!(list.stale);
    let of_the_liked = topics_of(&list).iter().filter(|name| *name == "topic-1").count();
    assert!(of_the_liked >= 3, "what was learned before counts: {:?}", topics_of(&list));
    let shown = |article| list.items.iter().any(|place| place.article.id == article);
    assert!(!liked[..4].iter().any(|article| shown(*article)), "what was read stays away");
}

#[tokio::test]
async fn an_owner_that_does_not_answer_in_time_is_done_without_and_other_faults_are_told() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let article = house.place(source, 1, 3).await;
    let late = Fault::new(autoglm_domain::FaultKind::Timeout, "it is frozen");
    let list = without_owner(&house, late).recommendations(house.reader, 5).await.expect("a list");
    assert_eq!((list.stale, list.items.len(), list.items[0].article.id), (true, 1, article));
    let fault = Fault::internal("a defect");
    let answer = without_owner(&house, fault.clone()).recommendations(house.reader, 5).await;
    assert_eq!(answer, Err(fault));
}

#[tokio::test]
async fn a_list_without_an_owner_shows_nobody_what_others_follow() {
    let house = House::new().await;
    let source = house.followed(1).await;
    house.place(source, 1, 3).await;
    let stranger: ReaderId = house.neighbour().await;
    let list = without_owner(&house, away()).recommendations(stranger, 5).await.expect("a list");
    assert_eq!(list, RankedList { items: Vec::new(), stale: true });
}

#[tokio::test]
async fn events_are_refused_while_nobody_can_make_them_durable() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let article = house.place(source, 1, 3).await;
    let events = vec![event(house.reader, EventKind::Open, article)];
    let refused = without_owner(&house, away()).append_events(house.reader, events).await;
    let fault = refused.expect_err("nobody owns it");
    assert_eq!(fault.retry_after, Some(Duration::from_secs(1)), "{fault}");
}
