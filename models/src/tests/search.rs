//! Search in English and Chinese.

use super::world::{World, draft, worlds};
use crate::{IndexEntry, segmentation};
use autoglm_domain::{ArticleId, ReaderId};

async fn indexed(world: &World) -> (ReaderId, Vec<ArticleId>) {
    let source = world.source("one").await;
    let reader = world.reader_of(source).await;
    let texts = [
        "OpenAI releases a new model for chips",
        "中国的人工智能产业正在采购新的芯片",
        "Chips are cheap, say farmers in Peru",
        "量子计算的研究者获奖",
    ];
    let ids =
        world.insert((1..).zip(texts).map(|(number, _)| draft(source, number)).collect()).await;
    let entries = ids
        .iter()
        .zip(texts)
        .map(|(id, text)| IndexEntry { article_id: *id, tokens: segmentation::tokens(&[text]) });
    assert_eq!(world.store.finish_index(entries.clone().collect()).await.expect("indexed"), 4);
    assert_eq!(world.store.finish_index(entries.collect()).await.expect("indexed again"), 4);
    (reader, ids)
}

#[test]
fn words_are_found_in_english_and_chinese_newest_first() {
    for world in worlds("words_are_found_in_english_and_chinese_newest_first") {
        world.run(async {
            let (reader, ids) = indexed(&world).await;
            let found = async |query: &str| {
                let rows = world.store.search(reader, query, None, 10).await.expect("searched");
                rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
            };
            assert_eq!(found("chips").await, [ids[2], ids[0]]);
            assert_eq!(found("CHIPS openai").await, [ids[0]]);
            assert_eq!(found("芯片").await, [ids[1]]);
            assert_eq!(found("人工智能").await, [ids[1]]);
            assert_eq!(found("人工智能 芯片").await, [ids[1]]);
            assert_eq!(found("量子").await, [ids[3]]);
            assert!(found("足球").await.is_empty());
            let first = world.store.search(reader, "chips", None, 1).await.expect("searched");
            let cursor = first.last().map(|row| (row.sort_at, row.id));
            let rest = world.store.search(reader, "chips", cursor, 10).await.expect("searched");
            assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[0]]);
        });
    }
}

#[test]
fn a_query_is_never_more_than_words() {
    for world in worlds("a_query_is_never_more_than_words") {
        world.run(async {
            let (reader, _) = indexed(&world).await;
            let nasty = [
                "\"",
                "chips\" OR \"openai",
                "tokens:chips",
                "chips*",
                "NEAR(chips model)",
                "^chips",
                "-chips",
                "' OR 1=1 --",
                "chips AND",
                "{}",
                "\0",
                "a\0b",
                "((((",
                "芯片\"*",
                "NOT",
                "😀",
            ];
            for query in nasty {
                let found = world.store.search(reader, query, None, 10).await;
                assert!(found.is_ok(), "{query}: {found:?}");
            }
            let long = "chips ".repeat(10_000);
            assert_eq!(world.store.search(reader, &long, None, 10).await.expect("cut").len(), 2);
        });
    }
}

#[test]
fn a_changed_text_is_found_by_its_new_words_only() {
    for world in worlds("a_changed_text_is_found_by_its_new_words_only") {
        world.run(async {
            let (reader, ids) = indexed(&world).await;
            let entry =
                IndexEntry { article_id: ids[0], tokens: segmentation::tokens(&["about whales"]) };
            let gone = IndexEntry { article_id: ArticleId(999), tokens: "x".into() };
            assert_eq!(world.store.finish_index(vec![entry, gone]).await.expect("indexed"), 1);
            assert_eq!(
                world.store.search(reader, "whales", None, 10).await.expect("searched").len(),
                1
            );
            assert!(
                world.store.search(reader, "openai", None, 10).await.expect("searched").is_empty()
            );
        });
    }
}
