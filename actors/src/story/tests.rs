//! The whole way of an article, from stored to placed, by hints alone and after failures.

use super::*;
use crate::index::IndexActor;
use crate::inference::{LoadModel, Run};
use crate::inference_pool::InferencePool;
use crate::ingest::IngestActor;
use crate::janitor::JanitorActor;
use crate::pipeline_testing::line::{built_in, janitor, line, owned};
use crate::pipeline_testing::{draft, eventually, onlooker, store};
use crate::understand::UnderstandActor;
use autoglm_domain::{ArticleDraft, Epoch, Incarnation, ReaderId};
use autoglm_inference::{ModelRegistry, Understander};
use autoglm_protocol::inference_pool::{Text, Understood};
use autoglm_protocol::story::{StoryDecision, StoryHandle};
use std::collections::HashSet;

#[tokio::test]
async fn a_stored_article_is_indexed_understood_and_placed_by_hints_alone() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let _cells = line.start().await;
    let reader = store.ensure_local_reader().await.expect("a reader").id;
    store.subscribe(reader, autoglm_domain::SourceId(1), None, None).await.expect("subscribed");
    let stored = line.ingest().store(vec![draft(1, 1)], None).await.expect("stored");
    line.all_placed(1).await;
    let article = read(&store, reader, stored.inserted[0]).await;
    assert_eq!(
        article.model_version.as_deref(),
        Some("bilingual-1+prototype-1+extractive-2+entities-1")
    );
    assert!(article.article.story_id.is_some());
    let found = store.search(reader, "bridge", None, 10).await.expect("a search");
    assert_eq!(found.len(), 1);
    for stage in ["store", "index", "understand", "place"] {
        assert_eq!(line.meter.items_total(stage), 1, "{stage}");
    }
}

async fn read(store: &Store, reader: ReaderId, id: ArticleId) -> autoglm_models::ArticleDetailRow {
    store.article(reader, id).await.expect("a read").expect("an article")
}

#[tokio::test]
async fn many_articles_pass_through_in_batches() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let _cells = line.start().await;
    let began = Instant::now();
    for piece in 0..10 {
        let drafts = (0..100).map(|number| draft(1, piece * 100 + number)).collect();
        line.ingest().store(drafts, None).await.expect("stored");
    }
    line.all_placed(1_000).await;
    println!("1000 articles in {:?}: {:#?}", began.elapsed(), line.meter.report().stages);
}

#[tokio::test]
async fn whoever_is_killed_on_the_way_nothing_is_lost_and_nothing_doubled() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let cells = line.start().await;
    let root = onlooker().await;
    let mut ids = HashSet::new();
    for round in 0..5_u64 {
        let drafts: Vec<_> = (0..60).map(|number| draft(1, round * 60 + number)).collect();
        ids.extend(line.ingest().store(drafts, None).await.expect("stored").inserted);
        // Each round another actor dies in the middle of its work and is started again.
        let failed = "an actor";
        match round {
            0 => {
                cells.index.kill();
                IndexActor::spawn(line.index.clone(), root.clone()).await.expect(failed);
            }
            1 => {
                cells.understand.kill();
                UnderstandActor::spawn(line.understand.clone(), root.clone()).await.expect(failed);
            }
            2 => {
                cells.story.kill();
                StoryActor::spawn(line.story.clone(), root.clone()).await.expect(failed);
            }
            3 => {
                cells.pool.kill();
                InferencePool::spawn(line.pool.clone(), root.clone()).await.expect(failed);
            }
            _ => {
                cells.ingest.kill();
                IngestActor::spawn(line.ingest.clone(), root.clone()).await.expect(failed);
            }
        }
    }
    assert_eq!(ids.len(), 300);
    line.all_placed(300).await;
}

