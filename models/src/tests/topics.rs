//! Lists of topics, sorting by them, and readers' own topics.

use super::world::{World, understanding, worlds};
use crate::rows::{SortedArticle, TopicListOrigin};
use crate::{ArticleFilter, Error};
use autoglm_domain::{
    ArticleId, Language, ReaderId, ReaderTopicId, ReaderTopicText, TopicDefinition,
    TopicDescription, TopicScore, TopicWidth, Understanding,
};

fn topic(key: &str) -> TopicDefinition {
    TopicDefinition {
        key: key.into(),
        en: "Name".into(),
        zh: "名称".into(),
        description: TopicDescription::default(),
        seeds: vec!["word".into()],
    }
}

fn scores(topics: &[&str]) -> Vec<TopicScore> {
    topics.iter().map(|name| TopicScore { name: (*name).into(), score: 0.5 }).collect()
}

async fn keys(world: &World) -> Option<(TopicListOrigin, Vec<String>)> {
    let row = world.store.topic_list().await.expect("read")?;
    Some((row.origin, row.topics.into_iter().map(|topic| topic.key).collect()))
}

#[test]
fn the_operators_list_goes_before_the_files_and_gives_way_to_it_again() {
    use TopicListOrigin::{Config, Page};
    for world in worlds("the operator's list of topics") {
        world.run(async {
            let save = |origin, topics: Option<Vec<_>>| world.store.save_topic_list(origin, topics);
            assert_eq!(keys(&world).await, None);
            save(Config, Some(vec![topic("file")])).await.expect("saved");
            assert_eq!(keys(&world).await, Some((Config, vec!["file".into()])));
            save(Page, Some(vec![topic("page")])).await.expect("saved");
            save(Config, Some(vec![topic("another_file")])).await.expect("saved");
            assert_eq!(keys(&world).await, Some((Page, vec!["page".into()])));
            save(Page, None).await.expect("forgotten");
            assert_eq!(keys(&world).await, Some((Config, vec!["another_file".into()])));
            save(Config, None).await.expect("forgotten");
            assert_eq!(keys(&world).await, None);
            let refused = save(Page, Some(vec![topic("a"), topic("a")])).await;
            assert!(matches!(refused, Err(Error::Invalid(text)) if text.contains("\"a\"")));
        });
    }
}

async fn found(world: &World, reader: ReaderId, topic: &str) -> Vec<ArticleId> {
    let filter = ArticleFilter { topic: Some(topic.into()), limit: 50, ..ArticleFilter::default() };
    let rows = world.store.articles(reader, filter).await.expect("read");
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn articles_of_another_list_are_sorted_again_newest_first_and_only_their_topics_change() {
    for world in worlds("sorting articles again") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2, 3]).await;
            let version = understanding(ids[0]).model_version;
            let before: Vec<Understanding> = ids.iter().map(|id| understanding(*id)).collect();
            world.store.store_understandings(before.clone()).await.expect("saved");
            let waiting = || world.store.count_unsorted(&version, 7);
            assert_eq!(waiting().await.expect("counted"), 3);
            let unsorted = |below| world.store.unsorted_by(&version, 7, below, 2);
            let first = unsorted(None).await.expect("read");
            let newest: Vec<ArticleId> = first.iter().map(|one| one.id).collect();
            assert_eq!(newest, [ids[2], ids[1]]);
            assert_eq!(first[0].topics, before[0].topics);
            assert_eq!(unsorted(Some(ids[1])).await.expect("read")[0].id, ids[0]);
            // Of another version, or by the list already, there is nothing to do.
            let nothing = world.store.unsorted_by("other-1", 7, None, 9).await.expect("read");
            assert!(nothing.is_empty());

            let changed = |id, topics: &[&str], is_changed| SortedArticle {
                id,
                topics: scores(topics),
                is_changed,
            };
            let sorted = vec![
                changed(ids[2], &["fusion"], true),
                changed(ids[1], &["fusion"], false),
                changed(ArticleId(99_999), &["fusion"], true),
            ];
            let saved = world.store.store_sorted(&version, 7, sorted).await.expect("saved");
            assert_eq!(saved, 2);
            assert_eq!(found(&world, reader, "fusion").await, [ids[2]]);
            assert_eq!(waiting().await.expect("counted"), 1);
            let left = unsorted(None).await.expect("read");
            assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[0]]);
            let told = world.store.sorted_since(super::world::START).await.expect("read");
            assert_eq!(told.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[2]]);
            let row = &world.store.placed_articles(&[ids[2]]).await.expect("read")[0];
            assert_eq!(row.embedding.as_ref(), Some(&before[2].embedding));
            assert_eq!(row.article.summary, before[2].summary);
            assert_eq!(row.article.topics[0].name, "fusion");
        });
    }
}

