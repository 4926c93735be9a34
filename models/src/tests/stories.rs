//! The operator's decisions about stories: what moves, what is remembered, what is refused.

use super::world::{World, draft, sqlite, worlds};
use crate::{
    DecisionKind, Error, NamedArticle, PlacementRow, PlacementStory, StatementRow, StoryRelation,
};
use autoglm_domain::{ArticleId, StoryId, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

async fn merge(world: &World, stories: &[StoryId]) -> crate::Result<crate::Rearranged> {
    world.store.merge_stories(stories, "operator", None).await
}

async fn split(
    world: &World,
    story: StoryId,
    articles: &[ArticleId],
) -> crate::Result<crate::Rearranged> {
    world.store.split_story(story, articles, "operator", None).await
}

/// Articles with these numbers in one new story.
async fn story_of(world: &World, numbers: &[u64]) -> (StoryId, Vec<ArticleId>) {
    let source = world.source("one").await;
    let ids = world.placed(source, numbers).await;
    let stories: Vec<StoryId> = world
        .store
        .articles_by_ids(None, &ids)
        .await
        .expect("read")
        .into_iter()
        .filter_map(|row| row.story_id)
        .collect();
    if stories.len() > 1 {
        merge(world, &stories).await.expect("merged");
    }
    (stories[0], ids)
}

/// Every article's story as its own row says, checked against the members of the stories.
async fn whereabouts(world: &World) -> BTreeMap<ArticleId, StoryId> {
    let members = world.store.recent_story_members(Timestamp(0), 1_000).await.expect("read");
    let ids: Vec<ArticleId> = members.iter().map(|member| member.article_id).collect();
    let rows = world.store.articles_by_ids(None, &ids).await.expect("read");
    let places: BTreeMap<_, _> =
        members.iter().map(|member| (member.article_id, member.story_id)).collect();
    for row in &rows {
        assert_eq!(row.story_id.as_ref(), places.get(&row.id), "article {}", row.id);
    }
    let mut strands = BTreeMap::new();
    for member in &members {
        let strand = member.strand.unwrap_or(member.story_id);
        let story = strands.entry(strand).or_insert(member.story_id);
        assert_eq!(*story, member.story_id, "strand {strand} lies in two stories");
    }
    places
}

#[test]
fn merged_stories_are_one_with_the_numbers_of_both_and_the_first_ones_face() {
    for world in worlds("merged_stories_are_one_with_the_numbers_of_both_and_the_first_ones_face") {
        world.run(async {
            let (one, two) = (world.source("one").await, world.source("two").await);
            let reader = world.reader_of(one).await;
            world.store.subscribe(reader, two, None, None).await.expect("subscribed");
            let first = world.placed(one, &[2]).await[0];
            let other = world.placed(two, &[1]).await[0];
            let done = merge(&world, &[StoryId(1), StoryId(2)]).await.expect("merged");
            assert_eq!((done.story, done.moved), (StoryId(1), 1));
            assert_eq!(done.changed, [StoryId(1), StoryId(2)]);
            let story = world.store.story(reader, StoryId(1)).await.expect("read").expect("is");
            assert_eq!((story.story.article_count, story.story.source_count), (2, 2));
            assert_eq!(story.story.representative, first);
            assert!(world.store.story(reader, StoryId(2)).await.expect("read").is_none());
            assert_eq!(whereabouts(&world).await[&other], StoryId(1));
            let seen = world.store.operated_story(StoryId(1)).await.expect("read").expect("is");
            assert_eq!(seen.articles.len(), 2);
            // The next one of the story that ended goes to the one that goes on, and is known to
            // be of the other strand.
            let next = world.insert(vec![draft(two, 3)]).await[0];
            let row = PlacementRow {
                article_id: next,
                story: PlacementStory::Existing(StoryId(1)),
                strand: Some(StoryId(2)),
                duplicate_of: None,
            };
            world.store.place_articles(vec![row], None).await.expect("placed");
            let members = world.store.recent_story_members(Timestamp(0), 9).await.expect("read");
            let strands: BTreeMap<_, _> =
                members.iter().map(|member| (member.article_id, member.strand)).collect();
            assert_eq!(strands[&first], None);
            assert_eq!(strands[&other], Some(StoryId(2)));
            assert_eq!(strands[&next], Some(StoryId(2)));
        });
    }
}

#[test]
fn a_split_gives_the_articles_a_story_of_their_own_with_its_own_face_and_copies() {
    for world in
        worlds("a_split_gives_the_articles_a_story_of_their_own_with_its_own_face_and_copies")
    {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.insert((1..=4).map(|number| draft(source, number)).collect()).await;
            let rows = ids.iter().map(|id| PlacementRow {
                article_id: *id,
                story: PlacementStory::New { key: 1 },
                strand: None,
                duplicate_of: (*id != ids[0]).then_some(ids[0]),
            });
            world.store.place_articles(rows.collect(), None).await.expect("placed");
            let done = split(&world, StoryId(1), &[ids[0], ids[2]]).await.expect("split");
            assert_eq!((done.story, done.moved), (StoryId(2), 2));
            let story = async |id| {
                world.store.story(reader, id).await.expect("read").expect("is there").story
            };
            let (old, new) = (story(StoryId(1)).await, story(StoryId(2)).await);
            assert_eq!((old.article_count, new.article_count), (2, 2));
            // Its face was taken away: the oldest that is left has its place.
            assert_eq!((old.representative, old.title.as_str()), (ids[1], "Article 2"));
            assert_eq!((new.representative, new.title.as_str()), (ids[0], "Article 1"));
            assert!(old.first_at > new.first_at && old.last_at > new.last_at);
            let rows = world.store.articles_by_ids(None, &ids).await.expect("read");
            let copies: Vec<_> = rows.iter().map(|row| row.duplicate_of).collect();
            assert_eq!(copies, [None, None, Some(ids[0]), Some(ids[1])]);
            whereabouts(&world).await;
            let moved = world.store.moved_since(Timestamp(0), 9).await.expect("read");
            assert_eq!(moved.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[0], ids[2]]);
        });
    }
}