#[tokio::test]
async fn what_a_crash_left_is_finished_after_the_start() {
    let (store, _directory) = store().await;
    let fence = owned(&store).await;
    store.insert_articles(vec![draft(1, 1), draft(1, 2)], None).await.expect("stored");
    // Claimed by a node start that is gone.
    let lease = Duration::from_millis(1);
    let gone = Incarnation(fence.owner.0 + 7);
    store.claim_articles(ArticleStage::Stored, 1, lease, gone).await.expect("claimed");
    let line = line(&store, fence, built_in());
    let _cells = line.start().await;
    JanitorActor::spawn(janitor(&line), onlooker().await).await.expect("an actor");
    line.all_placed(2).await;
}

#[tokio::test]
async fn after_a_restart_a_report_still_finds_the_story_of_its_event() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let cells = line.start().await;
    let first = line.ingest().store(vec![draft(1, 1)], None).await.expect("stored");
    line.all_placed(1).await;
    cells.story.kill();
    StoryActor::spawn(line.story.clone(), onlooker().await).await.expect("an actor");
    let second = line.ingest().store(vec![draft(2, 1)], None).await.expect("stored");
    line.all_placed(2).await;
    let ids = [first.inserted[0], second.inserted[0]];
    let rows = store.articles_by_ids(None, &ids).await.expect("a read");
    assert_eq!(rows[0].story_id, rows[1].story_id);
    assert!(rows[0].story_id.is_some_and(|story| story.0 > 0));
}

async fn stories_of(store: &Store, ids: &[ArticleId]) -> Vec<StoryId> {
    let rows = store.articles_by_ids(None, ids).await.expect("a read");
    rows.iter().filter_map(|row| row.story_id).collect()
}

/// Events that nobody takes for one.
const EVENTS: [[&str; 2]; 3] = [
    [
        "Storm closes the harbour of Marlow",
        "Waves broke over the eastern pier and ferries turned back.",
    ],
    [
        "Parliament adopts the herring treaty",
        "Fishing quotas fall by a third in the coming season.",
    ],
    ["Glass museum opens in Varna", "Visitors see lamps and mirrors from four centuries."],
];

/// A source's report of one of them.
fn report(source: i64, event: usize) -> ArticleDraft {
    let [title, text] = EVENTS[event].map(str::to_owned);
    ArticleDraft { title, content_text: text, ..draft(source, event as u64) }
}

#[tokio::test]
async fn merged_stories_stay_one_for_the_articles_to_come_before_and_after_a_restart() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let cells = line.start().await;
    let drafts = vec![report(1, 0), report(1, 1), report(1, 2)];
    let first = line.ingest().store(drafts, None).await.expect("stored").inserted;
    line.all_placed(3).await;
    let stories = stories_of(&store, &first).await;
    assert_eq!(HashSet::<StoryId>::from_iter(stories.iter().copied()).len(), 3);
    let desk = StoryHandle(line.story.address.clone());
    let decided = desk.decide(StoryDecision::Merge { stories: stories.clone() }).await;
    let decided = decided.expect("decided");
    assert_eq!((decided.story, decided.moved), (stories[0], 2));
    let second = line.ingest().store(vec![report(2, 2)], None).await.expect("stored").inserted;
    line.all_placed(4).await;
    cells.story.kill();
    StoryActor::spawn(line.story.clone(), onlooker().await).await.expect("an actor");
    let third = line.ingest().store(vec![report(2, 1)], None).await.expect("stored").inserted;
    line.all_placed(5).await;
    let all = stories_of(&store, &[first, second, third].concat()).await;
    assert_eq!(all, [stories[0]; 5]);
}

