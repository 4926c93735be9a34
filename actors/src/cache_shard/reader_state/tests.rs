//! What one reader is pushed, and what not.

use super::*;
use autoglm_domain::{ArticleStage, EventId, TopicScore};
use proptest::prelude::*;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const GATEWAY: Incarnation = Incarnation(4);

fn article(id: i64, source: i64) -> Arc<ArticleView> {
    Arc::new(ArticleView {
        id: ArticleId(id),
        source_id: SourceId(source),
        source_title: format!("source {source}"),
        story_id: None,
        url: String::new(),
        title: format!("article {id}"),
        authors: Vec::new(),
        language: None,
        published_at: None,
        fetched_at: NOW,
        topics: vec![TopicScore { name: "science".into(), score: 0.9 }],
        summary: String::new(),
        entities: Vec::new(),
        keywords: Vec::new(),
        stage: ArticleStage::Placed,
        marks: Marks::default(),
        trace_parent: None,
    })
}

fn reader(sources: &[(i64, Option<&str>)]) -> ReaderState {
    let sources =
        sources.iter().map(|(id, title)| (SourceId(*id), title.map(str::to_owned))).collect();
    let loaded = Loaded { sources, ..Loaded::default() };
    ReaderState::new(ReaderId(1), loaded, Ring::starting(1, NOW.0, 1_000), NOW)
}

fn event(kind: EventKind, target: EventTarget) -> ReaderEvent {
    let id = EventId(Uuid::new_v4());
    ReaderEvent { id, reader_id: ReaderId(1), kind, target, at: NOW, dwell_ms: None }
}

fn titles(delivery: &Delivery) -> Vec<String> {
    let view = |item: &PushItem| match item {
        PushItem::Article(view) => Some(view.title.clone()),
        _ => None,
    };
    delivery.items.iter().filter_map(view).collect()
}

#[test]
fn only_followed_sources_are_pushed_under_the_readers_own_titles() {
    let mut state = reader(&[(1, None), (2, Some("mine"))]);
    let delivery = state.place(&[article(1, 1), article(2, 2), article(3, 3)]).expect("two");
    assert_eq!(titles(&delivery), ["article 1", "article 2"]);
    let PushItem::Article(second) = &delivery.items[1] else { panic!("an article") };
    assert_eq!(second.source_title, "mine");
    assert_eq!(state.place(&[article(4, 3)]), None);
}

#[test]
fn an_article_in_another_story_is_told_as_growth_of_that_one_to_those_who_follow_it() {
    let mut state = reader(&[(1, None)]);
    let moved = |id, source| {
        let view = ArticleView::clone(&article(id, source));
        Arc::new(ArticleView { story_id: Some(StoryId(9)), ..view })
    };
    let delivery = state.moved(&[moved(1, 1), moved(2, 2), article(3, 1)]).expect("one");
    let expected = PushItem::Story { story_id: StoryId(9), article_id: ArticleId(1) };
    assert_eq!(delivery.items.to_vec(), [expected]);
    let muted = EventTarget::Story(StoryId(9));
    state.apply_rules(&[event(EventKind::Mute, muted)]);
    assert_eq!(state.moved(&[moved(1, 1)]), None);
}

#[test]
fn what_is_muted_is_not_pushed_until_it_is_unmuted() {
    for target in [
        EventTarget::Source(SourceId(1)),
        EventTarget::Topic("science".into()),
        EventTarget::Story(StoryId(9)),
    ] {
        let mut state = reader(&[(1, None)]);
        let placed =
            ArticleView { story_id: Some(StoryId(9)), ..ArticleView::clone(&article(1, 1)) };
        state.apply_rules(&[event(EventKind::Mute, target.clone())]);
        assert_eq!(state.place(&[Arc::new(placed.clone())]), None, "{target:?}");
        state.apply_rules(&[event(EventKind::Unmute, target.clone())]);
        assert!(state.place(&[Arc::new(placed)]).is_some(), "{target:?}");
    }
}

#[test]
fn a_second_article_of_a_story_tells_that_the_story_grew() {
    let mut state = reader(&[(1, None)]);
    let of_story = |id| {
        let view =
            ArticleView { story_id: Some(StoryId(9)), ..ArticleView::clone(&article(id, 1)) };
        Arc::new(view)
    };
    let first = state.place(&[of_story(1)]).expect("the article");
    assert_eq!(first.items.len(), 1);
    let second = state.place(&[of_story(2)]).expect("article and story");
    let grew = PushItem::Story { story_id: StoryId(9), article_id: ArticleId(2) };
    assert_eq!(second.items[1], grew);
    assert_eq!(second.seq, first.seq + 2);
}

#[test]
fn marks_add_up_over_events_and_only_changes_are_pushed() {
    let mut state = reader(&[(1, None)]);
    let target = EventTarget::Article(ArticleId(5));
    let events = [event(EventKind::Open, target.clone()), event(EventKind::Save, target.clone())];
    let marks = state.marks_after(&events);
    let expected = Marks { read: true, saved: true, hidden: false };
    assert_eq!(marks, [(ArticleId(5), expected)]);
    let delivery = state.set_marks(&marks).expect("a change");
    assert_eq!(delivery.items.len(), 1);
    assert_eq!(state.set_marks(&marks), None);
    let unsaved = state.marks_after(&[event(EventKind::Unsave, target)]);
    assert_eq!(unsaved, [(ArticleId(5), Marks { saved: false, ..expected })]);
}

#[test]
fn an_article_opened_before_it_was_placed_is_pushed_as_read() {
    let mut state = reader(&[(1, None)]);
    let opened = event(EventKind::Open, EventTarget::Article(ArticleId(1)));
    let marks = state.marks_after(&[opened]);
    state.set_marks(&marks);
    let delivery = state.place(&[article(1, 1)]).expect("the article");
    let PushItem::Article(view) = &delivery.items[0] else { panic!("an article") };
    assert!(view.marks.read);
}

#[test]
fn a_gateway_that_does_not_renew_is_forgotten() {
    let mut state = reader(&[]);
    let ttl = Duration::from_secs(90);
    state.watch(GATEWAY, None, NOW);
    state.expire_watchers(ttl, NOW.plus(Duration::from_secs(89)));
    assert!(state.is_watched());
    state.expire_watchers(ttl, NOW.plus(ttl));
    assert!(!state.is_watched());
    assert_eq!(state.last_watched(), NOW);
}

proptest! {
    /// Whatever is pushed, numbers are dense, and a terminal that comes back with any number it was
    /// given gets exactly what followed.
    #[test]
    fn numbers_are_dense_and_a_return_misses_nothing(batches in prop::collection::vec(prop::collection::vec(1_i64..5, 0..6), 1..30), back in 0_usize..30) {
        let mut state = reader(&[(1, None), (2, Some("own"))]);
        let start = state.watch(GATEWAY, None, NOW).seq;
        let (mut seq, mut all, mut id) = (start, Vec::new(), 0);
        let mut seen = vec![start];
        for batch in batches {
            let articles: Vec<_> = batch.iter().map(|source| { id += 1; article(id, *source) }).collect();
            if let Some(delivery) = state.place(&articles) {
                prop_assert_eq!(delivery.seq, seq + delivery.items.len() as u64);
                seq = delivery.seq;
                all.extend(delivery.items.iter().cloned());
            }
            seen.push(seq);
        }
        let seen = seen[back % seen.len()];
        let missed = state.watch(GATEWAY, Some(seen), NOW).missed.expect("still known");
        let known = usize::try_from(seen - start).expect("small");
        prop_assert_eq!(missed.as_slice(), &all[known..]);
    }
}