#[test]
fn decisions_are_listed_latest_first_and_tell_whether_they_still_hold() {
    for world in worlds("decisions_are_listed_latest_first_and_tell_whether_they_still_hold") {
        world.run(async {
            let (story, ids) = story_of(&world, &[1, 2]).await;
            let taken = split(&world, story, &[ids[1]]).await.expect("split");
            let all = world.store.story_decisions(None, 10).await.expect("read");
            let said: Vec<_> = all
                .iter()
                .map(|decision| (decision.id, decision.kind, decision.statements[0].holds()))
                .collect();
            assert_eq!(said, [(2, DecisionKind::Split, true), (1, DecisionKind::Merge, false)]);
            let named = |id, title: &str, story| NamedArticle { id, title: title.into(), story };
            let expected = StatementRow {
                relation: StoryRelation::Apart,
                article: named(ids[1], "Article 2", Some(taken.story)),
                other: named(ids[0], "Article 1", Some(story)),
            };
            assert_eq!(all[0].statements, [expected]);
            assert_eq!(all[0].decided_by, "operator");
            let rest = world.store.story_decisions(Some(2), 10).await.expect("read");
            assert_eq!(rest.iter().map(|decision| decision.id).collect::<Vec<_>>(), [1]);
            assert_eq!(world.store.story_statements().await.expect("read").len(), 2);
        });
    }
}