fn text(name: &str) -> ReaderTopicText {
    ReaderTopicText {
        name: name.into(),
        description: "Plasma 等离子体".into(),
        seeds: vec!["tokamak".into(), "聚变".into()],
        width: TopicWidth::Wide,
    }
}

#[test]
fn a_readers_topics_are_that_readers_alone() {
    for world in worlds("readers' topics") {
        world.run(async {
            let source = world.source("one").await;
            let ada = world.reader_of(source).await;
            let eve = world.store.add_reader("eve", Language::ENGLISH).await.expect("added").id;
            let save =
                |reader, id, name: &str| world.store.save_reader_topic(reader, id, text(name));
            let made = save(ada, None, "Fusion").await.expect("saved");
            let all = world.store.reader_topics(ada).await.expect("read");
            assert_eq!(all, std::slice::from_ref(&made));
            assert!(world.store.reader_topics(eve).await.expect("read").is_empty());
            assert_eq!(world.store.reader_topic(eve, made.id).await.expect("read"), None);
            let others = save(eve, Some(made.id), "Mine now").await;
            assert!(matches!(others, Err(Error::NotFound(_))), "{others:?}");
            let removed = world.store.remove_reader_topic(eve, made.id).await;
            assert!(matches!(removed, Err(Error::NotFound(_))), "{removed:?}");
            let again = save(ada, None, "Fusion").await;
            assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
            let changed = save(ada, Some(made.id), "Fusion power").await.expect("changed");
            assert_eq!((changed.id, changed.text.name.as_str()), (made.id, "Fusion power"));
            let read = world.store.reader_topic(ada, made.id).await.expect("read");
            assert_eq!(read, Some(changed));
            world.store.remove_reader_topic(ada, made.id).await.expect("removed");
            assert!(world.store.reader_topics(ada).await.expect("read").is_empty());
        });
    }
}

#[test]
fn a_reader_has_fifty_topics_at_most() {
    let world = super::world::sqlite();
    world.run(async {
        let source = world.source("one").await;
        let reader = world.reader_of(source).await;
        for number in 0..50 {
            let name = format!("Topic {number}");
            world.store.save_reader_topic(reader, None, text(&name)).await.expect("saved");
        }
        let refused = world.store.save_reader_topic(reader, None, text("One more")).await;
        assert!(matches!(refused, Err(Error::Conflict(text)) if text.contains("50")));
        let missing = world.store.save_reader_topic(reader, Some(ReaderTopicId(777)), text("x"));
        assert!(matches!(missing.await, Err(Error::NotFound(_))));
    });
}

#[test]
fn a_list_can_be_narrowed_to_articles_by_id() {
    for world in worlds("a list of certain articles") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2, 3, 4]).await;
            let wanted = vec![ids[3], ids[1], ArticleId(99_999)];
            let list = |only| {
                let filter = ArticleFilter { only, limit: 50, ..ArticleFilter::default() };
                world.store.articles(reader, filter)
            };
            let found = list(Some(wanted)).await.expect("read");
            let mut found: Vec<ArticleId> = found.into_iter().map(|row| row.id).collect();
            found.sort_unstable();
            assert_eq!(found, [ids[1], ids[3]]);
            assert!(list(Some(Vec::new())).await.expect("read").is_empty());
        });
    }
}
