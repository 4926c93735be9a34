//! Inserting articles: idempotent, dense, keeping what they said before.

use super::world::{START, World, draft, event, worlds};
use crate::{ArticleFilter, InsertOutcome, RenamedArticle};
use autoglm_domain::{ArticleId, ArticleStage, EventKind, EventTarget, SourceId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::HashMap;
use std::time::Duration;

#[test]
fn an_article_is_stored_once_however_often_it_comes() {
    for world in worlds("an_article_is_stored_once_however_often_it_comes") {
        world.run(async {
            let (one, two) = (world.source("one").await, world.source("two").await);
            let drafts = vec![draft(one, 1), draft(one, 2), draft(one, 1), draft(two, 1)];
            let id = ArticleId;
            let first = world.store.insert_articles(drafts.clone(), None).await.expect("inserted");
            let expected = [
                InsertOutcome::Inserted(id(1)),
                InsertOutcome::Inserted(id(2)),
                InsertOutcome::Known(id(1)),
                InsertOutcome::Inserted(id(3)),
            ];
            assert_eq!(first, expected);
            let again = world.store.insert_articles(drafts, None).await.expect("inserted");
            assert_eq!(again, [1, 2, 1, 3].map(|n| InsertOutcome::Known(id(n))));
            assert_eq!(world.count("article").await, 3);
            assert_eq!(world.store.statistics().await.expect("numbers").articles, 3);
        });
    }
}

#[test]
fn an_article_under_another_identity_stays_the_same_one() {
    for world in worlds("an_article_under_another_identity_stays_the_same_one") {
        world.run(async {
            let (one, two) = (world.source("one").await, world.source("two").await);
            let before = vec![draft(one, 1), draft(one, 2), draft(two, 1)];
            world.store.insert_articles(before, None).await.expect("inserted");
            let recent = world.store.recent_articles(one, 10).await.expect("read");
            assert_eq!(recent.len(), 2);
            assert!(recent.iter().any(|row| row.identity == draft(one, 1).identity.hash));
            let moved = draft(one, 9);
            let renamed = |number: u64, identity| RenamedArticle {
                old: draft(one, number).identity.hash,
                identity,
                url: moved.url.clone(),
                canonical_url: moved.canonical_url.clone(),
            };
            let articles = vec![
                renamed(1, moved.identity),
                // Taken by now, and in use, and unknown.
                renamed(2, moved.identity),
                renamed(2, draft(one, 2).identity),
                renamed(7, draft(one, 8).identity),
            ];
            let count = world.store.rename_articles(one, articles.clone()).await;
            assert_eq!(count.expect("renamed"), 1);
            assert_eq!(world.store.rename_articles(one, articles).await.expect("again"), 0);
            let now = vec![draft(one, 9), draft(one, 2), draft(two, 1), draft(one, 1)];
            let outcomes = world.store.insert_articles(now, None).await.expect("inserted");
            let ids: Vec<i64> = outcomes.iter().map(|outcome| outcome.article_id().0).collect();
            assert_eq!(ids, [1, 2, 3, 4], "the first one came under its new identity");
            let rows = world.store.articles_by_ids(None, &[ArticleId(1)]).await.expect("read");
            assert_eq!(rows[0].url, moved.url);
        });
    }
}

#[test]
fn a_changed_article_keeps_its_id_its_marks_and_what_it_said_before() {
    for world in worlds("a_changed_article_keeps_its_id_its_marks_and_what_it_said_before") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1]).await;
            let save = event(reader, EventKind::Save, EventTarget::Article(ids[0]));
            world.store.append_events(reader, vec![save], None).await.expect("saved");
            let mut changed = draft(source, 1);
            changed.title = "Corrected".into();
            changed.content_hash = 5;
            let outcome =
                world.store.insert_articles(vec![changed.clone()], None).await.expect("updated");
            assert_eq!(outcome, [InsertOutcome::Updated(ids[0])]);
            let outcome = world.store.insert_articles(vec![changed], None).await.expect("known");
            assert_eq!(outcome, [InsertOutcome::Known(ids[0])]);
            let article = world.store.article(reader, ids[0]).await.expect("read").expect("exists");
            assert_eq!(article.article.title, "Corrected");
            assert_eq!(article.article.stage, ArticleStage::Stored);
            assert!(article.article.marks.saved);
            assert!(article.article.story_id.is_some());
            assert_eq!(world.count("article_revision").await, 1);
        });
    }
}

#[test]
fn ids_stay_dense_when_several_insert_the_same_at_once() {
    for world in worlds("ids_stay_dense_when_several_insert_the_same_at_once") {
        world.run(async {
            let source = world.source("one").await;
            let tasks: Vec<_> = (0..6_u64)
                .map(|task| {
                    let store = world.store.clone();
                    let drafts: Vec<_> = (0..40).map(|n| draft(source, n + task * 10)).collect();
                    tokio::spawn(async move { store.insert_articles(drafts, None).await })
                })
                .collect();
            for task in tasks {
                task.await.expect("ran").expect("inserted");
            }
            assert_dense(&world, source, 90).await;
        });
    }
}

