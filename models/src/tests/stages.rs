//! The way through the stages: claims, understanding, stories.

use super::world::{START, draft, understanding, worlds};
use crate::{IndexEntry, PlacementRow, PlacementStory, StageCounts};
use autoglm_domain::{ArticleId, ArticleStage, Incarnation, StoryId, Timestamp};
use std::time::Duration;

const LEASE: Duration = Duration::from_mins(1);

fn entry(article_id: ArticleId) -> IndexEntry {
    IndexEntry { article_id, tokens: "word".into() }
}

fn placement(article_id: ArticleId, story: PlacementStory) -> PlacementRow {
    PlacementRow { article_id, story, strand: None, duplicate_of: None }
}

#[test]
fn a_claim_is_exclusive_until_it_runs_out_or_is_released() {
    for world in worlds("a_claim_is_exclusive_until_it_runs_out_or_is_released") {
        world.run(async {
            let source = world.source("one").await;
            let drafts = (1..=5).map(|number| draft(source, number)).collect();
            world.store.insert_articles(drafts, Some("00-trace".into())).await.expect("inserted");
            let claim = async |limit, who| {
                let claimed = world
                    .store
                    .claim_articles(ArticleStage::Stored, limit, LEASE, Incarnation(who))
                    .await;
                claimed.expect("claimed")
            };
            let ids = |claimed: &[crate::ClaimedArticle]| {
                claimed.iter().map(|one| one.id.0).collect::<Vec<_>>()
            };
            let first = claim(3, 1).await;
            assert_eq!(ids(&first), [1, 2, 3]);
            assert_eq!(first[0].content_text, "Text 1");
            assert_eq!(first[0].trace_parent.as_deref(), Some("00-trace"));
            assert_eq!(first[0].minhash, draft(source, 1).minhash);
            assert_eq!(ids(&claim(9, 2).await), [4, 5]);
            assert!(claim(9, 3).await.is_empty());
            assert_eq!(world.store.release_claims(Incarnation(2)).await.expect("released"), 2);
            assert_eq!(ids(&claim(9, 3).await), [4, 5]);
            world.store.finish_index(vec![entry(first[0].id)]).await.expect("indexed");
            world.clock.advance(LEASE);
            assert_eq!(ids(&claim(9, 4).await), [2, 3, 4, 5]);
            let none =
                world.store.claim_articles(ArticleStage::Placed, 1, LEASE, Incarnation(1)).await;
            assert!(none.is_err());
        });
    }
}

#[test]
fn an_article_that_changed_under_the_work_is_worked_on_again() {
    for world in worlds("an_article_that_changed_under_the_work_is_worked_on_again") {
        world.run(async {
            let source = world.source("one").await;
            let id = world.insert(vec![draft(source, 1)]).await[0];
            world
                .store
                .claim_articles(ArticleStage::Stored, 9, LEASE, Incarnation(1))
                .await
                .expect("claimed");
            let mut changed = draft(source, 1);
            changed.content_hash = 1;
            world.insert(vec![changed]).await;
            world.store.finish_index(vec![entry(id)]).await.expect("of the old text");
            let counts = world.store.stage_counts().await.expect("counted");
            assert_eq!(counts, StageCounts { stored: 1, ..StageCounts::default() });
            let again =
                world.store.claim_articles(ArticleStage::Stored, 9, LEASE, Incarnation(1)).await;
            assert_eq!(again.expect("claimed").len(), 1);
            world.store.finish_index(vec![entry(id)]).await.expect("of the new text");
            let counts = world.store.stage_counts().await.expect("counted");
            assert_eq!(counts, StageCounts { indexed: 1, ..StageCounts::default() });
        });
    }
}

#[test]
fn the_oldest_article_that_waits_to_be_understood_is_found_at_either_stage() {
    for world in worlds("the_oldest_article_that_waits_to_be_understood_is_found_at_either_stage") {
        world.run(async {
            let oldest = async || world.store.oldest_not_understood().await.expect("looked");
            assert_eq!(oldest().await, None);
            let source = world.source("one").await;
            let first = draft(source, 1);
            let then = first.fetched_at;
            let mut second = draft(source, 2);
            second.fetched_at = then.plus(Duration::from_secs(60));
            let ids = world.insert(vec![first, second]).await;
            assert_eq!(oldest().await, Some(then));
            world
                .store
                .claim_articles(ArticleStage::Stored, 1, LEASE, Incarnation(1))
                .await
                .expect("claimed");
            world.store.finish_index(vec![entry(ids[0])]).await.expect("indexed");
            assert_eq!(oldest().await, Some(then), "it is still not understood");
        });
    }
}

