//! What articles name: found, counted and forgotten, each reader for themselves.

use super::world::{draft, entity, new_source, understanding, worlds};
use crate::{ArticleFilter, EntityFilter, EntityRow, NewSource, SourceOrigin};
use autoglm_domain::{EntityKind, Language, Private, SourceRequest, Timestamp, Understanding};
use std::time::Duration;

fn all() -> EntityFilter {
    EntityFilter { limit: 50, ..EntityFilter::default() }
}

fn found(rows: &[EntityRow]) -> Vec<(&str, i64)> {
    rows.iter().map(|row| (row.key.as_str(), row.articles)).collect()
}

#[test]
fn articles_carry_what_they_name_and_are_found_by_it() {
    for world in worlds("articles_carry_what_they_name_and_are_found_by_it") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2, 3]).await;
            let list = async |key: &str| {
                let filter = ArticleFilter {
                    entity: Some(key.into()),
                    limit: 10,
                    ..ArticleFilter::default()
                };
                world.store.articles(reader, filter).await.expect("listed")
            };
            let page = list("nvidia").await;
            assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[2], ids[1], ids[0]]);
            assert_eq!(page[0].entities[0], entity("nvidia", "Nvidia", EntityKind::Company));
            assert_eq!(page[0].entities[1].name, "A thing", "without what PostgreSQL refuses");
            assert_eq!(page[0].keywords, ["chips"]);
            let second = list(&format!("thing-{}", ids[1])).await;
            assert_eq!(second.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[1]]);
            assert!(list("nvidia' OR 1=1 --").await.is_empty());
        });
    }
}

#[test]
fn another_reading_replaces_what_an_article_is_found_by() {
    for world in worlds("another_reading_replaces_what_an_article_is_found_by") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2]).await;
            let newer = |version: &str, key: &str| Understanding {
                model_version: version.into(),
                entities: vec![
                    entity(key, key, EntityKind::Place),
                    entity(key, key, EntityKind::Person),
                ],
                ..understanding(ids[0])
            };
            world.store.store_understandings(vec![newer("new", "oslo")]).await.expect("saved");
            let rows = world.store.entities(reader, all()).await.expect("counted");
            let oslo = rows.iter().find(|row| row.key == "oslo").expect("named");
            assert_eq!((oslo.kind, oslo.articles), (EntityKind::Place, 1), "the first of two");
            let nvidia = rows.iter().find(|row| row.key == "nvidia").expect("named");
            assert_eq!(nvidia.articles, 1);
            // A candidate's reading is found only after the change-over.
            let beside = vec![newer("next", "bergen")];
            world.store.store_readings_beside(beside).await.expect("saved");
            let keys = async || {
                let rows = world.store.entities(reader, all()).await.expect("counted");
                rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
            };
            assert!(!keys().await.contains(&"bergen".to_owned()));
            assert_eq!(world.store.change_over("next", 10).await.expect("changed"), 1);
            let keys = keys().await;
            assert!(keys.contains(&"bergen".to_owned()) && !keys.contains(&"oslo".to_owned()));
        });
    }
}

#[test]
fn entities_are_counted_by_name_key_and_time_and_go_with_their_articles() {
    for world in worlds("entities_are_counted_by_name_key_and_time_and_go_with_their_articles") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2]).await;
            let count = async |filter: EntityFilter| {
                world.store.entities(reader, filter).await.expect("counted")
            };
            let rows = count(all()).await;
            assert_eq!(found(&rows)[0], ("nvidia", 2));
            assert_eq!(rows.len(), 3);
            let part = |text: &str| EntityFilter { part: Some(text.into()), ..all() };
            assert_eq!(found(&count(part("NVID")).await), [("nvidia", 2)]);
            assert_eq!(count(part("a thing")).await.len(), 2);
            assert!(count(part("%")).await.is_empty() && count(part("_")).await.is_empty());
            let called = EntityFilter { part_key: Some("nvidia".into()), ..part("英伟达") };
            assert_eq!(found(&count(called).await), [("nvidia", 2)]);
            let key = format!("thing-{}", ids[0]);
            let by_key = EntityFilter { key: Some(key.clone()), ..all() };
            assert_eq!(found(&count(by_key).await), [(key.as_str(), 1)]);
            assert_eq!(count(EntityFilter { limit: 1, ..all() }).await.len(), 1);
            let later = EntityFilter { since: Timestamp(i64::MAX), ..all() };
            assert!(count(later).await.is_empty());
            let end = world.store.now().plus(Duration::from_hours(24 * 400));
            while world.store.remove_articles_older_than(end, 100).await.expect("removed") > 0 {}
            let sql = world.store.sql("SELECT COUNT(*) AS n FROM article_entity");
            let row = world.store.one("counting", sql).await.expect("counted").expect("a row");
            assert_eq!(row.try_get::<i64>("", "n").expect("a number"), 0);
        });
    }
}

#[test]
fn what_anothers_own_source_names_is_told_to_nobody_else() {
    for world in worlds("what_anothers_own_source_names_is_told_to_nobody_else") {
        world.run(async {
            let shared = world.source("one").await;
            let me = world.reader_of(shared).await;
            let other = world.store.add_reader("other", Language::CHINESE).await.expect("added").id;
            let private = Some(Private { owner: other, request: SourceRequest::default() });
            let theirs = NewSource { private, ..new_source("two", SourceOrigin::Reader) };
            let theirs = world.store.add_source(theirs).await.expect("added").source.id;
            world.store.subscribe(other, theirs, None, None).await.expect("subscribed");
            let ids = world.insert(vec![draft(theirs, 7)]).await;
            let secret = Understanding {
                entities: vec![entity("secret", "Secret", EntityKind::Company)],
                ..understanding(ids[0])
            };
            world.store.store_understandings(vec![secret]).await.expect("saved");
            let by_key = EntityFilter { key: Some("secret".into()), ..all() };
            for filter in [all(), by_key, EntityFilter { part: Some("sec".into()), ..all() }] {
                assert!(
                    world.store.entities(me, filter.clone()).await.expect("counted").is_empty()
                );
                assert_eq!(world.store.entities(other, filter).await.expect("counted").len(), 1);
            }
            let listed = async |reader| {
                let entity = Some("secret".to_owned());
                let filter = ArticleFilter { entity, limit: 10, ..ArticleFilter::default() };
                world.store.articles(reader, filter).await.expect("listed").len()
            };
            assert_eq!((listed(me).await, listed(other).await), (0, 1));
        });
    }
}
