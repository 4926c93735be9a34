//! Lists as one reader sees them, over a real store.

use super::*;
use crate::testing_readers::{House, event, source};
use autoglm_domain::{
    Embedding, Entity, EntityKind, EventKind, Language, QuantizedEmbedding, ReaderTopicText,
    Understanding,
};

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let house = House::new().await;
    let followed = house.followed(1).await;
    let mut expected = Vec::new();
    for number in 1..=7 {
        expected.push(house.place(followed, number, 3).await);
    }
    expected.reverse();
    let (mut found, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let query = ArticleQuery { limit: 3, cursor, ..ArticleQuery::default() };
        let page = house.library.articles(house.reader, query).await.expect("a page");
        found.extend(page.items.iter().map(|article| article.id));
        pages += 1;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((found, pages), (expected, 3));
}

#[tokio::test]
async fn a_reader_sees_only_their_own_sources_and_marks() {
    let house = House::new().await;
    let (mine, other) = (house.followed(1).await, source(&house.store, 2).await);
    let article = house.place(mine, 1, 3).await;
    let hidden = house.place(other, 2, 3).await;
    let saved = event(house.reader, EventKind::Save, article);
    house.readers.append_events(house.reader, vec![saved]).await.expect("durable");
    let detail = house.library.article(house.reader, article).await.expect("mine");
    assert!(detail.article.marks.saved);
    let refused = house.library.article(house.reader, hidden).await;
    assert_eq!(refused.expect_err("not mine").kind, FaultKind::NotFound);
    let refused = house.library.source(house.reader, other).await;
    assert_eq!(refused.expect_err("not mine").kind, FaultKind::NotFound);
    let neighbour = house.store.add_reader("neighbour", Language::ENGLISH).await.expect("one").id;
    let page = house.library.articles(neighbour, ArticleQuery::default()).await.expect("a page");
    assert_eq!(page.items, []);
    let views = house.library.articles_by_ids(house.reader, &[article, hidden]).await;
    assert_eq!(views.expect("views").keys().collect::<Vec<_>>(), [&article]);
}

#[tokio::test]
async fn words_find_articles_and_strange_cursors_are_refused() {
    let house = House::new().await;
    let followed = house.followed(1).await;
    let article = house.place(followed, 42, 3).await;
    let page = house.library.search(house.reader, "42", 10, None).await.expect("a page");
    assert_eq!(page.items.iter().map(|one| one.id).collect::<Vec<_>>(), [article]);
    let empty = house.library.search(house.reader, "  ", 10, None).await.expect("a page");
    assert_eq!(empty.items, []);
    for cursor in ["", "0", "';--", &"a".repeat(38)] {
        let answer = house.library.search(house.reader, "x", 10, Some(cursor.to_owned())).await;
        assert_eq!(answer.expect_err(cursor).kind, FaultKind::Invalid);
    }
}

#[tokio::test]
async fn the_lists_of_sources_and_stories_and_the_figures_agree() {
    let house = House::new().await;
    let followed = house.followed(1).await;
    let article = house.place(followed, 1, 3).await;
    let sources = house.library.sources(house.reader).await.expect("sources");
    assert_eq!((sources.len(), sources[0].unread), (1, 1));
    let stories = house.library.stories(house.reader, 10, None).await.expect("stories");
    assert!(stories.items.is_empty(), "one article is no story to list");
    let detail = house.library.article(house.reader, article).await.expect("the article");
    let story = detail.article.story_id.expect("placed");
    let story = house.library.story(house.reader, story).await.expect("reached from the article");
    assert_eq!((story.story.representative, story.articles), (article, vec![article]));
    let figures = house.library.statistics().await.expect("figures");
    assert_eq!((figures.sources, figures.articles_stored, figures.stories), (1, 1, 1));
    let reader = house.library.reader(house.reader).await.expect("me");
    assert_eq!(reader.id, house.reader);
}

#[tokio::test]
async fn readers_see_the_common_topics_and_their_own_and_nobody_elses() {
    let house = House::new().await;
    let text = ReaderTopicText { name: "Fusion".to_owned(), ..ReaderTopicText::default() };
    let made = house.store.save_reader_topic(house.reader, None, text).await.expect("made");
    let topics = house.library.topics(house.reader).await.expect("topics");
    assert_eq!(topics[0].key, "world");
    let own = topics.last().expect("one");
    assert_eq!((own.key.clone(), own.english.as_str()), (made.id.to_string(), "Fusion"));
    let neighbour = house.store.add_reader("neighbour", Language::ENGLISH).await.expect("one").id;
    let others = house.library.topics(neighbour).await.expect("topics");
    assert!(others.iter().all(|topic| topic.own.is_none()));
    let query = ArticleQuery { topic: Some(made.id.to_string()), ..ArticleQuery::default() };
    let refused = house.library.articles(neighbour, query.clone()).await.expect_err("not theirs");
    assert_eq!(refused.kind, FaultKind::NotFound);
    // Its own reader is told that nobody makes vectors, instead of seeing an empty list.
    let fault = house.library.articles(house.reader, query).await.expect_err("no pool");
    assert!(fault.is_retryable(), "{fault}");
}

#[tokio::test]
async fn an_entity_has_its_names_in_both_languages_and_only_the_readers_articles_tell_of_others() {
    let house = House::new().await;
    let (mine, other) = (house.followed(1).await, source(&house.store, 2).await);
    let named = async |number: u64, source, key: &str| {
        let article = house.place(source, number, 3).await;
        let entity = Entity {
            key: key.to_owned(),
            name: key.to_uppercase(),
            kind: EntityKind::Company,
            count: 1,
        };
        let reading = Understanding {
            article_id: article,
            model_version: "new-1".to_owned(),
            embedding: QuantizedEmbedding::from_embedding(&Embedding::zero()),
            topics: Vec::new(),
            topic_list: 0,
            summary: String::new(),
            entities: vec![entity],
            keywords: Vec::new(),
        };
        house.store.store_understandings(vec![reading]).await.expect("saved");
    };
    named(1, mine, "nvidia").await;
    named(2, other, "secret").await;
    let listed = house.library.entities(house.reader, None, 0).await.expect("a list");
    assert_eq!(
        listed.iter().map(|one| (one.key.as_str(), one.articles)).collect::<Vec<_>>(),
        [("nvidia", 1)]
    );
    for part in ["NVID", " 英伟达 "] {
        let found = house.library.entities(house.reader, Some(part.to_owned()), 5).await;
        assert_eq!(found.expect("a list"), listed, "{part}");
    }
    let nvidia = house.library.entity(house.reader, "nvidia").await.expect("known");
    assert_eq!(
        (nvidia.english.as_deref(), nvidia.chinese.as_deref()),
        (Some("Nvidia"), Some("英伟达"))
    );
    let tokyo = house.library.entity(house.reader, "tokyo").await.expect("known to everybody");
    assert_eq!((tokyo.articles, tokyo.name.as_str()), (0, "Tokyo"));
    let refused = house.library.entity(house.reader, "secret").await;
    assert_eq!(refused.expect_err("not mine").kind, FaultKind::NotFound);
}
