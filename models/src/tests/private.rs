//! What one reader's secrets have opened is that reader's alone, by whatever door another comes.

use super::world::{World, draft, event, new_source, sqlite, understanding, worlds};
use crate::{
    ArticleFilter, IndexEntry, MarkFilter, NewSource, PlacementRow, PlacementStory, SourceChange,
    SourceOrigin, segmentation,
};
use autoglm_domain::{
    ArticleId, ArticleStage, BasicCredentials, EventKind, EventTarget, FaultKind, Incarnation,
    Language, Private, ReaderId, Secret, SourceId, SourceRequest, StoryId, Timestamp,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

fn request() -> SourceRequest {
    SourceRequest {
        user_agent: Some("Mine/1".into()),
        headers: BTreeMap::from([("x-key".to_owned(), Secret::new("k"))]),
        cookie: Some(Secret::new("c=1")),
        basic: Some(BasicCredentials { user: Secret::new("ada"), password: Secret::new(" p ") }),
        bearer: Some(Secret::new("t")),
        proxy: Some("office".into()),
    }
}

fn own(name: &str, owner: ReaderId) -> NewSource {
    let private = Some(Private { owner, request: request() });
    NewSource { private, ..new_source(name, SourceOrigin::Reader) }
}

async fn two_readers(world: &World) -> [ReaderId; 2] {
    let first = world.store.ensure_local_reader().await.expect("reader").id;
    let second = world.store.add_reader("other", Language::CHINESE).await.expect("added").id;
    [first, second]
}

#[test]
fn the_same_address_is_one_source_for_everybody_and_one_for_each_who_has_secrets() {
    for world in
        worlds("the_same_address_is_one_source_for_everybody_and_one_for_each_who_has_secrets")
    {
        world.run(async {
            let [me, other] = two_readers(&world).await;
            let store = &world.store;
            let shared = world.source("one").await;
            let mine = store.add_source(own("one", me)).await.expect("added");
            let theirs = store.add_source(own("one", other)).await.expect("added");
            assert!(mine.created && theirs.created);
            let ids = HashSet::from([shared, mine.source.id, theirs.source.id]);
            assert_eq!(ids.len(), 3);
            assert_eq!(world.source("one").await, shared, "without secrets it is everybody's");
            let kept = mine.source.private.expect("private");
            assert_eq!((kept.owner, kept.request), (me, request()));
            // Added once more with other secrets it is the same source, asked otherwise.
            let bearer = SourceRequest { bearer: Some(Secret::new("new")), ..Default::default() };
            let private = Some(Private { owner: me, request: bearer.clone() });
            let again = NewSource { private, ..own("one", me) };
            let again = store.add_source(again).await.expect("known").source;
            assert_eq!(again.id, mine.source.id);
            assert_eq!(again.private.map(|private| private.request), Some(bearer));
            // A shared source cannot be given secrets, and another's cannot be followed.
            let change = SourceChange { request: Some(request()), ..Default::default() };
            let changed = store.update_source(shared, change).await.expect("changed");
            assert_eq!(changed.private, None);
            let fault = store.subscribe(other, mine.source.id, None, None).await.expect_err("mine");
            assert_eq!(fault.fault().kind, FaultKind::NotFound);
            let others = store.private_to_others(other, &ids).await.expect("asked");
            assert_eq!(others, HashSet::from([mine.source.id]));
            // Removed, nothing of the secrets is left.
            store.remove_source(mine.source.id).await.expect("removed");
            let sql = store.sql("SELECT COUNT(*) AS n FROM source WHERE request IS NOT NULL");
            let row = store.one("counting", sql).await.expect("counted").expect("a row");
            assert_eq!(row.try_get::<i64>("", "n").expect("a number"), 1, "only theirs");
        });
    }
}

#[test]
fn a_reader_leaves_a_shared_source_for_one_of_their_own() {
    for world in worlds("a_reader_leaves_a_shared_source_for_one_of_their_own") {
        world.run(async {
            let [me, other] = two_readers(&world).await;
            let store = &world.store;
            let shared = world.source("one").await;
            for reader in [me, other] {
                let folder = Some("News".to_owned());
                store.subscribe(reader, shared, folder, Some("Named".into())).await.expect("ok");
            }
            let mine = store.make_private(me, shared, request()).await.expect("made");
            let rows = store.subscriptions(me).await.expect("read");
            assert_eq!(rows.iter().map(|row| row.source.id).collect::<Vec<_>>(), [mine.id]);
            assert_eq!(rows[0].folder.as_deref(), Some("News"));
            assert_eq!(rows[0].title_override.as_deref(), Some("Named"));
            assert_eq!(store.subscriptions(other).await.expect("read")[0].source.id, shared);
            for id in [shared, mine.id] {
                assert!(store.make_private(me, id, request()).await.is_err(), "{id}");
            }
            store.make_private(other, shared, request()).await.expect("made");
            assert!(store.source(shared).await.expect("read").is_none(), "nobody shares it");
        });
    }
}

/// Brings one article to its place; a story and an original are proposed, as a defect might.
async fn place(
    world: &World,
    source: SourceId,
    number: u64,
    story: Option<i64>,
    original: Option<ArticleId>,
) -> ArticleId {
    let id = world.insert(vec![draft(source, number)]).await[0];
    let tokens = segmentation::tokens(&["words of an article"]);
    let entry = IndexEntry { article_id: id, tokens };
    world.store.finish_index(vec![entry]).await.expect("indexed");
    world.store.store_understandings(vec![understanding(id)]).await.expect("understood");
    let story = match story {
        Some(story) => PlacementStory::Existing(StoryId(story)),
        None => PlacementStory::New { key: number },
    };
    let row = PlacementRow { article_id: id, story, duplicate_of: original, strand: None };
    world.store.place_articles(vec![row], None).await.expect("placed");
    id
}

/// Everything a reader can get at by lists, by number and by force.
async fn seen(world: &World, reader: ReaderId, articles: &[ArticleId]) -> HashSet<ArticleId> {
    let store = &world.store;
    let everything = ArticleFilter { limit: 500, ..ArticleFilter::default() };
    let save = |id: &ArticleId| event(reader, EventKind::Save, EventTarget::Article(*id));
    store.append_events(reader, articles.iter().map(save).collect(), None).await.expect("stored");
    let mut seen = HashSet::new();
    let saved = MarkFilter { saved: Some(true), ..MarkFilter::default() };
    for filter in [everything.clone(), ArticleFilter { marks: saved, ..everything }] {
        let listed = store.articles(reader, filter).await.expect("listed");
        seen.extend(listed.into_iter().map(|row| row.id));
    }
    let by_ids = store.articles_by_ids(Some(reader), articles).await.expect("asked");
    seen.extend(by_ids.into_iter().map(|row| row.id));
    let found = store.search(reader, "words", None, 500).await.expect("searched");
    seen.extend(found.into_iter().map(|row| row.id));
    for id in articles {
        let article = store.article(reader, *id).await.expect("asked");
        seen.extend(article.map(|article| article.article.id));
    }
    let marks = store.marks_of(reader, Timestamp(0)).await.expect("read");
    seen.extend(marks.into_iter().map(|(id, _)| id));
    let mut stories = store.stories(reader, None, 200).await.expect("listed");
    for id in 1..=articles.len() as i64 {
        stories.extend(store.story(reader, StoryId(id)).await.expect("asked"));
    }
    for story in stories {
        let count = usize::try_from(story.story.article_count).expect("a count");
        assert_eq!(count, story.articles.len(), "no article is counted that is not seen");
        seen.insert(story.story.representative);
        seen.extend(story.articles);
    }
    seen
}

/// One step of two readers and of the stages behind them.
#[derive(Debug, Clone)]
enum Step {
    Share { reader: usize, name: usize },
    Own { reader: usize, name: usize },
    MakePrivate { reader: usize, source: i64 },
    Subscribe { reader: usize, source: i64 },
    Leave { reader: usize, source: i64 },
    Publish { source: i64, story: Option<i64>, original: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let (reader, name, source) = (0..2_usize, 0..2_usize, 1..7_i64);
    prop_oneof![
        1 => (reader.clone(), name.clone()).prop_map(|(reader, name)| Step::Share { reader, name }),
        1 => (reader.clone(), name).prop_map(|(reader, name)| Step::Own { reader, name }),
        1 => (reader.clone(), source.clone())
            .prop_map(|(reader, source)| Step::MakePrivate { reader, source }),
        1 => (reader.clone(), source.clone())
            .prop_map(|(reader, source)| Step::Subscribe { reader, source }),
        1 => (reader, source.clone()).prop_map(|(reader, source)| Step::Leave { reader, source }),
        4 => (source, proptest::option::of(1..6_i64), 1..10_i64).prop_map(
            |(source, story, original)| Step::Publish { source, story, original }
        ),
    ]
}

async fn take(world: &World, readers: [ReaderId; 2], step: &Step, articles: &mut Vec<ArticleId>) {
    let store = &world.store;
    let names = ["one", "two"];
    // What is refused is refused: only what is seen afterwards counts.
    match *step {
        Step::Share { reader, name } => {
            let id = world.source(names[name]).await;
            store.subscribe(readers[reader], id, None, None).await.expect("everybody may");
        }
        Step::Own { reader, name } => {
            let new = own(names[name], readers[reader]);
            let id = store.add_source(new).await.expect("added").source.id;
            store.subscribe(readers[reader], id, None, None).await.expect("it is theirs");
        }
        Step::MakePrivate { reader, source } => {
            drop(store.make_private(readers[reader], SourceId(source), request()).await);
        }
        Step::Subscribe { reader, source } => {
            drop(store.subscribe(readers[reader], SourceId(source), None, None).await);
        }
        Step::Leave { reader, source } => {
            store.unsubscribe(readers[reader], SourceId(source)).await.expect("left");
            if store.subscriber_ids(SourceId(source)).await.expect("read").is_empty() {
                drop(store.remove_source(SourceId(source)).await);
            }
        }
        Step::Publish { source, story, original } => {
            if store.source(SourceId(source)).await.expect("read").is_some() {
                let number = articles.len() as u64 + 1;
                let original = articles.iter().find(|id| id.0 == original).copied();
                articles.push(place(world, SourceId(source), number, story, original).await);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_door_shows_a_reader_what_is_another_readers_own(steps in proptest::collection::vec(step(), 5..30)) {
        let world = sqlite();
        world.run(async {
            let readers = two_readers(&world).await;
            let mut articles = Vec::new();
            for step in &steps {
                take(&world, readers, step, &mut articles).await;
            }
            let owners = owners(&world).await;
            let facts = world.store.articles_by_ids(None, &articles).await.expect("read");
            let owner_of = |row: &crate::ArticleRow| owners.get(&row.source_id).copied().flatten();
            for reader in readers {
                let seen = seen(&world, reader, &articles).await;
                for row in facts.iter().filter(|row| seen.contains(&row.id)) {
                    assert!(owner_of(row).is_none_or(|owner| owner == reader), "{row:?}");
                }
            }
            // Nothing is folded across, and no story has a private article and another.
            let mut members: HashMap<_, Vec<_>> = HashMap::new();
            for row in &facts {
                members.entry(row.story_id).or_default().push(owner_of(row));
                assert!(owner_of(row).is_none() || row.duplicate_of.is_none(), "{row:?}");
            }
            for owners in members.values() {
                assert!(owners.len() == 1 || owners.iter().all(Option::is_none), "{owners:?}");
            }
            let remembered = world.store.recent_story_members(Timestamp(0), 500).await.expect("read");
            assert!(remembered.iter().all(|row| owners.get(&row.source_id) == Some(&None)));
        });
    }
}

/// Every source that ever was, with its owner.
async fn owners(world: &World) -> HashMap<SourceId, Option<ReaderId>> {
    let sql = world.store.sql("SELECT id, owner_reader FROM source");
    let rows = world.store.all("reading owners", sql).await.expect("read");
    let owner = |row: &sea_orm::QueryResult| {
        let id = SourceId(row.try_get("", "id").expect("a number"));
        (id, row.try_get::<Option<i64>>("", "owner_reader").expect("a number").map(ReaderId))
    };
    rows.iter().map(owner).collect()
}

#[test]
fn a_claim_says_whether_an_article_is_private() {
    let world = sqlite();
    world.run(async {
        let [me, _other] = two_readers(&world).await;
        let mine = world.store.add_source(own("one", me)).await.expect("added").source.id;
        let shared = world.source("one").await;
        world.insert(vec![draft(mine, 1), draft(shared, 2)]).await;
        let lease = Duration::from_mins(1);
        let claimed = world.store.claim_articles(ArticleStage::Stored, 9, lease, Incarnation(1));
        let claimed = claimed.await.expect("claimed");
        assert_eq!(claimed.iter().map(|one| one.is_private).collect::<Vec<_>>(), [true, false]);
    });
}