#[expect(clippy::too_many_lines, reason = "one story told from begin to end")]
#[test]
fn placing_makes_stories_with_right_numbers_and_twice_changes_nothing() {
    for world in worlds("placing_makes_stories_with_right_numbers_and_twice_changes_nothing") {
        world.run(async {
            let (one, two) = (world.source("one").await, world.source("two").await);
            let reader = world.reader_of(one).await;
            world.store.subscribe(reader, two, None, None).await.expect("subscribed");
            let ids = world.insert(vec![draft(one, 1), draft(two, 2), draft(one, 3)]).await;
            world
                .store
                .finish_index(ids.iter().map(|id| entry(*id)).collect())
                .await
                .expect("indexed");
            let mut readings: Vec<_> = ids.iter().map(|id| understanding(*id)).collect();
            readings.push(understanding(ArticleId(99)));
            assert_eq!(world.store.store_understandings(readings).await.expect("saved"), 3);
            let waiting = world
                .store
                .claim_articles(ArticleStage::Understood, 9, LEASE, Incarnation(1))
                .await;
            assert!(waiting.expect("claimed").iter().all(|one| one.embedding.is_some()));
            let new = |key| PlacementStory::New { key };
            let mut rows = vec![
                placement(ids[0], new(7)),
                placement(ids[1], new(7)),
                placement(ids[2], new(8)),
            ];
            rows[1].duplicate_of = Some(ids[0]);
            let placed = world.store.place_articles(rows.clone(), None).await.expect("placed");
            let expected = [(ids[0], StoryId(1)), (ids[1], StoryId(1)), (ids[2], StoryId(2))];
            assert_eq!(placed, expected);
            assert_eq!(world.store.place_articles(rows, None).await.expect("again"), expected);
            let story =
                world.store.story(reader, StoryId(1)).await.expect("read").expect("exists").story;
            assert_eq!((story.article_count, story.source_count), (2, 2));
            assert_eq!((story.representative, story.title.as_str()), (ids[0], "Article 1"));
            assert!(story.first_at < story.last_at);
            let statistics = world.store.statistics().await.expect("numbers");
            assert_eq!((statistics.stories, statistics.understood, statistics.backlog), (2, 3, 0));
            let window = world.store.newest_placed(10).await.expect("read");
            assert_eq!(window.len(), 3);
            assert!(
                window
                    .iter()
                    .all(|row| row.embedding.is_some() && row.article.placed_at == Some(START))
            );
            let counts: Vec<_> = window.iter().map(|row| row.source_count).collect();
            assert_eq!(counts, [1, 2, 2]);
            assert_eq!(world.store.placed_since(START, 10).await.expect("read"), ids);
            assert!(
                world
                    .store
                    .placed_since(Timestamp(START.0 + 1), 10)
                    .await
                    .expect("read")
                    .is_empty()
            );
            assert_eq!(world.store.placed_articles(&ids[1..]).await.expect("read").len(), 2);
            let members = world.store.recent_story_members(Timestamp(0), 10).await.expect("read");
            assert_eq!(members.len(), 3);
            assert_eq!(
                (members[1].duplicate_of, members[1].lead.as_str()),
                (Some(ids[0]), "Text 2")
            );
        });
    }
}

#[test]
fn an_article_joins_an_existing_story_and_a_vanished_one_becomes_new() {
    for world in worlds("an_article_joins_an_existing_story_and_a_vanished_one_becomes_new") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            world.placed(source, &[1]).await;
            let ids = world.insert(vec![draft(source, 2), draft(source, 3)]).await;
            let rows = vec![
                placement(ids[0], PlacementStory::Existing(StoryId(1))),
                placement(ids[1], PlacementStory::Existing(StoryId(77))),
                placement(ArticleId(99), PlacementStory::Existing(StoryId(1))),
            ];
            let placed = world.store.place_articles(rows, None).await.expect("placed");
            assert_eq!(placed, [(ids[0], StoryId(1)), (ids[1], StoryId(2))]);
            let story = world.store.story(reader, StoryId(1)).await.expect("read").expect("exists");
            assert_eq!((story.story.article_count, story.story.source_count), (2, 1));
        });
    }
}

#[test]
fn profiles_and_popularity_come_back_as_they_were_saved() {
    for world in worlds("profiles_and_popularity_come_back_as_they_were_saved") {
        world.run(async {
            let reader = world.store.ensure_local_reader().await.expect("reader").id;
            assert!(world.store.load_profile(reader).await.expect("read").is_none());
            world.store.save_profile(reader, vec![1, 2], 3, 10, None).await.expect("saved");
            world.store.save_profile(reader, vec![9], 3, 4, None).await.expect("older, ignored");
            let profile = world.store.load_profile(reader).await.expect("read").expect("exists");
            assert_eq!(
                (profile.bytes, profile.version, profile.last_event_seq),
                (vec![1, 2], 3, 10)
            );
            assert!(world.store.load_popularity().await.expect("read").is_none());
            world.store.save_popularity(vec![5], None).await.expect("saved");
            assert_eq!(world.store.load_popularity().await.expect("read"), Some(vec![5]));
        });
    }
}
