//! Events of several readers in one batch: each is accepted or refused by itself.

use super::lane::{occupy, queued};
use super::world::{World, event, worlds};
use crate::lane::{Admission, Tx};
use crate::queries::events::append::{Append, append_all};
use crate::{Appended, Error, NodeState, WriteQueue};
use autoglm_domain::{
    ArticleId, EventKind, EventTarget, Fence, Language, Marks, ReaderEvent, ReaderId, Shard,
    ShardKind, Timestamp,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

async fn append(world: &World, appends: Vec<Append>) -> Vec<Result<Appended, Error>> {
    let appends: Arc<[Append]> = appends.into();
    let admission = Admission::new(WriteQueue::Reader, "appending a batch");
    let outcomes = world.store.write(admission, move |tx: Tx| {
        let appends = Arc::clone(&appends);
        async move { append_all(&tx, &appends).await }
    });
    outcomes.await.expect("committed")
}

fn of(reader: ReaderId, events: &[ReaderEvent], fence: Option<Fence>) -> Append {
    Append { reader, events: events.to_vec().into(), fence }
}

fn numbers(outcome: &Result<Appended, Error>) -> Vec<i64> {
    let accepted = &outcome.as_ref().expect("accepted").accepted;
    accepted.iter().map(|(seq, _)| *seq).collect()
}

async fn neighbour(world: &World, name: &str) -> ReaderId {
    world.store.add_reader(name, Language::ENGLISH).await.expect("a reader").id
}

#[test]
fn who_lost_the_shard_and_who_does_not_exist_is_refused_and_the_others_are_not() {
    for world in worlds("who_lost_the_shard_and_who_does_not_exist_is_refused") {
        world.run(async {
            let source = world.source("one").await;
            let first = world.reader_of(source).await;
            let second = neighbour(&world, "second").await;
            let ids = world.placed(source, &[1, 2]).await;
            let node = world.store.register_node("n", "", &["all".to_owned()]).await.expect("one");
            world.store.set_node_state(node, NodeState::Up).await.expect("up");
            let shard = Shard { kind: ShardKind::Reader, index: 7 };
            let held = world.store.acquire_leases(node, &[shard]).await.expect("leased")[0];
            let lost = Fence { epoch: autoglm_domain::Epoch(held.epoch.0 - 1), ..held };
            let save =
                |reader, id: ArticleId| event(reader, EventKind::Save, EventTarget::Article(id));
            let (good, late) = (save(first, ids[0]), save(first, ids[1]));
            let (strange, other) = (save(ReaderId(999), ids[0]), save(second, ids[0]));
            let outcomes = append(
                &world,
                vec![
                    of(first, std::slice::from_ref(&good), Some(held)),
                    of(first, &[late], Some(lost)),
                    of(ReaderId(999), &[strange], None),
                    of(second, &[other], Some(held)),
                ],
            )
            .await;
            assert_eq!(numbers(&outcomes[0]), [1]);
            assert!(matches!(outcomes[1], Err(Error::Fenced { .. })), "{:?}", outcomes[1]);
            assert!(matches!(outcomes[2], Err(Error::NotFound(_))), "{:?}", outcomes[2]);
            assert_eq!(numbers(&outcomes[3]), [1], "numbers are each reader's own");
            let marks = world.store.marks_of(first, Timestamp(0)).await.expect("read");
            assert_eq!(marks, [(ids[0], Marks { read: false, saved: true, hidden: false })]);
            // The second does not follow the source: what they do to its article marks nothing.
            assert!(world.store.marks_of(second, Timestamp(0)).await.expect("read").is_empty());
            assert_eq!(world.store.events_after(first, 0, 9).await.expect("read")[0].event, good);
        });
    }
}

#[test]
fn a_reader_who_comes_twice_in_a_batch_is_numbered_without_gaps_and_each_event_once() {
    for world in worlds("a_reader_who_comes_twice_in_a_batch_is_numbered_without_gaps") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2, 3]).await;
            let on = |kind, place: usize| event(reader, kind, EventTarget::Article(ids[place]));
            let known = on(EventKind::Open, 0);
            append(&world, vec![of(reader, std::slice::from_ref(&known), None)]).await;
            let (read, twice) = (on(EventKind::Read, 1), on(EventKind::Save, 2));
            let outcomes = append(
                &world,
                vec![
                    of(reader, &[known, read, twice.clone()], None),
                    of(reader, &[twice, on(EventKind::Unread, 1), on(EventKind::Dwell, 0)], None),
                ],
            )
            .await;
            assert_eq!((numbers(&outcomes[0]), numbers(&outcomes[1])), (vec![2, 3], vec![4, 5]));
            let duplicates: Vec<usize> =
                outcomes.iter().map(|one| one.as_ref().expect("stored").duplicates).collect();
            assert_eq!(duplicates, [1, 1]);
            assert_eq!(world.store.last_event_seq(reader).await.expect("read"), 5);
            // Opened and read stay read; what was read and unread in one batch counts for nothing.
            assert_eq!(world.store.subscriptions(reader).await.expect("read")[0].unread, 2);
        });
    }
}

#[test]
fn those_who_wait_for_the_same_commit_share_it() {
    for world in worlds("those_who_wait_for_the_same_commit_share_it") {
        world.run(async {
            let source = world.source("one").await;
            let ids = world.placed(source, &[1]).await;
            let mut readers = vec![world.reader_of(source).await];
            for number in 0..19 {
                readers.push(neighbour(&world, &format!("reader {number}")).await);
            }
            let (occupied, go_on) = occupy(&world, WriteQueue::Reader).await;
            let before = world.store.lane_status();
            let asked = Arc::new(AtomicUsize::new(0));
            let tasks: Vec<_> = readers
                .iter()
                .map(|reader| {
                    let (store, reader) = (world.store.clone(), *reader);
                    let (asked, article) = (Arc::clone(&asked), ids[0]);
                    let save = event(reader, EventKind::Save, EventTarget::Article(article));
                    tokio::spawn(async move {
                        asked.fetch_add(1, Ordering::SeqCst);
                        store.append_events(reader, vec![save], None).await
                    })
                })
                .collect();
            while asked.load(Ordering::SeqCst) < 20 {
                tokio::task::yield_now().await;
            }
            // The first ones are an operation of the lane already, the others wait for the next.
            queued(&world, 1).await;
            go_on.add_permits(1);
            occupied.await.expect("ran").expect("committed");
            for task in tasks {
                assert_eq!(numbers(&task.await.expect("ran")), [1]);
            }
            let after = world.store.lane_status();
            assert_eq!(after.operations_total - before.operations_total, 21);
            let commits = after.commits_total - before.commits_total;
            assert!(commits <= 4, "{commits} commits of 21 operations");
        });
    }
}
