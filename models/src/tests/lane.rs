//! The write lane: groups, failures that stay alone, limits, and readers that do not wait.

use super::world::{World, draft, worlds};
use crate::lane::{Admission, Tx};
use crate::{Dialect, Error, WriteQueue};
use autoglm_domain::FaultKind;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

/// Occupies the writer of this queue until told to go on; answers when it is inside its transaction.
pub(super) async fn occupy(
    world: &World,
    queue: WriteQueue,
) -> (JoinHandle<Result<(), Error>>, Arc<Semaphore>) {
    // A semaphore stays open: the operation may be run a second time when its group fails.
    let (inside, go_on) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let task = tokio::spawn({
        let (store, inside, go_on) = (world.store.clone(), Arc::clone(&inside), Arc::clone(&go_on));
        async move {
            let admission = Admission::new(queue, "occupying the lane");
            store
                .write(admission, move |tx: Tx| {
                    let (inside, go_on) = (Arc::clone(&inside), Arc::clone(&go_on));
                    async move {
                        tx.execute(tx.sql("UPDATE view SET version = version + 1")).await?;
                        inside.notify_one();
                        drop(go_on.acquire().await);
                        Ok(())
                    }
                })
                .await
        }
    });
    inside.notified().await;
    (task, go_on)
}

/// Waits until this many operations are queued.
pub(super) async fn queued(world: &World, count: usize) {
    while world.store.lane_status().queued.iter().sum::<usize>() < count {
        tokio::task::yield_now().await;
    }
}

fn rename(world: &World, id: i64, how: &'static str) -> JoinHandle<Result<(), Error>> {
    let store = world.store.clone();
    let admission = Admission::new(WriteQueue::Ingest, "renaming");
    tokio::spawn(async move {
        store
            .write(admission, move |tx: Tx| async move {
                let sql =
                    tx.sql("UPDATE article SET title = ? WHERE id = ?").with("renamed").with(id);
                tx.execute(sql).await?;
                match how {
                    "refused" => drop(
                        tx.execute(tx.sql("INSERT INTO view (id, version) VALUES (1, 1)")).await?,
                    ),
                    "panic" => panic!("an operation with a defect"),
                    "unwanted" => return Err(Error::Conflict("not wanted".into())),
                    _ => {}
                }
                Ok(())
            })
            .await
    })
}

#[test]
fn one_bad_operation_harms_no_other_of_its_group() {
    for world in worlds("one_bad_operation_harms_no_other_of_its_group") {
        world.run(async {
            let source = world.source("one").await;
            world.insert((1..=5).map(|number| draft(source, number)).collect()).await;
            let (occupied, go_on) = occupy(&world, WriteQueue::Ingest).await;
            let hows = ["fine", "refused", "fine", "panic", "unwanted"];
            let tasks: Vec<_> = (1..).zip(hows).map(|(id, how)| rename(&world, id, how)).collect();
            queued(&world, 5).await;
            go_on.add_permits(1);
            occupied.await.expect("ran").expect("committed");
            let mut outcomes = Vec::new();
            for task in tasks {
                outcomes.push(task.await.expect("ran"));
            }
            assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
            assert!(matches!(outcomes[1], Err(Error::Database { .. })), "{:?}", outcomes[1]);
            assert!(matches!(outcomes[3], Err(Error::Defect { .. })), "{:?}", outcomes[3]);
            assert!(matches!(outcomes[4], Err(Error::Conflict(_))), "{:?}", outcomes[4]);
            let sql = world.store.sql("SELECT id FROM article WHERE title = 'renamed' ORDER BY id");
            let rows = world.store.all("looking", sql).await.expect("read");
            let ids: Vec<i64> =
                rows.iter().map(|row| row.try_get_by_index(0).expect("id")).collect();
            assert_eq!(ids, [1, 3]);
        });
    }
}