#[tokio::test]
async fn what_was_split_off_keeps_its_copies_and_forgetting_it_moves_nothing() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let _cells = line.start().await;
    let drafts = vec![report(1, 0), report(1, 1)];
    let ids = line.ingest().store(drafts, None).await.expect("stored").inserted;
    line.all_placed(2).await;
    let desk = StoryHandle(line.story.address.clone());
    let stories = stories_of(&store, &ids).await;
    desk.decide(StoryDecision::Merge { stories }).await.expect("merged");
    let story = stories_of(&store, &ids[..1]).await[0];
    let split = StoryDecision::Split { story, articles: vec![ids[1]] };
    let split = desk.decide(split).await.expect("split");
    let copy = line.ingest().store(vec![report(2, 1)], None).await.expect("stored").inserted;
    line.all_placed(3).await;
    assert_eq!(stories_of(&store, &copy).await, [split.story]);
    desk.forget(split.decision).await.expect("forgotten");
    let fault = desk.forget(split.decision).await.expect_err("forgotten already");
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert_eq!(stories_of(&store, &copy).await, [split.story]);
}

#[tokio::test]
async fn a_decision_that_cannot_be_carried_out_is_answered_and_places_go_on() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let _cells = line.start().await;
    let desk = StoryHandle(line.story.address.clone());
    let nobody = StoryDecision::Merge { stories: vec![StoryId(7), StoryId(8)] };
    let fault = desk.decide(nobody).await.expect_err("no such stories");
    assert_eq!(fault.kind, FaultKind::NotFound);
    line.ingest().store(vec![draft(1, 1)], None).await.expect("stored");
    line.all_placed(1).await;
}

#[tokio::test]
async fn a_decision_asked_of_a_node_that_no_longer_places_changes_nothing() {
    let (store, _directory) = store().await;
    let mut fence = owned(&store).await;
    fence.epoch = Epoch(fence.epoch.0 - 1);
    let line = line(&store, fence, built_in());
    let cells = line.start().await;
    let desk = StoryHandle(line.story.address.clone());
    let stories = vec![StoryId(1), StoryId(2)];
    let fault = desk.decide(StoryDecision::Merge { stories }).await.expect_err("fenced");
    assert_eq!(fault.kind, FaultKind::Fenced);
    eventually("the actor stops", || async {
        cells.story.get_status() == ractor::ActorStatus::Stopped
    })
    .await;
}

#[tokio::test]
async fn placing_ends_when_another_node_owns_it() {
    let (store, _directory) = store().await;
    let mut fence = owned(&store).await;
    fence.epoch = Epoch(fence.epoch.0 - 1);
    let line = line(&store, fence, built_in());
    let cells = line.start().await;
    line.ingest().store(vec![draft(1, 1)], None).await.expect("stored");
    eventually("the actor stops", || async {
        cells.story.get_status() == ractor::ActorStatus::Stopped
    })
    .await;
    assert_eq!(store.stage_counts().await.expect("counts").placed, 0);
}

/// Panics at one article, as a defect of a model would.
struct Delicate(Understander);

impl Run for Delicate {
    fn version(&self) -> String {
        "delicate-1".to_owned()
    }

    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        assert!(!texts.iter().any(|text| text.title.contains("number 3 ")), "poison");
        Run::run(&mut self.0, texts)
    }
}

#[tokio::test]
async fn an_article_no_model_can_read_still_becomes_visible() {
    let (store, _directory) = store().await;
    let load = LoadModel::new(|| {
        let models = ModelRegistry::built_in().expect("models");
        let understander = Understander::from_defaults(&models)
            .map_err(|error| Fault::internal(error.to_string()))?;
        Ok(Box::new(Delicate(understander)))
    });
    let line = line(&store, owned(&store).await, load);
    let _cells = line.start().await;
    let drafts = (1..=5).map(|number| draft(1, number)).collect();
    let stored = line.ingest().store(drafts, None).await.expect("stored");
    line.all_placed(5).await;
    let rows = store.placed_articles(&stored.inserted).await.expect("a read");
    assert_eq!(rows.len(), 5);
    let unread = rows.iter().filter(|row| row.embedding.as_ref().is_none_or(|e| e.scale == 0.0));
    assert_eq!(unread.count(), 1, "only the poisonous one has no understanding");
    let problem = line.understand.status.get().last_error.clone();
    println!("shown to the operator: {problem:?}");
    assert!(line.understand.status.get().failed_total >= 1);
}