#[test]
fn a_forgotten_decision_moves_nothing_and_its_story_has_one_strand_again() {
    for world in worlds("a_forgotten_decision_moves_nothing_and_its_story_has_one_strand_again") {
        world.run(async {
            let (story, _) = story_of(&world, &[1, 2, 3]).await;
            let before = whereabouts(&world).await;
            let changed = world.store.forget_story_decision(1, None).await.expect("forgotten");
            assert_eq!(changed, [story]);
            assert_eq!(whereabouts(&world).await, before);
            let members = world.store.recent_story_members(Timestamp(0), 9).await.expect("read");
            assert!(members.iter().all(|member| member.strand.is_none()));
            assert!(world.store.story_decisions(None, 10).await.expect("read").is_empty());
            let again = world.store.forget_story_decision(1, None).await;
            assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
        });
    }
}

#[test]
fn what_cannot_be_rearranged_is_refused_with_a_reason_and_nothing_changes() {
    for world in worlds("what_cannot_be_rearranged_is_refused_with_a_reason_and_nothing_changes") {
        world.run(async {
            let (story, ids) = story_of(&world, &[1, 2]).await;
            let source = world.source("one").await;
            let stranger = world.placed(source, &[9]).await[0];
            let before = whereabouts(&world).await;
            let many: Vec<StoryId> = (1..=21).map(StoryId).collect();
            let articles: Vec<ArticleId> = (1..=201).map(ArticleId).collect();
            let refusals = [
                (merge(&world, &[story]).await, "2 to 20"),
                (merge(&world, &[story, story]).await, "2 to 20"),
                (merge(&world, &many).await, "2 to 20"),
                (merge(&world, &[story, StoryId(77)]).await, "story 77 does not exist"),
                (split(&world, StoryId(77), &ids[..1]).await, "story 77 does not exist"),
                (split(&world, story, &[]).await, "1 to 200"),
                (split(&world, story, &articles).await, "1 to 200"),
                (split(&world, story, &ids).await, "leave at least one"),
                (split(&world, story, &[ids[0], stranger]).await, "is not in story"),
            ];
            for (outcome, reason) in refusals {
                let error = outcome.expect_err(reason).to_string();
                assert!(error.contains(reason), "{error}");
            }
            assert_eq!(whereabouts(&world).await, before);
            assert_eq!(world.store.story_decisions(None, 10).await.expect("read").len(), 1);
        });
    }
}

#[test]
fn the_operator_finds_stories_by_the_words_of_their_articles() {
    for world in worlds("the_operator_finds_stories_by_the_words_of_their_articles") {
        world.run(async {
            let source = world.source("one").await;
            world.placed(source, &[1, 2, 3]).await;
            let list = async |words: &str, cursor| {
                let stories = world.store.operated_stories(words, cursor, 2).await.expect("read");
                stories.into_iter().map(|story| (story.last_at, story.id)).collect::<Vec<_>>()
            };
            let first = list("", None).await;
            assert_eq!(first.iter().map(|(_, id)| id.0).collect::<Vec<_>>(), [3, 2]);
            let rest = list("", first.last().copied()).await;
            assert_eq!(rest.iter().map(|(_, id)| id.0).collect::<Vec<_>>(), [1]);
            assert_eq!(list("words article", None).await, first);
            assert!(list("words elephant", None).await.is_empty());
        });
    }
}

#[test]
fn decisions_go_with_the_articles_they_name() {
    for world in worlds("decisions_go_with_the_articles_they_name") {
        world.run(async {
            story_of(&world, &[1, 2]).await;
            world.clock.advance(Duration::from_hours(24 * 40));
            let before = Timestamp(i64::MAX);
            world.store.remove_articles_older_than(before, 1).await.expect("removed");
            assert!(world.store.story_decisions(None, 10).await.expect("read").is_empty());
        });
    }
}

/// One act of an operator on stories picked by number among those there are.
#[derive(Debug, Clone)]
enum Act {
    Merge(Vec<usize>),
    Split(usize, Vec<bool>),
    Forget(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => prop::collection::vec(0_usize..8, 2..4).prop_map(Act::Merge),
        3 => (0_usize..8, prop::collection::vec(any::<bool>(), 8))
            .prop_map(|(story, taken)| Act::Split(story, taken)),
        1 => (0_usize..6).prop_map(Act::Forget),
    ];
    prop::collection::vec(act, 1..9)
}