#[test]
fn operations_that_wait_together_are_committed_together() {
    for world in worlds("operations_that_wait_together_are_committed_together") {
        world.run(async {
            let source = world.source("one").await;
            world.insert(vec![draft(source, 1)]).await;
            let (occupied, go_on) = occupy(&world, WriteQueue::Ingest).await;
            let tasks: Vec<_> = (0..20).map(|_| rename(&world, 1, "fine")).collect();
            queued(&world, 20).await;
            let before = world.store.lane_status();
            go_on.add_permits(1);
            occupied.await.expect("ran").expect("committed");
            for task in tasks {
                task.await.expect("ran").expect("committed");
            }
            let after = world.store.lane_status();
            assert_eq!(after.operations_total - before.operations_total, 21);
            // The occupier alone or with some of them, then the rest together.
            assert!(after.commits_total - before.commits_total <= 2);
        });
    }
}

#[test]
fn nobody_who_reads_waits_for_a_writer_in_the_middle_of_its_transaction() {
    for world in worlds("nobody_who_reads_waits_for_a_writer_in_the_middle_of_its_transaction") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let before = world.store.view().await.expect("read").version;
            let (occupied, go_on) = occupy(&world, WriteQueue::Ingest).await;
            assert_eq!(
                world.store.view().await.expect("read").version,
                before,
                "not yet committed"
            );
            assert_eq!(world.store.subscriptions(reader).await.expect("read").len(), 1);
            go_on.add_permits(1);
            occupied.await.expect("ran").expect("committed");
            assert_eq!(world.store.view().await.expect("read").version, before + 1);
        });
    }
}

#[test]
fn a_full_queue_says_so_and_the_other_queues_still_serve() {
    for mut world in worlds("a_full_queue_says_so_and_the_other_queues_still_serve") {
        world = reopened(world, 2);
        world.run(async {
            let source = world.source("one").await;
            world.insert(vec![draft(source, 1)]).await;
            let (occupied, go_on) = occupy(&world, WriteQueue::Ingest).await;
            let waiting: Vec<_> = (0..2).map(|_| rename(&world, 1, "fine")).collect();
            queued(&world, 2).await;
            let error =
                world.store.insert_articles(vec![draft(source, 9)], None).await.expect_err("full");
            assert_eq!(error.fault().kind, FaultKind::Overloaded);
            assert!(error.fault().retry_after.is_some());
            let other = tokio::spawn({
                let store = world.store.clone();
                async move { store.ensure_local_reader().await }
            });
            if world.store.dialect() == Dialect::Sqlite {
                // The one writer is busy, but there is room in the other queue.
                queued(&world, 3).await;
                go_on.add_permits(1);
                other.await.expect("ran").expect("served");
            } else {
                other.await.expect("ran").expect("served by a writer of its own");
                go_on.add_permits(1);
            }
            occupied.await.expect("ran").expect("committed");
            for task in waiting {
                task.await.expect("ran").expect("committed");
            }
        });
    }
}

fn reopened(mut world: World, write_queue_max: usize) -> World {
    world.config.write_queue_max = write_queue_max;
    world.store = world.run(async {
        world.store.close().await;
        crate::Store::open(&world.config, world.clock.clone()).await.expect("opened again")
    });
    world
}

#[test]
fn closing_finishes_what_waits_and_refuses_what_comes() {
    for world in worlds("closing_finishes_what_waits_and_refuses_what_comes") {
        world.run(async {
            let source = world.source("one").await;
            world.insert(vec![draft(source, 1)]).await;
            let (occupied, go_on) = occupy(&world, WriteQueue::Ingest).await;
            let waiting = rename(&world, 1, "fine");
            queued(&world, 1).await;
            let closing = tokio::spawn({
                let store = world.store.clone();
                async move { store.close().await }
            });
            go_on.add_permits(1);
            occupied.await.expect("ran").expect("committed");
            waiting.await.expect("ran").expect("finished before closing");
            closing.await.expect("closed");
            let error = world
                .store
                .insert_articles(vec![draft(source, 2)], None)
                .await
                .expect_err("closed");
            assert!(matches!(error, Error::Closed { .. }));
        });
    }
}
