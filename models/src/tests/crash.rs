//! Killed processes, second processes, schemas from the future, servers that go away.

use super::world::{draft, postgres, server, sqlite, worlds};
use crate::lane::{Admission, Tx};
use crate::{DatabaseConfig, Error, Store, WriteQueue, entities};
use autoglm_domain::{FaultKind, SourceId, SystemClock};
use sea_orm::{ConnectionTrait, EntityTrait};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Names the database file for the child process below; unset in a normal run.
const CHILD_DATABASE: &str = "AUTOGLM_TEST_CHILD_DATABASE";
const PER_INSERT: u64 = 50;

/// Not a test of its own: the process that [`what_was_acknowledged_survives_kill_9`] kills.
#[test]
fn child_process_that_inserts_until_it_is_killed() {
    let Ok(url) = std::env::var(CHILD_DATABASE) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let store = Store::open(&DatabaseConfig::for_url(url), Arc::new(SystemClock))
            .await
            .expect("opened");
        for round in 1.. {
            let numbers = (round - 1) * PER_INSERT..round * PER_INSERT;
            let drafts = numbers.map(|number| draft(SourceId(1), number)).collect();
            store.insert_articles(drafts, None).await.expect("inserted");
            println!("acknowledged {round}");
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_a_second_process_is_refused() {
    let world = sqlite();
    world.run(async {
        world.source("one").await;
        world.store.close().await;
    });
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "tests::crash::child_process_that_inserts_until_it_is_killed",
            "--nocapture",
        ])
        .env(CHILD_DATABASE, &world.config.url)
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut acknowledged = 0;
    for line in lines.map_while(Result::ok) {
        if let Some((_, round)) = line.split_once("acknowledged ") {
            acknowledged = round.trim().parse::<u64>().expect("number") * PER_INSERT;
        }
        if acknowledged >= 5 * PER_INSERT {
            break;
        }
    }
    let second = world.run(Store::open(&world.config, world.clock.clone())).expect_err("in use");
    assert!(matches!(second, Error::Locked { .. }), "{second}");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(acknowledged >= 5 * PER_INSERT, "the child wrote");
    world.run(async {
        let store = Store::open(&world.config, world.clock.clone()).await.expect("opened again");
        let articles = store.statistics().await.expect("numbers").articles;
        assert!(articles as u64 >= acknowledged, "{articles} of {acknowledged}");
        assert_eq!(articles as u64 % PER_INSERT, 0, "inserts are whole");
        let sql = store.sql("SELECT COUNT(*), MAX(id) FROM article");
        let row = store.one("looking", sql).await.expect("read").expect("row");
        assert_eq!(row.try_get_by_index::<i64>(0).expect("n"), articles);
        assert_eq!(row.try_get_by_index::<i64>(1).expect("n"), articles);
        let sql = store.sql("PRAGMA integrity_check");
        let row = store.one("checking", sql).await.expect("read").expect("row");
        assert_eq!(row.try_get_by_index::<String>(0).expect("text"), "ok");
        store.close().await;
    });
}

#[test]
fn a_schema_from_the_future_is_refused_by_name() {
    for world in worlds("a_schema_from_the_future_is_refused_by_name") {
        world.run(async {
            world
                .store
                .write(Admission::new(WriteQueue::Control, "test"), |tx| async move {
                    let sql = tx.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_future', 1)");
                    tx.execute(sql).await
                })
                .await
                .expect("written");
            world.store.close().await;
            let error = Store::open(&world.config, world.clock.clone()).await.expect_err("too new");
            assert!(error.to_string().contains("m29990101_000001_future"), "{error}");
        });
    }
}

#[test]
fn the_entities_are_the_migrated_tables() {
    macro_rules! read_one {
        ($connection:expr, $($table:ident),+ $(,)?) => {$(
            let read = entities::$table::Entity::find().one($connection).await;
            read.unwrap_or_else(|error| panic!("{}: {error}", stringify!($table)));
        )+};
    }
    for world in worlds("the_entities_are_the_migrated_tables") {
        world.run(async {
            let source = world.source("one").await;
            world.reader_of(source).await;
            world.placed(source, &[1]).await;
            read_one!(
                world.store.read_pool(),
                article,
                article_content,
                article_revision,
                article_tombstone,
                article_entity,
                article_topic,
                counter,
                event,
                folder,
                mark,
                model_version,
                node,
                outbox,
                profile,
                reader,
                rule,
                shard_lease,
                snapshot,
                source,
                source_health,
                story,
                reader_topic,
                story_decision,
                topic_list,
                story_member,
                subscription,
                tag,
                token,
                understanding,
                view,
                websub_subscription,
            );
            let refused = world.store.read_pool().execute_unprepared("DELETE FROM article").await;
            assert!(refused.is_err(), "the read pool only reads");
        });
    }
}

#[test]
fn a_full_disk_fails_the_write_and_room_lets_the_next_one_through() {
    let world = sqlite();
    let limit_pages = async |pages: &'static str| {
        let admission = Admission::new(WriteQueue::Control, "limiting the file's size");
        let work = move |tx: Tx| async move { tx.one(tx.sql(pages)).await };
        world.store.write(admission, work).await.expect("limited");
    };
    world.run(async {
        let source = world.source("one").await;
        world.insert(vec![draft(source, 1)]).await;
        limit_pages("PRAGMA max_page_count = 1").await;
        let drafts: Vec<_> = (2..400).map(|number| draft(source, number)).collect();
        for _ in 0..3 {
            let error = world.store.insert_articles(drafts.clone(), None).await.expect_err("full");
            assert_eq!(error.fault().kind, FaultKind::Unavailable, "{error}");
            assert!(error.to_string().contains("full"), "{error}");
        }
        assert_eq!(world.count("article").await, 1);
        limit_pages("PRAGMA max_page_count = 1000000").await;
        world.insert(drafts).await;
        assert_eq!(world.count("article").await, 399);
        assert_eq!(world.store.statistics().await.expect("numbers").articles, 399);
    });
}

#[test]
fn a_server_that_comes_back_is_used_again() {
    let Some(server) = server("a_server_that_comes_back_is_used_again") else { return };
    // A server of its own: the shared one must not go away under the other tests.
    drop(server);
    let own = Arc::new(autoglm_harness::ThrowawayPostgres::start().expect("started"));
    let world = postgres(Arc::clone(&own));
    world.run(async {
        let source = world.source("one").await;
        world.insert(vec![draft(source, 1)]).await;
        own.stop().expect("stopped");
        let error =
            world.store.insert_articles(vec![draft(source, 2)], None).await.expect_err("gone");
        assert_eq!(error.fault().kind, FaultKind::Unavailable, "{error}");
        assert!(error.is_retryable());
        assert!(world.store.lane_status().last_error.is_some());
        assert!(world.store.ping().await.is_err());
        own.restart().expect("restarted");
        world.insert(vec![draft(source, 2)]).await;
        assert_eq!(world.count("article").await, 2);
        assert_eq!(world.store.lane_status().last_error, None);
        world.store.view().await.expect("reads again");
    });
}