/// Where the articles should be after each act, told by plain sets.
async fn act_out(world: &World, ids: &[ArticleId], acts: Vec<Act>) {
    let mut expected: Vec<BTreeSet<ArticleId>> =
        ids.iter().map(|id| BTreeSet::from([*id])).collect();
    for act in acts {
        let places = whereabouts(world).await;
        let number =
            |group: &BTreeSet<ArticleId>| places[group.first().expect("no story is empty")];
        match act {
            Act::Merge(picked) => {
                let picked: BTreeSet<usize> =
                    picked.into_iter().map(|at| at % expected.len()).collect();
                let stories: Vec<StoryId> =
                    picked.iter().map(|at| number(&expected[*at])).collect();
                let outcome = merge(world, &stories).await;
                if picked.len() < 2 {
                    outcome.expect_err("one story cannot be merged");
                    continue;
                }
                outcome.expect("merged");
                let merged = picked.iter().flat_map(|at| expected[*at].clone()).collect();
                let mut at = 0;
                expected.retain(|_| {
                    at += 1;
                    !picked.contains(&(at - 1))
                });
                expected.push(merged);
                latest_holds(world).await;
            }
            Act::Split(picked, taken) => {
                let at = picked % expected.len();
                let taken: BTreeSet<ArticleId> = expected[at]
                    .iter()
                    .zip(taken)
                    .filter(|(_, taken)| *taken)
                    .map(|(id, _)| *id)
                    .collect();
                let articles: Vec<ArticleId> = taken.iter().copied().collect();
                let outcome = split(world, number(&expected[at]), &articles).await;
                if taken.is_empty() || taken.len() == expected[at].len() {
                    outcome.expect_err("a split leaves articles on both sides");
                    continue;
                }
                outcome.expect("split");
                expected[at] = expected[at].difference(&taken).copied().collect();
                expected.push(taken);
                latest_holds(world).await;
            }
            Act::Forget(picked) => {
                let known = world.store.story_decisions(None, 50).await.expect("read");
                if let Some(decision) = known.get(picked) {
                    world.store.forget_story_decision(decision.id, None).await.expect("forgotten");
                }
            }
        }
        check_stories(world, &expected).await;
    }
}

/// The stories hold exactly these articles, and say so of themselves.
async fn check_stories(world: &World, expected: &[BTreeSet<ArticleId>]) {
    let mut groups = BTreeMap::<StoryId, BTreeSet<ArticleId>>::new();
    for (article, story) in whereabouts(world).await {
        groups.entry(story).or_default().insert(article);
    }
    let found: BTreeSet<_> = groups.values().cloned().collect();
    assert_eq!(found, expected.iter().cloned().collect());
    for (story, group) in groups {
        let told = world.store.operated_story(story).await.expect("read").expect("is").story;
        assert_eq!(usize::try_from(told.article_count), Ok(group.len()));
        assert!(group.contains(&told.representative), "{told:?} has a face of its own");
    }
    let count = world.store.statistics().await.expect("numbers").stories;
    assert_eq!(usize::try_from(count), Ok(expected.len()));
}

/// The latest decision is so in every word, whatever was decided before.
async fn latest_holds(world: &World) {
    let latest = world.store.story_decisions(None, 1).await.expect("read").remove(0);
    assert!(latest.statements.iter().all(StatementRow::holds), "{latest:?}");
}

#[test]
fn after_any_decisions_every_article_is_where_the_latest_ones_say() {
    let mut runner = TestRunner::new(Config { cases: 20, ..Config::default() });
    let outcome = runner.run(&acts(), |acts| {
        let world = sqlite();
        world.run(async {
            let source = world.source("one").await;
            let ids = world.placed(source, &[1, 2, 3, 4, 5, 6, 7, 8]).await;
            act_out(&world, &ids, acts).await;
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