#[test]
fn two_processes_on_one_server_never_burn_an_id() {
    for world in worlds("two_processes_on_one_server_never_burn_an_id") {
        if !world.is_postgres() {
            continue;
        }
        world.run(async {
            let source = world.source("one").await;
            let other =
                crate::Store::open(&world.config, world.clock.clone()).await.expect("opened");
            let tasks: Vec<_> = (0..8_u64)
                .map(|task| {
                    let store = if task % 2 == 0 { world.store.clone() } else { other.clone() };
                    let drafts: Vec<_> = (0..30).map(|n| draft(source, n + task * 5)).collect();
                    tokio::spawn(async move { store.insert_articles(drafts, None).await })
                })
                .collect();
            for task in tasks {
                task.await.expect("ran").expect("inserted");
            }
            assert_dense(&world, source, 65).await;
            other.close().await;
        });
    }
}

async fn assert_dense(world: &World, source: SourceId, expected: i64) {
    assert_eq!(world.count("article").await, expected);
    let sql = world.store.sql("SELECT MIN(id), MAX(id) FROM article");
    let row = world.store.one("looking", sql).await.expect("read").expect("a row");
    assert_eq!(row.try_get_by_index::<i64>(0).expect("number"), 1);
    assert_eq!(row.try_get_by_index::<i64>(1).expect("number"), expected);
    let sql = world.store.sql("SELECT article_count FROM source WHERE id = ?").with(source.0);
    let row = world.store.one("looking", sql).await.expect("read").expect("a row");
    assert_eq!(row.try_get_by_index::<i64>(0).expect("number"), expected);
}

#[test]
fn any_sequence_of_inserts_leaves_what_a_map_would() {
    for world in worlds("any_sequence_of_inserts_leaves_what_a_map_would") {
        let batches =
            prop::collection::vec(prop::collection::vec((0..12_u64, 0..3_u64), 1..15), 1..6);
        let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
        let case = std::cell::Cell::new(0_u64);
        let total = std::cell::Cell::new(0_i64);
        runner
            .run(&batches, |batches| {
                case.set(case.get() + 1);
                world.run(async {
                    let source = world.source(&format!("case{}", case.get())).await;
                    let mut known = HashMap::<u64, (ArticleId, u64)>::new();
                    for batch in batches {
                        let drafts = batch.iter().map(|(number, content)| {
                            let mut draft = draft(source, *number);
                            draft.content_hash = *content;
                            draft
                        });
                        let outcomes = world.store.insert_articles(drafts.collect(), None).await;
                        let mut seen = std::collections::HashSet::new();
                        for ((number, content), outcome) in
                            batch.iter().zip(outcomes.expect("inserted"))
                        {
                            let id = outcome.article_id();
                            match known.get(number).copied() {
                                None => {
                                    assert!(matches!(outcome, InsertOutcome::Inserted(_)));
                                    total.set(total.get() + 1);
                                    known.insert(*number, (id, *content));
                                }
                                // Within one call the first one counts.
                                Some((before, _)) if seen.contains(number) => {
                                    assert_eq!(outcome, InsertOutcome::Known(before));
                                }
                                Some((before, stored)) if stored == *content => {
                                    assert_eq!(outcome, InsertOutcome::Known(before));
                                }
                                Some((before, _)) => {
                                    assert_eq!(outcome, InsertOutcome::Updated(before));
                                    known.insert(*number, (before, *content));
                                }
                            }
                            seen.insert(*number);
                        }
                    }
                    assert_eq!(world.count("article").await, total.get());
                    let sql =
                        world.store.sql("SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM article");
                    let row = world.store.one("looking", sql).await.expect("read").expect("row");
                    assert_eq!(row.try_get_by_index::<i64>(0).expect("number"), total.get());
                });
                Ok(())
            })
            .expect("holds");
    }
}

#[test]
fn old_articles_go_saved_ones_stay_and_none_comes_back_as_new() {
    for world in worlds("old_articles_go_saved_ones_stay_and_none_comes_back_as_new") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2, 3]).await;
            let events = vec![
                event(reader, EventKind::Save, EventTarget::Article(ids[1])),
                event(reader, EventKind::Read, EventTarget::Article(ids[0])),
            ];
            world.store.append_events(reader, events, None).await.expect("marked");
            let before = START.plus(Duration::from_secs(1));
            assert_eq!(
                world.store.remove_articles_older_than(before, 10).await.expect("removed"),
                2
            );
            assert_eq!(world.store.remove_articles_older_than(before, 10).await.expect("none"), 0);
            let left = world
                .store
                .articles(reader, ArticleFilter { limit: 9, ..Default::default() })
                .await;
            assert_eq!(
                left.expect("listed").iter().map(|row| row.id).collect::<Vec<_>>(),
                [ids[1]]
            );
            assert_eq!(world.store.subscriptions(reader).await.expect("read")[0].unread, 1);
            assert_eq!(world.count("story").await, 1);
            assert_eq!(world.count("article_search").await, 1);
            let again =
                world.store.insert_articles(vec![draft(source, 1)], None).await.expect("known");
            assert_eq!(again, [InsertOutcome::Known(ids[0])]);
            assert_eq!(world.count("article").await, 1);
        });
    }
}

#[test]
fn what_a_source_has_already_is_told_without_a_writer() {
    for world in worlds("what_a_source_has_already_is_told_without_a_writer") {
        world.run(async {
            let (one, two) = (world.source("one").await, world.source("two").await);
            world.insert(vec![draft(one, 1), draft(one, 2), draft(two, 3)]).await;
            let hash = |number| draft(one, number).identity.hash;
            let asked = [hash(1), hash(2), hash(3), hash(4)];
            let known = world.store.known_identities(one, &asked).await.expect("asked");
            assert_eq!(known, [hash(1), hash(2)].into_iter().collect());
            let none = world.store.known_identities(one, &[]).await.expect("asked");
            assert!(none.is_empty());
        });
    }
}
